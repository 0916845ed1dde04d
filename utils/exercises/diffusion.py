"""The exercises of notebook 3. A reference is the function that the notebook falls back on and `solution` prints."""

import math

import torch

from . import (
    Wrong,
    call,
    expect,
    expect_fresh,
    expect_normal,
    expect_slopes,
    expect_uniform,
    on_each,
    reference,
    same,
)
from .vae import expect_draws

# Every check hands over alpha-bar in a shape that broadcasts with x: (B, 1) for points, (B, 1, 1, 1) for images, or
# one number.


SHAPES = {"images": (5, 1, 2, 3), "points": (7, 2)}
SHARES = torch.tensor([0.9, 0.0002, 0.5, 1.0, 0.2, 0.05, 0.7])              # alpha-bar, one for each item
AXES = "Scales of shape (B, 1) or (B, 1, 1, 1) meet x as they are."


def _same_twice(f, *args):
    one, two = f(*args), f(*args)
    return not torch.is_tensor(one) or (torch.is_tensor(two) and torch.equal(one.nan_to_num(), two.nan_to_num()))


def _inputs():
    """{kind: [x, eps or alike, alpha-bar]}: images and points with one share for each item, points with one number."""
    kinds = {}
    for name, shape in SHAPES.items():
        x, eps = ((5 * torch.randn(shape)).requires_grad_() for _ in "xe")
        kinds[f"{name} {shape}"] = [x, eps, SHARES[:shape[0]].view(-1, *[1] * (len(shape) - 1))]
    return kinds | {"points and one number as alpha-bar": [x, eps, torch.tensor(0.3)]}


def check_q_sample(f):
    for kind, (x0, eps, ab), got in on_each(f, _inputs(), AXES):
        a, s = ab.sqrt(), (1 - ab).sqrt()
        want = a * x0 + s * eps
        given = f"with {kind}"
        if torch.is_tensor(got) and not same(got, want) and not _same_twice(f, x0, eps, ab):
            raise Wrong("two calls differ: it draws its own noise. Use the eps that it is given.")
        expect(got, want, given, slips=(
            (a * x0 + (1 - ab) * eps, "1 - alpha-bar is a variance: the noise is scaled by its square root."),
            (ab * x0 + s * eps, "alpha-bar is the share of the signal's variance: x0 is scaled by its square root."),
            (ab * x0 + (1 - ab) * eps, "Both shares are variances: the scales are their square roots."),
            (s * x0 + a * eps, "x0 and eps have changed places: alpha-bar is the share of x0."),
            (a * x0 - s * eps, "The noise is subtracted: x_t is a sum. (It has the same distribution, but eps would "
             "no longer be the noise that is in x_t.)"),
            (a * x0 + eps, "The noise is not scaled: the two shares must add up to 1."),
            (x0 + s * eps, "x0 is not scaled: it fades by sqrt(alpha-bar)."),
            (a * x0 + (1 - a) * eps, "It is the square root of 1 - alpha-bar, not 1 minus the square root."),
            (a * x0 + (1 - ab.square()).sqrt() * eps, "The noise has the variance 1 - alpha-bar, without a square."),
            ((1 - ab).sqrt() * eps, "x0 is missing."), (a * x0, "The noise is missing.")))
        expect_slopes(got, want, x0=x0, eps=eps)


@reference(check_q_sample, hints=(
    "A sum of two terms, x0 and eps, each with its own scale. What are the two variances?",
    "alpha-bar and 1 - alpha-bar are shares of variance; a scale is a standard deviation.",
    "ab.sqrt() * x0 + (1 - ab).sqrt() * eps."))
def q_sample(x0, eps, ab):
    return ab.sqrt() * x0 + (1 - ab).sqrt() * eps


def check_from_score(f):
    kinds, clean = {}, {}
    for kind, (x0, eps, ab) in _inputs().items():
        ab = ab.clamp(max=0.99)                                     # at 1 there is no noise left to find
        xt, score = (v.detach().requires_grad_() for v in (ab.sqrt() * x0 + (1 - ab).sqrt() * eps,
                                                           -eps / (1 - ab).sqrt()))
        kinds[kind], clean[kind] = [score, xt, ab], (eps.detach(), x0.detach())
    for kind, (score, xt, ab), got in on_each(f, kinds, AXES):
        (eps, x0), (a, s) = clean[kind], (ab.sqrt(), (1 - ab).sqrt())
        if torch.is_tensor(got) and got.shape == xt.shape or not hasattr(got, "__len__") or len(got) != 2:
            one = type(got).__name__
            one = f"{one} of shape {tuple(got.shape)}" if torch.is_tensor(got) else one
            raise Wrong(f"it returns one {one}, wanted two tensors: return eps_hat, x0_hat.")
        expect(got[0], from_score(score, xt, ab)[0], f"with {kind}, in eps_hat", slips=(
            (x0, "The two have changed places: return eps_hat, x0_hat."),
            (-eps, "The sign is turned: the score points towards the data, the noise points away from it."),
            (score, "The score is not yet the noise: multiply it by -sqrt(1 - ab)."),
            (-score, "The scale is missing: eps_hat = -sqrt(1 - ab) * score."),
            (-(1 - ab) * score, "1 - ab is a variance: multiply by its square root."),
            (-score / s, "It is divided by sqrt(1 - ab): multiply."),
            (-a * score, "The scale is that of the noise, sqrt(1 - ab), not of the signal."),
            ((xt - a * (xt - s * eps)) / s, "eps_hat is made of an x0_hat that is not right yet.")))
        expect(got[1], from_score(score, xt, ab)[1], f"with {kind}, in x0_hat", slips=(
            ((xt - s * eps) / ab, "x_t = sqrt(ab) x0 + ...: divide by the square root of ab."),
            (xt - s * eps, "That is sqrt(ab) x0: divide by sqrt(ab)."),
            ((xt + s * eps) / a, "The noise is to be taken away from x_t, not added; the score points the other way."),
            ((xt - eps) / a, "The noise in x_t is sqrt(1 - ab) eps, not eps."),
            ((xt - (1 - ab) * eps) / a, "The noise in x_t is sqrt(1 - ab) eps: a square root is missing."),
            ((xt - s * score) / a, "Take away the noise, not the score."),
            ((xt - s * eps) * a, "It is multiplied by sqrt(ab): divide."),
            (xt / a - s * eps, "The division by sqrt(ab) holds for the whole difference: brackets."),
            ((xt + score) / a, "The score is to be multiplied by 1 - ab before it is added.")))
        for part, want in zip(got, from_score(score, xt, ab)):
            expect_slopes(part, want, score=score, xt=xt)
    for part, want in zip(f(score, xt, torch.tensor(1.0)), from_score(score, xt, torch.tensor(1.0))):
        expect(part, want, "at ab = 1, which alpha_bar(t) rounds to for t below 0.0001,")


