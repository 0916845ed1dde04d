"""The notebooks and lists of packages as files."""

import re

import nbformat
import pytest
from packaging.requirements import Requirement

from utils.exercises import _is_blank, _known

from ..conftest import ROOT
from ..files import NOTEBOOKS, exercise_cells


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises_ship_blank_with_a_docstring(path):
    cells = exercise_cells(nbformat.read(path, as_version=4))
    assert cells
    for name, cell in cells.items():
        scope = {"exercise": lambda f: f}
        exec(cell.source, scope)
        assert name in _known and _is_blank(scope[name]) and len(scope[name].__doc__) > 20


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_hint_the_text_names_exists(path):
    source = path.read_text(encoding="utf-8")
    named = re.findall(r'(?:hint|solution)\(\\"(\w+)\\"\)', source)
    assert named and set(named) <= set(_known)


def test_requirements_are_met_by_what_colab_has():
    """Nothing is installed on Colab. JupyterLab it has no need of; nbval and pytest are for tests."""
    wanted, colab, oldest = ({r.name: r.specifier for line in path.read_text().splitlines()
                              if line and line[0] != "#" for r in [Requirement(line)]}
                             for path in (ROOT / "requirements.txt", ROOT / ".github" / "colab.txt",
                                          ROOT / ".github" / "oldest.txt"))
    assert set(wanted) - set(colab) == {"jupyterlab", "nbval", "pytest"} and set(oldest) < set(wanted)
    for name in set(wanted) & set(colab):
        assert str(colab[name])[2:] in wanted[name]
        assert str(oldest[name])[2:] in wanted[name] and f">={str(oldest[name])[2:-2]}" in str(wanted[name])
