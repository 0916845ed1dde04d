"""The exercises of notebook 2. A reference is the function that the notebook falls back on and `solution` prints."""

import math
import numbers

import torch
from torch.distributions import Normal, kl_divergence

from ..language import say
from ..machine import device
from . import Wrong, call, current, expect, expect_fresh, expect_normal, expect_slopes, on_each, reference

SHAPES = {"images": (67, 1, 3, 5), "colour images": (11, 3, 2, 5), "points": (71, 2)}
AXES = "One number for each image first: .flatten(1).sum(1) adds up all axes but the first, whatever their number."


def check_squared_error(f):
    kinds = {f"{name} {shape}": [torch.randn(shape, requires_grad=True) for _ in "ab"]
             for name, shape in SHAPES.items()}
    for kind, (x, x_hat), got in on_each(f, kinds, AXES):
        square, n = (x - x_hat).square(), len(x)
        want = square.sum() / n
        expect(got, want, f"with {kind}", slips=(
            (square.mean(), "It takes the mean over the pixels too: sum over the pixels, mean over the batch."),
            (square.sum(), "It sums over the batch too: sum over the pixels, mean over the batch."),
            (square.flatten(1).sum(1), "One number is wanted: take the mean over the batch."),
            (square.mean(0), "The pixels are not summed yet: .flatten(1).sum(1), then the mean over the batch."),
            *((square.sum(axes).mean(), "One axis of the pixels is averaged instead of summed: .flatten(1).sum(1).")
              for axes in ((1, 2), (1, 3), (2, 3)) if square.dim() == 4),
            ((x - x_hat).abs().sum() / n, "That is the absolute error: square the difference."),
            (want / 2, "It is half of what is wanted: the factor 1/2 comes with the Gaussian of section 2."),
            (square.flatten(1).sum(1).sqrt().mean(), "That is the distance: no square root here."),
            ((x - x_hat).sum() / n, "The square is missing: errors of opposite sign cancel."),
            ((x - x_hat).flatten(1).sum(1).square().mean(), "The square comes before the sum.")))
        expect_slopes(got, want, x=x, x_hat=x_hat)
    expect(call(f, x[:1], x_hat[:1]), square[:1].sum(), "with a batch of one point")


@reference(check_squared_error, hints=(
    "Square the difference of every pixel. Then two different reductions: one over the pixels, one over the batch.",
    ".flatten(1) makes one row of each image, whatever its shape; .sum(1) adds up the row.",
    "(x - x_hat).square().flatten(1).sum(1).mean()."))
def squared_error(x, x_hat):
    return (x - x_hat).square().flatten(1).sum(1).mean()


def check_nll(f):
    for s in (torch.tensor(v, requires_grad=True) for v in (0.5, 2.0, 0.03)):
        kinds = {f"{name} {shape}": [*(torch.randn(shape, requires_grad=True) for _ in "ab"), s]
                 for name, shape in SHAPES.items()}
        for kind, (x, x_hat, s), got in on_each(f, kinds, AXES):
            error, each, d, n = (x - x_hat).square().sum() / len(x), 0.5 * math.log(2 * math.pi), x[0].numel(), len(x)
            want = error / (2 * s ** 2) + d * (s.log() + each)
            expect(got, want, f"with {kind} and s = {s:g}", slips=(
                (-want, "Its sign is turned: this is the log density, and a loss is minus what one wants large."),
                (want / d, "It takes the mean over the pixels: sum over the pixels, mean over the batch."),
                (want * n, "It sums over the batch: sum over the pixels, mean over the batch."),
                (error / (2 * s ** 2), "log s and log(2 pi) are missing: without log s, a growing s would cost "
                 "nothing."),
                (error / (2 * s ** 2) + d * s.log(), "log(2 pi) / 2 for each pixel is missing: a constant, but without "
                 "it the number is not in nats."),
                (error / (2 * s ** 2) + d * each, "log s is missing: without it a growing s would cost nothing."),
                (error / (2 * s ** 2) + s.log() + each, "The terms log s and log(2 pi) / 2 are there for each pixel, "
                 "not once for each image."),
                (error / s ** 2 + d * (s.log() + each), "The squared error is divided by 2 s^2, not by s^2."),
                (error / (2 * s) + d * (s.log() + each), "s is a standard deviation: divide by 2 s^2."),
                (error / (2 * s) + d * (s.log() / 2 + each), "It reads s as the variance: s is the standard deviation, "
                 "so the density holds s^2 and log s."),
                (error / (2 * s ** 2) + d * (s.log() / 2 + each), "It is log s, or half the log of s^2: the half is "
                 "taken twice."),
                (error / (2 * s ** 2) + d * (2 * s.log() + each), "It is log s, not log s^2: s stands in the density "
                 "once, in front."),
                (error / (2 * s.exp()) + d * (s / 2 + each), "It reads s as a log-variance: s is the standard "
                 "deviation."),
                (error / (2 * (2 * s).exp()) + d * (s + each), "It reads s as the log of the standard deviation: s is "
                 "the standard deviation itself."),
                (error / (2 * s ** 2) + d * (s.log() + 2 * each), "It is half of log(2 pi): sqrt(2 pi) stands in the "
                 "density."),
                (error / (2 * s ** 2) - d * (s.log() + each), "The sign of log s + log(2 pi) / 2 is turned.")))
            if torch.autograd.grad(got, s, retain_graph=True, allow_unused=True)[0] is None:
                raise Wrong("no gradient reaches s, which the decoder learns: keep s a tensor, s.log(), not "
                            "math.log(s).")
            expect_slopes(got, want, x=x, x_hat=x_hat, s=s)