@reference(check_from_score, hints=(
    "For one x0, x_t is distributed as N(sqrt(ab) x0, (1 - ab) I). What is the gradient of its log density, in eps?",
    "That gradient is -eps / sqrt(1 - ab): solve for eps. Then solve x_t = sqrt(ab) x0 + sqrt(1 - ab) eps for x0.",
    "eps_hat = -(1 - ab).sqrt() * score; x0_hat = (xt - (1 - ab).sqrt() * eps_hat) / ab.sqrt()."))
def from_score(score, xt, ab):
    eps_hat = -(1 - ab).sqrt() * score
    return eps_hat, (xt - (1 - ab).sqrt() * eps_hat) / ab.sqrt()


def check_ddim_step(f):
    t, s, clean, noisy = (torch.tensor(v) for v in (0.3, 0.8, 1.0, 0.0003))
    kinds = {}
    for name, shape in SHAPES.items():
        kinds[f"{name} {shape}"] = [5 * torch.randn(shape), torch.randn(shape), t, s, 0.0]
    for kind, (x0, eps, *_), x in on_each(f, kinds):
        if torch.is_tensor(x) and x.shape != x0.shape:
            raise Wrong(f"from predictions of shape {tuple(x0.shape)} it makes {tuple(x.shape)}: keep the shape.")
        if torch.is_tensor(x) and x.isnan().any():
            raise Wrong("it gives NaN: a negative number stands under a root. ab_s is larger than ab_t, so it is "
                        "1 - ab_t / ab_s.")
        if not _same_twice(f, x0, eps, t, s, 0.0):
            raise Wrong("with eta = 0 there is still new noise in it: sigma must contain eta.")
        want = s.sqrt() * x0 + (1 - s).sqrt() * eps
        expect(x, want, f"with {kind} and without new noise (eta = 0)", slips=(
            (t.sqrt() * x0 + (1 - t).sqrt() * eps, "That is x_t again: noise x0_hat to the new level, ab_s."),
            (s.sqrt() * x0 + (1 - t).sqrt() * eps, "The noise is still that of ab_t."),
            (t.sqrt() * x0 + (1 - s).sqrt() * eps, "The signal is still that of ab_t."),
            (s * x0 + (1 - s) * eps, "ab_s and 1 - ab_s are variances: square roots are missing."),
            (s.sqrt() * x0 + (1 - s) * eps, "1 - ab_s is a variance: a square root is missing."),
            (s * x0 + (1 - s).sqrt() * eps, "ab_s is a share of variance: x0_hat is scaled by its square root."),
            (s.sqrt() * x0, "The noise that is left is missing: sqrt(1 - ab_s) eps_hat."),
            (s.sqrt() * x0 - (1 - s).sqrt() * eps, "The noise that is left is added, not subtracted."),
            ((1 - s).sqrt() * x0 + s.sqrt() * eps, "x0_hat and eps_hat have changed places."),
            (x0, "That is the end of the path at once: go to the level ab_s only.")))
        for a, b in ((noisy, t), (torch.tensor(0.98), torch.tensor(0.995))):
            expect(f(x0, eps, a, b, 0.0), b.sqrt() * x0 + (1 - b).sqrt() * eps, f"from ab_t = {a:g} to ab_s = {b:g}")
        for eta in (0.0, 1.0):
            last = f(x0, eps, t, clean, eta)
            if torch.is_tensor(last) and last.isnan().any():
                raise Wrong(f"with eta = {eta:g} in the last step (ab_s = 1) it gives NaN: a negative number under a "
                            "root, or a division by 1 - ab_s, which is 0 there: it is (1 - ab_s) / (1 - ab_t).")
            expect(last, x0, f"with eta = {eta:g} in the last step (ab_s = 1)")
    if _same_twice(f, x0, eps, t, s, 1.0) and not torch.equal(f(x0, eps, t, s, 1.0), x):
        raise Wrong("with eta = 1 two calls give the same: sigma * torch.randn_like(x0_hat), without a fixed seed.")
    for shape, t, s, eta in (((10_007, 2), 0.3, 0.8, 0.5), ((1_009, 1, 3, 5), 0.3, 0.8, 1.0),
                             ((5_003, 2), 0.0003, 0.02, 1.0), ((5_003, 2), 0.6, 0.62, 0.7)):
        _check_noise(f, torch.zeros(shape), torch.tensor(t), torch.tensor(s), eta)


def _only(sentences):
    """The sentence, if it is the only one."""
    return next(iter(sentences)) if len(sentences) == 1 else ""


