import os
import subprocess
import sys
import time

import pytest

from utils import cores

from ..conftest import ROOT

MINE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.mark.parametrize("lines, folder, files, want", [
    ("0::/", "", {"cpu.max": "100000 100000"}, 1),
    ("0::/", "", {"cpu.max": "50000 100000"}, 1),                                   # half a core is one thread
    ("0::/", "", {"cpu.max": "max 100000"}, MINE),
    ("0::/", "", {"cpu.max": "99000000 100000"}, MINE),
    ("0::/a/b", "a", {"cpu.max": "100000 100000"}, 1),                              # the quota stands above it
    ("4:cpu,cpuacct:/docker/1\n0::/", "cpu/docker/1", {"cpu.cfs_quota_us": "100000", "cpu.cfs_period_us": "100000"}, 1),
    ("4:cpu,cpuacct:/docker/1", "cpu", {"cpu.cfs_quota_us": "100000", "cpu.cfs_period_us": "100000"}, 1),
    ("4:cpu,cpuacct:/docker/1", "cpu/docker/1", {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}, MINE),
    ("3:memory:/docker/1", "cpu/docker/1", {"cpu.cfs_quota_us": "100000", "cpu.cfs_period_us": "100000"}, MINE)])
def test_a_quota_of_cpu_time_counts_as_cores(tmp_path, lines, folder, files, want):
    place = tmp_path / "sys/fs/cgroup" / folder
    for path, said in ((tmp_path / "proc/self/cgroup", lines), *((place / name, text) for name, text in files.items())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    assert cores.cores(tmp_path) == want
    (tmp_path / "proc/self/cgroup").unlink()
    assert cores.cores(tmp_path) == MINE


@pytest.mark.parametrize("given, want", [
    ({}, {"GOMP_SPINCOUNT": "1000"}),
    ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),                 # the reader's word counts
    ({"GOMP_SPINCOUNT": "7", "OMP_NUM_THREADS": "1"}, {"GOMP_SPINCOUNT": "7", "OMP_NUM_THREADS": "1"})])
def test_what_threads_are_told_before_torch_is_there(given, want):
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")
    code = (f"import os, sys; assert 'torch' not in sys.modules; import utils, torch; print(torch.get_num_threads(), "
            f"*(f'{{n}}={{os.environ[n]}}' for n in {names} if n in os.environ))")
    env = {key: value for key, value in os.environ.items() if key not in names} | given
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    threads, *told = said.stdout.split()
    if MINE < os.cpu_count() and "OMP_NUM_THREADS" not in given:
        want = want | {"OMP_NUM_THREADS": str(MINE)}
    assert dict(pair.split("=") for pair in told) == want
    assert int(threads) == int(want.get("OMP_NUM_THREADS", threads))


def test_fewer_cores_are_taken_although_torch_is_there_already(monkeypatch):
    import torch
    before = torch.get_num_threads()
    monkeypatch.setattr(cores, "cores", lambda: 1)
    cores.share()
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)


TRAINING = """
import sys, time
import utils, torch
net = torch.nn.Sequential(torch.nn.Conv2d(4, 48, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(48, 4, 3, padding=1))
opt, x = torch.optim.Adam(net.parameters()), torch.randn(32, 4, 14, 14)
time.sleep(max(0, float(sys.argv[1]) - time.time()))                        # all begin together
steps, end = 0, time.monotonic() + 4
while time.monotonic() < end:
    opt.zero_grad()
    (net(x) - x).square().mean().backward()
    opt.step()
    steps += 1
print(steps)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="as OpenMP is built for Linux")
def test_trainings_side_by_side_make_together_what_one_makes_alone():
    """With threads that wait awake two made a third of it, and four a fifth."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}

    def steps(readers):
        start = str(time.time() + 5 + 2 * readers)
        running = [subprocess.Popen([sys.executable, "-c", TRAINING, start], cwd=ROOT, env=env, stdout=subprocess.PIPE)
                   for _ in range(readers)]
        return sum(int(process.communicate()[0]) for process in running)

    alone = steps(1)
    shares = [steps(readers) / alone for readers in (2, 4)]
    print(shares)
    assert min(shares) > 0.4, shares                           # 0.8 and more on a quiet machine
