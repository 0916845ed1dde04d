"""What readers change in the main training of each notebook, where they stop, and the machines they run it on."""

import locale
import re
import subprocess

import pytest

from utils import sections

from ..files import SETUP
from .kernel import ends, errors, kernel, text

TRAINED = {1: "G", 2: "decoder", 3: "net"}


def main_training(notebook):
    """The cells that lead to the training whose weights ship, and that one."""
    cells = sections.read(notebook)
    last = next(i for i, cell in enumerate(cells) if "minutes = 3" in cell.source)
    return [cells[i].source for i in [*sections.needs(cells, [last]), last]]


@pytest.fixture(scope="module", params=[1, 2, 3])
def reader(request):
    """Number of a notebook, and a kernel in which all has run that its main training needs."""
    with kernel() as k:
        k.run(SETUP)
        for source in main_training(request.param)[:-1]:
            assert not errors(k.run(source))
        yield request.param, k


def trained(reader, pattern, new):
    """Messages of the main training after every match in what trains clothes was replaced; it must match. The reader's
    own functions are put back."""
    notebook, k = reader
    *before, last = main_training(notebook)
    cells = [source for source in before if re.search("def (train_clothes|clothes_vae|train_vae|adam)", source)]
    edited = [re.sub(pattern, new, source) for source in cells]
    assert edited != cells
    for source in edited:
        assert not errors(k.run(source))
    try:
        return k.run(last, timeout=300)
    finally:
        for source in cells:
            k.run(source)


@pytest.mark.parametrize("what, pattern, new", [
    ("learning rate 100", r"(lr=|parameters\(\), )\de-3", r"\g<1>100.0"),
    ("batch of 1", "batch_size, seed", "1, seed"),
    ("batch of 60,000", "batch_size, seed", "60_000, seed")], ids=["learning-rate-100", "batch-1", "batch-60000"])
def test_an_extreme_setting_ends_in_a_sentence_and_loses_nothing(reader, what, pattern, new):
    notebook, k = reader
    k.run("free = machine.free_memory\nmachine.free_memory = lambda: 3 * 10 ** 9           # a small machine")
    messages = trained(reader, pattern, new)
    k.run("machine.free_memory = free")
    said, = ends(messages)
    assert not errors(messages) and text(messages, "stderr") == "" and re.search(r"min, [\d,]+ steps", said), said
    if what == "batch of 60,000":
        assert "out of memory: choose a smaller batch and run the cell again; what was trained is kept" in said
    if "became" in said:
        assert "lower the learning rate" in said and "are put back" in said
    finite = f"all(w.isfinite().all() for w in {TRAINED[notebook]}.parameters())"
    assert text(k.run(f"print({finite})")) == "True\n"


@pytest.mark.parametrize("reader, factor", [(2, 100), (3, 1000)], indirect=["reader"])
def test_a_learning_rate_far_too_high_is_told_although_all_stays_finite(reader, factor):
    messages = trained(reader, r"(lr=|parameters\(\), )2e-3", rf"\g<1>{2e-3 * factor}")
    said, = ends(messages)
    assert not errors(messages)
    assert re.search("has exploded, from|became (nan|inf)", said) and "lower the learning rate" in said, said


def test_zero_minutes_take_the_shipped_weights(reader):
    notebook, k = reader
    messages = k.run(main_training(notebook)[-1].replace("minutes = 3", "minutes = 0"))
    assert not errors(messages) and re.search("weights that ship with the course, of a training of "
                                              f"{ {1: '27,718', 2: '15,796', 3: '45,000'}[notebook]} steps "
                                              r"\(the text speaks of a shorter one\)", text(messages))
    assert text(k.run("print(run.seconds > 100)")) == "True\n"
    if notebook == 2:              # without its cap, one log-variance of a test image was 22 there
        elbo = next(cell.source for cell in sections.read(2) if "on test images {" in cell.source)
        assert 500 < float(re.search(r"on test images (\S+) nats", text(k.run(elbo)))[1]) < 700
        message, = errors(k.run("train_vae(None, mlp(2, 4), mlp(2, 2), 0.1, s=0)"))
        assert message == "s is a standard deviation: above 0, or None to learn it"
    if notebook == 3:              # and three steps in the place of forty
        cell = next(cell for cell in sections.read(3) if "picked = [" in cell.source)
        assert not errors(k.run(cell.source.replace("steps, beliefs, states = 40", "steps, beliefs, states = 3")))


@pytest.mark.parametrize("reader, old, new, name", [(3, "c=48", "c=40", "diffusion"), (2, "s=None", "s=0.1", "vae")],
                         indirect=["reader"])
