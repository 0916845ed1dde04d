"""What surrounds a training loop - clock, live figure, stop button, averages, weights - never the loop itself."""

import base64
import contextlib
import copy
import io
import math
import os
import platform
import re
import time
from pathlib import Path

import torch
from IPython import get_ipython
from IPython.display import display

PRETRAINED = Path(__file__).resolve().parent.parent / "data" / "pretrained"


def device():
    """The fastest device here: an NVIDIA GPU, an Apple GPU, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def seed(n):
    """Fix torch's random numbers, on every device, so that a cell run twice gives the same result."""
    torch.manual_seed(n)


def describe():
    """One line on where this runs: device, versions, budget."""
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} threads"
    return (f"{device().type} ({name}), torch {torch.__version__}, Python {platform.python_version()}, "
            f"training budget x {budget():g}")


def budget():
    """Factor from the environment variable WORKSHOP_BUDGET that scales every `Run` (1 if it is not set)."""
    text = os.environ.get("WORKSHOP_BUDGET", "1")
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 < factor < math.inf:
        raise ValueError(f"WORKSHOP_BUDGET is {text!r}: set it to a number above 0, for example 0.5 for half the time")
    return factor


def free_memory(root="/"):
    """Bytes of memory that this machine, or this container, has left; None where Linux does not tell.

    A container's limit may stand at its own control group or at one above it (versions 1 and 2). Files that it has
    read and no longer uses count as free there, too, as they do in MemAvailable: the kernel drops them when asked.
    """
    root = Path(root)
    try:
        free = 1024 * int(re.search(r"MemAvailable:\s+(\d+)", (root / "proc/meminfo").read_text())[1])
    except (OSError, TypeError):
        return None
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:                                                # no control groups here
        return free
    for _, kinds, path in (line.split(":", 2) for line in lines):
        if kinds == "":                                            # version 2
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):                         # version 1
            top = root / "sys/fs/cgroup/memory"
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        group = top / path.strip("/")
        for place in (group, *group.parents):
            with contextlib.suppress(OSError, ValueError):         # no container, or one without a limit
                limit, used = (int((place / name).read_text()) for name in names[:2])
                cache = re.search(rf"^{names[2]} (\d+)", (place / "memory.stat").read_text(), re.M)
                free = min(free, limit - used + int(cache[1] if cache else 0))
            if place == top:
                break
    return free


@contextlib.contextmanager
def same_random_numbers():
    """What is drawn inside changes no random number drawn afterwards, on the CPU or on the accelerator in use."""
    modules = [torch] + [torch.get_device_module()] * torch.accelerator.is_available()
    states = [module.get_rng_state() for module in modules]
    try:
        yield
    finally:
        for module, state in zip(modules, states):
            module.set_rng_state(state)


@contextlib.contextmanager
def memory_limit():
    """On Linux without a GPU, refuse memory that is not there, which otherwise ends the whole kernel."""
    free = None if torch.accelerator.is_available() else free_memory()
    try:
        import resource

        mine = 1024 * int(re.search(r"VmData:\s+(\d+)", Path("/proc/self/status").read_text())[1])
        before = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (mine + int(0.9 * free), before[1]))
    except (ImportError, OSError, TypeError, ValueError):          # not Linux, or it does not tell, or not allow
        before = None
    try:
        yield
    finally:
        if before is not None:
            resource.setrlimit(resource.RLIMIT_DATA, before)


def scaled(n):
    """n draws to measure, or fewer, but at least 50, where WORKSHOP_BUDGET is below 1."""
    return max(50, int(n * min(1, budget())))