def _check_noise(f, zero, t, s, eta):
    """How x0_hat, eps_hat and new noise enter a step with eta > 0; `zero` gives the shape of many items."""
    sd = eta * ((1 - s) / (1 - t) * (1 - t / s)).sqrt()
    x = call(f, zero, zero, t, s, eta)
    if x.isnan().any():
        raise Wrong(f"with eta = {eta:g} it gives NaN: a negative number stands under a root. Is sigma squared in "
                    "sqrt(1 - ab_s - sigma^2)?")
    if x.std() > 1e-6 and (x[0] - x[1]).abs().max() < 1e-6:
        raise Wrong("all items get the same new noise: torch.randn_like(x0_hat).")
    if x.std() > 1e-6 and (x.flatten(1)[:, 0] - x.flatten(1)[:, 1]).abs().max() < 1e-6:
        raise Wrong("all components get the same new noise: torch.randn_like(x0_hat).")
    given = (f"{x.numel():,} numbers, from ab_t = {t:g} to ab_s = {s:g} with eta = {eta:g} and nothing but new noise:")
    slips = ((0 * sd, "No new noise comes in: sigma * torch.randn_like(x0_hat), with eta in sigma."),
             (eta + 0 * sd, "eta alone is not the standard deviation: sigma is missing."),
             (sd.square(), "That is the variance: the noise is scaled by its square root."),
             (sd.square() / eta, "sigma is a square root: the root is missing."),
             (sd * 12 ** -0.5, "The new noise is uniform: torch.randn_like, not torch.rand_like."),
             (eta * sd, "eta enters twice."),
             (eta ** 0.5 * sd / eta, "eta stands outside the root."),
             (eta * (1 - t / s).sqrt(), "The factor (1 - ab_s) / (1 - ab_t) is missing under the root."),
             (eta * ((1 - s) / (1 - t)).sqrt(), "The factor 1 - ab_t / ab_s is missing under the root."),
             (eta * ((1 - s) * (1 - t / s)).sqrt(), "The division by 1 - ab_t is missing under the root."),
             (eta * ((1 - t) / (1 - s) * (1 - t / s)).sqrt(), "(1 - ab_s) / (1 - ab_t) is upside down."),
             (eta * ((1 - s) / (1 - t) * t / s).sqrt(), "It is 1 - ab_t / ab_s: the 1 is missing."),
             (eta * (1 - s).sqrt(), "All of the noise is new: sigma is less than sqrt(1 - ab_s)."),
             (eta * (1 - t / s), "The root is missing: sigma is a standard deviation."),
             (sd / eta, "eta is not used: it scales sigma."))
    slack = 5 * (2 * x.numel()) ** -0.5                           # five standard errors of a standard deviation
    if abs(x.std() / sd - 1) > slack:
        hit = {sentence for slip, sentence in slips
               if abs(x.std() - slip) <= slack * slip + 1e-6 and abs(slip / sd - 1) > 2 * slack}
        raise Wrong(f"{given} standard deviation {x.std():.3g}, wanted {sd:.3g}. {_only(hit)}".rstrip())
    signal = f(zero + 1e4, zero, t, s, eta).mean() / 1e4
    if abs(signal / s.sqrt() - 1) > 1e-3:
        raise Wrong(f"with eta = {eta:g} x0_hat enters with the factor {signal:.3g}, wanted sqrt(ab_s), "
                    f"{s.sqrt():.3g}.")
    kept = f(zero, zero + 1e4, t, s, eta).mean() / 1e4
    want = (1 - s - sd ** 2).sqrt()
    if abs(kept / want - 1) > 1e-3:
        hit = {sentence for slip, sentence in (
            ((1 - s).sqrt(), "The old noise is kept whole beside the new: the variances must add up to 1 - ab_s, "
             "so eps_hat gets sqrt(1 - ab_s - sigma^2)."),
            ((1 - s).sqrt() - sd, "Standard deviations do not subtract, variances do: sqrt(1 - ab_s - sigma^2)."),
            (1 - s - sd ** 2, "A square root is missing: sqrt(1 - ab_s - sigma^2)."),
            ((1 - s + sd ** 2).sqrt(), "Old and new noise share 1 - ab_s: minus sigma^2, not plus."),
            ((1 - t - sd ** 2).clamp(min=0).sqrt(), "The noise wanted is that of the new level: 1 - ab_s."),
            ((1 - s - sd).clamp(min=0).sqrt(), "sigma is to be squared there: sqrt(1 - ab_s - sigma^2)."))
            if abs(kept - slip) < 2e-3}
        raise Wrong(f"with eta = {eta:g} eps_hat enters with the factor {kept:.3g}, wanted {want:.3g}. "
                    f"{_only(hit)}".rstrip())
    expect_normal(x / sd, "of x0_hat")
    expect_fresh(lambda: f(zero[:3], zero[:3], t, s, eta), "noise")


@reference(check_ddim_step, hints=(
    "With eta = 0: noise x0_hat to the level ab_s, but with eps_hat instead of fresh noise. It is q_sample.",
    "With eta > 0 a part of the noise is fresh: sigma = eta * sqrt((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)), and "
    "the variances of old and fresh noise add up to 1 - ab_s.",
    "ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat)."))
def ddim_step(x0_hat, eps_hat, ab_t, ab_s, eta):
    sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
    return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat)


class Spy:
    """A network, w * x, that remembers what it was asked."""

    def __init__(self):
        self.w, self.asked = torch.tensor(0.3, requires_grad=True), []

    def __call__(self, xt, t):
        if torch.is_tensor(t) and t.dim() > 1 and t.shape[1:] != (1,) * (t.dim() - 1):
            raise Wrong("net gets its arguments the wrong way round: net(xt, t), x_t first.")
        if not torch.is_tensor(t) or t.shape != (len(xt),):
            drop = "; .flatten() drops the ones" if torch.is_tensor(t) and t.numel() == len(xt) else ""
            raise Wrong(f"net gets t of shape {tuple(t.shape) if torch.is_tensor(t) else type(t).__name__} for "
                        f"{len(xt)} items: one t for each, shape ({len(xt)},){drop}.")
        if xt.dtype != torch.float32 or t.dtype != torch.float32:
            raise Wrong(f"net gets x_t of {xt.dtype} and t of {t.dtype}, wanted float32: torch.rand, not numpy.")
        if xt.device != t.device:
            raise Wrong(f"net gets x_t on {xt.device} and t on {t.device}: device=x0.device follows x0.")
        self.asked.append((xt.detach().cpu(), t.detach().cpu()))
        return self.w * xt

    def only_call(self, x0):
        """x_t and t of the one call, for x0."""
        if len(self.asked) != 1:
            raise Wrong(f"it calls net {len(self.asked)} times, wanted one call for the whole batch: net(xt, t).")
        xt, t = self.asked[0]
        if xt.shape != x0.shape:
            raise Wrong(f"for x0 of shape {tuple(x0.shape)} net gets x_t of shape {tuple(xt.shape)}: they must agree.")
        if t.max() - t.min() < 1e-6:
            raise Wrong("all items of the batch get the same t: draw one for each.")
        expect_uniform(t, "t")
        return xt, t

    def gradient(self, got, want):
        """The reader's loss must lead to the weights as the wanted one does."""
        if self.w.grad is not None:
            raise Wrong("it calls backward() itself: only return the loss, the training loop does the rest.")
        expect_slopes(got, want, **{"the network's weights": self.w})


def _drawn_anew(f, *args):
    """Raise if a second call draws the same t or the same x_t: somebody fixed the seed."""
    for i, what in enumerate(("noise", "t")):
        def drawn():
            net = Spy()
            f(net, *args)
            return net.asked[0][i]

        expect_fresh(drawn, what)


def _check_shared(eps):
    if (eps.flatten(1)[:, 0] - eps.flatten(1)[:, 1]).abs().max() < 1e-3:
        raise Wrong("all components of an item get the same eps: torch.randn_like(x0).")
    if (eps[0] - eps[1]).abs().max() < 1e-3:
        raise Wrong("all items get the same eps: torch.randn_like(x0).")


