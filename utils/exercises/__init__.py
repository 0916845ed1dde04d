"""Exercises that never stop the notebook: check, hint and solution. One file per notebook holds the exercises.

In a notebook:

    @exercise
    def d_loss(d_real, d_fake):
        ...

binds `d_loss` to the reader's function if it passes its check, else to the reference, and says which and why.
"""

import contextlib
import ctypes
import dis
import functools
import inspect
import io
import linecache
import threading
import traceback

import torch

TIME_LIMIT_S = 10    # a check takes under a second; a crowded machine may need more
HELP = {             # part of what torch says: what that means here
    "ellipsis": "A ... is still in there.",
    "does not require grad": "The way from the loss back to the weights is cut: no detach, no_grad or .item() on it.",
    "only for scalar outputs": "Take the sum of the outputs first, or give torch.autograd.grad their weights.",
    "must match the size": "Two tensors of different shape meet there: print their .shape.",
    "cannot be multiplied": "Two tensors of different shape meet there: print their .shape.",
    "for 'Long'": "y holds whole numbers: draw torch.rand(y.shape, device=y.device).",
    "leaf Variable": "It changes its input in place: work on a copy.",
    "'Spy' object": "net is any function: call net(xt, t), and take the device from x0.",
    "argument: 't'": "Call it as net(xt, t).",
    "same device": "A tensor is made on the CPU there: torch.randn_like(x0) or device=x0.device follows x0.",
    "Got: Bool": "Turn True and False into numbers first: .float().mean().",
}
_known, _bound, _state, _hints_given = {}, {}, {}, {}


class Wrong(Exception):
    """An answer is not right; the message is the sentence the reader sees."""


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
    if name not in _known:
        print(f"{name} is not the name of an exercise, so it is left as it is. Exercises: {', '.join(_known)}.")
        return function
    answer, check, _ = _known[name]
    _bound[name] = answer
    wrong = None if _is_blank(function) else _judge(function, check)
    if _is_blank(function):
        _state[name] = "the reference (not filled in)"
        print(f"{name}: not filled in yet - using the reference so that you can go on. "
              f'hint("{name}") helps.')
    elif wrong is None:
        _state[name], _bound[name] = "yours", function
        print(f"{name}: right - from here on the notebook runs on your version.")
        return function
    elif mine:
        _state[name], _bound[name] = "yours, though not right (mine=True)", function
        print(f"{name}: not right yet - {wrong}\nYour version is used all the same, because of mine=True.")
        return function
    else:
        _state[name] = "the reference (yours is not right yet)"
        print(f"{name}: not right yet - {wrong}\nUsing the reference so that you can go on.")
    return answer


def hint(name):
    """Print the next hint for an exercise; the last one points to the solution."""
    if _exists(name):
        hints = _known[name][2]
        given = min(_hints_given.get(name, 0) + 1, len(hints))
        _hints_given[name] = given
        print(f"Hint {given} of {len(hints)}: {hints[given - 1]}")
        if given == len(hints):
            print(f'That was the last one: solution("{name}") prints the answer.')


def solution(name):
    """Print the source of the reference, the same function that the notebook falls back on."""
    if _exists(name):
        source = inspect.getsource(_known[name][0])
        print(source[source.index("def "):].rstrip())


def summary():
    """List the exercises met so far and whose function the notebook uses."""
    own = sum(state.startswith("yours") for state in _state.values())
    print(f"{own} of {len(_state)} exercises run on your own code.")
    for name, state in _state.items():
        print(f"  {name}: {state}")


def _exists(name):
    name = getattr(name, "__name__", name)
    if name not in _known:
        print(f"{name!r} is not the name of an exercise. Exercises: {', '.join(_known)}.")
    return name in _known


