"""Settings for all tests, the notebooks' included, and the repair of two faults of nbval 0.11.

Both hooks below are registered for the whole session, because nbval's items lie in another folder.
"""

import collections
import importlib.util
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty
from unittest.mock import patch

import pytest
from nbval.kernel import RunningKernel

ROOT = Path(__file__).resolve().parents[2]
DEV = "installed by .github/requirements-dev.txt"              # why a test is skipped
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):         # they share the cores
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, os.cpu_count() // int(workers))))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Two groups of tests at a time, where pytest-xdist is installed and nothing else is asked for."""
    if (config.pluginmanager.hasplugin("xdist") and config.option.numprocesses is None
            and not hasattr(config, "workerinput")):           # a worker has no workers of its own
        config.option.numprocesses, config.option.dist = 2, "loadfile"
        config.option.loadscopereorder = False                 # the long files, which come first, begin first


def pytest_configure(config):
    os.environ.setdefault("WORKSHOP_BUDGET", "0.02")           # 3 minutes of training become 3.6 seconds
    os.environ["WORKSHOP_SCOREBOARD"] = str(Path(tempfile.mkdtemp()) / "scoreboard.json")
    RunningKernel.get_message = get_message
    config.pluginmanager.register(SwallowedTimeout(), "swallowed-timeout")


def pytest_collection_modifyitems(items):
    """What needs a kernel is slow: the folder `kernel` and the notebooks."""
    for item in items:
        if item.path.suffix == ".ipynb" or item.path.parent.name == "kernel":
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter):
    """One line for each exercise: how many right answers were kept and how many wrong ones refused."""
    table = collections.defaultdict(collections.Counter)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if hit := re.search(r"::test_(right|wrong)_answers_\w+\[(\w+)", report.nodeid):
                table[hit[2]][hit[1], outcome] += 1
    if table:
        terminalreporter.write_sep("=", "exercises: right answers kept, wrong ones refused with their own sentence")
    for name, count in table.items():
        shares = (f"{count[kind, 'passed']} of {count[kind, 'passed'] + count[kind, 'failed']}"
                  for kind in ("right", "wrong"))
        terminalreporter.write_line("{:18s} right {:10s} wrong {}".format(name, *shares))


def load_tool(root):
    """The maintainers' tool, `.github/nb.py` of the course in `root`, as a module."""
    spec = importlib.util.spec_from_file_location("nb", root / ".github" / "nb.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop("translation", None)                       # that of another copy of the course
    with patch.object(sys, "path", [str(root / ".github"), *sys.path]):
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def tool():
    """The maintainers' tool; what it sets in the environment is set back."""
    with patch.dict(os.environ):
        yield load_tool(ROOT)


_read_one = RunningKernel.get_message


def get_message(self, stream, timeout=None):
    """Read outputs while a cell is still running.

    nbval reads them after the cell has ended, and by then a live figure has sent more than the socket
    holds: the rest is lost, and nbval waits for it in vain.
    """
    kept = self.__dict__.setdefault("_kept", collections.deque())
    if stream == "iopub":
        return kept.popleft() if kept else _read_one(self, stream, timeout=timeout)
    end = None if timeout is None else time.monotonic() + timeout
    while end is None or time.monotonic() < end:
        try:
            return self.kc.get_shell_msg(timeout=0)
        except Empty:
            pass
        try:
            message = self.kc.get_iopub_msg(timeout=0.05)
        except Empty:
            continue
        if not message["msg_type"].startswith("comm"):
            kept.append(message)
    raise Empty


class SwallowedTimeout:
    """Fail a cell that ran out of time.

    nbval interrupts it, `Run` takes that for the stop button, the cell passes, and nbval then counts every
    later failure as expected.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        before = getattr(item.parent, "timed_out", False)
        result = yield
        if not before and getattr(item.parent, "timed_out", False):
            pytest.fail("ran past --nbval-cell-timeout and took the interrupt for the stop button", pytrace=False)
        return result
