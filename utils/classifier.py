"""The classifier whose features are the ruler: what it sees in images, and how it was trained.

`python -m utils.classifier` trains the one that ships again (about three minutes on two cores).
"""

import contextlib
import copy
import functools
import hashlib
import os

import torch
import torch.nn.functional as F
from torch import nn

from . import data
from .language import say
from .machine import device, own_folder, rehearsal, same_random_numbers, scaled

WEIGHTS = data.ROOT / "pretrained" / "classifier.pt"
STEPS = 1500          # of the classifier of another set


class Classifier(nn.Module):
    """Classifier of a data set, (B, 1, 28, 28) in [-1, 1] -> (B, 10) logits, and the features it sees.

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


def classifier(device="cpu"):
    """The trained classifier of the data set that was loaded last, on `device`, not trainable.

    That of Fashion-MNIST ships. For another set one is trained when it is first asked for, which is announced, and
    kept beside the set for the next time.
    """
    return _classifier(data.current, data.changed, str(device))


@functools.cache
def _classifier(name, changed, device):
    """`changed` tells the cache when a set is another, as do those of `data._read` and `metrics._real`."""
    if device != "cpu":
        return copy.deepcopy(_classifier(name, changed, "cpu")).to(device)
    net = Classifier()
    if name == data.SHIPPED:
        net.load_state_dict(torch.load(WEIGHTS, map_location="cpu", weights_only=True))
    else:
        net = _of_another_set(name)
    return net.cpu().eval().requires_grad_(False)


def _of_another_set(name):
    """A classifier of the set `name`: the one that is kept beside it, if the set is still the same, or a new one."""
    x, y, *_ = data.load(name)
    same = hashlib.md5(x.numpy())
    same.update(y.numpy())
    same = same.hexdigest()
    beside = data.home(name)
    path = beside / ".course-ruler.pt" if os.access(beside, os.W_OK) else own_folder() / f"ruler-{same}.pt"
    with contextlib.suppress(Exception):           # none there, or of something else: torch.load raises many kinds
        kept = torch.load(path, map_location="cpu", weights_only=True)
        if kept.pop("set") == same:
            net = Classifier()
            net.load_state_dict(kept["weights"])
            return net
    print(say(f"The ruler has no classifier of {data.label(name)} yet: it trains one, for about a minute on two "
              "cores."), flush=True)
    with same_random_numbers(), torch.enable_grad():           # whoever asks may do so inside no_grad
        net, accuracy = train_classifier(scaled(STEPS) if rehearsal() else STEPS, mirror=False, device=device())
    print(say(f"It tells {accuracy:.1%} of the test images right. Distances on its features do not compare with those "
              f"for {data.SHIPPED}."))
    if not rehearsal():
        with contextlib.suppress(OSError, RuntimeError):       # a full disk: it trains again next time
            half = path.with_suffix(".part")
            torch.save({"weights": net.cpu().state_dict(), "set": same}, half)
            os.replace(half, path)                             # all or nothing
    return net


def _in_chunks(f, x, size=500):
    with torch.no_grad():
        return torch.cat([f(chunk.clamp(-1, 1)) for chunk in x.split(size)])


def look(x):
    """What the classifier makes of images (n, 1, 28, 28), in one pass: features (n, 176) and classes (n,)."""
    net = classifier(x.device)
    seen = _in_chunks(net.activations, x)
    return (seen - net.mean) / net.sd, net.head(seen[:, -64:]).argmax(1)


def features(x):
    """Classifier features of images (n, 1, 28, 28), clamped to [-1, 1] -> (n, 176), on the same device."""
    return look(x)[0]


def predict(x):
    """Class that the classifier sees in each image: (n, 1, 28, 28) -> (n,) in 0..9."""
    return look(x)[1]


def class_shares(x):
    """Share of each of the ten classes among the images, as the classifier sees them -> (10,), sum 1."""
    return shares(predict(x))


def shares(classes):
    """Share of each of the ten classes among labels (n,) -> (10,), sum 1."""
    return torch.bincount(classes, minlength=10) / len(classes)


def train_classifier(steps=5616, size=128, lr=2e-3, mirror=True, device="cpu"):
    """Train a `Classifier` of the set that was loaded last with random shifts, and mirror images if `mirror`; set its
    feature scale. Returns it and its accuracy on the test images."""
    torch.manual_seed(0)
    x, y, x_test, y_test = data.load(data.current, device)
    net = Classifier().to(device)
    opt = torch.optim.AdamW(net.parameters(), lr, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, lr, total_steps=steps)
    for _, (xb, yb) in zip(range(steps), data.batches(x, y, min(size, len(x)))):
        dx, dy, flip = (int(v) for v in torch.randint(0, 5, (3,)))
        xb = F.pad(xb, (2, 2, 2, 2), value=-1)[..., dy:dy + 28, dx:dx + 28]
        xb = xb.flip(3) if mirror and flip % 2 else xb
        loss = F.cross_entropy(net(xb), yb, label_smoothing=0.1)
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
