"""The notebooks under nbval as two readers leave them; as the third leaves them, blank, nbval runs them itself."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
import torch

from utils import language

from ..answers import RIGHT, WRONG
from ..conftest import ROOT
from ..files import FRENCH, NOTEBOOKS, answered, course_copy, write_idx


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """A small set in a folder: bars that lie, stand and cross, each with a few shades; its test part is smaller than
    what the notebooks ask for."""
    folder = tmp_path_factory.mktemp("bars")
    torch.manual_seed(0)
    for part, n in (("train", 2600), ("t10k", 500)):
        y, place, shade = torch.randint(0, 3, (n,)), torch.randint(2, 22, (n,)), torch.randint(120, 256, (n,))
        bar = ((torch.arange(28) - place[:, None] - 2).abs() <= 2)
        lies, stands = bar[:, :, None] & (y != 1)[:, None, None], bar[:, None, :] & (y != 0)[:, None, None]
        write_idx(folder / f"{part}-images-idx3-ubyte", (lies | stands) * shade[:, None, None])
        write_idx(folder / f"{part}-labels-idx1-ubyte", y)
    return folder


def run(notebook, name, folder, env=os.environ):
    """Every cell of the notebook under nbval, in a course of its own in `folder`."""
    course = course_copy(folder, **{name: notebook})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-c", str(ROOT / "pyproject.toml"),
               "--rootdir", str(folder), "-p", "utils.tests.conftest", str(course / "notebooks")]
    path = os.pathsep.join([str(ROOT), env.get("PYTHONPATH", "")])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                          env={**env, "PYTHONPATH": path, "WORKSHOP_BUDGET": "0.002"})
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    assert done.returncode == 0 and f"{cells} passed" in done.stdout, done.stdout[-3000:]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_reader_who_solves_everything_gets_to_the_end(path, tmp_path):
    notebook = answered(path, RIGHT)
    notebook.cells.append(nbformat.v4.new_code_cell(
        "from utils import exercises\nassert set(exercises._state.values()) == {'yours'}, exercises._state"))
    run(notebook, path.stem, tmp_path)


@pytest.mark.parametrize("answers, state", [({}, "the reference (not filled in)"), (RIGHT, "yours")])
def test_a_french_reader_gets_to_the_end_and_is_told_so_in_french(answers, state, tmp_path):
    notebook, french = answered(FRENCH[0], answers), json.loads(language.FRENCH.read_text("utf-8"))
    notebook.cells.append(nbformat.v4.new_code_cell(
        f"from utils import exercises, language, sections\nassert sections.folder().name == 'fr'\n"
        f"assert set(map(language.say, exercises._state.values())) == {{{french[state]!r}}}, exercises._state"))
    run(notebook, f"fr/{FRENCH[0].stem}", tmp_path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_reader_who_solves_nothing_and_loads_another_set_gets_to_the_end(path, bars, tmp_path):
    """All answers are wrong, and the ruler measures against the reader's own pictures: three classes, small."""
    notebook = answered(path, WRONG)
    for cell in notebook.cells:
        cell.source = cell.source.replace('load("FashionMNIST", device)', f'load("{bars}", device)')
    notebook.cells.append(nbformat.v4.new_code_cell(
        "from utils import exercises\n"
        "assert set(exercises._state.values()) == {'the reference (yours is not right yet)'}, exercises._state\n"
        f"assert row['data'] == {str(bars.resolve())!r} and max(row['floor']['classes'][3:]) == 0, row\n"
        "assert row['floor']['frechet'] < 20, row['floor']"))
    run(notebook, path.stem, tmp_path)