class Run:
    """Surroundings of your own training loop, boxed in minutes of training or in steps.

        with Run(minutes=2, opts=(opt_G, opt_D), show=lambda: plot.images(G(z_fixed))) as run:
            for x_real, y in run.over(batches(x_train, y_train, size=64)):
                ...                        # zero_grad, backward, step: yours
                run.log(d=loss_d, g=loss_g)

    minutes, steps: the box; both are scaled by WORKSHOP_BUDGET. Drawing does not count as training time.
    show: returns a matplotlib figure; drawn now and then without gradients and without using up random
        numbers, so that looking never changes a result.
    opts: optimisers whose learning rate falls linearly to 0 over the second half of the box.
    ema: an `EMA`, updated after every step.
    shipped: the name of weights in data/pretrained that may stand in for this training. minutes=0 takes them
        instead of training, and so does WORKSHOP_SHIPPED=1 in the environment.

    Afterwards: `run.seconds` of training, `run.step` steps, `run.history` {name: ([steps], [values])}.
    The stop button ends the loop and keeps what was trained; running out of memory does the same. Of the trainings
    that the same cell would begin after that each makes two steps only, so that nothing is compared that had unequal
    time. A logged value that is not finite ends it too, and puts back the weights of the last healthy look.
    """

    _stopped_cell = None                               # the cell in which the stop button ended a training

    def __init__(self, minutes=None, steps=None, show=None, opts=(), ema=None, every=1.5, shipped=None):
        if (minutes is None) == (steps is None):
            raise ValueError("give Run either minutes=... or steps=..., for example Run(minutes=2)")
        box, value = ("minutes", minutes) if steps is None else ("steps", steps)
        if minutes == 0 and not shipped:
            raise ValueError("minutes=0: no weights ship for this training, so give it some minutes, 0.1 or more")
        if not 0 <= value < math.inf or steps == 0:
            raise ValueError(f"{box}={value}: a training needs a number above 0, for example Run({box}="
                             f"{2 if steps is None else 100})")
        self.shipped, self._skip = shipped, bool(shipped) and (minutes == 0 or "WORKSHOP_SHIPPED" in os.environ)
        self.box_s = None if minutes is None else 60 * minutes * budget()
        self.box_steps = None if steps is None else max(2, round(steps * budget()))
        self.show, self.opts, self.ema = show, tuple(opts), ema
        self.every = max(every, (self.box_s or 0) / 250)          # well under 300 updates

    def __enter__(self):
        self.step, self.updates, self.drawn_s, self.history, self.ended = 0, 0, 0.0, {}, ""
        self._pending, self._stop, self._drawable, self._loaded_s = {}, None, self.show, None
        self._rates = [[group["lr"] for group in opt.param_groups] for opt in self.opts]
        self._weights = [p for opt in self.opts for group in opt.param_groups for p in group["params"]]
        self._weights += [] if self.ema is None else list(self.ema.model.state_dict().values())
        self._live = get_ipython() is not None
        self._cut = Run._stopped_cell is not None and Run._stopped_cell == _cell()
        if self._skip:
            self._load()
        self._handle = display({"text/plain": ""}, raw=True, display_id=True) if self._live else None
        self._healthy, self._healthy_step = [w.detach().clone() for w in self._weights], 0
        self._memory = memory_limit()
        self._memory.__enter__()
        self._start = self._next = time.perf_counter()
        return self

    def over(self, batches):
        """The items of an endless iterable, one a step, until the box is used up; none if weights were loaded."""
        for batch in () if self._skip else batches:
            for opt, rates in zip(self.opts, self._rates):
                for group, lr in zip(opt.param_groups, rates):
                    group["lr"] = lr * min(1.0, 2 - 2 * self.progress)
            yield batch
            self.step += 1
            if self.ema is not None:
                self.ema.update()
            if time.perf_counter() >= self._next:
                self._look()
            if self.ended or (self.progress >= 1 and self.step >= 2):
                return

    def log(self, **values):
        """Keep one number (a float, or a tensor with one element) under each name for this step."""
        for name, value in values.items():
            value = torch.as_tensor(value).detach()
            if value.numel() != 1:
                raise ValueError(f"run.log({name}=...) takes one number, got shape {tuple(value.shape)}: "
                                 "take its mean first")
            steps, pending = self._pending.setdefault(name, ([], []))
            steps.append(self.step)
            pending.append(value)

    @property
    def seconds(self):
        """Seconds of training so far, drawing left out; of loaded weights, those that they were trained for."""
        return self._loaded_s if self._skip else (self._stop or time.perf_counter()) - self._start - self.drawn_s

    @property
    def progress(self):
        """Share of the box that is used up, from 0 to 1."""
        if self._skip or self._cut:
            return 1.0
        share = self.step / self.box_steps if self.box_steps else self.seconds / self.box_s
        return min(1.0, share)

    def save(self):
        """Write what was trained to data/pretrained, under the name given as `shipped`, eight bits a weight."""
        thin = {name: (steps[::len(steps) // 200 + 1], values[::len(values) // 200 + 1])
                for name, (steps, values) in self.history.items()}
        torch.save({"weights": [_pack(w.detach().cpu()) for w in self._result()], "seconds": self.seconds,
                    "step": self.step, "history": thin}, PRETRAINED / f"{self.shipped}.pt")

    def _result(self):
        """What a training leaves: the averaged network, or, where there is none, all that the optimisers moved."""
        return self._weights if self.ema is None else list(self.ema.model.state_dict().values())

    def _load(self):
        """Put the shipped weights in place, all or none; raise RuntimeError, in a sentence, if they do not fit."""
        path = PRETRAINED / f"{self.shipped}.pt"
        instead = "give Run minutes above 0 to train instead"
        if not path.exists():
            raise RuntimeError(f"there are no weights data/pretrained/{path.name}: {instead}")
        try:
            kept = torch.load(path, map_location="cpu", weights_only=True)
            self._loaded_s, self.step, history = kept["seconds"], kept["step"], kept["history"]
            fits = [w.shape for w, _ in kept["weights"]] == [w.shape for w in self._result()]
        except Exception as error:                 # torch.load raises many kinds
            raise RuntimeError(f"{path.name} cannot be read ({type(error).__name__}): {instead}, or restore it "
                               "with  git checkout HEAD -- data/pretrained") from error
        if not fits:
            raise RuntimeError(f"the weights in {path.name} do not fit a network that was changed: {instead}, "
                               "or undo the change")
        with torch.no_grad():
            for mine, (whole, scale) in zip(self._result(), kept["weights"]):
                mine.copy_(whole * scale)
        if self.ema is not None:
            self.ema.net.load_state_dict(self.ema.model.state_dict())
        self.history = {name: (list(steps), list(values)) for name, (steps, values) in history.items()}
        self.ended = ("not trained here: weights that ship with the course, of a training of "
                      f"{self._loaded_s / 60:.0f} minutes (the text speaks of a shorter one)")

    def __exit__(self, kind, error, trace):
        self._stop = time.perf_counter()
        self._memory.__exit__(None, None, None)
        for opt, rates in zip(self.opts, self._rates):
            for group, lr in zip(opt.param_groups, rates):
                group["lr"] = lr
        if isinstance(error, KeyboardInterrupt):
            self.ended = "stopped by you, and what was trained is kept"
            Run._stopped_cell = _cell()
        elif isinstance(error, MemoryError) or (
                isinstance(error, RuntimeError) and re.search("out of memory|can't allocate memory", str(error))):
            self.ended = "out of memory: choose a smaller batch and run the cell again; what was trained is kept"
            self._drawable = None                      # a figure would need memory, too
        elif error is not None:
            return False
        elif self._cut and not self._skip:
            self.ended = (f"{self.step} steps only, because you stopped a training of this cell: run the cell again "
                          "to compare them")
        self._look(last=True)
        return True

    def _look(self, last=False):
        """Read the logged values from the device, check them, and show how far the run is."""
        if torch.accelerator.is_available():
            torch.accelerator.synchronize()        # what is still queued is training, not drawing
        began = time.perf_counter()
        self._read()
        if self._live and (last or self.updates < 280):
            self._draw(last)
        elif last:
            print(self.summary())
        spent = time.perf_counter() - began
        if not last:
            self.drawn_s += spent
            self._next = time.perf_counter() + max(self.every, 10 * spent)

    def _read(self):
        broken = []
        for name, (steps, pending) in self._pending.items():
            values = torch.stack([v.reshape(()).to(pending[-1].device, torch.float32) for v in pending]).tolist()
            broken += [(s, name, v) for s, v in zip(steps, values) if not math.isfinite(v)][:1]
            old_steps, old_values = self.history.setdefault(name, ([], []))
            old_steps += steps
            old_values += values
        self._pending = {}
        if not broken:
            return self._remember()
        step, name, value = min(broken)
        self.ended = f"{name} became {value} at step {step}: lower the learning rate and run the cell again"
        if self._weights:
            self.ended += f"; the weights of step {self._healthy_step} are put back"
        with torch.no_grad():
            for weight, healthy in zip(self._weights, self._healthy):
                weight.copy_(healthy)
        for opt in self.opts:
            opt.state.clear()                      # its running averages are not finite either

    def _remember(self):
        """Keep a copy of the weights, if they are finite: a finite loss can have a gradient that is not."""
        if all(w.isfinite().all() for w in self._weights):
            self._healthy, self._healthy_step = [w.detach().clone() for w in self._weights], self.step

    def _draw(self, last):
        self.updates += 1
        if self._drawable is None:
            text = self.summary() if last else self._remaining()
            return self._handle.update({"text/plain": text}, raw=True)
        with same_random_numbers(), torch.no_grad():
            figure = self._drawable()
        if not last:
            figure.supxlabel(self._remaining(), fontsize=9, color="grey", x=0.01, ha="left")
        png = io.BytesIO()
        figure.savefig(png, format="png")
        self._handle.update({"image/png": base64.b64encode(png.getvalue()).decode(),
                             "text/plain": self.summary()}, raw=True)
        if last:
            print(self.summary())

    def plan(self):
        """What is about to happen, in a few words."""
        if self._skip:
            return self.ended
        return f"training for {f'{self.box_steps:,} steps' if self.box_steps else f'{self.box_s / 60:.2g} minutes'} ..."

    def _remaining(self):
        if self.box_steps:
            return f"step {self.step:,} of {self.box_steps:,}"
        left = max(0, self.box_s - self.seconds)
        return f"{int(left) // 60}:{int(left) % 60:02d} left, step {self.step:,}"

    def summary(self):
        """One line: minutes, steps, speed, and the mean of the last 50 of each logged value."""
        seconds = max(self.seconds, 1e-9)
        line = f"{seconds / 60:.1f} min, {self.step:,} steps ({self.step / seconds:.3g}/s)"
        for name, (_, values) in self.history.items():
            line += f", {name} {sum(values[-50:]) / len(values[-50:]):.3g}"
        ended = self.ended or self._exploded()
        return f"{line} - {ended}" if ended else line

    def _exploded(self):
        """A sentence if a logged value was finite, but a thousand times larger than all that was logged first."""
        first = max([1.0, *(abs(values[0]) for _, values in self.history.values())])
        for name, (steps, values) in self.history.items():
            worst = max(values, key=abs)
            if abs(worst) > 1000 * first:
                return (f"{name} has exploded, from {values[0]:.3g} to {worst:.3g} at step "
                        f"{steps[values.index(worst)]:,}: lower the learning rate and run the cell again")
        return ""


def _cell():
    """The number of the cell that is running; None outside of Jupyter."""
    return getattr(get_ipython(), "execution_count", None)


def _pack(w):
    """A matrix or a stack of filters as int8 with one scale a row, a vector as it is: (numbers, scales)."""
    if w.dim() < 2:
        return w, torch.ones(())
    scale = w.abs().flatten(1).amax(1).clamp(min=1e-8).reshape(-1, *[1] * (w.dim() - 1)) / 127
    return (w / scale).round().to(torch.int8), scale


class EMA:
    """Exponential moving average of the weights of `net`, in `ema.model`, a copy that is never trained.

    After each step: average <- decay * average + (1 - decay) * weights. The decay starts low,
    (1 + updates) / (10 + updates), so that the first, bad, weights are soon forgotten.
    """

    def __init__(self, net, decay=0.995):
        self.net, self.decay, self.updates = net, decay, 0
        self.model = copy.deepcopy(net).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self):
        """Move the average one step towards the weights as they are now; buffers are copied."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for average, weight in zip(self.model.parameters(), self.net.parameters()):
            average.lerp_(weight, 1 - decay)
        for average, buffer in zip(self.model.buffers(), self.net.buffers()):
            average.copy_(buffer)
