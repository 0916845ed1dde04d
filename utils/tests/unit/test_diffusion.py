"""The formulas and samplers of notebook 3 against exact answers and against `diffusers`. What the notebook defines is
taken from the notebook."""

import math
from unittest.mock import patch

import nbformat
import numpy as np
import pytest
import torch

from utils.exercises import _known, diffusion
from utils.toy import Ring

from ..conftest import DEV, ROOT

NOTEBOOK = ROOT / "notebooks" / "3_diffusion.ipynb"


def from_notebook(*names):
    """The functions of these names as the notebook defines them, each from its own cell."""
    scope = {"torch": torch, "np": np, "ring": Ring(), **{name: f for name, (f, _, _) in _known.items()}}
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    for name in names:
        source, = (s for s in cells if f"\ndef {name}(" in f"\n{s}" and not s.startswith("@exercise"))
        start = f"\n{source}".index(f"\ndef {name}(")
        lines = source[start:].splitlines()
        body = [i for i, line in enumerate(lines[1:], 1) if line and not line[0].isspace()]
        exec("\n".join(lines[:body[0]] if body else lines), scope)
    return [scope[name] for name in names]


alpha_bar, exact, time_steps, generate, ddim, second_order, velocity, straight, eps_target, v_target = from_notebook(
    "alpha_bar", "exact", "time_steps", "generate", "ddim", "second_order", "velocity", "straight", "eps_target",
    "v_target")
*_, exact_v, log_density, complete, conditional, steered = from_notebook(
    "alpha_bar", "exact", "time_steps", "generate", "ddim", "v_target", "slopes",
    "exact_v", "log_density", "complete", "conditional", "steered")


def test_alpha_bar_falls_from_one_and_never_reaches_zero():
    ab = alpha_bar(torch.linspace(0, 1, 1001))
    assert ab[0] == 1 and (ab[1:] < ab[:-1]).all() and 1e-4 < ab[-1] < 1e-3


def test_steps_are_half_as_long_at_both_ends():
    times = time_steps(1000)
    length = 1000 * (times[:-1] - times[1:])
    assert times[0] == 1 and times[-1] == 0 and length.min() > 0
    torch.testing.assert_close(length[[0, 499, -1]], torch.tensor([0.5, 1.5, 0.5]), atol=0.01, rtol=0)


def test_a_chain_of_small_steps_is_distributed_as_one_jump():
    torch.manual_seed(0)
    x, times = torch.full((20_000,), 1.4), torch.linspace(0, 0.6, 61)
    for t, s in zip(times, times[1:]):
        x = diffusion.q_sample(x, torch.randn_like(x), alpha_bar(s) / alpha_bar(t))
    ab = alpha_bar(times[-1])
    assert x.mean() == pytest.approx((1.4 * ab.sqrt()).item(), abs=0.03)
    assert x.std() == pytest.approx((1 - ab).sqrt().item(), abs=0.02)


def test_eps_and_x0_are_the_posterior_means():
    """Of a Gaussian everything is known: x0 ~ N(m, v) gives E[x0 | xt] by linear regression."""
    torch.manual_seed(0)
    m, v, ab = 0.7, 0.5, alpha_bar(torch.tensor(0.4))
    xt = torch.randn(50, 1)
    total = ab * v + 1 - ab
    eps_hat, x0_hat = diffusion.from_score(-(xt - ab.sqrt() * m) / total, xt, ab)
    torch.testing.assert_close(x0_hat, m + ab.sqrt() * v / total * (xt - ab.sqrt() * m))
    torch.testing.assert_close(eps_hat, (1 - ab).sqrt() / total * (xt - ab.sqrt() * m))


def gaussian(sd):
    """The exact model of data from N(0, sd^2)."""
    def model(xt, t):
        ab = alpha_bar(t)
        return diffusion.from_score(-xt / (ab * sd ** 2 + 1 - ab), xt, ab)
    return model


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("steps, within", [(1000, 0.01), (50, 0.08)])
def test_an_exact_gaussian_returns_its_variance(eta, steps, within):
    torch.manual_seed(0)
    x = generate(ddim(gaussian(0.6), eta), torch.randn(40_000, 1), steps)
    assert x.mean().abs() < 0.01 and x.std() == pytest.approx(0.6, rel=within)