@reference(check_nll, hints=(
    "Minus the logarithm of the density of a normal distribution with mean x_hat and standard deviation s, pixel by "
    "pixel.",
    "For one pixel: (x - x_hat)^2 / (2 s^2) + log s + log(2 pi) / 2. torch.distributions.Normal(x_hat, s) knows it.",
    "Then as in exercise 1: .flatten(1).sum(1).mean()."))
def nll(x, x_hat, s):
    each = (x - x_hat).square() / (2 * s ** 2) + s.log() + math.log(2 * math.pi) / 2
    return each.flatten(1).sum(1).mean()


def expect_draws(f):
    """Raise `Wrong` unless f(mu, logvar) are independent draws from N(mu, exp(logvar)), slopes aside; returns mu and
    logvar, which ask for slopes."""
    n, mu, logvar = 2_003, 2 * torch.randn(3, 31), torch.rand(3, 31) * 4 - 2
    logvar[0, :2], logvar[1, 5], logvar[2, 7] = torch.tensor([-2.0, 1.0]), -14.0, -9.0
    mu, logvar = mu.requires_grad_(), logvar.requires_grad_()
    many_mu, many_logvar = (a.detach().expand(n, 3, 31).reshape(-1, 31) for a in (mu, logvar))
    z = call(f, many_mu, many_logvar)
    if not torch.is_tensor(z):
        raise Wrong(f"it returns a {type(z).__name__}, wanted a tensor shaped like mu.")
    if z.shape != many_mu.shape or z.dtype != mu.dtype:
        raise Wrong(f"from mu of shape {tuple(many_mu.shape)} it draws shape {tuple(z.shape)} of {z.dtype}, wanted one "
                    "z like mu.")
    if z.isnan().any():
        raise Wrong("it gives NaN: logvar is often negative, and no number of its own to take a root or a logarithm "
                    "of. sigma = exp(logvar / 2).")
    z = z.detach().reshape(n, 3, 31)
    sd, want = z.std(0), (logvar / 2).exp().detach()
    if sd.max() < 1e-4 and not torch.allclose(z[0], mu.detach()):
        raise Wrong("all rows get the same eps: draw new noise for each row of mu, torch.randn_like(mu).")
    if sd.min() > 1e-5 and z[:, 0].T.corrcoef()[0, 1] > 0.9:
        raise Wrong("all components of one z get the same eps: draw one number for each, torch.randn_like(mu).")
    given = f"{n:,} draws with logvar = {_three(logvar[0, :4])}, ...: their standard deviation is " \
            f"{_three(sd[0, :4])}, ..., wanted {_three(want[0, :4])}, ...."
    for slip, sentence in (
            (logvar.detach().exp(), "exp(logvar) is the variance: the noise is scaled by its root, exp(logvar / 2)."),
            (torch.ones(3, 31), "The noise is not scaled: multiply eps by sigma = exp(logvar / 2)."),
            (logvar.detach().abs(), "logvar itself is no scale: sigma = exp(logvar / 2)."),
            (logvar.detach().abs() / 2, "logvar itself is no scale: sigma = exp(logvar / 2)."),
            (1 / want, "The sign of the exponent is turned: sigma = exp(logvar / 2)."),
            (want * 12 ** -0.5, "The noise is uniform: torch.randn_like, not torch.rand_like."),
            (torch.zeros(3, 31), "There is no noise in it: z = mu + sigma * eps, with eps from N(0, I).")):
        if (sd - slip).abs().max() < 0.06 * (1 + slip.max()):
            raise Wrong(f"{say(given)} {say(sentence)}")
    if not (sd / want - 1).abs().max() < 0.09:
        raise Wrong(given)
    if ((z.mean(0) - mu.detach()).abs() / want).max() > 0.13:
        raise Wrong(f"{n:,} draws with mu = {_three(mu[0, :4])}, ... have the mean {_three(z.mean(0)[0, :4])}, ...: mu "
                    "is to be added.")
    noise = (z - mu.detach()) / want
    expect_normal(noise[:, want > 0.05], "and each latent")
    cross = noise.reshape(n, -1).T.corrcoef() - torch.eye(93)
    if cross.abs().max() > 0.15:
        raise Wrong("the noise of one latent or row follows that of another: one number for each, "
                    "torch.randn_like(mu).")
    one = mu[:1, :1], logvar[:1, :1]
    with torch.no_grad():
        if not f(*one).isfinite().all():
            raise Wrong("for one code of one latent it gives a number that is not finite.")
        expect_fresh(lambda: f(*one), "noise")                    # one code of one latent, as without training
    return mu, logvar


