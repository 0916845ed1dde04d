"""Exercises that never stop the notebook: check, hint and solution. One file per notebook holds the exercises.

In a notebook:

    @exercise
    def d_loss(d_real, d_fake):
        ...

binds `d_loss` to the reader's function if it passes its check, else to the reference, and says which and why.
"""

import contextlib
import ctypes
import difflib
import dis
import functools
import importlib
import inspect
import io
import linecache
import math
import sys
import threading
import time
import traceback

import torch

from ..language import say
from ..machine import device, same_random_numbers

SEED = 20141210      # where checks begin; an answer that sets the seed itself will hardly choose the same
TIME_LIMIT_S = 10    # of computing, not of waiting for a crowded machine; a check takes under a second
HELP = {             # part of what torch says: what that means here
    "ellipsis": "A ... is still in there.",
    "only for scalar outputs": "Take the sum of the outputs first, or give torch.autograd.grad their weights.",
    "must match the size": "Two tensors there have shapes that do not fit together: print their .shape.",
    "cannot be multiplied": "Two tensors there have shapes that do not fit together: print their .shape.",
    "does not require grad": "The way from the loss back to the weights is cut: no detach, no_grad or .item() on it.",
    **dict.fromkeys(("on Tensor that requires grad", "device type tensor to numpy"),
                    "numpy cannot follow a gradient, and knows no device but the CPU: stay with torch."),
    "float64": "An Apple GPU knows float32 only: no .double(), and no numbers from numpy.",
    "leaf Variable": "It changes its input in place: work on a copy.",
    "for 'Long'": "y holds whole numbers: draw torch.rand(y.shape, device=y.device).",
    "'Spy' object": "net is any function: call net(xt, t), and take the device from x0.",
    "argument: 't'": "Call it as net(xt, t).",
    **dict.fromkeys(("same device", "Placeholder storage"),
                    "A tensor is made on the CPU there: device=device, or torch.randn_like of an input, puts it where "
                    "the others are."),
    "Got: Bool": "Turn True and False into numbers first: .float().mean().",
    "for ^": "The power of a number is written **.",
    "backward through the graph a second time": "The first call has freed the graph: retain_graph=True keeps it.",
    "tuple indices must be": "torch.autograd.grad returns a tuple: [0] takes the slopes out of it.",
    "expected a matrix": "It has an axis too many: print its .shape.",
    "Boolean value of Tensor": "Choose number by number: torch.where, or a product with the mask.",
    **dict.fromkeys(("with a bool tensor", "only implemented on integer and Boolean"),
                    "The mask holds the numbers 0 and 1: 1 - mask, or mask.bool() for torch.where."),
    "invalid for input of size": "Take shapes from the inputs: those of a check are small.",
}
_known = {}
_bound, _state, _hints_given = (globals().get(name, {}) for name in ("_bound", "_state", "_hints_given"))  # if reloaded


class Wrong(Exception):
    """An answer is not right; the message is the sentence the reader sees."""


def _changed(name):
    return Wrong(f"it changes its input `{name}` in place: work on a copy, for example `{name} + 0`.")


def reference(check, hints):
    """Register the decorated function as the reference of the exercise with its name.

    check: called with the reader's function, raises `Wrong` if it is not right. hints: from vague to precise.
    """
    def register(function):
        _known[function.__name__] = (function, check, hints)
        return function
    return register


def exercise(function=None, *, mine=False):
    """Check the reader's function; return it if it is right, else the reference, and print one or two lines.

    `@exercise(mine=True)` keeps a wrong function all the same, to see what it does to the training.
    """
    if function is None:
        return functools.partial(exercise, mine=mine)
    name = function.__name__
    if not _exists(name):
        print(say("So the function is left as it is."))
        return function
    answer, check, _ = _known[name]
    _bound[name] = answer
    blank = _is_blank(function)
    wrong = None if blank else _judge(function, check)
    if blank:
        _state[name] = "the reference (not filled in)"
        print(say(f"{name}: not filled in yet - using the reference so that you can go on. "
                  f'hint("{name}") helps.'))
    elif wrong is None:
        _state[name], _bound[name] = "yours", function
        print(say(f"{name}: right - from here on the notebook runs on your version."))
        return function
    elif mine:
        _state[name], _bound[name] = "yours, though not right (mine=True)", function
        print(say(f"{name}: not right yet - {wrong}\nYour version is used all the same, because of mine=True."))
        return function
    else:
        _state[name] = "the reference (yours is not right yet)"
        print(say(f"{name}: not right yet - {wrong}\nUsing the reference so that you can go on."))
    return answer


