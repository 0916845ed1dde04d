"""The maintainers' tool, `.github/nb.py`."""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import types
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest

from utils import scoreboard, train

from ..conftest import DEV, ROOT, load_tool
from ..files import FRENCH, NOTEBOOKS, course_copy


@pytest.fixture
def course(tmp_path):
    """A copy of the course with a tool of its own."""
    course_copy(tmp_path, **{path.stem: nbformat.read(path, as_version=4) for path in NOTEBOOKS})
    (tmp_path / ".github" / "pictures").mkdir(parents=True)
    for file in ("README.md", "requirements.txt", ".github/nb.py", ".github/translation.py", ".github/TEACHING.md"):
        shutil.copy(ROOT / file, tmp_path / file)
    shutil.copytree(ROOT / ".github" / "french", tmp_path / ".github" / "french")
    (tmp_path / "utils").unlink()                              # the tool writes a file there
    shutil.copytree(ROOT / "utils", tmp_path / "utils", ignore=shutil.ignore_patterns("tests", "*cache*"))
    return tmp_path


def test_lint_is_clean(tool, capsys):
    pytest.importorskip("polib", reason=DEV)
    assert not tool.lint(), capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:Non-unique cell id")
def test_lint_finds_every_fault(course, capsys):
    pytest.importorskip("polib", reason=DEV)
    bad = nbformat.read(NOTEBOOKS[0], as_version=4)
    bad.metadata["widgets"] = {}
    bad.cells[2].source = "x = '/home/me/data'\n# NBVAL_CHECK_OUTPUT because\n" + "y = 1  " + "#" * 90
    bad.cells[2].execution_count = 99
    bad.cells[4].source, bad.cells[4].cell_type = "import pandas as pd, os", "code"
    bad.cells.append(nbformat.v4.new_markdown_cell("## 99. By choice: numbers\n\nIt is 12.34, and 0.5 in $0.75$."))
    bad.cells[-1].metadata["claims"], bad.cells[-1].metadata["told"] = ["0.5 <= no_such_name <= 0.6"], [77]
    bad.cells.insert(3, nbformat.v4.new_markdown_cell("word " * 1601 + "### Exercise 1 - long (60 minutes)"))
    path = course / "notebooks" / "bad.ipynb"
    nbformat.write(bad, path)
    path.write_text(path.read_text(encoding="utf-8").replace(bad.cells[3].id, bad.cells[4].id), encoding="utf-8")
    (course / "README.md").write_text("https://colab.research.google.com/github/SOMEBODY/else/blob [a](nowhere.md)")
    (course / ".github" / "pictures" / "big.gif").write_bytes(bytes(1_000_001))
    assert load_tool(course).lint()
    said = capsys.readouterr().out
    for fault in ("widget state", "one run from top to bottom", "occurs twice", "a path of one machine",
                  "whole comment line", "over 88 wide", "more than one place", "imports pandas",
                  "dead link nowhere.md", "big.gif: 1000001 bytes, over 1000000",
                  "12.34 stands in no claim, no output and no source", "the text does not say 0.6, as its claims do",
                  "the text does not say 77, as its list told does",
                  "no cell above makes no_such_name, of which a claim speaks", "bad.ipynb: : does not say:",
                  "bad.ipynb: : README.md does not say of it:", "bad.po: 'It is 12.34", "words, over 1600"):
        assert fault in said, said
    assert "0.75 stands" not in said and "0.5 stands" not in said
    assert "imports os" not in said


def test_the_hour_is_counted(tool):
    """180 words a minute, six seconds a line, 20 a figure, a minute a prediction; exercises and computing as stated."""
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    figure = nbformat.v4.new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})
    slider = nbformat.v4.new_output("display_data", {"text/plain": "VBox(children=())"})
    folded = code("#@title Folded\n" + "x = 1\n" * 50, metadata={"jupyter": {"source_hidden": True}})
    notebook = nbformat.v4.new_notebook(metadata={"seconds": {"1. One": 120, "2. By choice: two": 30}}, cells=[
        text("word " * 90), folded, text("## 1. One\n\n" + "[a](http://b.c/d) " * 177), code("x = 1\n\ny = 2"),
        code("@exercise\ndef f(x):\n    ...", outputs=[slider, figure, figure]), text("### Exercise 1 - f (4 minutes)"),
        text("## 2. By choice: two"), code("x = 1"), text("### Experiment 1 - x")])
    found = tool.minutes_by_section(notebook)
    assert [row[:2] for row in found.values()] == [[90, 0], [187, 2], [10, 1]]
    assert [row[2] for row in found.values()] == pytest.approx([0.5, 2 + 187 / 180 + 0.2 + 1 + 4, 0.5 + 10 / 180 + 1.1])
    core, more = tool.hour(found)
    assert core == pytest.approx([277, 2, 0.5 + 7.2 + 187 / 180]) and more == pytest.approx(1.6 + 10 / 180)
    assert [tool.to_five(minutes) for minutes in (0.5, 5, 8.84)] == [5, 5, 10]


