"""Every section of every notebook, entered cold and then solved, and what a reader sees who runs a cell too early."""

import re
import textwrap

import nbformat
import pytest

from utils import sections

from ..answers import RIGHT
from ..files import NOTEBOOKS, SETUP, answer_cell
from .kernel import errors, kernel, text

# For each exercise cells, named by a part of them, that have to run on the answer from then on.
GAN, VAE = ["run_ring = train_ring()", "half_minute = "], ["s_ring = ring_vae()", "decoder, s, run = clothes_vae("]
LATER = {
    1: {"d_loss": GAN, "g_loss": GAN, "d_step": GAN, "g_step": GAN, "jacobian_norm": ["rejected   share on a mode"],
        "gradient_penalty": ["critics = {", "the critic says"], "project": ['"D forgets it"'],
        "inside": ['"everything but shoes"']},
    2: {"squared_error": ["as run_auto", "eigen_clothes ="], "nll": VAE[:1] + ["bought = {", "as run_line"],
        "draw": VAE, "kl": VAE, "alive": ["predicted    counted", "eigen_clothes ="],
        "iw_bound": ["trials = [bounds("]},
    3: {"q_sample": ["as run_reader", "stops = {"], "from_score": ["stops = {", "paths = {"],
        "ddim_step": ["ends[steps] = [generate(", "2nd order        skipping", "calls, curves =", '"student": ddim'],
        "loss": ["net_ring = train_ring(", "minutes = 3"], "drop": ["net_y, run_y = train_clothes("],
        "guide": ["panels = {}"], "flow_loss": ["flow_nets[name], _ = train_clothes("], "euler": ["paths = {"],
        "missed": ["miss it"], "pair_loss": ["ring_student, _ ="], "codes": ["run_latent = train_clothes("],
        "divergence": ["nats_learned = log_density("], "keep_known": ['ends = {"exact draws"']}}


def counted(body):
    """The body of an answer, which also counts how often it is called."""
    return "_called.append(1)\n" + textwrap.dedent(body).strip()


@pytest.mark.parametrize("notebook", [1, 2, 3])
def test_every_section_entered_cold_and_answered_late(notebook):
    """The set-up cell, `enter`, and the section's own cells: no name is left of what ran before. Then, one by one, the
    answers that its cells have to use from then on."""
    cells, tried = sections.read(notebook), []
    with kernel() as k:
        k.run("%env WORKSHOP_BUDGET=0.001")
        for section in range(1, cells[-1].section + 1):
            k.run("%reset -f")
            own = [cell.source for cell in cells if cell.section == section]
            assert own
            for source in (SETUP, f"enter({notebook}, {section})", *own):
                messages = k.run(source, timeout=300)
                assert not errors(messages) and text(messages, "stderr") == "", (section, source)
                if source.startswith("enter("):
                    said = (rf"Section {section} needs \d+ cells?: the imports( only| and some of section [\d, ]+), "
                            rf"as you last saved them\.\n(  (training for|not trained here: weights that ship) .*\n)*"
                            rf"They have run: go on with section {section}\.\n")
                    assert re.fullmatch(said, text(messages)), text(messages)
                    announced = "  training for" in text(messages)
                    assert announced or (notebook, section) not in ((1, 5), (3, 8))
            for name, part, source in ((name, part, source) for name, parts in LATER[notebook].items()
                                       for part in parts for source in own if part in source):
                k.run("_called = []")
                assert f"{name}: right" in text(k.run(answer_cell(name, counted(RIGHT[name][0]))))
                k.run("_called.clear()")
                messages = k.run(source, timeout=300)
                assert not errors(messages) and int(text(k.run("print(len(_called))"))) > 0, (name, part)
                tried.append(part)
    assert sorted(tried) == sorted(part for parts in LATER[notebook].values() for part in parts)


def test_a_cell_run_too_early_is_told_what_it_needs(k):
    cells = sections.read(3)
    k.run(SETUP)
    k.run(cells[0].source)
    early = next(cell for cell in cells if "plot.trilemma" in cell.source)
    message, = errors(k.run(early.source))                           # made in the same section: no circle
    assert message == ("name 'row' is not defined. An earlier cell of this section makes it: run section 6 from "
                       "its first cell on")
    early = next(cell for cell in cells if cell.section == 2 and "ring.sample" in cell.source)
    message, = errors(k.run(early.source))
    assert "Section 1 makes it: run the cells above this one first" in message
    assert message.endswith("by enter(3, 2)")
    k.run("del summary")
    message, = errors(k.run("summary()"))
    assert message.endswith("The imports make it: run the cell right below the set-up cell")
    message, = errors(k.run("no_such_name"))
    assert message == "name 'no_such_name' is not defined"
    message, = errors(k.run("def f():\n    row = row + 1\nf()"))     # not a missing cell
    assert "Section" not in message