def _is_blank(function):
    """True if the body is only a docstring, `...`, `pass`, `return` or `raise NotImplementedError`."""
    quiet = {"RESUME", "NOP", "LOAD_CONST", "POP_TOP", "RETURN_VALUE", "RETURN_CONST"}
    code = list(dis.get_instructions(function))
    if {i.opname for i in code} <= quiet:
        return all(i.argval in (None, ...) or i.argval == function.__doc__ for i in code if i.opname.endswith("_CONST"))
    raises = {"LOAD_GLOBAL", "RAISE_VARARGS", "PRECALL", "CALL", "PUSH_NULL", "LOAD_COMMON_CONSTANT"}
    names = [i.argval for i in code if i.opname == "LOAD_GLOBAL"]
    return {i.opname for i in code} <= quiet | raises and names == ["NotImplementedError"]


def _judge(function, check):
    """None if `check(function)` passes, else one sentence on what is wrong. Leaves the random numbers alone."""
    printed = _Capped()
    try:
        with torch.random.fork_rng([]), torch.enable_grad(), _time_limit(), contextlib.redirect_stdout(printed):
            torch.default_generator.manual_seed(0)
            check(function)
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


def _crash(function, error):
    """Where the reader's code stopped, and why, in one sentence."""
    text = (str(error).splitlines() or [""])[0]
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == function.__code__.co_filename]
    where = linecache.getline(function.__code__.co_filename, lines[-1]).strip() if lines else ""
    where = f", in the line  {where}" if where and len(where) <= 80 else ""
    message = f"it stops with {type(error).__name__}: {text}{where}"
    help = next((help for part, help in HELP.items() if part in text), "")
    return f"{message}. {help}".rstrip()


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
    def stop(thread=threading.get_ident()):        # works where the stop button's signal is ignored, too
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Late))

    timer = threading.Timer(TIME_LIMIT_S, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _Late:
        raise Wrong(f"it takes more than {TIME_LIMIT_S} seconds on a tiny input: is there a loop that never "
                    "ends, or one over single numbers?") from None
    finally:
        timer.cancel()


# For the files of exercises: calling the reader's function, and comparing what it returns.

def call(function, *args):
    """function(*args), with a sentence if it changes a tensor that it was given or returns nothing."""
    before = [a.detach().clone() if torch.is_tensor(a) else None for a in args]
    got = function(*args)
    for name, arg, old in zip(inspect.signature(function).parameters, args, before):
        if old is not None and not torch.equal(arg.detach(), old):
            raise Wrong(f"it changes its input {name} in place: work on a copy, for example {name} + 0.")
    if got is None:
        raise Wrong("it returns nothing: does the last line say return?")
    return got


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
    for value, sentence in slips:
        if _same(got, value) and not _same(value, want):
            raise Wrong(f"{given} it gives {_short(got)}, wanted {_short(want)}. {sentence}")
    for what, mine, right in (("shape", tuple(got.shape), tuple(want.shape)), ("dtype", got.dtype, want.dtype)):
        if mine != right:
            raise Wrong(f"{given} it returns {what} {mine}, wanted {right}.")
    if not got.isfinite().all():
        raise Wrong(f"{given} it gives {_short(got)}: not finite, wanted {_short(want)}.")
    if not _same(got, want):
        raise Wrong(f"{given} it gives {_short(got)}, wanted {_short(want)}.")
    if want.requires_grad and not got.requires_grad:
        raise Wrong("its value is right but no gradient flows back: no .detach(), .data, numpy or no_grad here.")


def _same(a, b):
    return a.shape == b.shape and torch.allclose(a.detach().cpu().double(), b.detach().cpu().double(),
                                                 rtol=1e-3, atol=1e-4)


def _short(x):
    values = [f"{v:.3g}" for v in x.detach().flatten()[:4].tolist()]
    return values[0] if x.dim() == 0 else f"[{', '.join(values)}{', ...' if x.numel() > 4 else ''}]"


from . import diffusion, gan, vae  # noqa: E402  the exercise files register themselves with the functions above
