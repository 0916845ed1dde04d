"""The notebooks and the course as files, as three readers leave them: blank, solved, answered wrongly."""

import inspect
import re
import textwrap

import nbformat
import torch

from utils.exercises import _known

from .conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FRENCH = sorted((ROOT / "notebooks" / "fr").glob("*.ipynb"))
SETUP = nbformat.read(NOTEBOOKS[0], as_version=4).cells[1].source        # the same in all three


def exercise_cells(notebook):
    """{name of the exercise: its cell}"""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith("@exercise")]
    return {re.search(r"^def (\w+)", cell.source, re.M)[1]: cell for cell in cells}


def answer_cell(name, body):
    """The source of an exercise's cell with `body` filled in."""
    body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return f"@exercise\ndef {name}{inspect.signature(_known[name][0])}:\n{body}"


def answered(path, answers):
    """The notebook with the first answer in the body of every exercise that has one in `answers`."""
    notebook = nbformat.read(path, as_version=4)
    for name, cell in exercise_cells(notebook).items():
        if name not in answers:
            continue
        first = answers[name][0]
        cell.source = answer_cell(name, first if isinstance(first, str) else first[1])
        cell.outputs, cell.execution_count = [], None
    return notebook


def course_copy(folder, **notebooks):
    """A course in `folder` that shares everything with this one but its notebooks."""
    for part in ("utils", "data"):
        (folder / part).symlink_to(ROOT / part)
    (folder / "notebooks").mkdir()
    for name, notebook in notebooks.items():
        (folder / "notebooks" / name).parent.mkdir(exist_ok=True)
        nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")
    return folder


def write_idx(path, numbers):
    """A tensor of small whole numbers as a file in the format of MNIST."""
    header = b"\0\0\x08" + bytes([numbers.dim()]) + b"".join(n.to_bytes(4, "big") for n in numbers.shape)
    path.write_bytes(header + bytes(numbers.to(torch.uint8).flatten().tolist()))
