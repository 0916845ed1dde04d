"""The ruler: distances between two sets of images, on the features of `utils/classifier.py`."""

import functools

import torch
import torch.nn.functional as F

from . import data
from .classifier import features, look, shares
from .machine import enough


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
    radius_real, radius_fake = (_distances(x, x).topk(k + 1, largest=False).values[:, k]    # column 0: the point itself
                                for x in (real, fake))
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
def _real(name, changed, n):
    """Of the data set `name`: features and sharpness of n test images, or all, and what n training images measure
    against them, the floor. `changed` tells the cache when it is another set."""
    x_train, _, x_test, _ = data.load(name)
    rng = torch.Generator().manual_seed(0)
    test, train = (x[torch.randperm(len(x), generator=rng)[:n]] for x in (x_test, x_train))
    real, sharp = features(test), sharpness(test)
    return real, sharp, _compare(train, real, sharp)


def _compare(x, real, sharp):
    """All that `measure` says of images x, but for the floor."""
    fake, classes = look(x)
    return {"frechet": frechet(fake, real)} | precision_recall(real, fake) | {
        "sharpness": sharpness(x) / sharp, "classes": shares(classes).tolist()}


def measure(x):
    """The ruler laid on images (n, 1, 28, 28): a dict with Frechet distance, precision, recall, density, coverage,
    sharpness ratio and class shares, all against n test images (or all) of the data set that was loaded last, and
    under "floor" the same for n real training images: no model is expected to be better than that. In a rehearsal
    (WORKSHOP_BUDGET below 0.1) n is at most 200.

    Raises ValueError, in a sentence, for fewer than ten images, more than 10,000, or some that are not finite.
    """
    if not 10 <= len(x) <= 10_000:                 # more need memory for the distances of all pairs
        raise ValueError(f"n = {len(x)}: choose a number of images from 10 to 10000")
    if not x.isfinite().all():
        raise ValueError("some images hold NaN or infinity: train again with a lower learning rate, then measure")
    x = x[:enough(len(x))]
    real, sharp, floor = _real(data.current, data.changed, len(x))
    return _compare(x.detach().float().cpu(), real, sharp) | {"n": len(x), "floor": floor}
