"""The cores that a notebook may use, and threads that leave room for others; set before torch is imported."""

import contextlib
import os
import sys
from pathlib import Path


def control_groups(controller, root="/"):
    """(version, folder) of this process's control group for `controller`, "cpu" or "memory", and of each above it.

    A container's limit may stand at its own group or at one above it (versions 1 and 2). Nothing where there is none.
    """
    root = Path(root)
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for _, kinds, path in (line.split(":", 2) for line in lines):
        if kinds == "" or controller in kinds.split(","):
            top = root / "sys/fs/cgroup" / (controller if kinds else "")
            group = top / path.strip("/")
            for place in (group, *group.parents):
                yield 1 if kinds else 2, place
                if place == top:
                    break


def cores(root="/"):
    """How many CPU cores this process may use, at least 1: those that it is tied to, or fewer under a quota of CPU
    time, which torch does not ask for."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for version, place in control_groups("cpu", root):
        with contextlib.suppress(OSError, ValueError):             # "max" and -1: no quota
            names = ("cpu.max",) if version == 2 else ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            quota, period = map(int, " ".join((place / name).read_text() for name in names).split())
            mine = min(mine, quota / period) if quota > 0 else mine
    return max(1, int(mine))


def share():
    """As many threads as there are cores, which wait for each other asleep: a thread that waits awake, as OpenMP has
    it, takes the core from whoever else works here, and a class on one machine then gets a fortieth of its training.

    OpenMP reads both settings once, when torch is imported; what the environment says already stays.
    """
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_num_threads(min(cores(), torch.get_num_threads()))
        return
    if cores() < (os.cpu_count() or 1):
        os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")            # turns of a loop, some microseconds, then asleep