def _check_eps(eps, x0):
    expect_normal(eps, "of x0")
    if abs(torch.stack([eps.flatten(), x0.flatten()]).corrcoef()[0, 1]) > 0.04:
        raise Wrong("the noise depends on x0: draw it with nothing of x0 in it, torch.randn_like(x0).")


LOSS_SHAPES = {"images (4001, 1, 2, 3)": (4_001, 1, 2, 3), "points (20011, 2)": (20_011, 2)}
LOSS_TIP = "t of shape (B, 1) or (B, 1, 1, 1) broadcasts: torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)."


def check_loss(f):
    def alpha_bar(t):
        if not torch.is_tensor(t):
            raise Wrong(f"alpha_bar gets a {type(t).__name__}, wanted a tensor of t.")
        return (1.5 * t).cos() ** 2

    targets = []

    def target(x0, eps, ab):
        targets.append([value.cpu() if torch.is_tensor(value) else value for value in (x0, eps, ab)])
        return eps - 3 * x0

    kinds = {kind: [Spy(), torch.randn(shape) + 2, alpha_bar, target] for kind, shape in LOSS_SHAPES.items()}
    for kind, (net, x0, *_), got in on_each(f, kinds, LOSS_TIP):
        given = f"with x0 of shape {tuple(x0.shape)}"
        xt, t = net.only_call(x0)
        if not targets:
            raise Wrong("target is never called: what net is to say is target(x0, eps, ab), here neither eps nor x0.")
        clean, eps, ab_given = next((a for a in targets if torch.is_tensor(a[0]) and len(a[0]) == len(x0)), targets[-1])
        for name, value in (("x0", clean), ("eps", eps)):
            if not torch.is_tensor(value) or value.shape != x0.shape:
                raise Wrong(f"{given} target(x0, eps, ab) gets as {name} "
                            f"{tuple(value.shape) if torch.is_tensor(value) else type(value).__name__}.")
        if not torch.equal(clean, x0):
            raise Wrong("target(x0, eps, ab) wants the clean x0 first, then the noise.")
        if torch.equal(eps, xt):
            raise Wrong("target(x0, eps, ab) gets x_t where eps belongs.")
        if torch.equal(xt, x0):
            raise Wrong("net gets the clean x0: make x_t first, q_sample(x0, eps, ab).")
        _check_shared(eps)
        _check_eps(eps, x0)
        ones = [1] * (x0.dim() - 1)
        ab = alpha_bar(t).view(-1, *ones)
        want_xt = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
        if not torch.allclose(xt, want_xt, atol=1e-4):
            ab_flip = alpha_bar(1 - t).view(-1, *ones)
            if torch.allclose(xt, ab_flip.sqrt() * x0 + (1 - ab_flip).sqrt() * eps, atol=1e-4):
                raise Wrong("net is told 1 - t: t = 0 is data, t = 1 is noise.")
            if torch.allclose(xt, ab.sqrt() * x0 + (1 - ab) * eps, atol=1e-4):
                raise Wrong("in x_t the noise is scaled by 1 - alpha-bar: its square root is missing, use q_sample.")
            told = t.view(-1, *ones)
            if torch.allclose(xt, told.sqrt() * x0 + (1 - told).sqrt() * eps, atol=1e-4):
                raise Wrong("t stands where alpha_bar(t) belongs: x_t = q_sample(x0, eps, alpha_bar(t)).")
            if torch.allclose(xt, ab.sqrt() * eps + (1 - ab).sqrt() * x0, atol=1e-4):
                raise Wrong("x0 and eps have changed places: q_sample(x0, eps, ab).")
            raise Wrong("x_t does not fit: with the t that net is told and the eps that target gets, it should be "
                        "q_sample(x0, eps, alpha_bar(t)).")
        fits = torch.is_tensor(ab_given) and ab_given.shape in (ab.shape, x0.shape)
        if not fits or not torch.allclose(ab_given.expand_as(x0), ab.expand_as(x0), atol=1e-5):
            raise Wrong("the third argument of target is alpha_bar(t), of shape (B, 1) or (B, 1, 1, 1).")
        error = net.w * xt - (eps - 3 * x0)
        each = error.square().flatten(1).sum(1)
        expect(got, each.mean(), given, slips=(
            (error.square().mean(), "It takes the mean over the pixels too: sum over dimensions, mean over the batch."),
            (each.sum(), "It sums over the batch: mean over the batch."),
            (each, "One number is wanted: take the mean over the batch."),
            (error.flatten(1).norm(dim=1).mean(), "That is the distance: no square root."),
            (error.abs().flatten(1).sum(1).mean(), "That is the absolute error: square it."),
            (each.mean() / 2, "It is half of what is wanted: no factor 1/2."),
            (-each.mean(), "Its sign is turned."),
            (((net.w * xt - eps).square().flatten(1).sum(1).mean()), "It compares with eps: compare with "
             "target(x0, eps, ab).")))
        net.gradient(got, each.mean())
    _drawn_anew(f, x0[:7], alpha_bar, target)


@reference(check_loss, hints=(
    "Four lines: draw t, one for each item; draw eps; make x_t; compare net(x_t, t) with target(x0, eps, ab).",
    "t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device) has the shape (B, 1) or (B, 1, 1, 1), which "
    "broadcasts with x0; net wants t.flatten().",
    "(net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean(), with ab = alpha_bar(t) and "
    "xt = q_sample(x0, eps, ab)."))
def loss(net, x0, alpha_bar, target):
    t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
    eps, ab = torch.randn_like(x0), alpha_bar(t)
    xt = q_sample(x0, eps, ab)
    return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()


