"""Every figure of the course, one call each. Blue is data, orange a model, grey noise, green a prediction.

Each function returns a figure: make it the last line of a cell to see it, or `display(...)` it.
"""

import io
import math
from itertools import cycle, groupby
from statistics import mean

import ipywidgets as widgets
import torch
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, LogLocator
from torchvision.utils import make_grid

from . import language
from .language import say

BLUE, ORANGE, GREY, GREEN = "#2a6fbb", "#e07b1a", "#8a8a8a", "#3a9d5d"
FAKE_TO_REAL = LinearSegmentedColormap.from_list("fake to real", ["#f6c998", "#ffffff", "#a9c8ea"])
REACH = 2.2                                    # every figure of points shows [-2.2, 2.2] x [-2.2, 2.2]


class Picture(Figure):
    """A matplotlib figure that is not registered with pyplot, so nothing has to be closed."""

    def __init__(self, width, height):
        super().__init__(figsize=(width, height), dpi=90, layout="constrained")

    def savefig(self, *args, **kwargs):
        """As matplotlib's, in the reader's language."""
        if language.current != "en":
            for text in self.findobj(Text):
                text.set_text(say(text.get_text()))
            for axis in (axis for axes in self.axes for axis in (axes.xaxis, axes.yaxis)):
                if isinstance(axis.get_major_locator(), FixedLocator):           # or the next drawing brings them back
                    axis.set_ticks(axis.get_majorticklocs(), [say(text.get_text()) for text in axis.get_ticklabels()])
        super().savefig(*args, **kwargs)

    def _repr_png_(self):
        png = io.BytesIO()
        self.savefig(png, format="png")
        return png.getvalue()


def images(x, columns=8, title=""):
    """Images (n, 1, 28, 28) in [-1, 1] in rows of `columns`, black is -1 and white is 1."""
    tiles = _tile(x, columns)
    figure = Picture(min(8, 0.55 * columns), min(8, 0.55 * columns) * tiles.shape[0] / tiles.shape[1] + 0.3)
    _show_grey(figure.subplots(), tiles, title)
    return figure


def sheet(rows, title=""):
    """One row of images for each entry of `rows`, {label: (n, 1, 28, 28) in [-1, 1]}; n may differ."""
    columns = max(1, *(len(x) for x in rows.values()))
    filled = [torch.cat([x.cpu(), torch.ones(columns - len(x), 1, 28, 28)]) for x in rows.values()]
    tiles = _tile(torch.cat(filled), columns)
    figure = Picture(8, 8 * len(rows) / (columns + 1.5) + 0.4)
    axes = figure.subplots()
    _show_grey(axes, tiles, title)
    axes.set_axis_on()
    axes.set_yticks([30 * i + 16 for i in range(len(rows))], rows, fontsize=9)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.draw_without_rendering()                # only then the layout knows how wide the labels are
    return figure


def points(fake=None, real=None, heat=None, title="", columns=3):
    """Points (n, 2) in the plane, orange for the model and blue for the data behind them.

    fake, real: one set, or {title: set} for panels in rows of `columns`. heat: a function (m, 2) -> (m,) in [0, 1]
    drawn behind the points, blue where it says 1 (real) and orange where it says 0; or {title: function}.
    """
    names = next((list(given) for given in (fake, real, heat) if isinstance(given, dict)), [title])
    figure, panels = _planes(names, columns)
    for axes, name in zip(panels, names):
        x, data, f = (given[name] if isinstance(given, dict) else given for given in (fake, real, heat))
        if f is not None:
            axes.imshow(_on_grid(f, (data if x is None else x).device), extent=[-REACH, REACH, -REACH, REACH],
                        origin="lower", cmap=FAKE_TO_REAL, vmin=0, vmax=1)
        for cloud, color in ((data, BLUE), (x, ORANGE)):
            if cloud is not None:
                axes.scatter(*cloud.detach().cpu()[:1000].T, s=4, color=color, alpha=0.6, linewidths=0)
    if names != [title]:
        figure.suptitle(title, fontsize=11)
    return figure


def field(fields, real=None, title="", columns=3):
    """Arrows of a vector field in the plane, one panel for each entry of `fields`, {title: f} with f (m, 2) -> (m, 2).

    An arrow is a third of f(x) long. A pair of functions is drawn blue (exact) and green (learned).
    """
    line = torch.linspace(-2, 2, 13)
    x = torch.cartesian_prod(line, line)
    x = x if real is None else x.to(real.device)
    figure, panels = _planes(fields, columns, largest=8)
    for axes, pair in zip(panels, fields.values()):
        if real is not None:
            axes.scatter(*real.detach().cpu()[:500].T, s=3, color=BLUE, alpha=0.4, linewidths=0)
        for f, color in zip(pair if isinstance(pair, tuple) else (pair,), (BLUE, GREEN)):
            axes.quiver(*x.cpu().T, *f(x).detach().cpu().T, color=color, angles="xy", scale_units="xy", scale=3,
                        width=0.008)
    figure.suptitle(title, fontsize=11)
    return figure