def hint(name):
    """Print the next hint for an exercise; the last one points to the solution."""
    name = getattr(name, "__name__", name)
    if _exists(name):
        hints = _known[name][2]
        given = min(_hints_given.get(name, 0) + 1, len(hints))
        _hints_given[name] = given
        print(say(f"Hint {given} of {len(hints)}: {hints[given - 1]}"))
        if given == len(hints):
            print(say(f'That was the last one: solution("{name}") prints the answer.'))


def solution(name):
    """Print the source of the reference, the same function that the notebook falls back on."""
    name = getattr(name, "__name__", name)
    if _exists(name):
        source = inspect.getsource(_known[name][0])
        sys.stdout.write(source[source.index("def "):].rstrip() + "\n")     # code is code in every language


def summary():
    """List the exercises met so far and whose function the notebook uses."""
    names = inspect.currentframe().f_back.f_globals          # the notebook's
    own = 0
    lines = []
    for name, state in _state.items():
        if callable(names.get(name)) and names[name] is not _bound[name]:
            state = "a function that was not checked: put @exercise above it and run its cell"
        own += state.startswith("yours")
        lines.append(f"  {name}: {say(state)}")
    print(say(f"{own} of {len(_state)} exercises run on your own code."), *lines, sep="\n")


def _exists(name):
    if name in _known:
        return True
    close = difflib.get_close_matches(str(name), _known, 1, 0.5)
    print(say(f"{name!r} is not the name of an exercise: did you mean `{close[0]}`?" if close else
              f"{name!r} is not the name of an exercise."))
    return False


def _operations(function):
    """What the interpreter does in the function, texts left out."""
    return [(i.opname, "" if isinstance(i.argval, str) and "CONST" in i.opname else i.argval)
            for i in dis.get_instructions(function)]


def _blank_functions():
    scope = {}
    for body in ("...", "return ...", "raise NotImplementedError", "raise NotImplementedError()",
                 "raise NotImplementedError('')"):
        exec(f"def f(): {body}", scope)                      # compiled by this interpreter: each version differs
        yield _operations(scope["f"])


def _is_blank(function):
    """True if the body is only a docstring, `...`, `pass`, `return` or `raise NotImplementedError`."""
    return _operations(function) in list(_blank_functions())


def _judge(function, check):
    """None if `check(function)` passes, else one sentence on what is wrong. Leaves the random numbers alone."""
    printed = _Capped()
    torch.zeros(1, device=device()) + 1            # the first call wakes a GPU, which can take longer than a check
    try:
        with same_random_numbers(), torch.enable_grad(), _time_limit(), contextlib.redirect_stdout(printed):
            torch.manual_seed(SEED + 1)                # of all devices; the check's own numbers are others
            torch.default_generator.manual_seed(SEED)
            check(_on_device(function))
        return None
    except Wrong as wrong:
        return str(wrong)
    except Exception as error:
        if isinstance(error, NotImplementedError) and not str(error):
            return "it raises NotImplementedError: finish it, or leave only ... in the body."
        return _crash(function, error)
    finally:
        if printed.getvalue():
            print(printed.getvalue().rstrip())


def _on_device(function):
    """The function where the notebook runs: tensors go to that device, and what it returns comes back to the CPU.

    It must return tensors of that device, change no tensor that it was given, and not set the seed of all of torch.
    """
    place, names = device(), list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def watched(*args):
        seed, args = torch.initial_seed(), [arg.to(place) if torch.is_tensor(arg) else arg for arg in args]
        given = [(name, arg, arg.detach().clone()) for name, arg in zip(names, args) if torch.is_tensor(arg)]
        got = function(*args)
        if torch.initial_seed() != seed:
            raise Wrong("it sets torch's seed, for the whole notebook: without a fixed seed each call draws anew.")
        for name, arg, before in given:
            if not torch.equal(arg.detach().nan_to_num(), before.nan_to_num()):
                raise _changed(name)
        return _back(got, place) if given else got
    return watched