def test_twice_the_steps_halve_the_error_of_ddim_and_quarter_that_of_second_order():
    torch.manual_seed(0)
    start, model = torch.randn(1000, 1), gaussian(0.6)
    end = generate(second_order(model), start, 2000)

    def error(move, steps):
        return (generate(move, start, steps) - end).abs().mean().item()

    gain = {make: error(make(model), 20) / error(make(model), 40) for make in (ddim, second_order)}
    assert gain[ddim] == pytest.approx(2, rel=0.2) and gain[second_order] > 3
    assert error(second_order(model), 20) < error(ddim(model), 20) / 3


def test_the_second_order_step_forgets_the_last_film():
    """Used for a second film, it must not start from the end of the first."""
    torch.manual_seed(0)
    start, move = torch.randn(50, 2), second_order(exact)
    torch.testing.assert_close(generate(move, start, 10), generate(move, start, 10))


AB = alpha_bar(torch.linspace(0, 1, 1001, dtype=torch.float64))
SCHEDULE = {"trained_betas": (1 - AB[1:] / AB[:-1]).numpy(), "timestep_spacing": "trailing"}


@pytest.mark.parametrize("steps", [pytest.param(1000, marks=pytest.mark.slow), 200, 50, 10])
@pytest.mark.parametrize("kind", ["DDIM, eta 0", "DDIM, eta 1", "DDPM"])
def test_samplers_equal_those_of_diffusers(kind, steps):
    """Each step from the same x_t with the same noise; without noise the whole way, too."""
    diffusers = pytest.importorskip("diffusers", reason=DEV)
    theirs = (diffusers.DDPMScheduler if kind == "DDPM" else diffusers.DDIMScheduler)(**SCHEDULE, clip_sample=False)
    theirs.set_timesteps(steps)
    eta = 0.0 if kind == "DDIM, eta 0" else 1.0
    torch.manual_seed(0)
    x = start = torch.randn(200, 2)
    move, times = ddim(exact, eta), torch.linspace(1, 0, steps + 1)
    for k, t, s in zip(theirs.timesteps, times[:-1], times[1:], strict=True):
        torch.manual_seed(int(k))
        ours = move(x, t, s)
        torch.manual_seed(int(k))
        more = {"eta": eta, "variance_noise": torch.randn(x.shape) if eta else None} if "DDIM" in kind else {}
        x = theirs.step(exact(x, t)[0], k, x, **more).prev_sample.float()
        torch.testing.assert_close(ours, x, atol=1e-4, rtol=1e-4)
    if eta == 0:
        with patch.dict(generate.__globals__, time_steps=lambda n: times):
            torch.testing.assert_close(generate(move, start, steps), x, atol=1e-4, rtol=1e-4)


def test_the_exact_model_has_the_least_loss_and_it_is_known():
    """For data N(0, v I) in d dimensions the least loss is d E_t[ab v / (ab v + 1 - ab)], not 0."""
    torch.manual_seed(0)
    v, d = 0.5, 3
    x0 = v ** 0.5 * torch.randn(400_000, d)
    ab = alpha_bar(torch.linspace(0, 1, 100_001))
    least = d * (ab * v / (ab * v + 1 - ab)).mean()

    def net(factor):
        def answer(xt, t):
            ab = alpha_bar(t)[:, None]
            return factor * (1 - ab).sqrt() * xt / (ab * v + 1 - ab)
        return answer

    got = [diffusion.loss(net(factor), x0, alpha_bar, eps_target).item() for factor in (0.9, 1.0, 1.1)]
    assert got[1] == pytest.approx(least.item(), rel=0.01) and got[1] < min(got[0], got[2])


@pytest.mark.parametrize("x0", [torch.randn(6, 2), torch.randn(6, 1, 28, 28)], ids=["points", "images"])
def test_losses_take_points_and_images(x0):
    for value in (diffusion.loss(lambda xt, t: xt, x0, alpha_bar, v_target), diffusion.flow_loss(lambda xt, t: xt, x0)):
        assert value.shape == () and value.isfinite()


def test_the_exact_velocity_carries_noise_to_the_ring():
    torch.manual_seed(0)
    ring = Ring()
    x = generate(straight(velocity), torch.randn(4000, 2), 100)
    assert ring.covered(x) == 8 and ring.mode(x)[1].float().mean() > 0.95
    one = generate(straight(velocity), torch.randn(1000, 2), 1)
    assert one.norm(dim=1).mean() < 0.05                             # one step lands on the mean, which is 0


def test_the_exact_velocity_of_a_gaussian():
    """Between N(0, v) and N(0, 1) E[eps - x0 | xt] is linear in xt, and carries one distribution to the other."""
    torch.manual_seed(0)
    sd = 0.6

    def field(xt, t):
        variance = (1 - t) ** 2 * sd ** 2 + t ** 2
        return (t - (1 - t) * sd ** 2) / variance * xt

    x = generate(straight(field), torch.randn(20_000, 1), 200)
    assert x.std() == pytest.approx(sd, rel=0.02)


