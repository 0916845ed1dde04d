"""The notebooks as files, and as two of the three readers leave them (nbval itself runs them as shipped)."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest
from packaging.requirements import Requirement

from utils.exercises import _is_blank, _known

from .answers import RIGHT, WRONG
from .conftest import DEV, ROOT
from .kernel import kernel, text
from .readers import NOTEBOOKS, SETUP, answered, course_copy, exercise_cells


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


def test_lint_is_clean_and_finds_faults(tmp_path):
    pytest.importorskip("codespell_lib", reason=DEV)
    done = subprocess.run([sys.executable, ".github/nb.py", "lint"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    bad = nbformat.read(NOTEBOOKS[0], as_version=4)
    bad.metadata["widgets"] = {}
    bad.cells[2].source = "x = '/home/me/data'\n# NBVAL_CHECK_OUTPUT because\n" + "y = 1  " + "#" * 90
    bad.cells[2].execution_count = 99
    bad.cells[4].source, bad.cells[4].cell_type = "import pandas as pd", "code"
    course = course_copy(tmp_path, bad=bad)
    path = course / "notebooks" / "bad.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace(bad.cells[3].id, bad.cells[4].id), encoding="utf-8")
    (course / "README.md").write_text("https://colab.research.google.com/github/SOMEBODY/else/blob [a](nowhere.md)")
    (course / ".github" / "pictures").mkdir(parents=True)
    (course / ".github" / "pictures" / "big.gif").write_bytes(bytes(1_000_001))
    (course / ".github" / "nb.py").write_text((ROOT / ".github" / "nb.py").read_text())
    done = subprocess.run([sys.executable, ".github/nb.py", "lint"], cwd=course, capture_output=True, text=True)
    assert done.returncode != 0
    for fault in ("widget state", "one run from top to bottom", "occurs twice", "a path of one machine",
                  "whole comment line", "over 88 wide", "more than one place", "imports pandas",
                  "dead link nowhere.md", "big.gif: 1000001 bytes, over 1000000"):
        assert fault in done.stdout, done.stdout


def test_home_moves_the_course(tmp_path):
    course = course_copy(tmp_path, **{path.stem: nbformat.read(path, as_version=4) for path in NOTEBOOKS})
    for file in ("README.md", ".github/nb.py"):
        (course / file).parent.mkdir(exist_ok=True)
        (course / file).write_text((ROOT / file).read_text())

    def home(*name):
        return subprocess.run([sys.executable, ".github/nb.py", "home", *name], cwd=course, capture_output=True,
                              text=True)
    assert home("someone/their-course").returncode == 0 and home().stdout == "someone/their-course\n"
    moved = [(course / file).read_text(encoding="utf-8") for file in ("README.md", "notebooks/1_gan.ipynb")]
    assert "OWNER/" not in "".join(moved) and moved[0].count("cd their-course\n") == 2
    assert home("no name").returncode != 0


@pytest.fixture
def tool():
    """The maintainers' tool as a module."""
    spec = importlib.util.spec_from_file_location("nb", ROOT / ".github" / "nb.py")
    module = importlib.util.module_from_spec(spec)
    with patch.dict(os.environ):
        spec.loader.exec_module(module)
        yield module


@pytest.mark.parametrize("distances, worse", [((30, 20, 10), False), ((30, 20, 21), False), ((30, 10, 20), True)],
                         ids=["better", "alike", "worse"])
def test_the_benchmark_says_whether_more_minutes_helped(distances, worse, tool, capsys):
    row = {"name": "diffusion", "minutes": 0.75, "step": 900, "floor": {"frechet": 2.0}, "precision": 0.5,
           "recall": 0.25, "ms": 0.1, "calls": 1.0, "peak": 5e8}
    left, seen = list(distances), []

    def execute(notebook, path):
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        seen.append((os.environ["WORKSHOP_BUDGET"], len(code)))
        for i, cell in enumerate(code):
            cell.metadata["execution"] = {"iopub.execute_input": f"2026-01-01T00:{i:02d}:00Z",
                                          "iopub.status.idle": f"2026-01-01T00:{i:02d}:{i:02d}Z"}
        ours = code[tool.reports(code) + 1]
        assert ours.source == tool.BENCH
        ours.outputs = [nbformat.v4.new_output("stream", text=json.dumps(row | {"frechet": left.pop(0)}))]

    with patch.object(tool, "execute", execute):
        assert tool.bench(NOTEBOOKS[2:]) == worse
    lines = capsys.readouterr().out.splitlines()
    budgets = ["0.25", "1", "4"]
    assert [line.split()[:7] for line in lines[1:4]] == [
        ["diffusion", budget, "0.75", "900", "640", f"{d / 2:.1f}", "0.50"] for budget, d in zip(budgets, distances)]
    assert [budget for budget, _ in seen] == budgets and seen[0][1] == seen[2][1] < seen[1][1]
    assert lines[4].startswith("3_diffusion: set-up 0.0 s, first picture after") and len(lines) == 12
    assert lines[-1] == ("Some" if worse else "No") + " model was worse with more minutes."