def check_draw(f):
    mu, logvar = expect_draws(f)
    z = f(mu, logvar)
    for name, given in (("mu", mu), ("logvar", logvar)):
        if not z.requires_grad or torch.autograd.grad(z.sum(), given, retain_graph=True, allow_unused=True)[0] is None:
            raise Wrong(f"no gradient flows from z back to {name}: write z as a formula of mu and logvar, without "
                        "detach, no_grad or .sample().")
    path = mu + (logvar / 2).exp() * ((z - mu) / (logvar / 2).exp()).detach()    # the same z, as the formula has it
    expect_slopes(z, path, mu=mu, logvar=logvar)


def _three(values):
    return ", ".join(f"{v:.2f}" for v in values.tolist())


@reference(check_draw, hints=(
    "Draw the noise first, from N(0, I), with nothing of mu and sigma in it: torch.randn_like(mu).",
    "Then stretch and move it: z = mu + sigma * eps. logvar is the log of the variance, so sigma = exp(logvar / 2).",
    "mu + (logvar / 2).exp() * torch.randn_like(mu)."))
def draw(mu, logvar):
    return mu + (logvar / 2).exp() * torch.randn_like(mu)


def check_kl(f):
    def half(a):
        return a.sum(1).mean() / 2

    mu = torch.tensor([[0.3, -1.0, 2.0], [0.0, 0.5, -0.2], [1.0, 0.0, -1.5], [-0.4, 0.8, 0.6], [2.5, -0.9, 0.1]])
    logvar = torch.tensor([[-2.0, 0.5, -1.0], [0.0, 1.0, -3.0], [0.5, -1.0, -0.5], [-0.3, 1.5, 0.2], [-9.0, 0.7, -1.7]])
    mu, logvar = mu.requires_grad_(), logvar.requires_grad_()
    q = Normal(mu, (logvar / 2).exp())
    each = kl_divergence(q, Normal(torch.zeros_like(mu), torch.ones_like(mu)))
    want, m2, v = each.sum(1).mean(), mu.square(), logvar.exp()
    given = "with five codes of three latents"
    got = call(f, mu, logvar)
    expect(got, want, given, slips=(
        (-want, "Its sign is turned: a KL divergence is never negative."),
        (each.mean(), "It takes the mean over the latents: the rule is sum over dimensions, mean over the batch. "
         "Averaged, it weighs too little against the summed pixels."),
        (each.sum(), "It sums over the batch: sum over the latents, mean over the batch."),
        (each.sum(1), "One number is wanted: take the mean over the batch."),
        (each.mean(0), "The latents are not summed yet: sum over dimension 1, then the mean over the batch."),
        (2 * want, "It is twice what is wanted: the factor 1/2 is missing."),
        (half(m2 + v.square() - 1 - 2 * logvar), "It reads logvar as the log of sigma, so its sigma is not the one "
         "that draw uses: exp(logvar) is the variance."),
        (half(m2 + (logvar / 2).exp() - 1 - logvar), "The variance is exp(logvar); here stands sigma."),
        (half(m2 + v - 1 - logvar / 2), "log of the variance is logvar itself; it is not halved inside the bracket."),
        (half(m2 + v - logvar), "The -1 is missing: at mu = 0 and logvar = 0 the KL is 0."),
        (half(mu + v - 1 - logvar), "mu is to be squared."),
        (half(m2 + v - 1 + logvar), "The sign of logvar is turned."),
        (half(m2 - v - 1 - logvar), "The sign of the variance is turned."),
        (half(v - 1 - logvar), "mu is missing: a code far from 0 costs, too."),
        (half(m2 / v + 1 / v - 1 + logvar), "That is KL(p || q): here the logarithms are averaged over q.")))
    expect_slopes(got, want, mu=mu, logvar=logvar)
    expect(call(f, mu[:1], logvar[:1]), each[0].sum(), "with a batch of one code")
    expect(call(f, mu[:, :1], logvar[:, :1]), each[:, 0].mean(), "with five codes of one latent")
    expect(call(f, 0 * mu, 0 * logvar), 0 * want, "at mu = 0 and logvar = 0, where q is the prior,")
    wide = 4 * torch.randn(67, 31), 3 * torch.randn(67, 31)
    expect(call(f, *wide), kl(*wide), "with 67 codes of 31 latents, mu up to 15 and logvar up to 10")
    with torch.no_grad():                                  # the distribution of the reader's own draw, by counting
        z = current("draw")(*(a.to(device()).expand(20_000, 5, 3).reshape(-1, 3) for a in (mu, logvar)))
        z = z.cpu().reshape(20_000, 5, 3)
        q, p = Normal(z.mean(0), z.std(0)), Normal(torch.zeros(5, 3), torch.ones(5, 3))
        counted = (q.log_prob(z) - p.log_prob(z)).sum(2).mean()
    if abs(counted - want) > 0.1 * want:
        raise Wrong(f"{given}: the mean of log q(z) - log p(z) over draws of your `draw` is {counted:.2f} nats, your "
                    f"KL is {want:.2f}: the two do not mean the same sigma.")