def test_claims_are_evaluated_where_they_stand_and_leave_the_notebook_as_it_was(tool, tmp_path, capsys):
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [text("# Title"), code("x = 0.614"), code("import json"), text("It is 0.61 to 0.7."), code("x = 2"),
             text("Twice."), text("0 / 0")]
    cells[3].metadata["claims"] = ["0.61 <= x <= 0.7", "0.62 <= x"]
    cells[5].metadata["claims"] = ["x == 2"]
    cells[6].metadata["claims"] = ["x / (x - x) < no_such_name"]
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    path, own = tmp_path / "1_a.ipynb", {}

    def run(source, own):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(source, own)
        return said.getvalue()

    def execute(notebook, path):
        for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
            cell.execution_count = count
            cell.outputs = [nbformat.v4.new_output("stream", text=run(cell.source, own))]

    with patch.object(tool, "execute", execute):
        found = tool.execute_with_claims(notebook, path, "first = True")
    assert notebook.cells == cells and own["first"]
    assert [cell.execution_count for cell in cells if cell.cell_type == "code"] == [1, 2, 3]
    assert list(found.values()) == [[0.61, 0.614, 0.7], [0.62, 0.614], [2, 2], []]
    capsys.readouterr()
    assert tool.report_claims(path, [found, found | {(cells[3].id, "0.62 <= x"): [0.62, 0.65]}])
    said = capsys.readouterr().out
    assert f"1_a {cells[3].id} holds 2 of 2: 0.61 <= x <= 0.7\n    x: 0.614 to 0.614\n" in said
    assert f"1_a {cells[3].id} FAILS 1 of 2: 0.62 <= x\n    x: 0.614 to 0.65\n" in said
    assert f"1_a {cells[5].id} holds 2 of 2: x == 2\n" in said and f"1_a {cells[6].id} FAILS 0 of 2" in said


def test_a_bound_is_met_by_what_rounds_to_it(tool):
    assert tool.holds("0.61 <= x", [0.61, 0.606]) and not tool.holds("0.61 <= x", [0.61, 0.604])
    assert tool.holds("-1.07 <= x", [-1.07, -1.074]) and not tool.holds("-1.07 <= x", [-1.07, -1.08])
    assert tool.holds("8 <= x <= 9.0", [8, 9.04, 9]) and not tool.holds("a > b", [1.0, 1.0])


def test_home_moves_the_course(course, capsys):
    """Before it is called no badge and no command of the README names an address; afterwards all name the new one."""
    pytest.importorskip("polib", reason=DEV)
    tool = load_tool(course)
    assert not re.search("badge.svg|git clone http", (course / "README.md").read_text("utf-8"))
    for new in ("someone/their-course", "someone.else/moved"):
        assert tool.home(new) == 0 and tool.homes() == {new}
        text = (course / "README.md").read_text("utf-8")
        assert text.count(f"colab.research.google.com/github/{new}/blob/main/notebooks/") == 3
        assert f"git clone https://github.com/{new}.git && cd {new.split('/')[1]}\n" in text
        assert "OWNER/generative" not in "".join(path.read_text("utf-8") for path in tool.NOTEBOOKS)
        french = (course / ".github" / "LISEZMOI.md").read_text("utf-8")
        assert french.count(f"colab.research.google.com/github/{new}/blob/main/notebooks/fr/") == 3
        assert f"git clone https://github.com/{new}.git && cd {new.split('/')[1]}\n" in french
    capsys.readouterr()
    assert tool.home("no name") == 1 and tool.home(None) == 0
    assert capsys.readouterr().out == "'no name' is not of the form OWNER/REPO\nsomeone.else/moved\n"


def test_weights_are_entered_in_the_list(tool, tmp_path):
    file = tmp_path / "gan.pt"
    file.write_bytes(b"new")
    draws = [{"frechet": 5 + i, "precision": 0.7, "recall": 0.6 + i / 100} for i in range(3)]
    before = tool.LIST.read_text("utf-8")
    after = tool.entered(before, file, "made by hand", draws)
    row, = set(after.splitlines()) - set(before.splitlines())
    assert row == ("| `gan.pt` | made by hand | the generator of notebook 1, "
                   "section 3: distance 5.0 to 7.0, precision 0.70 to 0.70, recall 0.60 to 0.62 | "
                   f"`{hashlib.sha256(b'new').hexdigest()}` |")


@pytest.mark.parametrize("distances, worse", [((30, 20, 10), False), ((30, 20, 21), False), ((30, 10, 20), True)],
                         ids=["better", "alike", "worse"])