def test_a_network_that_the_reader_changed_is_offered_training(reader, old, new, name):
    notebook, k = reader
    *before, last = main_training(notebook)
    for source in before:
        k.run(source.replace(old, new))
    message, = errors(k.run(last.replace("minutes = 3", "minutes = 0")))
    assert message == (f"the weights in {name}.pt do not fit a network that was changed: give Run minutes "
                       "above 0 to train instead, or undo the change")
    assert not errors(k.run(last))
    for source in before:                                            # put back, for the tests that share the kernel
        k.run(source)


@pytest.mark.parametrize("share", ["(torch.pi / 2 * torch.as_tensor(t)).cos() ** 2", "1 - torch.as_tensor(t)"])
def test_another_alpha_bar_works_in_every_cell_of_the_ring(k, share):
    """Both are 0 at t = 1, the first but for rounding. So does a film of three steps."""
    cells = [cell for cell in sections.read(3) if cell.section <= 4 or "def second_order" in cell.source
             or cell.section == 8 and "patient" not in cell.source or "|DDIM - ODE|" in cell.source]
    k.run(SETUP)
    for cell in cells:
        source = re.sub(r"share = .*", f"share = {share}", cell.source)
        messages = k.run(source.replace("steps, film = 40", "steps, film = 3"), timeout=300)
        assert not errors(messages), (source, errors(messages))
    first, *_, last = [[float(v) for v in line.split()[1:]] for line in text(messages).splitlines()[1:]]
    assert last[0] < first[0] / 5 and last[1] < first[1] / 2         # DDIM still follows the ODE, DDPM the SDE
    k.run(f"def alpha_bar(t):\n    return {share}")                  # without the line that keeps it above 0
    messages = errors(k.run(next(cell.source for cell in cells if "stops = {" in cell.source)))
    assert bool(messages) == ("cos" not in share)
    assert all("keep it above 0, .clamp(min=1e-4)" in message for message in messages)


@pytest.mark.parametrize("notebook", [1, 2, 3])
def test_the_stop_button_in_every_training_of_a_notebook(notebook):
    """Each training would take ten minutes and is stopped right after it began; all go on."""
    said = []
    with kernel() as k:
        k.run(SETUP)
        k.run("from utils import train")
        k.run("def longer(run, enter=train.Run.__enter__):\n    run.box_s, run.box_steps = 600, None\n"
              "    return enter(run)\ntrain.Run.__enter__ = longer")
        cells = sections.read(notebook)
        training = [i for i, cell in enumerate(cells) if re.search(r"Run\(|train_|clothes_vae\(|half\(", cell.source)]
        for i in sorted({*sections.needs(cells, training), *training}):
            messages = k.run(cells[i].source, stop_after=0.05, timeout=300)
            assert not errors(messages) and text(messages, "stderr") == "", cells[i].source
            said += ends(messages)
    stopped, cut = ([end for end in said if part in end] for part in (
        "stopped by you, and what was trained is kept", "steps only, because you stopped a training of this cell"))
    assert len(stopped) >= 6 and len(stopped) + len(cut) == len(said) >= 9 and cut
    assert all(re.search(r" 2 steps \(", end) for end in cut)


def comma_locale():
    """A locale of this machine that writes 1,5 for 1.5, or None."""
    names = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split()
    before = locale.setlocale(locale.LC_NUMERIC)
    try:
        for name in names:
            locale.setlocale(locale.LC_NUMERIC, name)
            if locale.localeconv()["decimal_point"] == ",":
                return name
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)


@pytest.mark.skipif(comma_locale() is None,
                    reason="no locale with decimal commas here: localedef -i de_DE -f UTF-8 de_DE.UTF-8")
def test_a_locale_with_decimal_commas(tmp_path):
    """Numbers are read and written with points, in tables, titles and the scoreboard."""
    with kernel() as k:
        k.run(f"import locale; locale.setlocale(locale.LC_ALL, {comma_locale()!r})")
        assert text(k.run("print(locale.str(1.5), f'{1.5:n}')")) == "1,5 1,5\n"
        for source in (SETUP, "enter(3, 6)",
                       *(cell.source for cell in sections.read(3) if cell.section == 6)):
            messages = k.run(source, timeout=300)
            assert not errors(messages), source
            if "scoreboard.report" in source:
                floor = float(text(k.run("print(row['floor']['precision'])")))
                assert re.search(rf"precision, high is good +{floor:.2f} ", text(messages))
        assert "0.02" in text(k.run("print(machine.describe())"))


def test_a_missing_package_is_named_with_the_command_that_installs_it():
    with kernel() as k:
        k.run("import importlib.util as u\nfind = u.find_spec\n"
              "u.find_spec = lambda name, *a: None if name == 'ipywidgets' else find(name, *a)")
        message, = errors(k.run(SETUP))
        assert message.startswith("ipywidgets not found: run  pip install -r requirements.txt")