def check_drop(f):
    few = call(f, torch.arange(5), 0.5, 10)
    if not torch.is_tensor(few):
        raise Wrong(f"it returns a {type(few).__name__}, wanted a tensor of labels: a dropped one is replaced.")
    if few.shape != (5,):
        raise Wrong(f"from 5 labels it returns {tuple(few.shape)}: a dropped one is replaced, not removed.")
    y = torch.arange(4001) % 10
    out = call(f, y, 0.2, 10)
    if out.shape != y.shape:
        raise Wrong(f"from 4,001 labels it returns {tuple(out.shape)}: a dropped one is replaced, not removed.")
    if out.dtype != y.dtype:
        raise Wrong(f"it returns {out.dtype}, wanted the dtype of y, {y.dtype}: an embedding looks them up.")
    counts = torch.tensor([float((f(y[:400], 0.5, 10) == 10).sum()) for _ in range(40)])
    if set(counts.tolist()) == {0.0, 400.0}:
        raise Wrong("one coin is thrown for the whole batch: throw one for each label, "
                    "torch.rand(y.shape, device=y.device).")
    changed = out != y
    odd = out[changed & (out != 10)]
    if len(odd):
        raise Wrong(f"a dropped label becomes {int(odd[0])}, wanted {10}, the number that means no label.")
    share = changed.float().mean()
    given = f"with share = 0.2 it drops {100 * share:.0f} % of 4,001 labels."
    if abs(share - 0.8) < 0.03:
        raise Wrong(f"{given} share is what is dropped, not what is kept.")
    if abs(share - 0.579) < 0.03:
        raise Wrong(f"{given} torch.rand is uniform; torch.randn is not.")
    if not abs(share - 0.2) < 0.03:
        raise Wrong(given)
    coin = "throw a coin for each label, torch.rand(y.shape, device=y.device) < share."
    if torch.equal(changed, f(y, 0.2, 10) != y):
        raise Wrong(f"it drops the same places every time: {coin}")
    if not 5 < counts.std() < 16:                                # 10 is expected
        raise Wrong(f"of 400 labels with share = 0.5 it drops {counts[0]:.0f}, {counts[1]:.0f}, {counts[2]:.0f} ...: "
                    f"independent coins vary by 10 around 200; {coin}")
    by_class = torch.stack([changed[y == i].float().mean() for i in range(10)])
    if (by_class - 0.2).abs().max() > 0.1:
        raise Wrong(f"it drops {100 * by_class.max():.0f} % of one class and {100 * by_class.min():.0f} % of another: "
                    f"{coin}")
    waves = torch.fft.rfft(changed.float() - share, 8192).abs().square()
    alike = torch.fft.irfft(waves)[1:4000] / (share * (1 - share)) / (4001 - torch.arange(1, 4000))
    far = (4001 - torch.arange(1, 4000)) ** 0.5                   # how surprising: the fewer pairs, the less
    if (alike * far).abs().max() > 7:
        raise Wrong(f"its coins are not independent, what it drops comes in pairs or blocks: {coin}")
    many = f(torch.full((200_003,), 3), 0.15, 10)
    if abs((many == 10).float().mean() - 0.15) > 0.004:
        raise Wrong(f"with share = 0.15 it drops {(many == 10).float().mean():.1%} of 200,003 labels.")
    expect(f(y[:500], 0.0, 10), y[:500], "with share = 0")
    expect(f(y[:500], 1.0, 7), torch.full((500,), 7), "with share = 1 and nothing = 7")


@reference(check_drop, hints=(
    "Throw a coin for each label: torch.rand(y.shape, device=y.device) < share is True for a share of them.",
    "torch.where(coin, nothing, y) takes `nothing` where the coin says True and y elsewhere.",
    "torch.where(torch.rand(y.shape, device=y.device) < share, nothing, y)."))
def drop(y, share, nothing):
    return torch.where(torch.rand(y.shape, device=y.device) < share, nothing, y)


def check_guide(f):
    for w in (3.0, 0.5, 1, 0, 8, -1.0):
        kinds = {f"{name} {shape}": [*((5 * torch.randn(shape)).requires_grad_() for _ in "uc"), w]
                 for name, shape in SHAPES.items()}
        for kind, (u, c, _), got in on_each(f, kinds):
            want = u + w * (c - u)
            expect(got, want, f"with {kind} and w = {w:g}", slips=(
                (c + w * (c - u), "That is the other convention, 1 + w: here w = 1 is the conditional model itself."),
                (u + w * c, "The step goes from eps_u towards eps_c: w times their difference."),
                (c + w * (u - c), "The two have changed places: w = 0 must give eps_u, w = 1 eps_c."),
                (u + w * (u - c), "The sign is turned: the step goes from eps_u towards eps_c."),
                (w * c, "eps_u is missing, or brackets around eps_c - eps_u are."),
                (w * (c - u), "eps_u is missing: the step starts there."),
                *[((u + w * c) / (1 + w), "No division: beyond w = 1 it is meant to overshoot.")] * (w >= 0),
                (c - w * u, "The weights must add up to 1: w for eps_c and 1 - w for eps_u."),
                ((1 + w) * c + w * u, "The weights must add up to 1: w for eps_c and 1 - w for eps_u.")))
            expect_slopes(got, want, eps_u=u, eps_c=c)


@reference(check_guide, hints=(
    "A straight line through two points: at w = 0 it is eps_u, at w = 1 it is eps_c.",
    "Start at eps_u and go w times the way to eps_c.",
    "eps_u + w * (eps_c - eps_u)."))
def guide(eps_u, eps_c, w):
    return eps_u + w * (eps_c - eps_u)


