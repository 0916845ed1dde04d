"""The notebooks as two of the three readers leave them: nbval itself runs them as shipped, which is the third."""

import os
import subprocess
import sys

import nbformat
import pytest

from ..answers import RIGHT, WRONG
from ..conftest import ROOT
from ..files import NOTEBOOKS, answered, course_copy


@pytest.mark.parametrize("answers, state", [(RIGHT, "yours"), (WRONG, "the reference (yours is not right yet)")],
                         ids=["solved", "wrong"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_reader_gets_to_the_end(path, answers, state, tmp_path):
    """Under nbval, every cell of the notebook as that reader left it; the shipped one is run by nbval itself."""
    notebook = answered(path, answers)
    notebook.cells.append(nbformat.v4.new_code_cell(
        f"from utils import exercises\nassert set(exercises._state.values()) == {{{state!r}}}, exercises._state"))
    course = course_copy(tmp_path, **{path.stem: notebook})
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-c", str(ROOT / "pyproject.toml"),
               "--rootdir", str(tmp_path), "-p", "utils.tests.conftest", str(course / "notebooks")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    assert done.returncode == 0 and f"{cells} passed" in done.stdout, done.stdout[-3000:]