def paths(films, real, title="", columns=3):
    """Paths in the plane, one panel for each entry of `films`, {title: (T, n, 2)}: grey where they start, orange
    where they end, on data `real`."""
    figure, panels = _planes(films, columns)
    for axes, film in zip(panels, films.values()):
        film = film.detach().cpu()
        axes.scatter(*real.detach().cpu()[:1000].T, s=3, color=BLUE, alpha=0.4, linewidths=0)
        axes.plot(film[..., 0], film[..., 1], color=GREY, linewidth=0.6, alpha=0.8)
        axes.scatter(*film[0].T, s=6, color=GREY, linewidths=0)
        axes.scatter(*film[-1].T, s=8, color=ORANGE, zorder=3, linewidths=0)
    figure.suptitle(title, fontsize=11)
    return figure


def diagram(*rows):
    """Who hands what to whom, one line for each of `rows`, a text such as "z > [G] > x": what stands in brackets is a
    network, and green."""
    lines = [say(row).split(" > ") for row in rows]
    arrow, letter = 0.6, 0.085                                  # inches
    lengths = [sum(letter * len(word) for word in words) + arrow * len(words) for words in lines]
    figure = Picture(min(8, max(lengths)), 0.5 * len(lines) + 0.1)
    axes = figure.subplots()
    axes.set(xlim=(0, max(lengths)), ylim=(len(lines) - 0.5, -0.5))
    axes.set_axis_off()
    for i, words in enumerate(lines):
        x = arrow / 2
        for j, word in enumerate(words):
            if j:
                axes.annotate("", (x - 0.12, i), (x - arrow + 0.12, i), arrowprops={"arrowstyle": "->", "color": GREY})
            width = letter * len(word)
            network = word.startswith("[")
            frame = {"boxstyle": "round,pad=0.3", "facecolor": "#d8eee0", "edgecolor": GREEN} if network else None
            axes.text(x + width / 2, i, word.strip("[]"), ha="center", va="center", fontsize=10, bbox=frame)
            x += width + arrow
    return figure


def trilemma(rows):
    """Quality, diversity and speed of models side by side: `rows` is {name: row} as `scoreboard.rows` returns them.

    Three panels, each better to the right: precision and recall with real images as a dotted line, and images per
    second on a logarithmic axis, where only rows of the last one's device compare. The best of each panel is blue; rows
    that ship with the course are hatched.
    """
    last = list(rows.values())[-1]
    panels = {"quality: precision": lambda row: row["precision"], "diversity: recall": lambda row: row["recall"],
              "speed: images per second": lambda row: 1000 / row["ms"] if row["device"] == last["device"] else None}
    figure = Picture(8, 0.9 + 0.4 * len(rows))
    best = []
    for axes, (title, value) in zip(figure.subplots(1, 3, sharey=True), panels.items()):
        values = [value(row) for row in rows.values()]
        names, least = list(rows), min(v for v in values if v is not None)
        lengths = [v or 0 for v in values]
        winner = max(range(len(values)), key=lengths.__getitem__)
        best.append(names[winner])
        axes.barh([*map(say, names)], lengths, color=[BLUE if i == winner else "#c9c9c9" for i in range(len(values))],
                  hatch=["//" if row.get("shipped") else "" for row in rows.values()], edgecolor="white")
        for i, v in enumerate(values):
            said = f" on {rows[names[i]]['device']}" if v is None else f" {v:.2f} " if v < 10 else f" {v:,.0f} "
            axes.text(least / 9 if v is None else v, i, said, va="center", fontsize=9,
                      bbox={"color": "white", "pad": 0})         # else the dotted line runs through the number
        axes.invert_yaxis() if axes is figure.axes[0] else None
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(title, fontsize=10)
        if "speed" in title:
            axes.set(xscale="log", xlim=(least / 10, max(lengths) * 10))
        else:
            axes.set_xlim(0, 1.2)
            key = title.split()[-1]
            axes.axvline(last["floor"][key], color=GREY, linestyle=":", linewidth=1)
    wins = len(set(best))
    figure.suptitle(f"{best[0]} wins all three" if wins == 1 else
                    f"no row wins all three: {', '.join(f'{name} {best.count(name)}' for name in dict.fromkeys(best))}",
                    fontsize=11)
    return figure


