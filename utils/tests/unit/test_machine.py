import os
import subprocess
import sys
import time

import pytest
import torch

from utils import data, machine

HERE = machine.device().type


@pytest.mark.parametrize("wish, type", [("", HERE), ("cpu", "cpu"), (HERE, HERE)])
def test_the_device_is_what_torch_finds_unless_another_is_wished_for(monkeypatch, wish, type):
    monkeypatch.setenv("WORKSHOP_DEVICE", wish)
    assert machine.device().type == type and machine.describe().startswith(type)
    assert machine.layout() == (torch.channels_last if type == "cpu" else torch.contiguous_format)


def test_a_device_that_is_not_here_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setenv("WORKSHOP_DEVICE", "warp")
    with pytest.raises(ValueError, match=f"WORKSHOP_DEVICE is 'warp', and torch finds {HERE} here: set it to .*cpu"):
        machine.device()


def test_a_course_that_cannot_be_written_to_leaves_a_place_of_the_readers_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "mine"))
    assert data.own_place() == data.ROOT
    monkeypatch.setattr(os, "access", lambda path, mode: data.ROOT not in (path, *path.parents))
    assert data.own_place() == tmp_path / "mine" / "generative-images" and data.own_place().is_dir()
    (tmp_path / "file").write_text("")                         # no folder can be made in a file
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(machine.tempfile, "gettempdir", lambda: str(tmp_path / "temp"))
    assert (tmp_path / "temp") in data.own_place().parents
    monkeypatch.setattr(machine.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    with pytest.raises(OSError, match="set XDG_DATA_HOME"):
        machine.own_folder()


@pytest.mark.skipif(not machine.queued(), reason="the system does not tell how long a thread waits for a core")
def test_waiting_for_a_core_is_counted_and_sleeping_is_not():
    before = machine.queued()
    time.sleep(0.3)
    after = machine.queued()
    assert all(0 <= after[thread] - seconds < 0.2 for thread, seconds in before.items() if thread in after)


@pytest.mark.parametrize("factor, n", [("0.5", 1000), ("3", 2000), ("0.001", 20)])
def test_draws_are_scaled_down_but_not_up(monkeypatch, factor, n):
    monkeypatch.setenv("WORKSHOP_BUDGET", factor)
    assert machine.scaled(2000) == n


MEMINFO = "MemTotal: 9000 kB\nMemAvailable: 8000 kB\n"
V1 = "memory.limit_in_bytes memory.usage_in_bytes total_inactive_file".split()
V2 = "memory.max memory.current inactive_file".split()


@pytest.mark.parametrize("lines, folder, names, limit, used, cache, free", [
    ("0::/", "", V2, "4096000", 3_000_000, 2_000_000, 3_096_000),                   # a warm cache is not in use
    ("0::/", "", V2, "max", 3_000_000, 2_000_000, 8_192_000),
    ("0::/a/b", "a/b", V2, "4096000", 1_000_000, 0, 3_096_000),
    ("0::/a/b", "a", V2, "4096000", 1_000_000, 0, 3_096_000),                       # the limit stands above it
    ("0::/elsewhere/on/the/host", "", V2, "4096000", 1_000_000, 0, 3_096_000),
    ("3:cpu:/x\n2:hugetlb,memory:/docker/1\n0::/", "memory/docker/1", V1, "4096000", 3_000_000, 2_000_000, 3_096_000),
    ("2:memory:/docker/1", "memory", V1, "4096000", 1_000_000, 0, 3_096_000),
    ("2:memory:/docker/1", "memory", V1, str(2 ** 63 - 4096), 1_000_000, 0, 8_192_000)])
def test_memory_that_is_free_in_a_container(tmp_path, lines, folder, names, limit, used, cache, free):
    place = tmp_path / "sys/fs/cgroup" / folder
    for path, said in ((tmp_path / "proc/meminfo", MEMINFO), (tmp_path / "proc/self/cgroup", lines),
                       (place / names[0], limit), (place / names[1], str(used)),
                       (place / "memory.stat", f"anon 5\n{names[2]} {cache}\nactive_file 7\n")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    assert machine.free_memory(tmp_path) == free
    (place / "memory.stat").write_text("")
    assert machine.free_memory(tmp_path) == min(8_192_000, free - (cache if free < 8_192_000 else 0))
    (tmp_path / "proc/self/cgroup").unlink()
    assert machine.free_memory(tmp_path) == 8_192_000
    (tmp_path / "proc/meminfo").unlink()
    assert machine.free_memory(tmp_path) is None


def test_where_the_machine_does_not_tell_its_free_memory_nothing_is_limited(monkeypatch):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    monkeypatch.setattr(machine, "free_memory", lambda: None)
    with machine.memory_limit():
        assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@pytest.mark.skipif(HERE != "cpu" or machine.free_memory() is None, reason="Linux without a GPU only")
def test_a_program_started_during_a_training_works_and_the_stop_button_lifts_the_limit():
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(KeyboardInterrupt), machine.memory_limit():
        assert resource.getrlimit(resource.RLIMIT_DATA) != before
        done = subprocess.run([sys.executable, "-c", "import numpy; print(numpy.ones(10 ** 7).sum())"],
                              capture_output=True, text=True)
        assert done.stdout == "10000000.0\n", done.stderr
        raise KeyboardInterrupt
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