def test_a_deleted_cell_is_told_as_such(k, tmp_path):
    notebook = nbformat.read(NOTEBOOKS[2], as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "ring = Ring(" not in cell.source]
    nbformat.write(notebook, tmp_path / NOTEBOOKS[2].name)
    k.run(SETUP)
    k.run(f"from pathlib import Path\nfrom utils import sections\nsections.FOLDER = Path({str(tmp_path)!r})")
    k.run(next(cell.source for cell in sections.read(3) if cell.section == 0))
    message, = errors(k.run(next(cell.source for cell in sections.read(3) if "moments = torch" in cell.source)))
    assert "No cell of 3_diffusion.ipynb, as it is saved, makes it: if you deleted or changed one" in message
    said = text(k.run("enter('3', '2')"))
    assert f"as they stand in {tmp_path}." in said and "go on with section 2" in said


def test_enter_says_what_does_not_run(k, tmp_path):
    """The reader's own cell is broken: it is shown, and nothing more is run."""
    notebook = nbformat.read(NOTEBOOKS[2], as_version=4)
    cell = next(cell for cell in notebook.cells if "def alpha_bar" in cell.source)
    cell.source += "\nundefined_by_the_reader"
    nbformat.write(notebook, tmp_path / NOTEBOOKS[2].name)
    k.run(SETUP)
    k.run(f"from pathlib import Path\nfrom utils import sections\nsections.FOLDER = Path({str(tmp_path)!r})")
    messages = k.run("enter(3, 2)")
    assert "A cell of section 1 did not run, so section 2 cannot be entered yet" in text(messages)
    assert "undefined_by_the_reader" in text(messages)
    for call, sentence in (("enter(3, 40)", "there is no section 40: choose one from 1 to 18"),
                           ("enter(7, 1)", "there is no notebook 7: choose one of 3")):
        message, = errors(k.run(call))
        assert message == sentence


def test_cells_of_another_notebook_are_borrowed(k, tmp_path):
    """What its cells make, with weights that ship; what is set in the module its functions see; all else stays."""
    k.run(SETUP)
    k.run("import torch\nfrom utils import data, exercises\nfrom utils.sections import borrow")
    k.run("exercises._state.clear()\ntorch.manual_seed(1)\nbefore = torch.rand(1)\ntorch.manual_seed(1)")
    messages = k.run("vae = borrow(2, 'encoder', 'decoder')\nprint(vae.decoder(torch.zeros(3, 32)).shape)")
    assert not errors(messages)
    assert text(messages).startswith("  not trained here: weights that ship") and "[3, 1, 28, 28]" in text(messages)
    assert text(k.run("print(set(exercises._state), torch.equal(torch.rand(1), before))")) == "set() True\n"
    k.run("%env WORKSHOP_BUDGET=0.001")
    messages = k.run("gan = borrow(1, 'train_ring')\n"
                     "gan.ring.batches = lambda size: iter([gan.ring.sample(size)] * 2)\n"
                     "G, D, run = gan.train_ring(live=False)\nprint(run.step)")
    assert not errors(messages) and text(messages).endswith("2\n")
    for call, sentence in (("borrow(2, 'nothing')", "no cell of notebook 2, as it is saved, makes 'nothing'"),
                           ("borrow(9, 'G')", "there is no notebook 9: choose one of 1, 2, 3")):
        message, = errors(k.run(call))
        assert message == sentence
    notebook = nbformat.read(NOTEBOOKS[1], as_version=4)
    cell = next(cell for cell in notebook.cells if "def make_decoder" in cell.source)
    cell.source += "\nundefined_by_the_reader"
    nbformat.write(notebook, tmp_path / NOTEBOOKS[1].name)
    k.run(f"from pathlib import Path\nfrom utils import sections\nsections.FOLDER = Path({str(tmp_path)!r})")
    message, = errors(k.run("borrow(2, 'decoder')"))
    assert message == ("a cell of section 1 of notebook 2 does not run (NameError: name 'undefined_by_the_reader' is "
                       "not defined): open that notebook and mend it, or take a fresh copy of it")


def test_borrowed_cells_have_the_images_of_the_reader(k, tmp_path):
    k.run(SETUP)
    k.run("import numpy as np, pathlib, struct\nfrom utils import data\nfrom utils.sections import borrow")
    k.run(f"folder = pathlib.Path({str(tmp_path)!r})\n"
          "for file, dims in zip(data.FILES, ((30, 28, 28), (30,), (20, 28, 28), (20,))):\n"
          "    raw = (np.arange(np.prod(dims)) % 10).astype(np.uint8).tobytes()\n"
          "    (folder / file).write_bytes(struct.pack(f'>HBB{len(dims)}I', 0, 8, len(dims), *dims) + raw)\n"
          "data.load(folder)")
    messages = k.run("vae = borrow(2, 'x_train')\nprint(len(vae.x_train), data.current == folder)")
    assert not errors(messages) and text(messages) == "30 True\n"
