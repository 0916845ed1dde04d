"""Pieces that are the same in any network."""

import math

import torch
from torch import nn


def mlp(*sizes, act=nn.SiLU):
    """Fully connected network: `mlp(2, 128, 128, 1)` maps (B, 2) to (B, 1), `act` between its layers."""
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), act()]
    return nn.Sequential(*layers[:-1])


class CapLogvar(nn.Module):
    """Means and log-variances side by side, (B, 2 d) -> the same, with no log-variance above `most`."""

    def __init__(self, most=2.0):
        super().__init__()
        self.most = most

    def forward(self, a):
        mu, logvar = a.chunk(2, 1)
        return torch.cat([mu, logvar.clamp(max=self.most)], 1)


def count(net):
    """Number of parameters of `net`, an averaged network's included."""
    return sum(p.numel() for p in net.parameters())


def time_features(t, dim=64, fastest=1000.0):
    """Sines and cosines of t at `dim // 2` geometrically spaced frequencies: (B,) in [0, 1] -> (B, dim).

    Angular frequencies run from 1 to `fastest` radians over the whole of [0, 1]
    (the positional encoding of Vaswani et al. 2017, section 3.5, on a continuous t).
    """
    frequencies = torch.exp(torch.linspace(0, math.log(fastest), dim // 2, device=t.device))
    angles = t[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)
