"""A mixture of Gaussians fitted to codes: notebook 2 draws new codes from it, notebook 3 compares a diffusion model."""

import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal


def fit_mixture(z, k=20, steps=40):
    """The distribution of codes z (n, d) as k Gaussians, by `steps` rounds of the EM algorithm (Dempster, Laird and
    Rubin, 1977): whose point is each, then mean, covariance and share of what is each Gaussian's own.

    Returns a torch distribution with `sample` and `log_prob`. It begins at k of the codes, drawn by torch's generator.
    """
    some = 1e-4 * torch.eye(z.shape[1]).to(z)                  # no part may collapse to a point
    means, covs = z[torch.randperm(len(z))[:k]], (z.T.cov() + some).repeat(k, 1, 1)
    share = torch.full((k,), 1 / k, device=z.device)
    for _ in range(steps):
        each = _gaussians(means, covs).log_prob(z[:, None]) + share.log()
        r = each.softmax(1)                                    # (n, k): whose point?
        n = r.sum(0) + 1e-6
        means = r.T @ z / n[:, None]
        away = z[:, None] - means                              # far from 0 a mean of squares would cancel in float32
        covs = torch.einsum("nk,nkd,nke->kde", r, away, away) / n[:, None, None] + some
        share = n / n.sum()
    return MixtureSameFamily(Categorical(share), _gaussians(means, covs))


def _gaussians(means, covs):
    return MultivariateNormal(means, scale_tril=torch.linalg.cholesky(covs))