@reference(check_kl, hints=(
    "For one latent: KL(N(mu, sigma^2) || N(0, 1)) = (mu^2 + sigma^2 - 1 - log sigma^2) / 2. Which of these is logvar?",
    "sigma^2 = exp(logvar) and log sigma^2 = logvar.",
    "((mu ** 2 + logvar.exp() - 1 - logvar) / 2).sum(1).mean()."))
def kl(mu, logvar):
    return ((mu ** 2 + logvar.exp() - 1 - logvar) / 2).sum(1).mean()


def check_alive(f):
    variances = torch.tensor([0.3, 3.0, 0.02, 1.0, 0.1, 0.6, 4.1, 0.6])            # in no order, one twice, one a tie
    cases = ((1.0, 0.5), (4.0, 0.5), (0.5, 1.5), (3.0, 0.25), (100.0, 0.2), (0.1, 0.2), (10.0, 0.2), (100.0, 0.5))

    def answers(threshold):
        return [int((variances > threshold(*case)).sum()) for case in cases]

    want, got = answers(lambda beta, s: beta * s ** 2), [call(f, variances, *case) for case in cases]
    given = f"with variances {_three(variances)}, beta = {cases[0][0]:g} and s = {cases[0][1]:g}"
    for value in got:
        if torch.is_tensor(value) and value.shape == variances.shape:
            raise Wrong(f"{given} it returns one answer for each latent: count those that live, with .sum().")
        if not isinstance(value, numbers.Real) and not (torch.is_tensor(value) and value.numel() == 1):
            raise Wrong(f"{given} it returns a {type(value).__name__}, wanted one number, {want[0]}.")
    if any(float(value) != int(value) for value in got):
        raise Wrong(f"{given} it returns {float(got[0]):g}, wanted {want[0]}: a number of latents.")
    got = [int(value) for value in got]
    for slip, sentence in (
            ([int((variances < beta * s ** 2).sum()) for beta, s in cases], "Those are the dead ones: a latent lives "
             "if its variance is above the threshold."),
            (answers(lambda beta, s: beta * s), "s is a standard deviation: the threshold is beta s^2."),
            (answers(lambda beta, s: (beta * s) ** 2), "Only s is squared: the threshold is beta s^2."),
            (answers(lambda beta, s: s ** 2), "beta is missing: the threshold is beta s^2."),
            (answers(lambda beta, s: beta), "s is missing: the threshold is beta s^2."),
            (answers(lambda beta, s: s ** 2 / beta), "beta is on the wrong side: a dearer KL kills latents."),
            ([int((variances >= beta * s ** 2).sum()) for beta, s in cases], "A latent at the threshold itself does "
             "not live: larger, not at least."),
            (answers(lambda beta, s: (beta * s ** 2) ** 0.5), "The eigenvalues are variances: compare them with "
             "beta s^2 itself, without a root.")):
        if got == slip:
            raise Wrong(f"{given}, and seven more pairs, it says {got}, wanted {want}. {sentence}")
    if got != want:
        raise Wrong(f"{given}, and seven more pairs, it says {got}, wanted {want}.")
    many = torch.rand(787) * 2                             # as many as an image has pixels, or so
    if int(call(f, many, 2.0, 0.5)) != int((many > 0.5).sum()):
        raise Wrong("with 787 variances it counts a different number: is each of them looked at?")


