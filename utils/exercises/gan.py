"""The exercises of notebook 1. A reference is the function that the notebook falls back on and `solution` prints."""

import math
import numbers

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from ..machine import device
from . import Wrong, call, expect, expect_fresh, expect_slopes, expect_uniform, on_each, reference


def _cut_off(terms):
    """What log(sigmoid(-200)), one for each term, becomes in the usual ways of writing it."""
    tip = "F.softplus and F.logsigmoid take the logit and stay exact."
    return [(torch.tensor(terms * value / 2), f"{how}: {tip}") for value, how in (
        (torch.inf, "exp() of a large number is infinite, the logarithm of a probability that rounds to 0 as well"),
        (100.0, "F.binary_cross_entropy cuts off"),
        *((-math.log(eps), "The small number inside the log cuts off") for eps in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)))]


def check_d_loss(f):
    d_real, d_fake = torch.tensor([2., -1., .5, 4.5, .25]), torch.tensor([-2., 1., 4.625])
    d_real.requires_grad_(), d_fake.requires_grad_()
    P, N = F.softplus(-d_real), F.softplus(d_fake)                    # -log D(x), -log(1 - D(G(z)))
    given = f"with d_real = {d_real.tolist()} and d_fake = {d_fake.tolist()}"
    got = call(f, d_real, d_fake)
    expect(got, P.mean() + N.mean(), given, slips=(
        (-P.mean() - N.mean(), "Its sign is turned: D wants E log D + E log(1 - D) large, so its loss is minus that."),
        (F.softplus(d_real).mean() + F.softplus(-d_fake).mean(),
         "Real and fake have changed places: D should say 1 to real images."),
        (P.mean() - N.mean(), "One sign is turned: minus a logarithm is positive, so both terms of the loss are."),
        (P.mean() + F.softplus(-d_fake).mean(),
         "The second term rewards D for saying 1 to fakes: it needs log(1 - D)."),
        (P.sum() + N.sum(), "It sums over the batch: use the mean, so that the loss does not grow with the batch."),
        ((P.mean() + N.mean()) / 2, "It is half: the two means are added, not averaged."),
        (torch.cat([P, N]).mean(), "It takes one mean over real and fake together: each has its own mean."),
        (F.softplus(-d_real.sigmoid()).mean() + F.softplus(d_fake.sigmoid()).mean(),
         "The sigmoid is applied twice: F.softplus and binary_cross_entropy_with_logits contain it already."),
    ))
    expect_slopes(got, P.mean() + N.mean(), d_real=d_real, d_fake=d_fake)
    sure = torch.tensor([-200., 200.], requires_grad=True)
    got, want = call(f, sure, -sure), F.softplus(-sure).mean() * 2
    expect(got, want, "with logits of -200 and 200", slips=_cut_off(2))
    expect_slopes(got, want, **{"a logit of -200": sure})


@reference(check_d_loss, hints=(
    "D(x) is a logit: sigmoid turns it into the probability of being real. The loss is minus what D wants to be large.",
    "-log sigmoid(a) = softplus(-a) and -log(1 - sigmoid(a)) = softplus(a).",
    "F.softplus(-d_real).mean() for the real images; the same with another sign for the fakes; add the two."))
def d_loss(d_real, d_fake):
    return F.softplus(-d_real).mean() + F.softplus(d_fake).mean()


def check_g_loss(f):
    d_fake = torch.tensor([-6., 1., 4., 2.5, -.375], requires_grad=True)
    got = call(f, d_fake)
    expect(got, F.softplus(-d_fake).mean(), f"with d_fake = {d_fake.tolist()}", slips=(
        (-F.softplus(d_fake).mean(), "That is E log(1 - D), the saturating loss: where D is sure its slope is gone."),
        (F.softplus(d_fake).mean(), "That is D's term: G wants D to say 1 to its images: turn the sign."),
        (-F.softplus(-d_fake).mean(), "Its sign is turned: this is E log D, and a loss is minus what one wants large."),
        (F.softplus(-d_fake).sum(), "It sums over the batch: use the mean."),
        (-d_fake.mean(), "That is the Wasserstein loss of section 6; here the logit goes through -log sigmoid."),
        (F.softplus(-d_fake.sigmoid()).mean(), "The sigmoid is applied twice: F.softplus contains it already."),
        (F.softplus(-d_fake).mean() / 2, "It is half of what is wanted: no factor 1/2."),
    ))
    expect_slopes(got, F.softplus(-d_fake).mean(), d_fake=d_fake)
    sure = torch.tensor([-200., 200.], requires_grad=True)
    got, want = call(f, sure), F.softplus(-sure).mean()
    expect(got, want, "with logits of -200 and 200", slips=_cut_off(1))
    expect_slopes(got, want, **{"a logit of -200": sure})


