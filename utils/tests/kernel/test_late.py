"""A reader who runs a notebook with its exercises blank, comes back, and solves them one by one."""

import textwrap

import pytest

from utils import sections

from ..answers import RIGHT
from ..files import SETUP, answer_cell
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
        "ddim_step": ["share on a mode\\nsteps", "movers = {"], "loss": ["net_ring = train_ring(", "minutes = 3"],
        "drop": ["net_y, run_y = train_clothes("], "guide": ["panels = {}"],
        "flow_loss": ["flow_net, _ = train_clothes("], "euler": ["paths = {"]}}
NOTE_KINDS = """
def _note_kinds(shell, seen={}):
    for name, value in list(shell.user_ns.items()):
        kind = ("network" if isinstance(value, torch.nn.Module) else "function" if callable(value) else
                "number" if isinstance(value, (int, float, torch.Tensor)) else type(value).__name__)
        if name[0] != "_" and seen.setdefault(name, kind) != kind:
            print(f"{name}: a {seen[name]}, then a {kind}")
            seen[name] = kind
_note_kinds(get_ipython())"""


def counted(body):
    """The body of an answer, which also counts how often it is called."""
    return "_called.append(1)\n" + textwrap.dedent(body).strip()


@pytest.mark.parametrize("notebook", [1, 2, 3])
def test_a_late_answer_is_used_and_a_name_means_one_thing(notebook):
    cells = sections.read(notebook)
    with kernel() as k:
        k.run("%env WORKSHOP_BUDGET=0.001")
        k.run(SETUP)
        changed = []
        for cell in cells:
            messages = k.run(cell.source, timeout=300)
            assert not errors(messages), cell.source
            changed += text(k.run(NOTE_KINDS)).splitlines()
        assert not changed
        assert text(k.run("summary()")).startswith(f"0 of {len(LATER[notebook])} exercises run on your own code.")
        for name, later in LATER[notebook].items():
            k.run("_called = []")
            assert f"{name}: right" in text(k.run(answer_cell(name, counted(RIGHT[name][0]))))
            for part in later:
                cell, = (cell for cell in cells if part in cell.source)
                k.run("_called.clear()")
                messages = k.run(cell.source, timeout=300)
                assert not errors(messages) and int(text(k.run("print(len(_called))"))) > 0, (name, part)
