"""One ruler for the three families: features of a small classifier, distances on them, and the table.

`python -m utils.metrics` trains the classifier again (about three minutes on two cores).
"""

import functools
import json
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from filelock import FileLock  # torch itself depends on it
from torch import nn

from . import data

WEIGHTS = data.ROOT / "pretrained" / "classifier.pt"
SHIPPED = data.ROOT / "pretrained" / "scoreboard.json"      # rows from the notebooks as they ship
SCOREBOARD = Path(os.environ.get("WORKSHOP_SCOREBOARD", data.ROOT / "scoreboard.json"))   # tests have their own


class Classifier(nn.Module):
    """Classifier of Fashion-MNIST, (B, 1, 28, 28) in [-1, 1] -> (B, 10) logits, and the features it sees.

    `activations` gives (B, 176): mean activations of the three convolutions (16 + 32 + 64: texture, which the
    last layer no longer knows) and the last hidden layer (64: content). With `mean` and `sd`, those of the
    training images, they become the features of the ruler.
    """

    def __init__(self):
        super().__init__()
        def stage(c_in, c_out):
            return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU())
        self.stages = nn.ModuleList([stage(1, 16), stage(16, 32), stage(32, 64)])
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(64 * 3 * 3, 64), nn.BatchNorm1d(64), nn.ReLU())
        self.head = nn.Linear(64, 10)
        self.register_buffer("mean", torch.zeros(176))
        self.register_buffer("sd", torch.ones(176))

    def activations(self, x):
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x.mean((2, 3)))
            x = F.max_pool2d(x, 2)
        seen.append(self.hidden(x))
        return torch.cat(seen, 1)

    def forward(self, x):
        return self.head(self.activations(x)[:, -64:])


@functools.cache
def classifier(device="cpu"):
    """The trained classifier that ships with the course, on `device`, not trainable."""
    net = Classifier()
    net.load_state_dict(torch.load(WEIGHTS, map_location="cpu", weights_only=True))
    return net.eval().requires_grad_(False).to(device)


def _in_chunks(f, x, size=500):
    with torch.no_grad():
        return torch.cat([f(chunk.clamp(-1, 1)) for chunk in x.split(size)])


def _look(x):
    """What the classifier makes of images (n, 1, 28, 28), in one pass: features (n, 176) and classes (n,)."""
    net = classifier(x.device)
    seen = _in_chunks(net.activations, x)
    return (seen - net.mean) / net.sd, net.head(seen[:, -64:]).argmax(1)


def features(x):
    """Classifier features of images (n, 1, 28, 28), clamped to [-1, 1] -> (n, 176), on the same device."""
    return _look(x)[0]


def predict(x):
    """Class that the classifier sees in each image: (n, 1, 28, 28) -> (n,) in 0..9."""
    return _look(x)[1]


def class_shares(x):
    """Share of each of the ten classes among the images, as the classifier sees them -> (10,), sum 1."""
    return _shares(predict(x))


def _shares(classes):
    return torch.bincount(classes, minlength=10) / len(classes)


def frechet(a, b):
    """Squared Frechet distance between Gaussians fitted to two feature sets (n, d), (m, d) -> float.

    |mu_a - mu_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) (Dowson and Landau 1982; on Inception features
    it is the FID of Heusel et al. 2017, equation 6). Biased upwards for small n: compare at the same n.
    """
    a, b = a.cpu().double(), b.cpu().double()
    cov_a, cov_b = a.T.cov(), b.T.cov()
    root = torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * root)


def precision_recall(real, fake, k=3):
    """Precision, recall, density and coverage of `fake` (m, d) against `real` (n, d), as a dict of floats.

    A set's support is the union of balls around its points that reach to the k-th nearest neighbour.
    Precision: share of fake in the support of real; recall: share of real in the support of fake
    (Kynkaanniemi et al. 2019). Density, coverage: the same with overlaps counted, and with the balls of
    real only (Naeem et al. 2020); coverage of real by real approaches 1 - 2^-k.
    """
    real, fake = real.cpu().double(), fake.cpu().double()      # exact enough for the fast way through a product
    radius_real = _distances(real, real).sort(1).values[:, k]  # column 0 is the point itself
    radius_fake = _distances(fake, fake).sort(1).values[:, k]
    distance = _distances(real, fake)
    inside_real = distance < radius_real[:, None]
    return {"precision": inside_real.any(0).float().mean().item(),
            "recall": (distance < radius_fake).any(1).float().mean().item(),
            "density": inside_real.float().sum(0).mean().item() / k,
            "coverage": (distance.min(1).values < radius_real).float().mean().item()}