def _back(got, place):
    """What an answer returned, its tensors moved to the CPU."""
    if isinstance(got, (tuple, list)):
        return type(got)(_back(part, place) for part in got) if type(got) in (tuple, list) else got
    if torch.is_tensor(got) and got.device.type != place.type:
        raise Wrong(f"it returns a tensor on device {got.device}, wanted {place}: follow the inputs.")
    return got.cpu() if torch.is_tensor(got) else got


def _crash(function, error):
    """Where the reader's code stopped, and why, in one sentence."""
    text = (str(error).splitlines() or [""])[0].rstrip(".")
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == function.__code__.co_filename]
    where = linecache.getline(function.__code__.co_filename, lines[-1]).strip() if lines else ""
    help = next((help for part, help in HELP.items() if part in text), "")
    text = f"{text}, in the line `{where}`" if where and len(where) <= 80 else text
    message = say(f"it stops with {type(error).__name__}: {text}")
    return f"{message}. {say(help)}".rstrip()


class _Capped(io.StringIO):
    """Standard output during a check, so that an endless print cannot drown the notebook."""

    def write(self, text):
        if self.tell() > 2000:
            raise Wrong("it prints without end: is there a loop that never stops?")
        return super().write(text)


class _Late(BaseException):
    """Raised inside an answer that runs too long; no `except Exception` of the reader's stops it."""


@contextlib.contextmanager
def _time_limit():
    """TIME_LIMIT_S seconds of this thread's own computing, where the system tells them apart, or six times as long in
    all: on a crowded machine a right answer waits, too."""
    ended, thread = threading.Event(), threading.get_ident()
    try:
        spent = functools.partial(time.clock_gettime, time.pthread_getcpuclockid(thread))
    except AttributeError:                         # macOS, Windows
        spent = time.monotonic
    start, end = spent(), time.monotonic() + 6 * TIME_LIMIT_S

    def watch():                                   # works where the stop button's signal is ignored, too
        while not ended.wait(TIME_LIMIT_S / 20):
            if spent() - start > TIME_LIMIT_S or time.monotonic() > end:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Late))
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except _Late:
        raise Wrong(f"it takes more than {TIME_LIMIT_S} seconds on a tiny input: is there a loop that never "
                    "ends, or one over single numbers?") from None
    finally:
        ended.set()


# For the files of exercises: calling the reader's function, and comparing what it returns.

def call(function, *args):
    """function(*args), with a sentence if it changes what it was given, calls backward() or returns nothing."""
    weights = {f"{name}.{part}": weight for name, arg in zip(inspect.signature(function).parameters, args)
               if isinstance(arg, torch.nn.Module) for part, weight in arg.named_parameters()}
    before = [weight.detach().clone() for weight in weights.values()]
    got = function(*args)
    for (name, weight), old in zip(weights.items(), before):
        if not torch.equal(weight.detach(), old):
            raise _changed(name)
    if any(x.is_leaf and x.grad is not None for x in [*filter(torch.is_tensor, args), *weights.values()]):
        raise Wrong("it calls backward() itself: only return the loss, the training loop does the rest.")
    if got is None:
        raise Wrong("it returns nothing: does the last line say return?")
    return got


def on_each(function, kinds, tip=""):
    """(kind, args, function(*args)) for each kind of input: `kinds` is {"points (B, 2)": args, "images ...": args}.

    An answer that stops on one kind and not on another is told so, with `tip`, after the kinds on which it does not.
    """
    got, stopped = {}, {}
    for kind, args in kinds.items():
        try:
            got[kind] = call(function, *args)
        except (RuntimeError, IndexError, ValueError, TypeError) as error:
            stopped[kind] = error
    if not got:
        raise next(iter(stopped.values()))
    for kind, value in got.items():
        yield kind, kinds[kind], value
    for kind, error in stopped.items():
        raise Wrong(f"it works for {next(iter(got))}, but for {kind} it stops with {type(error).__name__}: "
                    f"{str(error).splitlines()[0]}. (B, ...) stands for both. {tip}".rstrip())