@reference(check_alive, hints=(
    "Which eigenvalues are large enough? The derivation above ends with a threshold.",
    "A latent lives if its eigenvalue is larger than beta * s ** 2.",
    "(eigenvalues > beta * s ** 2).sum()."))
def alive(eigenvalues, beta, s):
    return int((eigenvalues > beta * s ** 2).sum())


def check_iw_bound(f):
    log_w = (torch.randn(7, 5) * 2 - 3).requires_grad_()
    mean_log = log_w.logsumexp(1) - math.log(5)
    got = call(f, log_w)
    expect(got, mean_log.mean(), "with log_w of 7 images and k = 5", slips=(
        (log_w.mean(), "That is the mean of the logarithms, which is the ELBO for every k: the mean over k is taken "
         "of the weights, the logarithm after it."),
        (log_w.logsumexp(1).mean(), "It sums over k: a mean over k needs - log k."),
        (mean_log, "One number is wanted: take the mean over the images."),
        (mean_log.sum(), "It sums over the images: use the mean."),
        ((log_w.logsumexp(0) - math.log(7)).mean(), "The axes have changed places: the k draws of one image are in one "
         "row."),
        ((log_w.logsumexp(0) - math.log(5)).mean(), "The axes have changed places: the k draws of one image are in one "
         "row."),
        (log_w.flatten().logsumexp(0) - math.log(35), "It averages the weights of all images: log of the mean for each "
         "image first, then the mean over images."),
        (log_w.exp().mean(), "The logarithm is missing."),
        (-mean_log.mean(), "Its sign is turned: a bound on log p(x), not a loss."),
        (log_w.max(1).values.mean(), "That is the largest weight alone: take the mean of all k."),
        (log_w.softmax(1).mul(log_w).sum(1).mean(), "That is a weighted mean of logarithms; wanted is the logarithm of "
         "a mean.")))
    expect_slopes(got, mean_log.mean(), log_w=log_w)
    for far in ([[-2000.0, -2001.0], [-3000.0, -3000.0], [-2500.0, -2503.0]], [[900.0, 901.0, 899.5]],
                [[-1500.0, 600.0, 599.0], [-2000.0, -2000.0, -1500.0]]):
        far = torch.tensor(far, requires_grad=True)
        got, want = call(f, far), (far.logsumexp(1) - math.log(far.shape[1])).mean()
        expect(got, want, f"with log_w from {far.min():g} to {far.max():g}, as for images,", slips=(
            (torch.tensor(-torch.inf), "exp() rounds to 0 there: torch.logsumexp does not."),
            (torch.tensor(torch.inf), "exp() is infinite there: torch.logsumexp is not.")))
        expect_slopes(got, want, log_w=far)
    one = torch.randn(4, 1)
    expect(call(f, one), one.mean(), "with k = 1, where the bound is the ELBO,")
    many = 3 * torch.randn(67, 499)
    expect(call(f, many), (many.logsumexp(1) - math.log(499)).mean(), "with 67 images and k = 499")


@reference(check_iw_bound, hints=(
    "For each image the logarithm of the mean of its k weights; then the mean over images.",
    "A mean of weights given as logarithms: torch.logsumexp(log_w, 1) - log k, exact even where exp(log_w) is 0.",
    "(log_w.logsumexp(1) - math.log(log_w.shape[1])).mean()."))
def iw_bound(log_w):
    return (log_w.logsumexp(1) - math.log(log_w.shape[1])).mean()
