"""Where a notebook runs: the device, its random numbers and its memory, and the budget of time that the room gives."""

import contextlib
import math
import os
import platform
import re
from pathlib import Path

import torch


def device():
    """The accelerator that torch finds here - an NVIDIA, AMD, Intel or Apple GPU - or the CPU."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def describe():
    """One line on where this runs: device, versions, budget."""
    here = device()
    name = (f"{torch.get_num_threads()} threads" if here.type == "cpu" else
            getattr(torch.get_device_module(here), "get_device_name", lambda: "one")())
    return (f"{here.type} ({name}), torch {torch.__version__}, Python {platform.python_version()}, "
            f"training budget x {budget():g}")


def budget():
    """Factor from the environment variable WORKSHOP_BUDGET that scales every `Run` (1 if it is not set)."""
    text = os.environ.get("WORKSHOP_BUDGET", "1")
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 < factor < math.inf:
        raise ValueError(f"WORKSHOP_BUDGET is {text!r}: set it to a number above 0, for example 0.5 for half the time")
    return factor


def rehearsal():
    """Whether WORKSHOP_BUDGET is so small that what is trained is hardly worth a number."""
    return budget() < 0.1


def enough(n):
    """n images to measure, or no more than 200 in a rehearsal."""
    return min(n, 200) if rehearsal() else n


def scaled(n):
    """n draws to measure, or fewer, but at least 20, where WORKSHOP_BUDGET is below 1."""
    return max(20, int(n * min(1, budget())))


def wait():
    """Until the device has done what is queued, so that a clock means something."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def free_memory(root="/"):
    """Bytes of memory that this machine, or this container, has left; None where Linux does not tell.

    A container's limit may stand at its own control group or at one above it (versions 1 and 2). Files that it has
    read and no longer uses count as free there, too, as they do in MemAvailable: the kernel drops them when asked.
    """
    root = Path(root)
    try:
        free = 1024 * int(re.search(r"MemAvailable:\s+(\d+)", (root / "proc/meminfo").read_text())[1])
    except (OSError, TypeError):
        return None
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:                                                # no control groups here
        return free
    for _, kinds, path in (line.split(":", 2) for line in lines):
        if kinds == "":                                            # version 2
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):                         # version 1
            top = root / "sys/fs/cgroup/memory"
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        group = top / path.strip("/")
        for place in (group, *group.parents):
            with contextlib.suppress(OSError, ValueError):         # no container, or one without a limit
                limit, used = (int((place / name).read_text()) for name in names[:2])
                cache = re.search(rf"^{names[2]} (\d+)", (place / "memory.stat").read_text(), re.M)
                free = min(free, limit - used + int(cache[1] if cache else 0))
            if place == top:
                break
    return free


@contextlib.contextmanager
def same_random_numbers():
    """What is drawn inside changes no random number drawn afterwards, on the CPU or on the accelerator in use."""
    modules = [torch] + [torch.get_device_module()] * torch.accelerator.is_available()
    states = [module.get_rng_state() for module in modules]
    try:
        yield
    finally:
        for module, state in zip(modules, states):
            module.set_rng_state(state)


@contextlib.contextmanager
def memory_limit():
    """On Linux without a GPU, refuse memory that is not there, which otherwise ends the whole kernel."""
    free = None if torch.accelerator.is_available() else free_memory()
    try:
        import resource

        mine = 1024 * int(re.search(r"VmData:\s+(\d+)", Path("/proc/self/status").read_text())[1])
        before = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (mine + int(0.9 * free), before[1]))
    except (ImportError, OSError, TypeError, ValueError):          # not Linux, or it does not tell, or not allow
        before = None
    try:
        yield
    finally:
        if before is not None:
            resource.setrlimit(resource.RLIMIT_DATA, before)