@reference(check_g_loss, hints=(
    "G wants D(G(z)) to be near 1: minus the logarithm of that probability is the loss.",
    "-log sigmoid(a) = softplus(-a).",
    "F.softplus(-d_fake), then the mean over the batch."))
def g_loss(d_fake):
    return F.softplus(-d_fake).mean()


BATCH = 5            # of the steps' check


class _D(nn.Module):
    """A discriminator that knows the labels of one batch, as in section 9: its logits depend on the place, too."""

    def __init__(self, shape):
        super().__init__()
        n_in = math.prod(shape)
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(n_in, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0))
        self.unused = nn.Parameter(torch.ones(3))            # as the labels of a D that forgets to look at them
        self.shape, self.calls = shape, 0

    def forward(self, x):
        if len(x) != BATCH:
            raise Wrong(f"D is asked about {len(x)} images at once, but in section 9 D knows the labels of one batch "
                        f"of {BATCH}: one call for the real images and one for the fakes.")
        if x.shape[1:] != self.shape:
            raise Wrong(f"D is asked about shape {tuple(x.shape)}, wanted {(BATCH, *self.shape)}: images as they are.")
        self.calls += 1
        return (self.net(x.cpu()) * torch.linspace(0.5, 1.5, BATCH)).to(x.device)


class _Judge:
    """D as a function, and nothing else."""

    def __init__(self, net):
        self._net = net

    def __call__(self, x):
        return self._net(x)

    def __getattr__(self, name):
        raise Wrong(f"it uses D.{name}, but D may be any function of x here (section 9 passes one that knows a label): "
                    "only call it, and leave the weights to the optimiser.")


class _Optimiser(torch.optim.SGD):
    """Remembers whether it was used. Momentum tells `step()` from weights that are moved by hand."""

    stepped = False

    def __init__(self, weights):
        super().__init__(weights, lr=0.1, momentum=0.9)

    def step(self, *args):
        self.stepped = True
        return super().step(*args)


class _Round:
    """Both players after two steps of `who`, always from the same start: on points, with D a function and a gradient
    of 1 in all weights, as if left by an earlier step; or on images, with D a network and no gradients yet."""

    def __init__(self, step, who, loss, images=False):
        shape = (1, 2, 3) if images else (2,)
        with torch.random.fork_rng([]):
            torch.default_generator.manual_seed(1)
            self.G = nn.Sequential(nn.Linear(3, math.prod(shape)), nn.Unflatten(1, shape))
            self.D = _D(shape)
            batches = [(torch.randn(BATCH, *shape) + 2, torch.randn(BATCH, 3)) for _ in range(2)]
        for p in [*self.G.parameters(), *self.D.parameters()]:
            p.data *= 2
            p.grad = None if images else torch.ones_like(p)
        before = self.weights("G"), self.weights("D")
        self.opt, self.returned = _Optimiser((self.G if who == "G" else self.D).parameters()), []
        for x_real, z in batches:
            x_real, x_fake = x_real.to(device()), (1 * self.G(z)).to(device())      # no view, as after a Tanh
            given = [x_real, x_fake] if who == "D" else [x_fake]
            kept = [x.detach().clone() for x in given]
            self.returned.append(step(self.D if images else _Judge(self.D), self.opt, *given, loss))
            if not x_fake.requires_grad:
                raise Wrong("it cuts x_fake off in place, so G's own step finds nothing to follow: use "
                            "x_fake.detach(), which leaves x_fake as it is.")
            if not all(map(torch.equal, kept, given)):
                raise Wrong("it changes the images that it was given: work on a copy.")
        self.moved = {"G": self.weights("G") - before[0], "D": self.weights("D") - before[1]}
        group = self.opt.param_groups[0]
        if group["lr"] != 0.1 or group["momentum"] != 0.9:
            raise Wrong("it changes the settings of the optimiser: a step leaves the learning rate as it is.")
        if not self.D.training or not all(p.requires_grad for p in [*self.G.parameters(), *self.D.parameters()]):
            raise Wrong("it leaves a network frozen or in another mode: a step changes weights and nothing else.")

    def weights(self, who):
        net = self.G if who == "G" else self.D
        return torch.cat([p.detach().flatten() for p in net.parameters()])