def current(name):
    """The function that the notebook uses under this name: the reader's, or the reference."""
    return _bound.get(name, _known[name][0])


def expect(got, want, given, slips=()):
    """Raise `Wrong` unless `got` is a tensor like `want`: value, shape, dtype, device, and a gradient if it has one.

    given: what went in, in words. slips: pairs (tensor that a usual slip gives, sentence about that slip).
    """
    if isinstance(got, (tuple, list)) and any(torch.is_tensor(part) for part in got):
        raise Wrong(f"it returns a {type(got).__name__} of {len(got)}, wanted one tensor.")
    if not torch.is_tensor(got):
        raise Wrong(f"it returns a {type(got).__name__} and should return a tensor: no .item(), no numpy, no float().")
    if got.device != want.device:
        raise Wrong(f"{given} it returns a tensor on device {got.device}, wanted {want.device}: follow the inputs.")
    sentences = {sentence for value, sentence in slips if same(got, value) and not same(value, want)}
    if len(sentences) == 1:                                  # several slips can give one number: then none is blamed
        raise Wrong(f"{given} it gives {_apart(got, want)}. {sentences.pop()}")
    for what, mine, right in (("shape", tuple(got.shape), tuple(want.shape)), ("dtype", got.dtype, want.dtype)):
        if mine != right:
            raise Wrong(f"{given} it returns {what} {mine}, wanted {right}.")
    if got.isnan().any() and not want.isnan().any():
        raise Wrong(f"{given} it gives {_apart(got, want)}. NaN comes of a negative number under a root or a "
                    "logarithm, or of 0 / 0.")
    if not got.isfinite().all():
        raise Wrong(f"{given} it gives {_short(got)}: not finite, wanted {_short(want)}.")
    if not same(got, want):
        raise Wrong(f"{given} it gives {_apart(got, want)}.")
    if want.requires_grad and not got.requires_grad:
        raise Wrong("its value is right but no gradient flows back: no .detach(), .data, numpy or no_grad here.")


def expect_slopes(got, want, **inputs):
    """Raise `Wrong` unless the gradient that reaches each of `inputs` is the one that `want` sends there."""
    weights = torch.linspace(1, 2, want.numel(), dtype=want.dtype).view(want.shape)      # so that nothing cancels
    mine, right = (torch.autograd.grad((value * weights).sum(), list(inputs.values()), retain_graph=True,
                                       allow_unused=True) for value in (got, want))
    for name, a, b in zip(inputs, mine, right):
        if a is None and b is not None:
            raise Wrong(f"its value is right but no gradient flows back to {name}: no .detach() or .data here.")
        if b is not None and not same(a, b):
            raise Wrong(f"its value is right but the gradient that reaches {name} is not, {_apart(a, b)}: a part of "
                        "the formula is cut off. No .detach(), .data, .item() or no_grad here.")


def expect_normal(eps, whose):
    """Raise `Wrong` unless `eps` (n, ...), some ten thousand numbers, are independent draws from N(0, 1)."""
    flat = eps.detach().flatten().double()
    tip = f"wanted draws from N(0, 1), torch.randn or torch.randn_like, one for each number of each item {whose}."
    distance = torch.special.ndtr(flat.sort().values) - (torch.arange(len(flat)) + 0.5) / len(flat)
    if abs(flat.mean()) > 0.05 or abs(flat.std() - 1) > 0.05:
        raise Wrong(f"the noise has mean {flat.mean():.2f} and standard deviation {flat.std():.2f}, {tip}")
    if flat.abs().unique().numel() < 0.9 * len(flat):
        raise Wrong(f"the noise repeats itself, {tip}")
    if distance.abs().max() > 2.7 / len(flat) ** 0.5:        # Kolmogorov and Smirnov: by luck once in a million times
        raise Wrong(f"the noise has the right mean and width, but it is not normal, {tip}")
    kurtosis = ((flat - flat.mean()) / flat.std()).pow(4).mean() - 3
    if abs(kurtosis) > 6 * (24 / len(flat)) ** 0.5:          # six standard errors
        raise Wrong(f"the noise is not normal, its tails are too {'light' if kurtosis < 0 else 'heavy'}, {tip}")
    if flat.abs().max() < -torch.special.ndtri(torch.tensor(7 / len(flat))):       # by luck once in a million times
        raise Wrong(f"no noise is farther out than {flat.abs().max():.1f}, {tip}")


