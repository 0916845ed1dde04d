"""An imitation accelerator: tells on a machine without a GPU whether the course would run on one.

`import torch` loads it, through the entry point in imitation.dist-info, where this folder is in PYTHONPATH and
`build()` has been called. There is then a device "imitation", which torch.accelerator finds; what it refuses and what
it counts stands at the top of imitation.cpp. IMITATION_APPLE=1 has it refuse float64, too: all that it refuses without
it, it refuses then.

It proves that no cell mixes devices, that numbers are drawn on the device, and how often a step launches an operator
or waits. It cannot show speed, memory, what cuDNN, TF32 or MPS make of a number, an operator that a real device lacks,
or an error that comes late.
"""

import re
import shutil
import subprocess
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent


def library():
    """Where the build for this version of torch lies."""
    import torch

    return HERE / "build" / f"imitation-{torch.__version__}.so"


def build():
    """Compile it, if it is not there or older than its source. Raises RuntimeError where there is no g++."""
    import torch
    from filelock import FileLock
    from torch.utils.cpp_extension import include_paths, library_paths

    if shutil.which("g++") is None:
        raise RuntimeError("there is no C++ compiler here: apt-get install g++")
    source, half = HERE / "imitation.cpp", library().with_suffix(".part")
    library().parent.mkdir(exist_ok=True)
    with FileLock(library().with_suffix(".lock")):             # two workers of pytest-xdist may want it
        if library().exists() and library().stat().st_mtime > source.stat().st_mtime:
            return
        subprocess.run(["g++", "-std=c++20", "-O1", "-shared", "-fPIC", str(source), "-o", str(half),
                        f"-D_GLIBCXX_USE_CXX11_ABI={int(torch._C._GLIBCXX_USE_CXX11_ABI)}",
                        *(f"-isystem{path}" for path in include_paths()), *(f"-L{path}" for path in library_paths()),
                        "-lc10", "-ltorch_cpu"], check=True)
        half.replace(library())


def load():
    """Called by `import torch`: add the device, and the module torch.imitation that speaks for it."""
    import torch
    import torchgen

    if not library().exists():
        return
    torch.ops.load_library(library())
    ours = torch.ops.imitation
    yaml = Path(torchgen.__file__).parent / "packaged" / "ATen" / "native" / "native_functions.yaml"
    functions = re.split(r"^- func: ", yaml.read_text(encoding="utf-8"), flags=re.M)[1:]
    ours.start(["aten::" + f[:f.index("(")] for f in functions if "device_check: NoCheck" in f])
    torch.utils.rename_privateuse1_backend("imitation")
    module = types.ModuleType("torch.imitation")
    module.is_available, module.is_initialized, module._is_in_bad_fork = lambda: True, lambda: True, lambda: False
    module.device_count, module.current_device, module._lazy_init = lambda: 1, lambda: 0, lambda: None
    module.synchronize = lambda device=None: torch.accelerator.synchronize()
    module.manual_seed_all = module.manual_seed = lambda seed: ours.generator().manual_seed(seed)
    module.get_rng_state = lambda device=0: ours.generator().get_state()
    module.set_rng_state = lambda state, device=0: ours.generator().set_state(state)
    module.waits, module.calls = ours.waits, ours.calls
    torch._register_device_module("imitation", module)