def _check_step(f, who, right, loss, call_line, slips):
    """What both steps share: `who` moves as in `right`, the other player stays, the loss comes back."""
    for images in (False, True):
        used = []

        def low(*logits):                                     # a critic's loss can be negative
            return 0.05 * loss(*logits) - 3 if images else loss(*logits)

        def spy(*logits):
            used.append(logits)
            return low(*logits)

        def climb(*args):
            right(*args[:-1], lambda *logits: -low(*logits))

        mine, want = _Round(f, who, spy, images), _Round(right, who, low, images)
        if not mine.D.calls:
            raise Wrong(f"it never asks the D that it is given, perhaps the notebook's own instead: {call_line}")
        if not used:
            raise Wrong(f"it does not use the loss that it is given: {call_line}")
        still = f"opt_{who}.zero_grad(), loss.backward() and opt_{who}.step() are all needed, in this order"
        if not mine.opt.stepped:
            still = f"opt_{who}.step() is never called"
        elif who == "G":
            still = f"{still}, and no detach: the gradient reaches G through x_fake"
        expect(mine.moved[who], want.moved[who], f"two steps with opt_{who}: {who}'s weights move by other values:",
               slips=((0 * want.moved[who], f"{who} has not moved: {still}."),
                      (_Round(climb, who, low, images).moved[who],
                       f"{who} climbs its loss: call backward() on the loss, not on minus it."),
                      *((_Round(slip, who, low, images).moved[who], sentence) for slip, sentence in slips)))
        other = "D" if who == "G" else "G"
        if mine.moved[other].any():
            raise Wrong(f"it moves {other} too: only opt_{who} makes a step here.")
        for got, right_loss in zip(mine.returned, want.returned):
            if got is None:
                raise Wrong("it returns nothing: end with return loss, which the notebook plots.")
            if isinstance(got, (tuple, list)):
                raise Wrong(f"it returns a {type(got).__name__}: return the loss alone.")
            got = torch.as_tensor(got, dtype=torch.float32).detach()
            expect(got, right_loss.detach().cpu(), "the loss it returns:")
        if who == "D" and any((p.grad is not None) if images else (p.grad != 1).any() for p in mine.G.parameters()):
            raise Wrong("D moves as it should, but the step reaches back into G, fills its gradients and uses up the "
                        "graph that G's own step needs: D(x_fake.detach()) cuts that off.")


def check_d_step(f):
    def adds(D, opt_D, x_real, x_fake, d_loss):
        d_loss(D(x_real), D(x_fake.detach())).backward()
        opt_D.step()

    def swaps(D, opt_D, x_real, x_fake, d_loss):
        return d_step(D, opt_D, x_fake, x_real, d_loss)

    def half(D, opt_D, x_real, x_fake, d_loss):
        opt_D.zero_grad()
        d_loss(D(x_real), D(x_fake).detach()).backward()
        opt_D.step()

    def by_hand(D, opt_D, x_real, x_fake, d_loss):
        weights = opt_D.param_groups[0]["params"]
        slopes = torch.autograd.grad(d_loss(D(x_real), D(x_fake.detach())), weights, allow_unused=True)
        for p, slope in zip(weights, slopes):
            p.data -= 0 if slope is None else opt_D.param_groups[0]["lr"] * slope

    _check_step(f, "D", d_step, d_loss, "loss = d_loss(D(x_real), D(x_fake.detach())).", slips=(
        (adds, "The gradients that G's step left in D are added in: opt_D.zero_grad() comes before backward()."),
        (half, "D learns nothing from the fakes: detach what goes into D, not what comes out."),
        (by_hand, "The weights are moved by hand: opt_D.step() knows more than the learning rate."),
        (swaps, "Real and fake have changed places: d_loss takes D(x_real) first.")))


@reference(check_d_step, hints=(
    "Five small things: take the loss, empty D's gradients, backward, step, return the loss.",
    "x_fake still hangs on the graph of G, and nothing of this step may reach G: x_fake.detach() cuts it off.",
    "loss = d_loss(D(x_real), D(x_fake.detach())), then opt_D.zero_grad(), loss.backward(), opt_D.step(), "
    "return loss."))
