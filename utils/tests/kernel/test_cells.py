"""What a cell of a notebook shows: the live figure, the stop button, a check."""

import re

import pytest
import torch

from utils import machine

from .kernel import errors, text

LOOP = """
import itertools, time, torch
from matplotlib.figure import Figure
from utils.train import Run
with Run(minutes=0.06, show=Figure, every=0.01) as run:
    for _ in run.over(itertools.repeat(0)):
        time.sleep(0.001)
        run.log(loss=1.0)
print("the rest of the cell")
"""


@pytest.mark.skipif(machine.free_memory() is None or torch.accelerator.is_available(),
                    reason="Linux without a GPU only")
def test_a_step_that_needs_more_memory_than_there_is_ends_the_run_and_not_the_kernel(k):
    code = """
import itertools, resource, torch
from utils import machine
from utils.train import Run
before = resource.getrlimit(resource.RLIMIT_DATA)
free, machine.free_memory = machine.free_memory, lambda: 5 * 10 ** 8
kept = []
with Run(minutes=60) as run:
    for _ in run.over(itertools.repeat(0)):
        kept.append(torch.ones(10 ** 7))                           # 40 MB
del kept
machine.free_memory = free
print(resource.getrlimit(resource.RLIMIT_DATA) == before, float(torch.ones(3 * 10 ** 8).sum()) > 0)
"""
    messages = k.run(code)
    assert any("out of memory: choose a smaller batch" in str(content) for _, content in messages)
    assert text(messages).endswith("True True\n")             # afterwards nothing is refused


def test_live_figure_in_a_kernel(k):
    messages = k.run(LOOP)
    kinds = [kind for kind, _ in messages]
    assert kinds.count("display_data") == 1                   # one handle
    assert 2 <= kinds.count("update_display_data") < 300
    assert not [kind for kind in kinds if kind.startswith("comm")] and text(messages, "stderr") == ""
    assert len({c["transient"]["display_id"] for kind, c in messages if "display_data" in kind}) == 1
    last = [c for kind, c in messages if kind == "update_display_data"][-1]
    assert set(last["data"]) == {"image/png", "text/plain"}
    assert re.search(r"steps \(.*loss 1\nthe rest of the cell", text(messages))


def test_updates_stay_under_300_however_long_the_run(k):
    messages = k.run(LOOP.replace("show=Figure, every=0.01", "every=0.0").replace("0.06", "0.2"))
    assert sum(kind == "update_display_data" for kind, _ in messages) < 300


def test_stop_button_in_a_kernel(k):
    messages = k.run(LOOP.replace("minutes=0.06", "minutes=60"), stop_after=1.0)
    assert not [kind for kind, _ in messages if kind == "error"] and text(messages, "stderr") == ""
    assert "stopped by you, and what was trained is kept\nthe rest of the cell" in text(messages)
    assert text(k.run("print(run.step > 0)")) == "True\n"    # and the next cell runs


def test_stop_button_while_the_figure_is_drawn(k):
    slow = LOOP.replace("show=Figure", "show=lambda: time.sleep(0.3) or Figure()").replace("0.06", "60")
    messages = k.run(slow, stop_after=0.5)
    assert not [kind for kind, _ in messages if kind == "error"]
    assert "the rest of the cell" in text(messages)


def test_in_a_notebook_a_crash_shows_the_line_and_a_loop_ends(k):
    k.run("from utils.exercises import exercise")
    said = text(k.run("@exercise\ndef g_loss(d_fake):\n    a = d_fake + 1\n    return a.nonsense()"))
    assert "AttributeError" in said and "in the line `return a.nonsense()`" in said
    k.run("from utils import exercises\nexercises.TIME_LIMIT_S = 2")
    said = text(k.run("@exercise\ndef g_loss(d_fake):\n    while True: pass"))
    k.run("exercises.TIME_LIMIT_S = 10")
    assert "takes more than 2 seconds" in said
    assert text(k.run("print(g_loss.__module__)")) == "utils.exercises.gan\n"


def test_summary_and_an_edit_in_utils(k):
    """A function without @exercise is named as such; the list of exercises survives a reload of its files."""
    k.run("from utils import exercises\nfrom utils.exercises import *\nimport torch.nn.functional as F, importlib")
    k.run("@exercise\ndef g_loss(d_fake): ...")
    k.run("def g_loss(d_fake): return F.softplus(-d_fake).mean()")
    said = text(k.run("summary()"))
    assert said == ("0 of 1 exercises run on your own code.\n"
                    "  g_loss: a function that was not checked: put @exercise above it and run its cell\n")
    assert not errors(k.run("importlib.reload(exercises)\nfrom utils.exercises import *"))
    said = text(k.run("@exercise\ndef g_loss(d_fake): return F.softplus(d_fake).mean()"))
    assert "That is D's term" in said
    said = text(k.run("@exercise\ndef g_loss(d_fake): return F.softplus(-d_fake).mean()\nsummary()"))
    assert said.endswith("1 of 1 exercises run on your own code.\n  g_loss: yours\n")
