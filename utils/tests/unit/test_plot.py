import io

import ipywidgets as widgets
import matplotlib.colors
import matplotlib.image
import pytest
import torch
from matplotlib.figure import Figure

from utils import plot, scoreboard

X = torch.linspace(-1, 1, 784).reshape(1, 1, 28, 28).repeat(5, 1, 1, 1)
P = torch.randn(50, 2)
FLOOR = {"precision": 0.9, "recall": 0.9, "frechet": 1.5}
ROWS = {"GAN (shipped)": {"precision": 0.7, "recall": 0.6, "ms": 0.1, "floor": FLOOR, "device": "cpu",
                          "shipped": True},
        "diffusion": {"precision": 0.8, "recall": 0.7, "ms": 5.0, "floor": FLOOR, "device": "cpu"}}
HISTORY = {"d": (list(range(100)), [1.0] * 100), "g": ([0], [2.0])}


@pytest.mark.parametrize("figure", [
    lambda: plot.images(X), lambda: plot.images(X[:1], columns=1, title="one"), lambda: plot.images(X, columns=3),
    lambda: plot.sheet({"a": X, "b": X[:2]}, "rows"), lambda: plot.points(P), lambda: plot.points(real=P),
    lambda: plot.points(P, P, lambda x: x[:, 0].sigmoid(), "heat"), lambda: plot.points({"a": P, "b": P, "c": P}, P),
    lambda: plot.points(heat={"a": lambda x: x[:, 0], "b": lambda x: x[:, 1]}, real=P, title="two"),
    lambda: plot.curves(HISTORY, ("d", "g"), ("d",), titles=("a",), limits=((0, 1),)),
    lambda: plot.codes({"a": P}, torch.arange(50) % 3, ["x", "y", "z"]),
    lambda: plot.codes({"a": P, "b": 9 * P, "c": P}, torch.arange(50) % 8, title="three"),
    lambda: plot.lines({"a": (P[:, 0], P[:, 1])}, "x", "y", "title"),
    lambda: plot.lines({"a": ((5, 10), (3, 2)), "one": (1, 4.0)}, log="xy"),
    lambda: plot.points(real={"a": P, "b": P}, columns=2),
    lambda: plot.field({"a": lambda x: -x, "b": (lambda x: -x, lambda x: x)}, P, "two"),
    lambda: plot.field({str(i): lambda x: -x for i in range(4)}),
    lambda: plot.paths({"a": P.expand(7, 50, 2), "b": P.expand(3, 50, 2)}, P, "paths", columns=2),
    lambda: plot.diagram("z > [G] > x", "y"),
    lambda: plot.trilemma(ROWS), lambda: plot.budgets(scoreboard.budgets(), scoreboard.rows("GAN")),
    lambda: plot.bars({"real": [0.1, 0.2], "fake": torch.rand(2)}, ["a", "b"], "bars")])
def test_every_figure_is_one_picture_at_most_eight_inches_wide(figure):
    figure = figure()
    assert isinstance(figure, Figure) and figure.get_size_inches()[0] <= 8
    picture = matplotlib.image.imread(io.BytesIO(figure._repr_png_()))
    assert picture.shape[1] <= 720 and picture[..., :3].std() > 0


def test_a_panel_that_is_not_needed_is_not_shown():
    four = {str(i): P for i in range(4)}
    for figure in (plot.points(four), plot.paths({name: P.expand(3, 50, 2) for name in four}, P),
                   plot.field({name: lambda x: -x for name in [" ", "b", "c", ""]})):
        assert [axes.get_visible() for axes in figure.axes] == [True] * 4 + [False] * 2


def test_images_are_never_rescaled():
    """A grey image stays grey: limits are [-1, 1] and not those of the image."""
    figure = plot.images(torch.zeros(4, 1, 28, 28), columns=4)
    drawn = figure.axes[0].images[0]
    assert drawn.get_clim() == (-1, 1) and drawn.get_array()[5, 5] == 0


def test_tiles_are_in_reading_order_with_a_border():
    x = torch.arange(6.).reshape(6, 1, 1, 1).expand(6, 1, 28, 28) / 6
    tiles = plot._tile(x, 4)
    assert tiles.shape == (62, 122)
    assert tiles[16, 16::30].tolist() == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6])
    assert tiles[46, 16::30].tolist() == pytest.approx([4 / 6, 5 / 6, 1, 1])
    assert (tiles[0] == 1).all()


def test_all_point_figures_share_their_limits():
    for figure in (plot.points(0.1 * P), plot.points({"a": P, "b": 5 * P})):
        assert {axes.get_xlim() for axes in figure.axes} == {(-plot.REACH, plot.REACH)}


def test_running_mean():
    assert plot._running_mean([1, 2, 3, 4], 2) == [1, 1.5, 2.5, 3.5]


def test_latent_has_both_planes_and_a_scale():
    figure = plot.latent(P, 2 * P, P[:, 0], "norm", "title")
    assert len(figure.axes) == 3 and figure._repr_png_()


def test_codes_are_coloured_by_class_and_keep_their_own_scale():
    figure = plot.codes({"a": P, "b": 9 * P}, torch.arange(50) % 3, ["x", "y", "z"])
    a, b = figure.axes
    assert [len(c.get_offsets()) for c in a.collections] == [17, 17, 16] and len(figure.legends[0].get_texts()) == 3
    assert b.dataLim.width == pytest.approx(9 * a.dataLim.width)