def d_step(D, opt_D, x_real, x_fake, d_loss):
    loss = d_loss(D(x_real), D(x_fake.detach()))    # D learns here, not G
    opt_D.zero_grad()
    loss.backward()
    opt_D.step()
    return loss


def check_g_step(f):
    def adds(D, opt_G, x_fake, g_loss):
        g_loss(D(x_fake)).backward()
        opt_G.step()

    _check_step(f, "G", g_step, g_loss, "loss = g_loss(D(x_fake)).", slips=(
        (adds, "G's gradients of the step before are added in: opt_G.zero_grad() comes before backward()."),))


@reference(check_g_step, hints=(
    "The same shape as D's step, with one difference: the gradient must now pass through D into G, so no detach.",
    "D is a judge here, not a player: only opt_G makes a step. What backward() leaves in D, D's own step empties.",
    "loss = g_loss(D(x_fake)), then opt_G.zero_grad(), loss.backward(), opt_G.step(), return loss."))
def g_step(D, opt_G, x_fake, g_loss):
    loss = g_loss(D(x_fake))                        # the gradient flows through D into G
    opt_G.zero_grad()
    loss.backward()
    opt_G.step()
    return loss


class _Largest(TorchDispatchMode):
    """Keeps the number of elements of the largest tensor that is made inside it."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        self.numel = max(self.numel, out.numel()) if torch.is_tensor(out) else self.numel
        return out


def check_jacobian_norm(f):
    W = torch.tensor([[3.0, 1.0, -2.0], [4.0, 2.0, 0.5]])
    z = torch.randn(5, 3)
    norm = W.square().sum().sqrt()
    given = "with G(z) = W z of three latents, whose Jacobian is W for every z,"
    with _Largest() as seen:
        got = call(f, lambda z: z @ W.T.to(z.device), z)
    expect(got, norm.expand(5), given, slips=(
        (norm.square().expand(5), "That is its square: take the root of the sum of squares."),
        (torch.linalg.matrix_norm(W, 2).expand(5), "That is the largest singular value; wanted is the root of the "
         "sum of all squares, the Frobenius norm."),
        (norm, "One number for each z is wanted, not one for the batch."),
        (norm * 5 ** 0.5, "One number for each z is wanted, not one for the batch: .flatten(1).norm(dim=1)."),
        (W.square().sum(1).sqrt().expand(5, 2), "The sum runs over one axis only: both axes of each matrix count."),
        (W.square().sum(0).sqrt().expand(5, 3), "The sum runs over one axis only: both axes of each matrix count."),
        (W.abs().sum().expand(5), "That is the sum of absolute values: take the root of the sum of squares."),
        ((norm * 5 ** 0.5).expand(5), "The Jacobian of the whole batch is taken, which mixes all z: vmap "
         "goes over the batch."),
        (W.sum().abs().expand(5), "The outputs are summed before the derivative: each output has its own row."),
        (W.sum(0).norm().expand(5), "The outputs are summed before the derivative, so their slopes can cancel: each "
         "output has its own row, as in torch.func.jacrev.")))
    if seen.numel >= 5 * W.numel() * 5:
        raise Wrong("its value is right, but it takes the slopes of every output along every z of the batch: with "
                    "4,000 z that is 50 GB. Let jacrev see one z, and vmap go over the batch.")
    for z in (z, torch.randn(307, 2)):
        net = nn.Sequential(nn.Linear(z.shape[1], 8), nn.Tanh(), nn.Linear(8, 2))
        for p in net.parameters():
            p.data *= 8                                   # steep in places, as at the crossings of the ring
        want = torch.stack([torch.autograd.functional.jacobian(net, row).norm() for row in z])
        expect(call(f, net.to(device()), z).detach(), want, f"with a small network of {z.shape[1]} latents, whose "
               "Jacobian differs from z to z,")


@reference(check_jacobian_norm, hints=(
    "torch.func.jacrev(G) is a function: it takes one z (d,) and gives the matrix of all slopes, (2, d) on the ring.",
    "torch.func.vmap(torch.func.jacrev(G))(z) does so for every row of z: (B, 2, d).",
    "The norm of each matrix: .flatten(1).norm(dim=1)."))
def jacobian_norm(G, z):
    return torch.func.vmap(torch.func.jacrev(G))(z).flatten(1).norm(dim=1)


SHARE = "torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)"


class _Remember(torch.autograd.Function):
    """The identity, which keeps what passes through it, inside torch.func's vmap and grad, too."""

    @staticmethod
    def forward(x, critic):
        critic.seen.append(x.detach().clone().cpu())
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, slope):
        return slope, None

    @staticmethod
    def vmap(info, in_dims, x, critic):
        return _Remember.apply(x.movedim(in_dims[0], 0), critic), 0


