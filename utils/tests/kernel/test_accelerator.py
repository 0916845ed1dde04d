"""The course on a GPU, of which utils/tests/accelerator is an imitation.

The notebooks run in Apple's manners, which are those of CUDA without float64: what runs there runs in both.
"""

import os
import subprocess
import sys

import nbformat
import pytest

from utils import sections

from ..accelerator import imitation
from ..answers import RIGHT
from ..conftest import ROOT
from ..files import NOTEBOOKS, SETUP, answered
from .kernel import errors, kernel, text
from .test_notebooks import run

pytestmark = pytest.mark.accelerator
THERE = "from utils import machine\nassert machine.device().type == 'imitation'"


@pytest.fixture(scope="module")
def apple():
    """The environment of a process in which torch finds the imitation."""
    try:
        imitation.build()
    except RuntimeError as error:
        pytest.skip(str(error))
    return os.environ | {"PYTHONPATH": str(imitation.HERE), "WORKSHOP_BUDGET": "0.002", "IMITATION_APPLE": "1"}


REFUSALS = """
import os, torch, warnings
warnings.simplefilter("error")
there = torch.accelerator.current_accelerator()
x = torch.randn(3, 2, device=there)

def refused(f, said):
    try:
        f()
    except Exception as error:
        assert said in str(error), error
    else:
        raise AssertionError(said)

refused(lambda: x + torch.ones(3, 2), "same device")
refused(lambda: torch.cat([x, torch.ones(1, 2)]), "same device")
refused(lambda: torch.nn.Linear(2, 1)(x), "same device")
refused(lambda: torch.where(torch.rand(3, 2) < 0.5, x, x), "same device")
refused(x.numpy, "device")
refused(lambda: torch.rand(2, device=there, generator=torch.Generator()), "generator")
legal = x * torch.tensor(2.0), x[torch.tensor([0, 2])], x.cpu() + torch.ones(3, 2), x.clamp(min=0).sum().item()
if APPLE:
    refused(lambda: x.double(), "float64")
else:
    assert x.double().dtype == torch.float64
torch.manual_seed(0)
one = torch.randn(4, device=there)
torch.manual_seed(0)
assert torch.equal(one, torch.randn(4, device=there))
before = torch.imitation.waits()
y = (x @ x.T).relu().sum()
assert torch.imitation.waits() == before and torch.imitation.calls()["aten::relu"] == 1
y.item()
assert torch.imitation.waits() == before + 1

from utils.toy import Ring

ring, before = Ring(device=there), torch.imitation.waits()
ring.score(x, torch.tensor(0.5))
ring.log_prob(x, torch.full((3,), 0.5, device=there))
assert torch.imitation.waits() == before                           # nor does a step of the exact sampler wait
os._exit(0)                                                        # torch 2.11 aborts where it ends its own threads
"""


@pytest.mark.parametrize("manners", ["CUDA", "Apple"])
def test_the_imitation_refuses_what_a_gpu_refuses_and_counts(manners, apple):
    code = REFUSALS.replace("APPLE", str(manners == "Apple"))
    env = {key: value for key, value in apple.items() if manners == "Apple" or key != "IMITATION_APPLE"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_quick_lane(apple):
    """Exercises, ruler, weights, figures: whatever asks for the device gets the imitation."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-m", "not slow", "utils/tests/unit"]
    done = subprocess.run(command, cwd=ROOT, env=apple, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_step_of_a_main_training_and_of_its_sampler_waits(path, apple, tool):
    assert tool.counts([path]) is False


@pytest.mark.parametrize("reader", ["blank", "solved"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_from_top_to_bottom(path, reader, apple, tmp_path):
    notebook = nbformat.read(path, as_version=4) if reader == "blank" else answered(path, RIGHT)
    states = {"blank": "the reference (not filled in)", "solved": "yours"}
    notebook.cells.append(nbformat.v4.new_code_cell(
        f"{THERE}\nfrom utils import exercises\nassert set(exercises._state.values()) == {{{states[reader]!r}}}"))
    run(notebook, path.stem, tmp_path, apple)


@pytest.mark.parametrize("notebook", [1, 2, 3])
def test_a_section_entered_with_the_weights_that_ship(notebook, apple, monkeypatch):
    for name in ("PYTHONPATH", "WORKSHOP_BUDGET", "IMITATION_APPLE"):
        monkeypatch.setenv(name, apple[name])
    cells = sections.read(notebook)
    last = next(cell.section for cell in cells if "scoreboard.report" in cell.source)
    with kernel() as k:
        for source in (SETUP, f"enter({notebook}, {last})", THERE, *(c.source for c in cells if c.section == last)):
            messages = k.run(source, timeout=300)
            assert not errors(messages) and text(messages, "stderr") == "", source
            assert not source.startswith("enter") or "weights that ship" in text(messages)