def expect_uniform(u, what):
    """Raise `Wrong` unless `u` (n,), some thousand numbers, are draws from the whole of [0, 1]."""
    u = u.detach().flatten().double()
    tip = f"{what} must be uniform on [0, 1], torch.rand."
    if u.min() < -1e-3 or u.max() > 1.001:
        raise Wrong(f"{what} runs from {u.min():.2g} to {u.max():.2g}, wanted 0 to 1: {tip}")
    edge = 20 / len(u)                                       # all stay off by luck once in 10^8 times
    if u.min() > edge or u.max() < 1 - edge:
        raise Wrong(f"{what} runs from {u.min():.3f} to {u.max():.3f} only, and should reach both ends: {tip}")
    if (u.sort().values - (torch.arange(len(u)) + 0.5) / len(u)).abs().max() > 2.7 / len(u) ** 0.5:
        raise Wrong(f"{what} has mean {u.mean():.2f} and standard deviation {u.std():.2f}, wanted 0.50 and 0.29, with "
                    f"all values alike: {tip}")
    if abs(torch.stack([u, torch.arange(len(u))]).corrcoef()[0, 1]) > 0.25:
        raise Wrong(f"{what} grows or falls along the batch: {tip}")
    different = (u * 1e6).round().unique().numel()
    if different < 0.95 * len(u):
        raise Wrong(f"of {len(u):,} draws of {what} only {different:,} differ, so it takes certain values "
                    f"only, or is cut off: {tip}")


def expect_fresh(draw, what, calls=12):
    """Raise `Wrong` if two of some calls of `draw` return the same numbers, in whatever order."""
    drawn = torch.stack([draw().detach().flatten().sort().values for _ in range(calls)])
    if len(drawn.unique(dim=0)) < calls:
        raise Wrong(f"two calls draw the same {what}: draw anew in each call, without a fixed seed.")


def same(a, b, rtol=2e-4):
    """Whether two tensors agree to `rtol` of each number, or a fifth of that of the largest one."""
    a, b = (c.detach().cpu().double() for c in (a, b))
    if a.shape != b.shape or not torch.equal(a.isfinite(), b.isfinite()):
        return False
    odd = ~b.isfinite()
    if not torch.equal(a[odd].nan_to_num(), b[odd].nan_to_num()):
        return False
    a, b = a[~odd], b[~odd]
    return len(b) == 0 or bool(((a - b).abs() <= rtol * b.abs() + rtol / 5 * b.abs().max() + 1e-6).all())


def _short(x, digits=3):
    values = [f"{v + 0.0:.{digits}g}" for v in x.detach().flatten()[:4].tolist()]
    return values[0] if x.dim() == 0 else f"[{', '.join(values)}{', ...' if x.numel() > 4 else ''}]"


def _apart(got, want):
    """Both in so many digits that they differ, from where they differ."""
    if got.shape == want.shape and got.dim():
        off = (got.detach().double().cpu() - want.detach().double().cpu()).abs().flatten().nan_to_num(posinf=1e30)
        if off.numel() > 4 and off[:4].max() < off.max() / 100:
            at = int(off.argmax())
            place = [int(i) for i in torch.unravel_index(torch.tensor(at), got.shape)]
            return (f"{_short(got.detach().flatten()[at], 4)} at place {place}, wanted "
                    f"{_short(want.detach().flatten()[at], 4)}")
    digits = next((n for n in (3, 4, 5, 6) if _short(got, n) != _short(want, n)), 7)
    return f"{_short(got, digits)}, wanted {_short(want, digits)}"


for _file in ("gan", "vae", "diffusion"):        # each registers its exercises; again if this file is reloaded
    _path = f"{__name__}.{_file}"
    importlib.reload(sys.modules[_path]) if _path in sys.modules else importlib.import_module(_path)