class _Critic(nn.Module):
    """D(x) = <w, x> + half the square of <v, x>, which keeps every x it is asked about."""

    def __init__(self, curved, like):
        super().__init__()
        self.shape = like.shape[1:]
        w = torch.randn(self.shape.numel())
        self.w, self.v = nn.Parameter(0.6 * w / w.norm()), torch.randn(len(w)) * curved
        self.seen = []

    def forward(self, x):
        if x[0].numel() != len(self.w):
            raise Wrong(f"D is asked about shape {tuple(x.shape)} when its inputs are {len(self.w)} numbers each: u "
                        f"needs as many axes as x_real, {SHARE}.")
        place, x = x.device, _Remember.apply(x, self).flatten(1).cpu()
        return (x @ self.w + (x @ self.v).square() / 2).to(place)

    def asked(self):
        """All points that it was asked about, (n, ...)."""
        return torch.cat([x.reshape(-1, *self.shape) for x in self.seen])

    def penalty(self):
        """The exact penalty at those points."""
        x = self.asked().flatten(1)
        return ((self.w + (x @ self.v)[:, None] * self.v).norm(dim=1) - 1).square().mean()


def _where(D, x_real, x_fake):
    """Raise `Wrong` unless D was asked once between each real and its fake, at a place u of its own; returns u."""
    x = D.asked()
    if x.shape != x_real.shape:
        raise Wrong(f"D is asked about {len(x):,} points, wanted one for each of the {len(x_real):,} pairs.")
    u = ((x - x_fake) / (x_real - x_fake)).flatten(1)
    if (u - u[:, :1]).abs().max() > 0.02:
        raise Wrong("the points lie off the segments between real and fake: u x_real + (1 - u) x_fake with one u for "
                    "each image, which has as many axes as x_real, and weights that sum to 1.")
    u = u.median(1).values
    if u.min() < -1e-2 or u.max() > 1.01:
        raise Wrong("some points lie outside the segments from fake to real: u must be uniform on [0, 1], torch.rand, "
                    "not normal, torch.randn.")
    if u.std() < 0.01 and (abs(u.mean()) < 0.01 or abs(u.mean() - 1) < 0.01):
        raise Wrong("D is asked at the images themselves: mix each real with its fake, u x_real + (1 - u) x_fake.")
    if u.std() < 0.01:
        raise Wrong("all pairs use the same u: draw one for each image.")
    return u