def _distances(a, b):
    return torch.cdist(a, b, compute_mode="use_mm_for_euclid_dist")


def sharpness(x):
    """Variance of the Laplacian of images (n, 1, 28, 28), averaged over them -> float; blur lowers it."""
    kernel = torch.tensor([[0., 1, 0], [1, -4, 1], [0, 1, 0]], device=x.device)
    return F.conv2d(x.clamp(-1, 1), kernel[None, None]).var((1, 2, 3)).mean().item()


@functools.cache
def _real(n):
    """Features and sharpness of n test images, and of n training images for the floor."""
    x_train, _, x_test, _ = data.load()
    if not 10 <= n <= len(x_test):
        raise ValueError(f"n = {n}: choose a number of images from 10 to {len(x_test)}")
    rng = torch.Generator().manual_seed(0)
    test = x_test[torch.randperm(len(x_test), generator=rng)[:n]]
    train = x_train[torch.randperm(len(x_train), generator=rng)[:n]]
    real, (fake, classes) = features(test), _look(train)
    return real, sharpness(test), _compare(fake, real) | {
        "sharpness": sharpness(train) / sharpness(test), "classes": _shares(classes).tolist()}


def _compare(fake, real):
    return {"frechet": frechet(fake, real)} | precision_recall(real, fake)


def measure(x):
    """The ruler laid on images (n, 1, 28, 28): a dict with Frechet distance, precision, recall, density,
    coverage, sharpness ratio and class shares, all against n test images of Fashion-MNIST, and under
    "floor" the same for n real training images: no model is expected to be better than that."""
    if not x.isfinite().all():
        raise ValueError("some images hold NaN or infinity: train again with a lower learning rate, then measure")
    real, sharp, floor = _real(len(x))
    x = x.detach().float().cpu()
    fake, classes = _look(x)
    return _compare(fake, real) | {
        "sharpness": sharpness(x) / sharp, "classes": _shares(classes).tolist(), "n": len(x), "floor": floor}


def report(name, sample, run=None, net=None, n=2000):
    """Draw n images with `sample(n)`, measure them, add a row to the scoreboard and print the table.

    sample: n -> (n, 1, 28, 28) in [-1, 1]. run: the `Run` that trained it, for the training seconds.
    net: the network that `sample` calls, to count its parameters and its calls per image.
    Raises ValueError, in a sentence, if `sample` returns something else. Returns the row, a dict.
    """
    row = {"name": name, **_timed(sample, net, n)}
    row |= {"minutes": run.seconds / 60 if run else None,
            "parameters": sum(p.numel() for p in net.parameters()) if net else None}
    try:
        _store(row)
    except OSError as error:
        print(f"The row could not be saved ({error.strerror}); here it is for this session.")
    scoreboard(row)
    return row


def _timed(sample, net, n):
    """`measure` of sample(n), with milliseconds and network calls per image."""
    _checked(sample(2), 2)                                      # warms up, too
    calls = []
    hook = net.register_forward_hook(lambda net, given, out: calls.append(len(given[0]))) if net else None
    _wait()
    start = time.perf_counter()
    try:
        with torch.no_grad():
            x = _checked(sample(n), n)
        _wait()
    finally:
        if hook:
            hook.remove()
    ms = 1000 * (time.perf_counter() - start) / n
    return measure(x) | {"ms": ms, "calls": sum(calls) / n if net else None, "device": x.device.type}