def test_png_has_the_exact_grey_values():
    picture = matplotlib.image.imread(io.BytesIO(plot.png(X[:2], columns=2, zoom=3)))
    assert picture.shape[:2] == (96, 186)
    assert picture[7, 7, 0] == pytest.approx(0, abs=0.01) and picture[88, 88, 0] == pytest.approx(1, abs=0.01)


def test_explore_follows_every_control_from_end_to_end():
    size, label = widgets.FloatSlider(min=0, max=1), widgets.Dropdown(options=[("a", 0), ("b", 1)])
    asked = []

    def draw(size, label):
        assert not torch.is_grad_enabled()
        asked.append((size, label))
        return torch.full((4, 1, 28, 28), size - label)
    box = plot.explore(draw, size=size, label=label)
    picture = box.children[-1]
    seen = {picture.value}
    for value in (0.5, 1.0):
        size.value = value
        seen.add(picture.value)
    label.value = 1
    assert asked == [(0, 0), (0.5, 0), (1, 0), (1, 1)] and len(seen) == 3
    assert picture.value == plot.png(torch.zeros(4, 1, 28, 28))


def test_trilemma_says_who_wins_and_hatches_what_is_shipped():
    figure = plot.trilemma(ROWS)
    assert figure.get_suptitle() == "no row wins all three: diffusion 2, GAN (shipped) 1"
    for axes, winner in zip(figure.axes, (1, 1, 0)):
        bars = axes.patches
        assert [bar.get_hatch() or "" for bar in bars] == ["//", ""]
        assert bars[winner].get_facecolor() == matplotlib.colors.to_rgba(plot.BLUE) != bars[1 - winner].get_facecolor()
    alone = plot.trilemma({"diffusion": ROWS["diffusion"]})
    assert alone.get_suptitle() == "diffusion wins all three"
    elsewhere = plot.trilemma({"GAN": ROWS["GAN (shipped)"], "diffusion": ROWS["diffusion"] | {"device": "cuda"}})
    assert elsewhere.get_suptitle() == "diffusion wins all three"                  # its speed has no rival there
    assert [text.get_text().strip() for text in elsewhere.axes[2].texts][0] == "on cpu"
    nothing = {name: row | {"precision": 0.0, "recall": 0.0} for name, row in ROWS.items()}     # hardly trained at all
    assert [text.get_text().strip() for text in plot.trilemma(nothing).axes[1].texts] == ["0.00", "0.00"]


def test_budgets_says_who_is_nearest_when_and_marks_the_readers_rows():
    found = {"GAN": {0.25: (30, 40), 1: (9, 11), 3: (8, 8)},
             "diffusion": {0.25: (200, 100), 1: (10, 12), 3: (5, 6), 10: (4, 4)}}
    points = [{"name": name, "minutes": minutes, "frechet": d} for name, own in found.items()
              for minutes, pair in own.items() for d in pair]
    axes, = plot.budgets(points, {name: row | {"minutes": 2.0, "frechet": 7.0} for name, row in ROWS.items()}).axes
    assert axes.get_title() == "nearest: GAN at 0.25 to 1, diffusion at 3 minutes"
    means = [line.get_ydata() for line in axes.lines if line.get_label() in found]
    assert means == [pytest.approx([35, 10, 8]), pytest.approx([150, 11, 5.5, 4])]
    stars = {line.get_label(): line for line in axes.lines if line.get_marker() == "*"}
    assert list(stars) == ["GAN, a row that ships", "diffusion, your row"]
    assert [line.get_fillstyle() for line in stars.values()] == ["none", "full"]
    assert stars["diffusion, your row"].get_xydata().tolist() == [[2.0, 7.0]]
    untrained = {name: row | {"minutes": None, "frechet": 7.0} for name, row in ROWS.items()}
    assert not [line for line in plot.budgets(points, untrained).axes[0].lines if line.get_marker() == "*"]


def test_film_shows_stored_pictures():
    frames = {"0.0": X, "0.5": -X, "1.0": plot.points(P)}
    slider, picture = plot.film(frames, label="time").children
    assert slider.description == "time" and [name for name, _ in slider.options] == list(frames)
    seen = []
    for i in (0, 1, 2, 0):
        slider.index = i
        seen.append(bytes(picture.value))
    assert seen[0] == seen[3] == plot.png(X) and seen[1] == plot.png(-X) and seen[2].startswith(b"\x89PNG")


def test_arrows_are_drawn_from_the_grid():
    blue, green = plot.field({"a": (lambda x: -x, lambda x: 0 * x)}).axes[0].collections
    assert torch.tensor(blue.U).tolist() == torch.tensor(-blue.XY[:, 0]).tolist() and not green.U.any()


def test_a_sheet_shows_its_labels_whole():
    """The layout once took too little room for them where the rows were many."""
    rows = {label: torch.zeros(8, 1, 28, 28) for label in ("given", "known", *(f"{i} x, draw 1" for i in range(4)))}
    figure = plot.sheet(rows)
    figure._repr_png_()
    assert min(label.get_window_extent().x0 for label in figure.axes[0].get_yticklabels()) >= 0
