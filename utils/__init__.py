"""Small helpers for the three notebooks. Every file can be read alone."""

import os
from importlib.util import find_spec

from .cores import share

if missing := [name for name in ("torch", "torchvision", "matplotlib", "ipywidgets") if find_spec(name) is None]:
    raise ImportError(f"{' and '.join(missing)} not found: run  pip install -r requirements.txt  in the course's "
                      "folder with the Python of this notebook, then restart the kernel and run this cell again")

share()
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")      # what an Apple GPU lacks runs on the CPU, with a warning