def test_guidance_at_zero_and_one_is_exact():
    u, c = torch.randn(2, 7, 3)
    assert torch.equal(diffusion.guide(u, c, 0), u)
    torch.testing.assert_close(diffusion.guide(u, c, 1), c)


def test_drop_keeps_the_other_labels():
    torch.manual_seed(0)
    y = torch.arange(10).repeat(1000)
    dropped = diffusion.drop(y, 0.15, 10)
    assert ((dropped == 10) | (dropped == y)).all()
    assert (dropped == 10).float().mean() == pytest.approx(0.15, abs=4 * math.sqrt(0.15 * 0.85 / 10_000))


def test_a_batch_without_the_rare_kind_is_a_binomial_with_no_hit():
    for share, batch in ((0.02, 256), (0.3, 5), (0.5, 1)):
        exactly = torch.distributions.Binomial(batch, torch.tensor(share)).log_prob(torch.tensor(0.0)).exp()
        assert diffusion.missed(share, batch) == pytest.approx(exactly.item(), rel=1e-4)


@pytest.mark.parametrize("x0", [torch.randn(6, 2), torch.randn(6, 1, 28, 28)], ids=["points", "images"])
def test_the_loss_on_pairs_is_torchs_absolute_error(x0):
    eps, t = torch.randn_like(x0), torch.rand(6)
    value = diffusion.pair_loss(lambda xt, t: 2 * xt, x0, eps, t, alpha_bar)
    xt = torch.stack([diffusion.q_sample(x0[i], eps[i], alpha_bar(t[i])) for i in range(6)])
    torch.testing.assert_close(value, torch.nn.functional.l1_loss(2 * xt, x0, reduction="sum") / 6)


def test_standardised_codes_have_mean_0_and_variance_1():
    """Of a mixture of many q the variance is that of the means and the mean of the variances."""
    torch.manual_seed(0)
    mu, logvar = 3 * torch.randn(50_000, 4) + 1, torch.randn(50_000, 4)
    mean, sd = mu.mean(0), (mu.var(0) + logvar.exp().mean(0)).sqrt()
    z = diffusion.codes(mu, logvar, mean, sd)
    assert z.mean(0).abs().max() < 0.03 and (z.std(0) - 1).abs().max() < 0.03


def test_divergence_is_the_trace_of_torchs_jacobian():
    net, x = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)), torch.randn(5, 3)
    jacobian = torch.func.vmap(torch.func.jacrev(net))(x)
    torch.testing.assert_close(diffusion.divergence(net, x), jacobian.diagonal(dim1=1, dim2=2).sum(1))


def test_the_sum_of_divergences_is_the_known_density():
    torch.manual_seed(0)
    ring = Ring()
    x = ring.sample(200)[0]
    ab = alpha_bar(torch.tensor(0.3))
    eps_hat, x0_hat = exact(x, torch.tensor(0.3))
    torch.testing.assert_close(exact_v(x, torch.tensor(0.3)), v_target(x0_hat, eps_hat, ab), atol=1e-3, rtol=1e-3)
    assert (log_density(exact_v, x, 100) - ring.log_prob(x)).abs().max() < 0.1


def test_completion_keeps_what_is_known_and_steering_finds_the_law_of_the_rest():
    torch.manual_seed(0)
    ring, first, n = Ring(), 0.99, 4000
    x = ring.sample(400_000)[0]
    close = x[(x[:, 0] - first).abs() < 0.01, 1]                     # the same law, found by waiting for it
    want = conditional(first, n)
    outer = [(y.abs() > 0.5).float().mean().item() for y in (close, want[:, 1])]
    assert outer[0] == pytest.approx(outer[1], abs=0.03)
    known, mask = torch.tensor([first, 0.0]).expand(n, 2), torch.tensor([1.0, 0.0])
    ends = {"replaced": complete(exact, known, mask, 50), "again": complete(exact, known, mask, 50, 10),
            "steered": generate(ddim(steered(first), 1.0), torch.randn(n, 2), 50)}
    off = {name: (x[:, 1].sort().values - want[:, 1].sort().values).abs().mean() for name, x in ends.items()}
    assert torch.equal(ends["replaced"][:, 0], known[:, 0])
    assert off["steered"] < off["again"] < off["replaced"]
