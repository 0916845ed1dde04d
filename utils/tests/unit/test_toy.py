import math

import pytest
import torch

from utils.toy import Ring


def by_hand(ring, x, ab):
    """The density of the noised ring written out: a weighted sum of Gaussians in two dimensions."""
    variance = ab * ring.sd ** 2 + 1 - ab
    squares = (x[:, None] - math.sqrt(ab) * ring.centers).square().sum(2)
    return ((-squares / (2 * variance)).exp() / (2 * math.pi * variance)) @ ring.shares


@pytest.mark.parametrize("ab", [1.0, 0.9, 0.3, 0.001])
@pytest.mark.parametrize("shares", [None, [0.02] + 7 * [0.14], [1, 1, 1, 1, 0, 0, 0, 0]])
def test_density_at_any_noise(ab, shares):
    ring, x = Ring(shares=shares), torch.randn(50, 2)
    assert torch.allclose(ring.log_prob(x, ab).exp(), by_hand(ring, x, ab), rtol=1e-4, atol=1e-30)


def test_one_alpha_bar_for_each_point():
    ring, x, ab = Ring(), torch.randn(6, 2), torch.linspace(0.05, 1, 6)
    each = torch.cat([ring.log_prob(x[i:i + 1], ab[i].item()) for i in range(6)])
    assert torch.allclose(ring.log_prob(x, ab), each, atol=1e-4)


def test_score_is_the_slope_of_the_log_density():
    ring = Ring()
    x, h = torch.randn(20, 2).double(), 1e-3
    ring.centers = ring.centers.double()
    for axis in torch.eye(2).double():
        slope = (ring.log_prob(x + h * axis, 0.5) - ring.log_prob(x - h * axis, 0.5)) / (2 * h)
        assert torch.allclose(ring.score(x, 0.5) @ axis, slope, atol=1e-2)


def test_score_works_without_gradients_and_leaves_none():
    x = torch.randn(3, 2)
    with torch.no_grad():
        assert not Ring().score(x).requires_grad
    assert not x.requires_grad


def test_samples_follow_the_density():
    torch.manual_seed(0)
    x, y = Ring().sample(20000)
    index, on = Ring().mode(x)
    assert (index == y).all() and abs(on.float().mean() - (1 - math.exp(-4.5))) < 0.01
    assert (torch.bincount(y, minlength=8) / 20000 - 1 / 8).abs().max() < 0.02
    assert abs(x.var(0).mean() - 1) < 0.05
    assert Ring().covered(x) == 8 and Ring().covered(x[y < 3]) == 3 and Ring().covered(torch.zeros(100, 2)) == 0


def test_shares_of_the_modes():
    torch.manual_seed(0)
    rare, half = Ring(shares=[0.02] + 7 * [0.14]), Ring(shares=[1, 1, 1, 1, 0, 0, 0, 0])
    for ring in (rare, half):
        x, y = ring.sample(50_000)
        assert (torch.bincount(y, minlength=8) / 50_000 - ring.shares).abs().max() < 0.01
        assert ring.covered(x) == (ring.shares > 0).sum() and ring.score(x[:5], 0.5).isfinite().all()
    x, y = rare.sample(50_000)
    assert abs((y == 0).float().mean() - 0.02) < 0.004 and rare.covered(x[y > 0]) == 7
    assert torch.equal(Ring().shares, torch.full((8,), 1 / 8))
    for shares in ([1, 1], 8 * [0], 7 * [1] + [-1], 8 * [math.nan]):
        with pytest.raises(ValueError, match="8 numbers from 0 up"):
            Ring(shares=shares)