def check_flow_loss(f):
    kinds = {kind: [Spy(), torch.randn(shape) + 5] for kind, shape in LOSS_SHAPES.items()}
    for kind, (net, x0), got in on_each(f, kinds, LOSS_TIP):
        given = f"with x0 of shape {tuple(x0.shape)}"
        xt, t = net.only_call(x0)
        t = t.view(-1, *[1] * (x0.dim() - 1))
        inside = ((t > 0.1) & (t < 0.9)).flatten()
        paths = {"": (1 - t, t), "The path is turned, or net is told 1 - t: t = 1 is noise.": (t, 1 - t),
                 "That is the curved path of section 1: here x_t = (1 - t) x0 + t eps, without roots.":
                 ((1 - t).sqrt(), t.sqrt()),
                 "x0 is not scaled: x_t = (1 - t) x0 + t eps.": (torch.ones_like(t), t),
                 "The noise is not scaled: x_t = (1 - t) x0 + t eps.": (1 - t, torch.ones_like(t))}
        by_text = ((xt - (1 - t) * x0) / t)[inside]                # the noise, if the path is the right one
        _check_shared(by_text)
        for sentence, (signal, noise) in paths.items():
            eps = (xt - signal * x0) / noise
            seen = eps[inside]
            level = torch.stack([seen[t.flatten()[inside] < 0.4].std(), seen[t.flatten()[inside] > 0.6].std()])
            if abs(seen.mean()) < 0.15 and ((level - 1).abs() < 0.12).all():
                break
        else:
            raise Wrong("x_t is not on the path from x0 to noise: (1 - t) x0 + t eps, with eps = torch.randn_like(x0).")
        if sentence:
            raise Wrong(sentence)
        _check_eps(by_text, x0[inside])
        eps = ((xt - (1 - t) * x0).double() / t.double().clamp(min=1e-6)).float()
        error = net.w * xt - (eps - x0)
        each = error.square().flatten(1).sum(1)
        if torch.is_tensor(got) and got.shape == () and not same(got, each.mean()) and same(got, each.mean(), 0.1):
            raise Wrong(f"{given} it gives {got:.4g}, wanted {each.mean():.4g}. The eps in the velocity must be the "
                        "one in x_t: draw it once.")
        expect(got, each.mean(), given, slips=(
            ((net.w * xt - (x0 - eps)).square().flatten(1).sum(1).mean(), "The velocity is turned: dx/dt = eps - x0 "
             "points from the data to the noise."),
            ((net.w * xt - eps).square().flatten(1).sum(1).mean(), "It compares with eps: the velocity is eps - x0."),
            ((net.w * xt - x0).square().flatten(1).sum(1).mean(), "It compares with x0: the velocity is eps - x0."),
            ((net.w * xt - (eps + x0)).square().flatten(1).sum(1).mean(), "It compares with eps + x0: the velocity is "
             "eps - x0, in brackets."),
            ((net.w * xt - (xt - x0)).square().flatten(1).sum(1).mean(), "It compares with x_t - x0, which is the "
             "velocity times t."),
            (each.mean() / 2, "It is half of what is wanted: no factor 1/2."), (-each.mean(), "Its sign is turned."),
            ((net.w * xt - (eps - xt)).square().flatten(1).sum(1).mean(), "It compares with eps - x_t: the velocity is "
             "eps - x0, the same all along the path."),
            (error.square().mean(), "It takes the mean over the pixels too: sum over dimensions, mean over the batch."),
            (each.sum(), "It sums over the batch: mean over the batch."),
            (each, "One number is wanted: take the mean over the batch."),
            (error.flatten(1).norm(dim=1).mean(), "That is the distance: no square root."),
            (error.abs().flatten(1).sum(1).mean(), "That is the absolute error: square it.")))
        net.gradient(got, each.mean())
    _drawn_anew(f, x0[:7])


@reference(check_flow_loss, hints=(
    "As in your loss: draw t and eps. Only x_t and what net is to say are new.",
    "x_t = (1 - t) x0 + t eps; its derivative with respect to t is eps - x0.",
    "(net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()."))
def flow_loss(net, x0):
    t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
    eps = torch.randn_like(x0)
    xt = (1 - t) * x0 + t * eps
    return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()


def check_euler(f):
    for t, s in ((0.8137, 0.5041), (0.05, 0.0), (0.3, 0.7), (1.0, 0.0), (0.0, 0.04)):      # either way, and to the end
        t, s = torch.tensor(t), torch.tensor(s)
        kinds = {f"{name} {shape}": [*((5 * torch.randn(shape)).requires_grad_() for _ in "xv"), t, s]
                 for name, shape in SHAPES.items()}
        for kind, (x, v, *_), got in on_each(f, kinds):
            want = x + (s - t) * v
            expect(got, want, f"with {kind}, from t = {t:g} to s = {s:g}", slips=(
                (x + (t - s) * v, "It goes the wrong way: from t to s the time changes by s - t, which is negative on "
                 "the way back."),
                (x + v, "The length of the step is missing: s - t."),
                (x - v, "The length of the step is missing: s - t."),
                (x - t * v, "That goes all the way to time 0: the step is s - t."),
                (x + s * v, "The step is s - t, not s."), (x - s * v, "The step is s - t, not s."),
                (x + t * v, "The step is s - t, not t."),
                ((s - t) * v, "x_t is missing: the step starts there."),
                ((1 - s) * x + s * v, "That is the path from data to noise: here you move along a velocity."),
                *[(x + s / t * v, "The step is the difference s - t, not a ratio.")] * bool(t > 0),
                (x + abs(s - t).sqrt() * v, "No square root: that would be noise, this is a velocity.")))
            expect_slopes(got, want, xt=x, v_hat=v)


@reference(check_euler, hints=(
    "Where are you after walking with the velocity v from time t to time s?",
    "Old place + time that passes * velocity. s is smaller than t: time runs backwards here.",
    "xt + (s - t) * v_hat."))
def euler(xt, v_hat, t, s):
    return xt + (s - t) * v_hat


def check_missed(f):
    for share, batch in ((0.3, 5), (0.25, 3), (0.02, 256), (0.01, 32), (0.9, 2), (0.0, 7), (0.4, 1)):
        got = call(f, share, batch)
        if not torch.is_tensor(got) and not isinstance(got, (int, float)):
            raise Wrong(f"it returns a {type(got).__name__}, wanted one number.")
        got = torch.as_tensor(got).float()
        expect(got, torch.tensor((1 - share) ** batch), f"for a share of {share:g} and batches of {batch}", slips=(
            (torch.tensor(share ** batch), "That is the probability that all of them are rare."),
            (torch.tensor(1 - (1 - share) ** batch), "That is the probability that at least one is rare: wanted none."),
            (torch.tensor(1 - share * batch), "Shares do not add up like that: each item must be another one, so "
             "multiply the probabilities."),
            (torch.tensor(1 - share), "That is one item: none of the batch may be rare."),
            (torch.tensor(1 - share ** batch), "That is the probability that not all are rare."),
            (torch.tensor(math.exp(-share * batch)), "That is nearly it, for small shares: it is a product of "
             "probabilities, (1 - share) for each item.")) if share == 0.3 else ())


@reference(check_missed, hints=(
    "What is the probability that one item is not of the rare kind?",
    "All items must be of another kind: the probabilities multiply.",
    "(1 - share) ** batch."))
def missed(share, batch):
    return (1 - share) ** batch


class X0Spy:
    """A model of x0, w * xt + t, that remembers what it was asked."""

    def __init__(self):
        self.w, self.asked = torch.tensor(0.3, requires_grad=True), []

    def __call__(self, xt, t=None):
        self.asked.append((xt, t))
        if t is None:
            raise Wrong("x0_of is called without t: x0_of(xt, t).")
        if not torch.is_tensor(t) or t.shape != (len(xt),):
            raise Wrong(f"x0_of gets t of shape {tuple(t.shape) if torch.is_tensor(t) else type(t).__name__}: pass on "
                        "the t that is given, one for each item.")
        return self.w * xt + t.view(-1, *[1] * (xt.dim() - 1))