def test_the_benchmark_says_whether_more_minutes_helped(distances, worse, tool, capsys):
    row = {"name": "diffusion", "minutes": 0.75, "step": 900, "batch": 32, "floor": {"frechet": 2.0}, "precision": 0.5,
           "recall": 0.25, "ms": 0.1, "calls": 1.0, "peak": 5e8}
    left, seen = list(distances), []

    def execute(notebook, path):
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        seen.append((os.environ["WORKSHOP_BUDGET"], len(code)))
        for i, cell in enumerate(code):
            begin = datetime(2026, 1, 1) + timedelta(minutes=i)
            cell.metadata["execution"] = {"iopub.execute_input": begin.isoformat(),
                                          "iopub.status.idle": (begin + timedelta(seconds=i)).isoformat()}
        ours = code[tool.reports(code) + 1]
        assert ours.source == tool.BENCH
        ours.outputs = [nbformat.v4.new_output("stream", text=json.dumps(row | {"frechet": left.pop(0)}))]

    with patch.object(tool, "execute", execute), patch.object(tool, "counts") as counts:     # counted on the imitation
        assert tool.bench(NOTEBOOKS[2:]) == worse
    counts.assert_called_once_with(NOTEBOOKS[2:])
    budgets, lengths = zip(*seen)
    assert budgets == ("0.25", "1.0", "4.0") and lengths[0] == lengths[2] < lengths[1]      # the whole notebook once
    said = capsys.readouterr().out
    assert said.endswith(("Some" if worse else "No") + " model was worse with more minutes.\n")
    assert "   900      640 " in said                                                    # 32 * 900 / 45 images a second


def test_the_benchmark_with_a_rate_trains_in_steps_and_keeps_what_it_finds(tool, tmp_path, capsys):
    row = {"name": "GAN", "minutes": 9.0, "step": 60, "batch": 32, "floor": {"frechet": 2.0}, "precision": 0.5,
           "recall": 0.25, "ms": 0.1, "calls": 1.0, "peak": 5e8}
    distances, seen = iter((30, 20, 10, 9)), []

    def execute(notebook, path):
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        training = next(i for i, cell in enumerate(code) if "minutes = 3" in cell.source)
        own = {"torch": types.SimpleNamespace(manual_seed=lambda seed: seed)}
        with patch.object(train.Run, "__init__", lambda run, *boxes, **more: seen.append(boxes)):
            exec(code[training - 1].source, own)
            train.Run(3, None, "show", opts=[])
        seen[-1] += own["torch"].manual_seed(100), os.environ["WORKSHOP_BUDGET"]
        said = json.dumps(row | {"frechet": next(distances)})
        code[tool.reports(code) + 1].outputs = [nbformat.v4.new_output("stream", text=said)]

    with (patch.object(tool, "execute", execute), patch.object(tool, "counts") as counts,
          patch.object(scoreboard, "BUDGETS", tmp_path / "budgets.csv")):
        scoreboard.BUDGETS.write_text("name,minutes,seed,step,frechet,precision,recall\n")
        tool.bench(NOTEBOOKS[:1], [3, 0.25], 7, 20)
        tool.bench(NOTEBOOKS[:1], [0.25], 7, 20)
        tool.bench(NOTEBOOKS[:1], [0.25], 0, 20)
        kept = scoreboard.budgets()
    counts.assert_not_called()                               # trainings may go side by side, the imitation is one
    assert seen == [(None, 3600, "show", 107, "1"), *2 * [(None, 300, "show", 107, "1")], (None, 300, "show", 100, "1")]
    assert [(row["name"], row["minutes"], row["seed"], row["frechet"]) for row in kept] == [
        ("GAN", 0.25, 0, 9), ("GAN", 0.25, 7, 10), ("GAN", 3, 7, 30)]


def test_a_notebook_is_saved_with_the_rows_of_those_before_it(tool, tmp_path):
    copies, shipped = [Path(shutil.copy(path, tmp_path)) for path in NOTEBOOKS], tmp_path / "scoreboard.json"
    names, seen = ["GAN", "VAE", "diffusion", "one call"], []
    shipped.write_text(json.dumps([{"name": name, "frechet": 0} for name in names[:3]]))

    def execute(notebook, path):
        table = Path(os.environ["WORKSHOP_SCOREBOARD"])
        rows = json.loads(table.read_text())
        seen.append([(row["name"], row["frechet"]) for row in rows])
        for cell in notebook.cells:
            if cell.cell_type == "code" and "_found" in cell.source:
                cell.outputs = [nbformat.v4.new_output("stream", text="[]")]             # no claim is evaluated
        new = names[int(path.name[0]) - 1:][:1 if path.name[0] < "3" else 2]       # notebook 3 has two here
        table.write_text(json.dumps([*rows, *({"name": name, "frechet": len(seen)} for name in new)]))

    with patch.multiple(tool, execute=execute, SHIPPED=shipped, PICTURES=tmp_path / "pictures"):
        tool.run(copies)
        tool.run(copies[1:2])
    assert seen == [[], [("GAN", 1)], [("GAN", 1), ("VAE", 2)], [("GAN", 1)]]
    assert [(row["name"], row["frechet"]) for row in json.loads(shipped.read_text())] == [
        ("GAN", 1), ("VAE", 4), ("diffusion", 3), ("one call", 3)]


def test_the_page_shows_every_notebook(tool, tmp_path):
    tool.page(tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    for path in NOTEBOOKS + FRENCH:
        name = path.relative_to(ROOT / "notebooks").with_suffix(".html").as_posix()
        html = (tmp_path / "site" / name).read_text("utf-8")
        assert f'href="{name}"' in index and html.count("data:image/png") >= 10
        assert "attachment:result.png" not in html
        assert ("Ce que vous pouvez dire maintenant" if path in FRENCH else "What you can now say") in html
