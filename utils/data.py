"""Image sets as tensors that live on the device, and endless shuffled batches of them."""

import contextlib
import functools
import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import torch
from torchvision import datasets
from torchvision.datasets.utils import check_integrity

from .machine import own_folder

ROOT = Path(__file__).resolve().parent.parent / "data"
SETS = {"FashionMNIST": datasets.FashionMNIST, "KMNIST": datasets.KMNIST, "MNIST": datasets.MNIST}
SHIPPED = "FashionMNIST"      # its four files are part of the course; the others are downloaded
CLASSES = ("t-shirt", "trousers", "pullover", "dress", "coat",
           "sandal", "shirt", "sneaker", "bag", "boot")      # of Fashion-MNIST, by label
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
current = globals().get("current", SHIPPED)       # what was loaded last, a name or a folder, and when its files were
changed = globals().get("changed", ())            # last changed; kept by importlib.reload


def load(name=SHIPPED, device="cpu", root=ROOT):
    """Whole data set in memory: `x_train, y_train, x_test, y_test`.

    Images are float32 (n, 1, 28, 28) in [-1, 1], labels int64 (n,) in 0..9, on `device`.
    FashionMNIST is read from the files of the course, without a network and without writing into
    `root`; MNIST and KMNIST are downloaded once. Every file is checked against torchvision's MD5.
    A set of your own: the path of a folder that holds the four `FILES`, in the IDX format of MNIST, packed
    (.gz) or not. The ruler measures against the set that was loaded last.

    Raises ValueError for an unknown name or a set of another kind, and RuntimeError for a damaged
    file or a failed download, each in one sentence that says what to do.
    """
    global current, changed
    folder = _folder(name, Path(root))
    paths = [next((p for p in (folder / f"{file}.gz", folder / file) if p.exists()), folder / file) for file in FILES]
    times = tuple(path.stat().st_mtime_ns if path.exists() else None for path in paths)
    found = [_read(path, time) for path, time in zip(paths, times)]
    for path, x, y in ((paths[0], *found[:2]), (paths[2], *found[2:])):
        if y.dim() != 1 or x.shape != (len(y), 28, 28) or len(y) < 10 or y.max() > 9:
            raise ValueError(f"{path} and its labels hold {tuple(x.shape)} and {tuple(y.shape)}, labels up to "
                             f"{y.max() if y.numel() else 'none'}: the course needs ten images or more, (n, 28, 28), "
                             "and as many labels, 0 to 9")
    x_train, x_test = (x.to(device).float().div_(127.5).sub_(1).unsqueeze(1) for x in found[::2])
    y_train, y_test = (y.to(device).long() for y in found[1::2])     # what was read is cached, what is returned is new
    current, changed = name, times
    return x_train, y_train, x_test, y_test


def own_place():
    """Where the reader's rows and downloads go: the course's data folder, or one of the reader's own if a course that
    others share cannot be written to."""
    return ROOT if os.access(ROOT, os.W_OK) else own_folder()


def label(name=None):
    """A data set's name for people; of the one that was loaded last, if none is given."""
    return Path(current if name is None else name).name


def home(name):
    """The folder of a data set, from the root of the file system on."""
    return ROOT / name if name in SETS else Path(name).resolve()


def key():
    """What tells the set that was loaded last from any other: its name, or its folder."""
    return current if current in SETS else str(home(current))


def classes():
    """What the ten classes are called, by label, in the set that was loaded last; of a set of your own, the labels."""
    if current == SHIPPED:
        return CLASSES
    names = SETS[current].classes if current in SETS else map(str, range(10))
    return tuple(name.split(" - ")[0] for name in names)       # torchvision writes "7 - seven"


def batches(x, y, size, seed=0):
    """Endless shuffled batches `(x, y)` of `size` rows, on the device of `x`.

    Within a pass no row comes twice; each pass has a new order, and `seed` fixes them all (the rows
    left over at the end of a pass, fewer than `size`, sit that pass out).
    Raises ValueError if `size` is not between 1 and len(x).
    """
    if not 1 <= size <= len(x):
        raise ValueError(f"batch size {size}: choose a number from 1 to {len(x)}, the number of images")
    rng = torch.Generator().manual_seed(seed)
    return _shuffled(x, y, size, rng)


def _shuffled(x, y, size, rng):
    while True:
        order = torch.randperm(len(x), generator=rng).to(x.device)
        for i in range(0, len(x) - size + 1, size):
            rows = order[i:i + size]
            yield x[rows], y[rows]


def _folder(name, root):
    """Where the four files of a set lie, each as it should be."""
    if name not in SETS:
        if Path(name).is_dir():
            return Path(name)
        raise ValueError(f"unknown data set {str(name)!r}: choose one of {', '.join(SETS)}, or the path of a folder "
                         f"with the files {', '.join(FILES)}")
    folder = root / name / "raw"
    if name != SHIPPED:
        return _downloaded(name, folder)
    for file, md5 in SETS[name].resources:
        path = folder / file
        if not check_integrity(path, md5):
            state = "truncated or altered" if path.exists() else "missing"
            raise RuntimeError(f"{path.relative_to(root.parent)} is {state}: restore it with  git -C "
                               f'"{root.parent}" checkout HEAD -- {path.relative_to(root.parent).as_posix()}')
    return folder


def _downloaded(name, folder):
    """The folder with its four files, downloaded if need be: into one of the reader's own if `folder` is read-only."""
    kind = SETS[name]
    if all(check_integrity(folder / file, md5) for file, md5 in kind.resources):
        return folder
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        folder = own_folder() / name
        folder.mkdir(parents=True, exist_ok=True)
    mirrors = sorted(kind.mirrors, key=lambda url: not url.startswith("https"))
    for file, md5 in kind.resources:
        reason = f"{file} came damaged"
        for mirror in mirrors:
            if not check_integrity(folder / file, md5):
                try:
                    torch.hub.download_url_to_file(f"{mirror}{file}", str(folder / file), progress=False)
                except OSError as error:
                    reason = error
        if not check_integrity(folder / file, md5):
            raise RuntimeError(f"{name} could not be downloaded ({reason}): connect to a network and run this cell "
                               f'again, or use load("{SHIPPED}"), which needs none')
    return folder


@functools.lru_cache(8)
def _read(path, changed):
    """A file in IDX format as a tensor of uint8. `changed`, its time of change, tells the cache when it is another."""
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            raw = bytearray(file.read())
        zeros, kind, dims = struct.unpack_from(">HBB", raw)      # 8: unsigned bytes
        shape = struct.unpack_from(f">{dims}I", raw, 4)
        if (zeros, kind, 4 + 4 * dims + math.prod(shape)) != (0, 8, len(raw)):
            raise ValueError("not the IDX format, or cut off")
        return torch.frombuffer(raw, dtype=torch.uint8, offset=4 + 4 * dims).view(shape)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise RuntimeError(f"{path} cannot be read ({error}): the course needs unsigned bytes in the IDX format of "
                           "MNIST there") from error
