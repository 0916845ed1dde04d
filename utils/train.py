"""What surrounds a training loop - clock, learning rate, live figure, stop button, averages - never the loop itself."""

import base64
import copy
import io
import math
import os
import re
import time

import torch
from IPython import get_ipython
from IPython.display import display

from . import pretrained
from .language import say
from .machine import budget, memory_limit, queued, same_random_numbers, wait


class Run:
    """Surroundings of your own training loop, boxed in minutes of training, in steps, or in both.

        with Run(minutes=2, opts=(opt_G, opt_D), show=lambda: plot.images(G(z_fixed))) as run:
            for x_real, y in run.over(batches(x_train, y_train, size=64)):
                ...                        # zero_grad, backward, step: yours
                run.log(d=loss_d, g=loss_g)

    minutes, steps: the box; both are scaled by WORKSHOP_BUDGET, and where both are given the first that is used up
        ends the run, which says so if it was the minutes. Drawing does not count as training time.
    show: returns a matplotlib figure; drawn now and then without gradients and without using up random
        numbers, so that looking never changes a result.
    opts: optimisers whose learning rate falls linearly to 0 over the second half of the box.
    ema: an `EMA`, updated after every step.
    shipped: the name of weights in data/pretrained that may stand in for this training. minutes=0 takes them
        instead of training, and so does WORKSHOP_SHIPPED=1 in the environment.
    parts: what those weights are, {name: network or tensor}; the averaged network if there is one.

    Afterwards: `run.seconds` of training, `run.step` steps, `run.history` {name: ([steps], [values])}.
    The stop button ends the loop and keeps what was trained; running out of memory does the same. Of the trainings
    that the same cell would begin after that each makes two steps only, so that nothing is compared that had unequal
    time. A logged value that is not finite ends it too, and puts back the weights of the last healthy look.
    """

    _stopped_cell = None                               # the cell in which the stop button ended a training

    def __init__(self, minutes=None, steps=None, show=None, opts=(), ema=None, every=1.5, shipped=None, parts=None):
        boxes = {"minutes": (minutes, 2), "steps": (steps, 100)}
        if minutes is None and steps is None:
            raise ValueError("give Run minutes=..., steps=... or both, for example Run(minutes=2)")
        if minutes == 0 and not shipped:
            raise ValueError("minutes=0: no weights ship for this training, so give it some minutes, 0.1 or more")
        for box, (value, example) in boxes.items():
            if value is not None and not (0 < value < math.inf or value == minutes == 0):
                raise ValueError(f"{box}={value}: a training needs a number above 0, for example Run({box}={example})")
        self.box_s = None if minutes is None else 60 * minutes * budget()
        self.box_steps = None if steps is None else max(2, round(steps * budget()))
        self.show, self.opts, self.ema, self.shipped = show, tuple(opts), ema, shipped
        self.parts = parts or ({} if ema is None else {"net": ema.model})
        self.every = max(every, (self.box_s or 0) / 250)          # well under 300 updates
        everywhere = "WORKSHOP_SHIPPED" in os.environ and pretrained.of_this_set()
        self._load = bool(shipped) and (minutes == 0 or everywhere)
        if self._load and not self.parts:
            raise ValueError("shipped=...: say what is in those weights, parts={'net': net}")

    def __enter__(self):
        self.step, self.history, self.ended, self._pending, self._loaded_s = 0, {}, "", {}, None
        self._rates = [(group, group["lr"]) for opt in self.opts for group in opt.param_groups]
        self._cut = Run._stopped_cell is not None and Run._stopped_cell == _cell()
        if self._load:
            self._take_shipped()
        self._screen, self._healthy = _Screen(self), _Healthy(self.opts, self.ema)
        self._memory = memory_limit()
        self._memory.__enter__()
        self._stop, self._drawn_s, self._start = None, 0.0, time.perf_counter()
        self._next, self._queued, self._starved = self._start, queued(), 0.0
        return self

    def over(self, batches):
        """The items of an endless iterable, one a step, until the box is used up; none if weights were loaded."""
        for batch in () if self._load else batches:
            for group, lr in self._rates:
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
        return self._loaded_s if self._load else (self._stop or time.perf_counter()) - self._start - self._drawn_s

    @property
    def progress(self):
        """Share of the box that is used up, from 0 to 1."""
        if self._load or self._cut:
            return 1.0
        in_steps = self.step / self.box_steps if self.box_steps else 0
        return min(1.0, max(in_steps, self.seconds / self.box_s if self.box_s else 0))

    def __exit__(self, kind, error, trace):
        self._stop = time.perf_counter()
        self._memory.__exit__(None, None, None)
        for group, lr in self._rates:
            group["lr"] = lr
        if isinstance(error, KeyboardInterrupt):
            self.ended = "stopped by you, and what was trained is kept"
            Run._stopped_cell = _cell()
        elif isinstance(error, MemoryError) or (
                isinstance(error, RuntimeError) and re.search("out of memory|can't allocate memory", str(error))):
            self.ended = "out of memory: choose a smaller batch and run the cell again; what was trained is kept"
            self._screen.draw = None                   # a figure would need memory, too
        elif error is not None:
            return False
        elif self._cut and not self._load:
            self.ended = (f"{self.step} steps only, because you stopped a training of this cell: run the cell again "
                          "to compare them")
        self._look(last=True)
        return True

    def _look(self, last=False):
        """Read the logged values from the device, check them, and show how far the run is."""
        wait()                                         # what is still queued is training, not drawing
        began = time.perf_counter()
        broken = self._read()
        if broken:
            step, name, value = broken
            what = f"{name} became {value} at step {step}: lower the learning rate and run the cell again"
            self.ended = "; ".join(map(say, filter(None, (what, self._healthy.put_back()))))
        else:
            self._healthy.keep(self.step)
        self._starved = max((s - self._queued.get(thread, 0) for thread, s in queued().items()), default=0.0)
        if last:
            return self._screen.end()
        self._screen.update()
        spent = time.perf_counter() - began
        self._drawn_s += spent
        self._next = time.perf_counter() + max(self.every, 10 * spent)

    def _read(self):
        """Move what was logged to the history; returns the first (step, name, value) that is not finite, if any."""
        broken = []
        for name, (steps, pending) in self._pending.items():
            values = torch.stack([v.reshape(()).to(pending[-1].device, torch.float32) for v in pending]).tolist()
            broken += [(s, name, v) for s, v in zip(steps, values) if not math.isfinite(v)][:1]
            for kept, new in zip(self.history.setdefault(name, ([], [])), (steps, values)):
                kept += new
        self._pending = {}
        return min(broken, default=None)

    def plan(self):
        """What is about to happen, in a few words."""
        if self._load:
            return self.ended
        steps, minutes = f"{self.box_steps or 0:,} steps", f"{(self.box_s or 0) / 60:.2g} minutes"
        box = f"{steps}, at most {minutes}" if self.box_steps and self.box_s else steps if self.box_steps else minutes
        return f"training for {box} ..."

    def remaining(self):
        """How far the run is, in a few words."""
        left = max(0, (self.box_s or 0) - self.seconds)
        line = (f"step {self.step:,} of {self.box_steps:,}" if self.box_steps else
                f"{int(left) // 60}:{int(left) % 60:02d} left, step {self.step:,}")
        return f"{line}, another program uses these cores" if self._crowded() else line

    def _crowded(self):
        """Share of the time in which a thread of this training was ready and had no core, if it is worth a word."""
        elapsed = (self._stop or time.perf_counter()) - self._start
        return self._starved / elapsed if elapsed > 2 and self._starved > elapsed / 4 else 0

    def summary(self):
        """One line: minutes, steps, speed, and the mean of the last 50 of each logged value."""
        seconds = max(self.seconds, 1e-9)
        logged = "".join(f", {name} {sum(values[-50:]) / len(values[-50:]):.3g}"
                         for name, (_, values) in self.history.items())
        parts = [f"{seconds / 60:.1f} min, {self.step:,} steps ({self.step / seconds:.3g}/s){logged}"]
        ended = self.ended or _exploded(self.history)
        if not ended and self._stop and self.box_s and self.step < (self.box_steps or 0):
            ended = f"the minutes were over before {self.box_steps:,} steps: less trained than the text says"
        parts += [ended] * bool(ended)
        if share := min(0.99, self._crowded()):
            speed = self.step / seconds
            parts.append(f"another program is using these cores: {speed:.2g} steps a second where at least "
                         f"{speed / (1 - share):.2g} were possible; what you see is less trained")
        return " - ".join(map(say, parts))

    def save(self):
        """Write `parts` to data/pretrained, under the name given as `shipped`, with a thinned history."""
        thin = {name: (steps[::len(steps) // 200 + 1], values[::len(values) // 200 + 1])
                for name, (steps, values) in self.history.items()}
        pretrained.save(self.shipped, self.parts, seconds=self.seconds, step=self.step, history=thin)

    def _take_shipped(self):
        facts = pretrained.load(self.shipped, self.parts)
        if self.ema is not None:
            self.ema.net.load_state_dict(self.ema.model.state_dict())
        self._loaded_s, self.step = facts["seconds"], facts["step"]
        self.history = {name: (list(steps), list(values)) for name, (steps, values) in facts["history"].items()}
        self.ended = ("not trained here: weights that ship with the course, of a training of "
                      f"{self.step:,} steps (the text speaks of a shorter one)")


def _exploded(history):
    """A sentence if a logged value was finite, but a thousand times larger than all that was logged first; or ""."""
    first = max([1.0, *(abs(values[0]) for _, values in history.values())])
    for name, (steps, values) in history.items():
        worst = max(values, key=abs)
        if abs(worst) > 1000 * first:
            return (f"{name} has exploded, from {values[0]:.3g} to {worst:.3g} at step "
                    f"{steps[values.index(worst)]:,}: lower the learning rate and run the cell again")
    return ""


def _cell():
    """The number of the cell that is running; None outside of Jupyter."""
    return getattr(get_ipython(), "execution_count", None)


class _Healthy:
    """What the optimisers and the average move, as it was when all of it was last seen to be finite."""

    def __init__(self, opts, ema):
        self.opts, self.step = opts, 0
        self.weights = [p for opt in opts for group in opt.param_groups for p in group["params"]]
        self.weights += [] if ema is None else list(ema.model.state_dict().values())
        self.kept = [w.detach().clone() for w in self.weights]

    def keep(self, step):
        """Copy the weights, if they are finite: a finite loss can have a gradient that is not."""
        if all(w.isfinite().all() for w in self.weights):
            self.kept, self.step = [w.detach().clone() for w in self.weights], step

    @torch.no_grad()
    def put_back(self):
        """Back to the copy; returns a few words about it, "" if there is none."""
        for weight, kept in zip(self.weights, self.kept):
            weight.copy_(kept)
        for opt in self.opts:
            opt.state.clear()                          # its running averages are not finite either
        return f"the weights of step {self.step} are put back" if self.weights else ""


class _Screen:
    """The one place in a cell's output where a run shows itself; outside of Jupyter only its last line is printed."""

    def __init__(self, run):
        self.run, self.draw, self.updates = run, run.show, 0
        self.handle = get_ipython() and display({"text/plain": ""}, raw=True, display_id=True)

    def update(self):
        """Show the figure with the time that remains, or that alone."""
        if self.handle and self.updates < 280:         # a notebook that is left open must not grow for ever
            self.updates += 1
            self._show(self.run.remaining())

    def end(self):
        """Leave the last figure and the summary behind."""
        if self.handle:
            self._show()
        if self.draw or not self.handle:
            print(self.run.summary())

    def _show(self, remaining=""):
        if self.draw is None:
            return self.handle.update({"text/plain": say(remaining) or self.run.summary()}, raw=True)
        with same_random_numbers(), torch.no_grad():
            figure = self.draw()
        if remaining:
            figure.supxlabel(remaining, fontsize=9, color="grey", x=0.01, ha="left")
        png = io.BytesIO()
        figure.savefig(png, format="png")
        self.handle.update({"image/png": base64.b64encode(png.getvalue()).decode(),
                            "text/plain": self.run.summary()}, raw=True)


class EMA:
    """Exponential moving average of the weights of `net`, in `ema.model`, a copy that is never trained.

    After each step: average <- decay * average + (1 - decay) * weights. The decay starts low,
    (1 + updates) / (10 + updates), so that the first, bad, weights are soon forgotten.
    """

    def __init__(self, net, decay=0.995):
        self.net, self.decay, self.updates = net, decay, 0
        self.model = copy.deepcopy(net).eval().requires_grad_(False)
        self.averages, self.weights = list(self.model.parameters()), list(net.parameters())

    @torch.no_grad()
    def update(self):
        """Move the average one step towards the weights as they are now; buffers are copied."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self.averages, self.weights, 1 - decay)      # all in one or two kernels of a GPU
        for average, buffer in zip(self.model.buffers(), self.net.buffers()):
            average.copy_(buffer)