def budgets(points, rows):
    """Frechet distance against minutes of training, both logarithmic: a dot for each of `points`, as
    `scoreboard.budgets` returns them, a line through the mean of a model's dots at the same minutes, and a star for
    each of `rows`, {name: row} as from `scoreboard.rows`. The title says which model is nearest to real images when.
    """
    figure = Picture(7, 3.4)
    axes = figure.subplots()
    means = {}
    for name, color in zip(dict.fromkeys(point["name"] for point in points), cycle((BLUE, ORANGE, GREEN, GREY))):
        own = [(point["minutes"], point["frechet"]) for point in points if point["name"] == name]
        means[name] = {minutes: mean(d for m, d in own if m == minutes) for minutes, _ in own}
        axes.plot(*zip(*own), ".", color=color)
        axes.plot(list(means[name]), list(means[name].values()), color=color, linewidth=1, label=name)
        row = rows.get(name, rows.get(f"{name} (shipped)"))
        if row and row["minutes"]:
            ships = row.get("shipped")
            axes.plot(row["minutes"], row["frechet"], "*", color=color, markersize=13,
                      markeredgecolor=color if ships else "black", fillstyle="none" if ships else "full",
                      label=f"{name}, a row that ships" if ships else f"{name}, your row")
    floor = list(rows.values())[-1]["floor"]["frechet"]
    axes.axhline(floor, color=GREY, linestyle=":", linewidth=1, label="real images")
    shared = sorted(set.intersection(*map(set, means.values())))
    axes.set(xscale="log", yscale="log", xlabel="minutes of training", ylabel="Frechet distance, low is good")
    axes.minorticks_off()
    ticks = sorted(set.union(*map(set, means.values())))
    axes.set_xticks(ticks, [f"{minutes:g}" for minutes in ticks])
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    nearest = {minutes: min(means, key=lambda name: means[name][minutes]) for minutes in shared}
    spans = [(name, [f"{minutes:g}" for minutes in span]) for name, span in groupby(nearest, nearest.get)]
    when = ", ".join(say(f"{name} at {' to '.join(dict.fromkeys((span[0], span[-1])))}") for name, span in spans)
    axes.set_title(f"nearest: {when} minutes", fontsize=10)
    figure.legend(loc="outside right center", frameon=False, fontsize=9)
    return figure


def latent(z, x, value, label="", title=""):
    """Points z (n, 2) of the latent plane beside what they became, x (n, 2), both coloured by value (n,)."""
    figure = Picture(7.6, 3.7)
    for axes, points, reach, name in zip(figure.subplots(1, 2), (z, x), (3.3, REACH), ("z", "G(z)")):
        drawn = axes.scatter(*points.detach().cpu().T, c=value.detach().cpu(), s=4, cmap="viridis", linewidths=0)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axes.set_title(name, fontsize=10)
    figure.colorbar(drawn, ax=figure.axes, label=label, shrink=0.85)
    figure.suptitle(title, fontsize=11)
    return figure


def codes(panels, y, names=None, title=""):
    """Codes z (n, 2), one panel for each entry of `panels`, {title: (n, 2)}, coloured by class y (n,).

    names: one for each class, shown beside the panels. Each panel has its own limits: the scale is part of the story.
    """
    y = y.detach().cpu()
    colors = colormaps["tab10"].colors
    figure = Picture(min(8, 3.4 * len(panels) + 1.2), 3.6)
    for axes, (name, z) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items()):
        z = z.detach().cpu()
        for i in range(int(y.max()) + 1):
            axes.scatter(*z[:4000][y[:4000] == i].T, s=3, color=colors[i], alpha=0.6, linewidths=0,
                         label=names[i] if names else None)
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_title(name, fontsize=10)
    if names:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=8,
                      markerscale=4)
    figure.suptitle(title, fontsize=11)
    return figure


def lines(lines, xlabel="", ylabel="", title="", log=""):
    """One line for each entry of `lines`, {label: (x, y)}, in the order blue, orange, green, grey; a single
    point is drawn as a mark. log: "x", "y" or "xy" for logarithmic axes."""
    figure = Picture(5, 2.8)
    axes = figure.subplots()
    colors, marks = cycle((BLUE, ORANGE, GREEN, GREY)), cycle("s^Dv")
    for label, (x, y) in lines.items():
        x, y = (torch.as_tensor(v).detach().cpu().reshape(-1) for v in (x, y))
        if len(x) == 1:
            axes.plot(x, y, next(marks), color=GREY, label=label)
        else:
            axes.plot(x, y, color=next(colors), marker="." if len(x) < 15 else "", label=label)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log" if "x" in log else "linear",
             yscale="log" if "y" in log else "linear")
    axes.set_title(title, fontsize=10)
    axes.legend(frameon=False, fontsize=9)
    return figure