def _wait():
    """Until the device has done what is queued, so that a clock means something."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def _checked(x, n):
    if not torch.is_tensor(x) or x.shape != (n, 1, 28, 28):
        got = f"shape {tuple(x.shape)}" if torch.is_tensor(x) else type(x).__name__
        raise ValueError(f"sample({n}) returned {got}: it must return a tensor of shape ({n}, 1, 28, 28)")
    return x


def rows(*names):
    """The reader's rows of the scoreboard under these names, {name: row}; where one is missing, the row that ships
    with the course stands in, called "<name> (shipped)" and with row["shipped"] True.

    Raises KeyError, in a sentence, for a name that neither has.
    """
    own, shipped = _rows(), {row["name"]: row for row in json.loads(SHIPPED.read_text(encoding="utf-8"))}
    found = {}
    for name in names:
        if name not in own | shipped:
            raise KeyError(f"no row is called {name!r} (there: {', '.join(own | shipped)})")
        row = own[name] if name in own else {**shipped[name], "name": f"{name} (shipped)", "shipped": True}
        found[row["name"]] = row
    return found


def _rows():
    """The rows of the scoreboard by name; a file that is not a table is put aside, never overwritten."""
    try:
        return {row["name"]: row for row in json.loads(SCOREBOARD.read_text(encoding="utf-8"))}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError):
        aside = SCOREBOARD.with_suffix(".damaged.json")
        os.replace(SCOREBOARD, aside)
        print(f"{SCOREBOARD.name} was not a table: it is kept as {aside.name}, and a new one is begun.")
        return {}


def _store(row):
    with FileLock(SCOREBOARD.with_suffix(".lock"), timeout=30):  # two notebooks may report at once
        rows = _rows() | {row["name"]: row}
        half = SCOREBOARD.with_suffix(".part")
        half.write_text(json.dumps(list(rows.values()), indent=1), encoding="utf-8")
        os.replace(half, SCOREBOARD)                             # all or nothing


LINES = (("training, minutes", "minutes", ".1f"), ("Frechet distance, low is good", "frechet", ".1f"),
         ("precision, high is good", "precision", ".2f"), ("recall, high is good", "recall", ".2f"),
         ("density, high is good", "density", ".2f"), ("coverage, high is good", "coverage", ".2f"),
         ("sharpness against real", "sharpness", ".2f"), ("milliseconds per image", "ms", ".2f"),
         ("network calls per image", "calls", ".0f"), ("parameters", "parameters", ",d"),
         ("measured on", "device", "s"))


def scoreboard(*rows):
    """Print the table so far, one column per model, with real training images as the floor.

    `rows` are added to what is stored. Rows measured on different numbers of images do not compare: each
    carries its own floor, and the column of real images is the one of the last row.
    """
    given = {row["name"]: row for row in rows}
    table = {name: row for name, row in _rows().items() if name not in given} | given
    if not table:
        print("The table is empty: report(...) adds a row.")
        return
    last = list(table.values())[-1]
    columns = {f"real ({last['n']:,})": last["floor"], **table}
    widths = [max(10, len(name) + 2) for name in columns]
    print(" " * 30 + "".join(name.rjust(w) for name, w in zip(columns, widths)))
    for label, key, form in LINES:
        cells = [row.get(key) for row in columns.values()]
        print(label.ljust(30) + "".join(("-" if c is None else format(c, form)).rjust(w)
                                        for c, w in zip(cells, widths)))


def train_classifier(epochs=12, size=128, lr=2e-3):
    """Train `Classifier` with random shifts and mirror images, set its feature scale, return it and its accuracy."""
    torch.manual_seed(0)
    x, y, x_test, y_test = data.load()
    net = Classifier()
    steps = epochs * (len(x) // size)
    opt = torch.optim.AdamW(net.parameters(), lr, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, lr, total_steps=steps)
    for _, (xb, yb) in zip(range(steps), data.batches(x, y, size)):
        dx, dy, mirror = (int(v) for v in torch.randint(0, 5, (3,)))
        xb = F.pad(xb, (2, 2, 2, 2), value=-1)[..., dy:dy + 28, dx:dx + 28]
        loss = F.cross_entropy(net(xb.flip(3) if mirror % 2 else xb), yb, label_smoothing=0.1)
        opt.zero_grad()
        loss.backward()
        opt.step()
        schedule.step()
    net.eval()
    seen = _in_chunks(net.activations, x)
    net.mean.copy_(seen.mean(0))
    net.sd.copy_(seen.std(0).clamp(min=1e-3))
    return net, (_in_chunks(net, x_test).argmax(1) == y_test).float().mean().item()


if __name__ == "__main__":
    net, accuracy = train_classifier()
    torch.save(net.state_dict(), WEIGHTS)
    print(f"test accuracy {100 * accuracy:.2f} %, {WEIGHTS.stat().st_size / 1024:.0f} kB in {WEIGHTS.name}")
