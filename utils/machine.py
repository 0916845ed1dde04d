"""Where a notebook runs: the device, its random numbers and its memory, and the budget of time that the room gives."""

import contextlib
import getpass
import math
import os
import platform
import re
import tempfile
from pathlib import Path

import torch

from .cores import control_groups


def device():
    """The accelerator that torch finds here - an NVIDIA, AMD, Intel or Apple GPU - or the CPU.

    WORKSHOP_DEVICE in the environment chooses another, "cpu" for a GPU that misbehaves. Raises ValueError, in a
    sentence, for one that is not here.
    """
    here = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    wish = os.environ.get("WORKSHOP_DEVICE") or here.type
    if wish.partition(":")[0] not in ("cpu", here.type):
        raise ValueError(f"WORKSHOP_DEVICE is {wish!r}, and torch finds {here.type} here: set it to "
                         f"{' or '.join(dict.fromkeys((here.type, 'cpu')))}, or leave it out")
    return torch.device(wish)


def layout():
    """The order in memory that convolutions like: channels last on a CPU, where it is faster, else PyTorch's own.

    Apple's GPUs computed wrong gradients with channels last (PyTorch's issue 142344).
    """
    return torch.channels_last if device().type == "cpu" else torch.contiguous_format


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

    Files that a container has read and no longer uses count as free there, too, as they do in MemAvailable: the kernel
    drops them when asked.
    """
    try:
        free = 1024 * int(re.search(r"MemAvailable:\s+(\d+)", (Path(root) / "proc/meminfo").read_text())[1])
    except (OSError, TypeError):
        return None
    for version, place in control_groups("memory", root):
        names = (("memory.max", "memory.current", "inactive_file") if version == 2 else
                 ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
        with contextlib.suppress(OSError, ValueError):             # no container, or one without a limit
            limit, used = (int((place / name).read_text()) for name in names[:2])
            cache = re.search(rf"^{names[2]} (\d+)", (place / "memory.stat").read_text(), re.M)
            free = min(free, limit - used + int(cache[1] if cache else 0))
    return free


def queued():
    """{thread of this process: seconds that it was ready to run and had no core}; {} where the system does not tell."""
    seconds = {}
    for task in Path("/proc/self/task").glob("*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            seconds[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return seconds


def own_folder():
    """A folder that the reader may write to and nobody else does, where the course itself cannot be written to."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    for base in (Path(home), Path(tempfile.gettempdir()) / getpass.getuser()):
        with contextlib.suppress(OSError):
            folder = base / "generative-images"
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    raise OSError("no folder can be written to here: set XDG_DATA_HOME to one that can")


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