def curves(history, *panels, titles=(), limits=()):
    """Logged values against steps: `curves(run.history, ("d", "g"), ("modes",))` draws two panels.

    history: {name: ([steps], [values])}, as in `Run`. Each line is a running mean over 2 % of the run on a
    pale line of all values. limits: (low, high) of the vertical axis of each panel, None to fit it.
    """
    figure = Picture(8, 2.4)
    for i, (axes, names) in enumerate(zip(figure.subplots(1, len(panels), squeeze=False)[0], panels)):
        for name, color in zip(names, cycle((BLUE, ORANGE, GREEN, GREY))):
            steps, values = history[name]
            axes.plot(steps, values, color=color, alpha=0.25, linewidth=0.7)
            axes.plot(steps, _running_mean(values, len(values) // 50 + 1), color=color, label=name)
        axes.set_xlabel("step")
        axes.set_title(titles[i] if i < len(titles) else "", fontsize=10)
        axes.legend(frameon=False)
        if i < len(limits) and limits[i]:
            axes.set_ylim(limits[i])
    return figure


def bars(groups, names, title=""):
    """Bars side by side: `groups` is {label: one number per name}, in the order blue, orange, grey, green."""
    figure = Picture(8, 2.6)
    axes = figure.subplots()
    width = 0.8 / len(groups)
    for i, ((label, heights), color) in enumerate(zip(groups.items(), cycle((BLUE, ORANGE, GREY, GREEN)))):
        axes.bar([j + (i - (len(groups) - 1) / 2) * width for j in range(len(names))],
                 [float(h) for h in heights], width, color=color, label=label)
    axes.set_xticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])            # room for the legend
    axes.set_title(title, fontsize=10)
    axes.legend(frameon=False, fontsize=9, ncols=len(groups), loc="upper center")
    return figure


def png(x, columns=8, zoom=3):
    """Images (n, 1, 28, 28) in [-1, 1] as the bytes of a PNG, each pixel `zoom` wide: what a widget can show fast."""
    tiles = _tile(x, columns).repeat_interleave(zoom, 0).repeat_interleave(zoom, 1)
    file = io.BytesIO()
    imsave(file, tiles.numpy(), cmap="gray", vmin=-1, vmax=1, format="png")
    return file.getvalue()


def film(frames, label="t"):
    """A slider over stored pictures: `frames` is {name: figure or images (n, 1, 28, 28)}; nothing is computed when it
    moves."""
    stored = [f._repr_png_() if isinstance(f, Figure) else png(f) for f in frames.values()]
    width = min(720, int.from_bytes(stored[0][16:20], "big"))          # a PNG holds its width there
    picture = widgets.Image(value=stored[0], format="png", width=width)
    slider = widgets.SelectionSlider(options=[(say(str(name)), i) for i, name in enumerate(frames)],
                                     description=say(label))
    slider.observe(lambda change: setattr(picture, "value", stored[change.new]), "value")
    return widgets.VBox([slider, picture])


def explore(draw, columns=8, **controls):
    """Controls above a picture that follows them: `explore(draw, angle=widgets.FloatSlider())`.

    draw: called with the value of each control by its name, returns images (n, 1, 28, 28) in [-1, 1].
    """
    picture = widgets.Image(format="png", width=min(720, 90 * columns))

    def update(change=None):
        with torch.no_grad():
            picture.value = png(draw(**{name: control.value for name, control in controls.items()}), columns)

    for control in controls.values():
        control.description = say(control.description)
        control.observe(update, "value")
    update()
    return widgets.VBox([*controls.values(), picture])


def _planes(names, columns, largest=3.4):
    """A figure with one panel of the plane for each name, in rows of `columns`, and these panels."""
    columns = min(columns, len(names))
    rows = math.ceil(len(names) / columns)
    side = min(8 / columns, largest)
    figure = Picture(side * columns, (side + 0.1) * rows + 0.2)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, name in zip(panels, names):
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal")
        axes.set_title(name, fontsize=10)
    for axes in panels[len(names):]:
        axes.set_visible(False)
    return figure, panels[:len(names)]


def _tile(x, columns):
    """(n, 1, 28, 28) -> one picture (height, width) of tiles, in rows of `columns`, with white between them."""
    return make_grid(x.detach().float().cpu(), columns, padding=2, pad_value=1.0)[0]


def _show_grey(axes, picture, title):
    axes.imshow(picture.numpy(), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, fontsize=10)


def _on_grid(f, device, n=80):
    line = torch.linspace(-REACH, REACH, n, device=device)
    x, y = torch.meshgrid(line, line, indexing="xy")
    return f(torch.stack([x.flatten(), y.flatten()], 1)).detach().cpu().reshape(n, n).numpy()


def _running_mean(values, width):
    total, means = [0.0], []
    for i, value in enumerate(values):
        total.append(total[-1] + value)
        first = max(0, i + 1 - width)
        means.append((total[-1] - total[first]) / (i + 1 - first))
    return means