def test_the_benchmark_measures_a_model_that_was_trained_now(tool):
    path = NOTEBOOKS[1]
    notebook = tool.cut(path)
    row = json.loads(tool.execute_with(tool.BENCH, notebook, path, 0.001))
    assert row["name"] == "VAE" and row["n"] == 10_000 and row["step"] >= 2 and row["minutes"] < 0.5
    assert 1e8 < row["peak"] < 1e11 and tool.BENCH not in [cell.source for cell in notebook.cells]


def test_a_notebook_is_saved_with_the_rows_of_those_before_it(tool, tmp_path):
    copies, shipped = [Path(shutil.copy(path, tmp_path)) for path in NOTEBOOKS], tmp_path / "scoreboard.json"
    names, seen = ["GAN", "VAE", "diffusion"], []
    shipped.write_text(json.dumps([{"name": name, "frechet": 0} for name in names]))

    def execute(notebook, path):
        table = Path(os.environ["WORKSHOP_SCOREBOARD"])
        rows = json.loads(table.read_text())
        seen.append([(row["name"], row["frechet"]) for row in rows])
        table.write_text(json.dumps([*rows, {"name": names[int(path.name[0]) - 1], "frechet": len(seen)}]))

    with patch.multiple(tool, execute=execute, SHIPPED=shipped, PICTURES=tmp_path / "pictures"):
        tool.run(copies)
        tool.run(copies[1:2])
    assert seen == [[], [("GAN", 1)], [("GAN", 1), ("VAE", 2)], [("GAN", 1)]]
    assert [(row["name"], row["frechet"]) for row in json.loads(shipped.read_text())] == [
        ("GAN", 1), ("VAE", 4), ("diffusion", 3)]


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


# The set-up cell, where a reader may start it.

HOME = "someone/their-course"
PUBLISHED = re.sub('REPO, REF = "[^"]+"', f'REPO, REF = "{HOME}"', SETUP)


@pytest.fixture
def published(tmp_path):
    """A repository that stands in for the one on GitHub, and the environment in which git finds it there."""
    source = tmp_path / "published"
    source.mkdir()
    course_copy(source)
    subprocess.run("git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b commit -qm x",
                   shell=True, check=True, cwd=source)
    empty = tmp_path / "content"
    empty.mkdir()
    return empty, {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{source}.insteadOf",
                   "GIT_CONFIG_VALUE_0": f"https://github.com/{HOME}", "COLAB_RELEASE_TAG": "release"}


def in_folder(k, folder, env, setup=PUBLISHED):
    k.run(f"import os, sys, types\nos.chdir({str(folder)!r})\nos.environ.update({env!r})\n"
          "sys.modules['google.colab'] = types.ModuleType('google.colab')\n"
          f"sys.path[:] = [p for p in sys.path if p != {str(ROOT)!r}]")
    return k.run(setup)


def test_setup_in_the_course_twice():
    with kernel() as k:
        for _ in range(2):
            messages = k.run(SETUP)
            assert re.fullmatch(r"(cpu|cuda|mps) \(.*training budget x [\d.]+\n", text(messages))
            assert [kind for kind, _ in messages] == ["stream"]
        assert text(k.run(f"print(sys.path.count({str(ROOT)!r}))")) == "1\n"


def test_setup_from_an_empty_folder_and_after_a_restart(published):
    folder, env = published
    for _ in range(2):
        with kernel() as k:
            for _ in range(2):
                messages = in_folder(k, folder, env)
                assert "training budget x" in text(messages), messages
    assert [path.name for path in folder.iterdir()] == ["their-course"]


def test_setup_leaves_a_folder_of_the_reader_alone(published):
    """Even one with the course's own name, or half a copy of it."""
    folder, env = published
    mine = folder / "their-course" / "utils" / "train.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine = 1")
    for _ in range(2):
        with kernel() as k:
            assert "training budget x" in text(in_folder(k, folder, env))
            assert text(k.run("print(root.name)")) == "their-course-course\n"
    assert mine.read_text() == "mine = 1" and len(list(folder.iterdir())) == 2


def test_setup_without_a_network_says_so_and_leaves_nothing(tmp_path):
    nowhere = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/nowhere.insteadOf",
               "GIT_CONFIG_VALUE_0": "https://github.com/"}
    for setup, sentence in ((PUBLISHED, "The course could not be downloaded: connect to a network"),
                            (SETUP, "This notebook does not know where the course lives")):
        with kernel() as k:
            kind, error = in_folder(k, tmp_path, nowhere, setup)[-1]
            assert kind == "error" and error["evalue"].startswith(sentence)
    assert not list(tmp_path.iterdir())