def check_pair_loss(f):
    def alpha_bar(t):
        return (1.5 * t).cos() ** 2

    kinds = {}
    for name, shape in {"points": (7, 2), "images": (5, 3, 2, 2), "one image": (1, 1, 2, 3)}.items():
        kinds[f"{name} {shape}"] = [X0Spy(), torch.randn(shape) + 2, torch.randn(shape), torch.rand(shape[0]),
                                    alpha_bar]
    tip = ("alpha_bar(t) in the shape (B, 1) or (B, 1, 1, 1): .view(-1, *[1] * (x0.dim() - 1)); errors: "
           ".flatten(1).sum(1).")
    for kind, (x0_of, x0, eps, t, _), got in on_each(f, kinds, tip):
        given = f"with {kind}"
        if len(x0_of.asked) != 1:
            raise Wrong(f"it calls x0_of {len(x0_of.asked)} times, wanted one call for the whole batch: x0_of(xt, t).")
        xt, told = (a.detach().cpu() for a in x0_of.asked[0])
        ones = [1] * (x0.dim() - 1)
        ab = alpha_bar(t).view(-1, *ones)
        right = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
        if xt.shape != x0.shape:
            raise Wrong(f"for x0 of shape {tuple(x0.shape)} x0_of gets x_t of shape {tuple(xt.shape)}: keep it.")
        if not torch.equal(told, t):
            raise Wrong("x0_of is told another t than the one that is given.")
        if not same(xt, right):
            if not _same_twice(lambda: _asked(f, x0, eps, t, alpha_bar)):
                raise Wrong("it draws its own noise: eps is given, the one from which this x0 came.")
            for wrong, sentence in ((x0, "x0_of gets the clean x0: make x_t first, q_sample(x0, eps, ab)."),
                                    (eps, "x0_of gets the noise itself: make x_t first, q_sample(x0, eps, ab)."),
                                    (t.view(-1, *ones).sqrt() * x0 + (1 - t.view(-1, *ones)).sqrt() * eps,
                                     "t stands where alpha_bar(t) belongs."),
                                    ((1 - t.view(-1, *ones)) * x0 + t.view(-1, *ones) * eps,
                                     "That is the straight path of section 12: here x_t = q_sample(x0, eps, ab)."),
                                    (ab.sqrt() * eps + (1 - ab).sqrt() * x0, "x0 and eps have changed places, or "
                                     "ab and 1 - ab: q_sample(x0, eps, ab).")):
                if same(xt, wrong):
                    raise Wrong(sentence)
            raise Wrong("x_t does not fit: it is q_sample(x0, eps, alpha_bar(t)), alpha-bar in a shape that "
                        "broadcasts.")
        error = x0_of.w * xt + t.view(-1, *ones) - x0
        each = error.abs().flatten(1).sum(1)
        expect(got, each.mean(), given, slips=(
            (error.square().flatten(1).sum(1).mean(), "That is the squared error: here the absolute one, .abs()."),
            (error.abs().mean(), "It takes the mean over the dimensions, too: there the sum, over the batch the mean."),
            (each.sum(), "It sums over the batch: mean over the batch."),
            (each, "One number is wanted: take the mean over the batch."),
            *[(error.abs().sum(1).mean(), "It sums over one axis: over all but the first, .flatten(1).sum(1).")]
            * (x0.dim() > 2),
            (error.flatten(1).sum(1).mean().abs(), "Take .abs() of each number, before they are summed."),
            (error.flatten(1).sum(1).abs().mean(), "Take .abs() of each number, before they are summed."),
            (error.flatten(1).sum(1).mean(), "Errors of either sign cancel: .abs() is missing."),
            (error.flatten(1).norm(dim=1).mean(), "That is the distance: sum the absolute values."),
            ((x0_of.w * xt + t.view(-1, *ones) - eps).abs().flatten(1).sum(1).mean(), "It compares with eps: x0_of "
             "answers with x0_hat, so compare with x0."),
            (-each.mean(), "Its sign is turned.")))
        expect_slopes(got, each.mean(), **{"the network's weights": x0_of.w})


def _asked(f, x0, eps, t, alpha_bar):
    """x_t of one call."""
    spy = X0Spy()
    f(spy, x0, eps, t, alpha_bar)
    return spy.asked[0][0].detach()


@reference(check_pair_loss, hints=(
    "Three lines: alpha-bar in a shape that broadcasts; x_t from x0 and the eps that is given; compare.",
    "ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1)); xt = q_sample(x0, eps, ab).",
    "(x0_of(xt, t) - x0).abs().flatten(1).sum(1).mean()."))
def pair_loss(x0_of, x0, eps, t, alpha_bar):
    ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
    return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()


def check_codes(f):
    n, mu, logvar = 3_001, 3 * torch.randn(7) + 1, torch.linspace(-3, 1, 7)
    mean, sd = torch.randn(7) - 2, torch.linspace(0.5, 3, 7)
    still = torch.full((n, 7), -60.0)                                # no width: what is left is the shift and the scale
    many = mu + torch.linspace(-1, 1, n)[:, None]
    want = (many - mean) / sd
    expect(call(f, many, still, mean, sd), want, "with q as narrow as can be", slips=(
        ((many - mean) * sd, "It is multiplied by sd: divide."), (many - mean / sd, "The division by sd holds for the "
         "whole difference: brackets."), (many / sd, "mean is not subtracted."),
        (many - mean, "It is not divided by sd."),
        ((many - mean) / sd.square(), "sd is a standard deviation already: no square."),
        ((many - mean) / sd.sqrt(), "sd is a standard deviation already: no root."),
        ((many + mean) / sd, "mean is to be subtracted."), (many, "mean and sd are not used: subtract, then divide."),
        (many * sd + mean, "That is the way back: subtract mean, then divide by sd.")))
    expect_draws(lambda mu, logvar: f(mu, logvar, torch.zeros(mu.shape[1]), torch.ones(mu.shape[1])))
    for few in ((1, 1), (5, 1), (1, 7)):
        z = call(f, torch.zeros(few), torch.zeros(few), *(v[:few[1]] for v in (mean, sd)))
        if not torch.is_tensor(z) or z.shape != few:
            got = f"shape {tuple(z.shape)}" if torch.is_tensor(z) else type(z).__name__
            raise Wrong(f"for codes of shape {few} it returns {got}: keep the shape.")
    z = call(f, mu.expand(n, 7) + 0, logvar.expand(n, 7) + 0, mean, sd)
    spread, width = z.std(0), (logvar / 2).exp() / sd
    if not (spread / width - 1).abs().max() < 0.1:
        i = int((spread / width - 1).abs().argmax())
        tip = "The noise is to be divided by sd, too: draw first, then standardise."
        raise Wrong(f"{n:,} draws of one code with sd = {sd[i]:.2f} have the spread {spread[i]:.3f}, wanted "
                    f"{width[i]:.3f}. {tip if abs(spread[i] / width[i] / sd[i] - 1) < 0.1 else ''}".rstrip())