def check_gradient_penalty(f):
    def pairs(n, *shape):                         # far apart in every number, so that u can be read off
        x = torch.randn(n, *shape)
        return x + 3, torch.randn(n, *shape) - 3

    images, points = pairs(61, 1, 3, 5), pairs(67, 2)
    kinds = {f"{name} {tuple(given[0].shape)}": (_Critic(0.0, given[0]), *given)
             for name, given in (("images", images), ("points", points))}
    tip = f"u needs as many axes as x_real, {SHARE}."
    (_, (D, *_), got), *_ = on_each(f, kinds, tip)
    w, image = D.w, D.w.reshape(3, 5)
    expect(got, (w.norm() - 1).square().detach(), "with a linear critic <w, x>, whose slope is w everywhere,", slips=(
        (w.norm() - 1, "The square is missing."),
        (10 * (w.norm() - 1).square(), "It is ten times too large: the weight lambda is applied outside."),
        (w.square().sum() - 1, "The square is taken of the wrong thing: (norm - 1)^2."),
        ((w.square().sum() - 1).square(), "The norm lacks its square root."),
        (w.square().sum(), "That pulls the slope to 0, as R1 does; here it is pulled to 1."),
        ((w.norm() / 61 - 1).square(), "D's outputs are averaged before the derivative, which divides each slope by "
         "the batch size: sum them."),
        *(((image.norm(dim=axis) - 1).square().mean(),
           "The norm runs over one axis only: flatten each image, then norm(dim=1).") for axis in range(2)),
        ((w.abs() - 1).square().mean(), "The norm runs over one axis only: flatten each image, then norm(dim=1)."),
        (((w.norm() * 61 ** 0.5) - 1).square(), "The norm runs over the whole batch: one norm for each image."),
        ((w.norm() - 1).square() * 61, "It sums over the batch: use the mean."),
        ((w.norm() - 1).clamp(min=0).square(), "That is the one-sided penalty; here a slope below 1 costs as well.")))
    _where(D, *images)
    one_call = len(D.seen) == 1
    if not got.requires_grad or torch.autograd.grad(got, w, retain_graph=True, allow_unused=True)[0] is None:
        raise Wrong("its value is right, but D cannot learn from it: torch.autograd.grad(..., create_graph=True) keeps "
                    "the slope differentiable.")
    expect_slopes(got, (w.norm() - 1).square(), **{"D's weights": w})

    def ask_again():
        D.seen.clear()
        f(D, *images)
        return _where(D, *images)

    expect_fresh(ask_again, "u")
    for shape in ((2,), (1, 3, 1)):
        given = pairs(20_011 if one_call else 503, *shape)
        D = _Critic(0.0, given[0])
        f(D, *given)
        expect_uniform(_where(D, *given), "u")
    for kind, (_, *given) in kinds.items():
        D = _Critic(0.3, given[0])
        got = call(f, lambda x: D(x), *given)             # a function, as in section 9
        expect(got, D.penalty(), f"on {kind} with a curved critic, whose slope differs from place to place,")
        expect_slopes(got, D.penalty(), **{"D's weights": D.w})


@reference(check_gradient_penalty, hints=(
    "Three parts: a random point on each segment from fake to real, the slope of D there, its norm's distance from 1.",
    f"{SHARE} gives one u for each row, of points and of pictures alike.",
    "torch.autograd.grad(D(x).sum(), x, create_graph=True) gives the slopes; x must have requires_grad_() first. "
    "create_graph lets D learn from them.",
    "The norm over all but the batch: slope.flatten(1).norm(dim=1), then ((norm - 1) ** 2).mean()."))
def gradient_penalty(D, x_real, x_fake):
    u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)
    x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
    slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def check_project(f):
    h, y = torch.randn(7, 131, requires_grad=True), torch.tensor([0, 3, 1, 1, 8, 0, 2])
    head, embed = nn.Linear(131, 1).to(device()), nn.Embedding(11, 131).to(device())
    label = embed(y.to(device())).cpu()

    def said(h):
        return head(h.to(device())).cpu()[:, 0]

    plain, match = said(h), (label * h).sum(1)
    got = call(f, h, y, head, embed)
    expect(got, plain + match, "with 7 features of length 131, and 11 classes of which the batch holds 5,", slips=(
        (plain, "The label is not used: add the inner product of embed(y) and h."),
        (match, "The head is not used: D must also say whether the image is real at all."),
        (plain[:, None] + match, "head(h) has shape (B, 1) and spreads over the batch: head(h)[:, 0], or squeeze it."),
        (plain + (label @ h.T).sum(1), "Every label is multiplied with every image: multiply row by row, then sum."),
        (plain + match.sum(), "The sum runs over the whole batch and mixes the images: sum over dim 1."),
        (plain + match / 131, "It takes the mean over the features: an inner product is a sum."),
        (plain - match, "The match is subtracted: an image that fits its label should get a higher logit."),
        (said(h + label), "The label is added before the head: it then shifts the logit by the "
         "same amount for every image."),
        (said(h * label), "The head is laid on the product: head(h) and the inner product are two terms.")))
    expect_slopes(got, plain + match, h=h, **{"head.weight": head.weight, "head.bias": head.bias,
                                              "embed.weight": embed.weight})
    expect(call(f, h[:1], y[:1], head, embed), (plain + match)[:1], "with a batch of one image")


@reference(check_project, hints=(
    "Two terms: head(h) says how real the image is, the inner product of embed(y) and h how well it fits its label.",
    "An inner product for each row: multiply element by element, then sum over dimension 1.",
    "head(h) has shape (B, 1): head(h)[:, 0] + (embed(y) * h).sum(1)."))
