"""A ring of Gaussians in the plane: small enough that density, noised density and score are known exactly."""

import math

import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal


class Ring:
    """`n` Gaussians of standard deviation `sd`, equally spaced on a circle of `radius`, the first one on the right.

    With the defaults each coordinate has mean 0 and variance 1, and neighbouring centres are 10 `sd` apart.
    shares: how the points fall on the Gaussians, n numbers from 0 up that are brought to the sum 1; None is equally.
    """

    def __init__(self, n=8, radius=1.4, sd=0.1, device="cpu", shares=None):
        angle = torch.arange(n, device=device) * (2 * math.pi / n)
        self.centers = radius * torch.stack([angle.cos(), angle.sin()], 1)      # (n, 2)
        self.n, self.sd, self.equal = n, sd, shares is None
        self.shares = torch.ones(n) if shares is None else torch.as_tensor(shares, dtype=torch.float32)
        if self.shares.shape != (n,) or not (self.shares >= 0).all() or not 0 < self.shares.sum() < math.inf:
            raise ValueError(f"shares of a ring with {n} modes are {n} numbers from 0 up, not all 0; got {shares}")
        self.shares = (self.shares / self.shares.sum()).to(device)

    def sample(self, size):
        """`size` points (size, 2) and the index of the Gaussian each came from (size,)."""
        y = (torch.randint(self.n, (size,), device=self.centers.device) if self.equal
             else self.shares.multinomial(size, replacement=True))
        return self.centers[y] + self.sd * torch.randn(size, 2, device=y.device), y

    def batches(self, size):
        """Endless fresh batches `(x, y)` of `size` points."""
        while True:
            yield self.sample(size)

    def density(self, alpha_bar=1.0):
        """Distribution of sqrt(ab) x0 + sqrt(1 - ab) eps as a torch distribution; `alpha_bar` a number or (B,)."""
        ab = (torch.zeros((), device=self.centers.device) + alpha_bar)[..., None]
        sd = (ab * self.sd ** 2 + 1 - ab).sqrt()
        free = {"validate_args": False}            # each check would make a sampler's step wait for the device
        parts = Normal(ab.sqrt()[..., None] * self.centers, sd[..., None], **free)
        which = Categorical(logits=self.shares.log().expand(*sd.shape[:-1], self.n), **free)
        return MixtureSameFamily(which, Independent(parts, 1, **free), **free)

    def log_prob(self, x, alpha_bar=1.0):
        """Exact log density, in nats, of points (B, 2) noised to `alpha_bar` (1 is the data) -> (B,)."""
        return self.density(alpha_bar).log_prob(x)

    def score(self, x, alpha_bar=1.0):
        """Gradient of `log_prob` with respect to the points, by autograd: (B, 2) -> (B, 2)."""
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self.log_prob(x, alpha_bar).sum(), x)[0]

    def mode(self, x):
        """Index of the centre nearest to each point, and whether it is within 3 `sd`: (B,), (B,) bool.

        Of real points 98.9 % are within (1 - exp(-9 / 2), the distribution of a radius in two dimensions).
        Raises ValueError, in a sentence, for points that are not finite.
        """
        if not x.isfinite().all():
            raise ValueError("some points are not finite. If you changed alpha_bar: you divide by its root, so keep it "
                             "above 0, .clamp(min=1e-4). If a training went wrong: lower its learning rate")
        distance, index = torch.cdist(x, self.centers).min(1)
        return index, distance < 3 * self.sd

    def covered(self, x):
        """How many of the Gaussians get, of the points on a mode, at least a quarter of their share of all points."""
        index, on = self.mode(x)
        enough = torch.bincount(index[on], minlength=self.n) >= len(x) * self.shares / 4
        return int((enough & (self.shares > 0)).sum())