@reference(check_codes, hints=(
    "Two steps: one draw from q, as in exercise 3 of notebook 2; then subtract and divide.",
    "A draw is mu + (logvar / 2).exp() * torch.randn_like(mu).",
    "(mu + (logvar / 2).exp() * torch.randn_like(mu) - mean) / sd."))
def codes(mu, logvar, mean, sd):
    return (mu + (logvar / 2).exp() * torch.randn_like(mu) - mean) / sd


def check_divergence(f):
    for d, n in ((3, 9), (2, 70), (1, 1), (4, 5)):
        A = torch.randn(d, d) * 2

        def curved(x, A=A):
            if x.dim() != 2 or x.shape[1] != len(A):
                raise Wrong(f"f is called with shape {tuple(x.shape)}, wanted (B, d): a single point is p[None].")
            return (x @ A.T.to(x.device)).sin() * x + x.square().sum(1, keepdim=True)

        x = torch.randn(n, d)
        inner = x.clone().requires_grad_()
        full = torch.stack([torch.autograd.grad(curved(inner)[:, i].sum(), inner)[0] for i in range(d)], 1)
        each = full.diagonal(dim1=1, dim2=2)
        want = each.sum(1)
        try:
            got = call(f, curved, x)
        except RuntimeError as error:
            if "does not require grad" in str(error) or "to not have been used" in str(error):
                raise Wrong("there are no slopes along x: x = x.detach().requires_grad_(), then f of this x.") from None
            raise
        except IndexError as error:
            raise Wrong(f"for {n} points in {d} dimensions it stops with IndexError: {error}. The loop goes over the "
                        "coordinates, range(x.shape[1]).") from None
        expect(got.detach() if torch.is_tensor(got) else got, want, f"for {n} points in {d} dimensions", slips=(
            (full.sum((1, 2)), "That is the sum of all slopes: only dv_i/dx_i count. Take the slope of v[:, i].sum() "
             "and keep its column i."),
            (want.sum(), "One number for each point is wanted: no sum over the batch."),
            (want.mean(), "One number for each point is wanted: no mean over the batch."),
            (want / d, "It takes the mean over the coordinates: sum."), (-want, "Its sign is turned."),
            (each[:, 0], "Only the first coordinate is counted: sum over all of them, range(x.shape[1])."),
            (each[:, :-1].sum(1), "The last coordinate is missing: range(x.shape[1])."),
            (each[:, 1:].sum(1), "The first coordinate is missing: range(x.shape[1])."),
            (each, "Sum over the coordinates: one number for each point."),
            (full.square().sum((1, 2)).sqrt(), "That is the norm of the Jacobian: wanted is its trace."))
            if d == 3 else ())


@reference(check_divergence, hints=(
    "x = x.detach().requires_grad_() asks for slopes, then v = f(x).",
    "torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0] has the slopes of v_i along all coordinates, (B, d): "
    "keep column i.",
    "sum(torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0][:, i] for i in range(x.shape[1]))."))
def divergence(f, x):
    x = x.detach().requires_grad_()
    v = f(x)
    return sum(torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0][:, i] for i in range(x.shape[1]))


def check_keep_known(f):
    kinds = {}
    for name, shape in SHAPES.items():
        kinds[f"{name} {shape}"] = [5 * torch.randn(shape), 5 * torch.randn(shape), (torch.rand(shape) < 0.5).float(),
                                    torch.randn(shape), torch.tensor(0.3)]
    xt, known, _, eps, ab = kinds["points (7, 2)"]
    for name, mask, share in (("one mask for all points", torch.tensor([1.0, 0.0]), 0.98),
                              ("everything known", torch.ones(7, 2), 0.3), ("nothing known", torch.zeros(7, 2), 0.02)):
        kinds[name] = [xt, known, mask, eps, torch.tensor(share)]
    for kind, (xt, known, mask, eps, ab), got in on_each(f, kinds, "Take shapes from the inputs; mask broadcasts."):
        noised = ab.sqrt() * known + (1 - ab).sqrt() * eps
        if not _same_twice(f, xt, known, mask, eps, ab):
            raise Wrong("two calls differ: it draws its own noise. Use the eps that it is given.")
        a, s, rest = ab.sqrt(), (1 - ab).sqrt(), (1 - mask) * xt
        expect(got, mask * noised + rest, f"with {kind}", slips=(
            (mask * xt + (1 - mask) * noised, "The mask is turned: 1 is where the values are known."),
            (mask * known + rest, "The known part is clean, while x_t is noised: noise it to the share ab."),
            (mask * noised + xt, "Where values are known, x_t must go: (1 - mask) * xt."),
            (noised + rest, "Where values are not known, x_t alone must stay: mask * the noised ones."),
            (noised, "x_t is missing where nothing is known."),
            (mask * noised, "x_t is missing where nothing is known."),
            (rest, "The known part is missing: mask * q_sample(known, eps, ab)."),
            (xt, "It returns x_t as it is: the known part is to be put in."),
            (mask * (s * known + a * eps) + rest, "Signal and noise have changed places: q_sample(known, eps, ab)."),
            (a * mask * known + s * eps + rest, "Noise leaks into the part that is not known: first q_sample, then the "
             "mask."),
            (mask * noised + (1 - mask) * (a * xt + s * eps), "x_t is noised already: only what is known needs noise."),
            (mask * (ab * known + (1 - ab) * eps) + rest, "ab and 1 - ab are variances: q_sample takes their roots."),
            (mask * (known + eps) + rest, "Noise it to the share of signal ab: q_sample(known, eps, ab)."))
            if ab == 0.3 and mask.min() < mask.max() else ())


@reference(check_keep_known, hints=(
    "Two parts: where the mask is 1, the known values, noised; where it is 0, x_t.",
    "q_sample(known, eps, ab) is what the known values look like at this share of signal.",
    "mask * q_sample(known, eps, ab) + (1 - mask) * xt."))
def keep_known(xt, known, mask, eps, ab):
    return mask * q_sample(known, eps, ab) + (1 - mask) * xt