def project(h, y, head, embed):
    return head(h)[:, 0] + (embed(y) * h).sum(1)


def check_inside(f):
    def share(hits):
        return hits.float().mean()

    support, x = torch.randn(701, 5), torch.randn(997, 5) + 0.8
    support[:3] = 10 * torch.eye(3, 5)
    x[:3] = support[:3] + 1e-3                            # each in its partner's ball alone
    x[3:203] *= torch.linspace(1, 30, 200)[:, None]       # farther and farther out
    x[211:231] = x[231]                                    # a model may draw the same image again and again
    among, d = torch.cdist(support, support), torch.cdist(x, support)
    near = among.sort(1).values                        # (701, 701), column 0: the point itself
    for k, other_k in ((3, 1), (1, 3)):
        in_balls = d < near[:, k]
        want = share(in_balls.any(1))
        given = f"with 997 points x, 701 points support and k = {k}"
        got = call(f, x, support, k)
        if isinstance(got, numbers.Real) or torch.is_tensor(got):
            got = torch.as_tensor(got, dtype=torch.float32)
        expect(got, want, given, slips=(
            (share((d < near[:, k - 1]).any(1)), "The nearest neighbour of a point in its own set is the point "
             "itself, at distance 0: take the (k + 1)-th smallest distance."),
            (share(in_balls.any(0)), "It is the share of balls that hold a point: reduce over the "
             "support first, then take the mean over x."),
            (share(in_balls), "It is the share of pairs: a point counts once if any ball holds it."),
            (share(in_balls.all(1)), "A point is inside if any ball holds it, not all."),
            *((share((d < near.flip(1)[:, j]).any(1)), "The radius reaches to the farthest neighbours: the smallest "
               "distances are wanted (topk takes the largest unless told largest=False).") for j in (k - 1, k)),
            (share((d > near[:, k]).any(1)), "It asks whether x lies outside of some ball: turn the inequality."),
            *((share((d < factor * near[:, k]).any(1)), f"The radius is {how} as large as it should be: it is the "
               "distance to the k-th neighbour itself.") for factor, how in ((2, "twice"), (0.5, "half"))),
            (share((d < near[:, k:k + 1].square().T).any(1)), "The radius is squared, the distance is not."),
            (share((d < near[:, 1:k + 1].mean(1)).any(1)), "The radius is the distance to the k-th neighbour, not the "
             "mean over the first k."),
            (share((d.T < torch.cdist(x, x).sort(1).values[:, k]).any(1)), "x and support have changed places: balls "
             "are around support."),
            (share((d < torch.cdist(support, x).sort(1).values[:, k]).any(1)), "The radius of a ball is measured among "
             "the points of support: torch.cdist(support, support)."),
            (share((d < near[:, k].max()).any(1)), "Each ball has its own radius, not the largest of all."),
            (share(d.min(1).values < near[d.argmin(1), k]), "Only the nearest centre is asked, and a ball farther off "
             "can be larger: any ball counts."),
            (share((d < among[:, k]).any(1)), "The distances are not sorted: the (k + 1)-th smallest of each row."),
            (share((d < near[:, other_k]).any(1)), "k is not used: another k, another radius."),
            (in_balls.any(1).sum(), "That is how many, not which share: divide by the number of x."),
            (1 - want, "That is the share outside: turn the inequality.")))
    expect(torch.as_tensor(f(x[:701], support, 3), dtype=torch.float32), share((d[:701] < near[:, 3]).any(1)),
           "with as many points x as points support,")
    expect(torch.as_tensor(f(x, support), dtype=torch.float32), share((d < near[:, 3]).any(1)), "without k, that is 3,")


@reference(check_inside, hints=(
    "Around each point of support there is a ball that reaches to its k-th nearest neighbour; torch.cdist gives "
    "all distances.",
    "torch.cdist(support, support) has zeros on the diagonal: that neighbour is the (k + 1)-th smallest of a row, "
    ".sort(dim=1).values[:, k].",
    "radius as above, then (torch.cdist(x, support) < radius).any(1) says for each x whether a ball holds it; "
    "take the mean."))
def inside(x, support, k=3):
    radius = torch.cdist(support, support).sort(dim=1).values[:, k]      # column 0: the point itself
    return (torch.cdist(x, support) < radius).any(1).float().mean()
