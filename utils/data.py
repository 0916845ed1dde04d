"""Image sets as tensors that live on the device, and endless shuffled batches of them."""

import contextlib
import io
import os
import shutil
import tempfile
from pathlib import Path

import torch
from torchvision import datasets
from torchvision.datasets.utils import check_integrity

ROOT = Path(__file__).resolve().parent.parent / "data"
SETS = {"FashionMNIST": datasets.FashionMNIST, "KMNIST": datasets.KMNIST, "MNIST": datasets.MNIST}
SHIPPED = "FashionMNIST"      # its four files are part of the course; the others are downloaded
CLASSES = ("t-shirt", "trousers", "pullover", "dress", "coat",
           "sandal", "shirt", "sneaker", "bag", "boot")      # of Fashion-MNIST, by label


def load(name=SHIPPED, device="cpu", root=ROOT):
    """Whole data set in memory: `x_train, y_train, x_test, y_test`.

    Images are float32 (60000 or 10000, 1, 28, 28) in [-1, 1], labels int64 in 0..9, on `device`.
    FashionMNIST is read from the files of the course, without a network and without writing into
    `root`; MNIST and KMNIST are downloaded once. Every file is checked against torchvision's MD5.

    Raises ValueError for an unknown name and RuntimeError for a damaged file or a failed download,
    each in one sentence that says what to do.
    """
    if name not in SETS:
        raise ValueError(f"unknown data set {name!r}: choose one of {', '.join(SETS)}")
    kept = Path(root) / name / "raw"
    with tempfile.TemporaryDirectory() as tmp:     # torchvision unpacks here, so nothing stale is left
        raw = Path(tmp) / name / "raw"
        raw.mkdir(parents=True)
        for file, md5 in SETS[name].resources:
            if name == SHIPPED:
                _check(kept / file, md5)
            if check_integrity(kept / file, md5):
                shutil.copy(kept / file, raw / file)
        train, test = _read(name, tmp)
        with contextlib.suppress(OSError):         # a read-only folder: download again next time
            kept.mkdir(parents=True, exist_ok=True)
            for file, md5 in SETS[name].resources:
                if not check_integrity(kept / file, md5):
                    os.replace(shutil.copy(raw / file, kept / f"{file}.part"), kept / file)

    def as_tensors(split):
        x = split.data.to(device).float().div_(127.5).sub_(1).unsqueeze(1)
        return x, split.targets.to(device)

    return *as_tensors(train), *as_tensors(test)


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


def _check(path, md5):
    state = "missing" if not path.exists() else "truncated or altered"
    if not check_integrity(path, md5):
        folder = path.parents[3]
        raise RuntimeError(f"{path.relative_to(folder)} is {state}: restore it with"
                           f'  git -C "{folder}" checkout HEAD -- {path.relative_to(folder).as_posix()}')


def _read(name, folder):
    kind = SETS[name]
    mirrors = sorted(kind.mirrors, key=lambda url: not url.startswith("https"))
    kind = type(name, (kind,), {"mirrors": mirrors})       # torchvision names the folder after the class
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return kind(folder, train=True, download=True), kind(folder, train=False)
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise RuntimeError(f"{name} could not be downloaded ({reason}): connect to a network and run this "
                           f'cell again, or use load("{SHIPPED}"), which needs none') from error
