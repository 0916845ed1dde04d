"""Every exercise against right answers written differently and wrong answers that readers give; and the machinery."""

import inspect
import json
import math
import re
import signal
import textwrap
import time

import numpy
import pytest
import torch
import torch.nn.functional as F

from utils import exercises, language, machine
from utils.exercises import _known, exercise, hint, solution, summary

from ..answers import RIGHT, WRONG
from ..strangers import STRANGERS

CATALOGUE = json.loads(language.FRENCH.read_text("utf-8"))


def build(name, body):
    """The reader's function: the signature of the reference, and `body`."""
    signature = inspect.signature(_known[name][0])
    scope = {"torch": torch, "nn": torch.nn, "F": F, "math": math, "np": numpy, "device": machine.device(),
             "q_sample": _known["q_sample"][0]}
    exec(f"def {name}{signature}:\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}", scope)
    return scope[name]


@pytest.mark.parametrize("name, body", [(n, b) for n, bodies in RIGHT.items() for b in bodies])
def test_right_answers_are_kept(name, body, capsys):
    function = build(name, body)
    assert exercise(function) is function, capsys.readouterr().out
    assert f"{name}: right" in capsys.readouterr().out


def only_a_device_refuses(out):
    """Most wrong answers are written for the CPU; on another device that is the first thing wrong with them."""
    return machine.device().type != "cpu" and re.search("device|float64", out)


def in_french(name, body, capsys):
    """What a French reader is told of this answer."""
    language.choose("fr")
    try:
        exercise(build(name, body))
    finally:
        language.choose("en")
    return capsys.readouterr().out


def has_sentence(french, said):
    """Whether a French text has, in order, all pieces of what the catalogue says for an English one with `said` in it;
    True for a `said` with numbers in it, which no text of the catalogue has."""
    found = [text for english, text in CATALOGUE.items() if said in english]
    return not found or any(re.search(".*".join(map(re.escape, re.split(r"\{\d\}", text.strip()))), french, re.S)
                            for text in found)


@pytest.mark.parametrize("name, said, body", [(n, s, b) for n, rows in WRONG.items() for s, b in rows])
def test_wrong_answers_get_their_own_sentence(name, said, body, capsys):
    assert exercise(build(name, body)) is _known[name][0]
    out = capsys.readouterr().out
    assert out.startswith(f"{name}: not right yet") and (said in out or only_a_device_refuses(out)), out
    assert len(out.strip().splitlines()) <= 3 and out.endswith("Using the reference so that you can go on.\n")
    french = in_french(name, body, capsys)
    assert french.startswith(f"{name}\u00a0: pas encore juste - ") and french.count("\n") == out.count("\n"), french
    english = re.sub(r"arrête avec.*", "", french)                 # what torch says stays English
    assert not re.search(r"(?<![.\w])(the|and|is|it|gives|wanted|with|of)\b(?![(.])", english), french
    assert has_sentence(french, said) or only_a_device_refuses(out), french


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")             # what torch says about their answers
@pytest.mark.parametrize("name", STRANGERS)
def test_answers_of_strangers(name, capsys):
    right, wrong = STRANGERS[name]
    for body in right:
        assert exercise(build(name, body)) is not _known[name][0], (body, capsys.readouterr().out)
    for why, body in wrong:
        assert exercise(build(name, body)) is _known[name][0], why


def test_every_exercise_has_answers_hints_and_passes_its_own_check(capsys):
    for name, (answer, _, hints) in _known.items():
        assert exercise(answer) is answer
        right, wrong = STRANGERS[name]
        assert len(RIGHT[name]) + len(right) >= 12 and len(WRONG[name]) + len(wrong) >= 20 and len(hints) >= 3
        sentences = [said for said, _ in WRONG[name]]
        assert len(set(sentences)) >= len(sentences) / 2


@pytest.mark.parametrize("place", sorted({"cpu", machine.device().type}))
def test_checks_leave_the_random_numbers_alone(place):
    torch.manual_seed(3)
    want = torch.randn(4, device=place)
    torch.manual_seed(3)
    for answer, _, _ in _known.values():
        exercise(answer)
    assert torch.equal(torch.randn(4, device=place), want)


FORGETFUL = [(name, re.sub(r", device=[\w.]+", "", body)) for name, bodies in RIGHT.items() for body in bodies
             if "device=" in body]


@pytest.mark.parametrize("name, body", FORGETFUL)
def test_an_answer_that_forgets_the_device_is_refused_where_it_would_crash(name, body, capsys):
    function = build(name, body)
    legal = machine.device().type == "cpu" or "rand(())" in body       # one number may come from the CPU
    assert (exercise(function) is function) == legal, body
    assert legal or "device=" in capsys.readouterr().out


@pytest.mark.parametrize("got, want, said", [
    (torch.tensor(1.54001), torch.tensor(1.54101), "1.54, wanted 1.541"),
    (torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 2, 3.0004]), "[1, 2, 3], wanted [1, 2, 3.0004]"),
    (torch.arange(12.).view(3, 4), torch.arange(12.).view(3, 4) + torch.eye(12)[6].view(3, 4),
     "6 at place [1, 2], wanted 7")])
def test_values_that_differ_are_printed_so_that_they_differ(got, want, said):
    assert exercises._apart(got, want) == said


def test_several_slips_that_give_one_number_blame_none():
    slips = [(torch.tensor(2.0), "This."), (torch.tensor(2.0), "That.")]
    for given, end in ((slips[:1], "wanted 1. This."), (slips, "wanted 1.")):
        with pytest.raises(exercises.Wrong) as wrong:
            exercises.expect(torch.tensor(2.0), torch.tensor(1.0), "with x", given)
        assert str(wrong.value).endswith(end)


@pytest.mark.parametrize("body", ["...", "pass", "return", "return None", "return ...", "raise NotImplementedError",
                                  "raise NotImplementedError()", '"""Doc."""', '"""Doc."""\n...',
                                  '"""Doc."""\nraise NotImplementedError("later")'])
@pytest.mark.parametrize("mine", [False, True])
def test_blank(body, mine, capsys):
    function = build("g_loss", body)
    assert exercise(function, mine=mine) is _known["g_loss"][0]
    assert capsys.readouterr().out.startswith("g_loss: not filled in yet - using the reference")


@pytest.mark.parametrize("said, body", [
    ("returns nothing", "x = F.softplus(-d_fake).mean()"),
    ("A ... is still in there", "loss = ...\nreturn loss.mean()"),
    ("returns a float", "return F.softplus(-d_fake).mean().item()"),
    ("returns a ndarray", "return F.softplus(-d_fake).mean().detach().numpy().reshape(1)"),
    ("shape (5,), wanted ()", "return F.softplus(-d_fake) * 0"),
    ("dtype torch.float64", "return F.softplus(-d_fake).mean().double()"),
    (f"on device meta, wanted {machine.device().type}", "return torch.zeros((), device='meta')"),
    ("no gradient flows back", "return F.softplus(-d_fake).mean().detach()"),
    ("gives nan, wanted 1.46", "return d_fake.mean() * float('nan')"),
    ("changes its input `d_fake` in place", "loss = F.softplus(-d_fake).mean()\nd_fake.data.mul_(0)\nreturn loss"),
    ("ZeroDivisionError: division by zero, in the line `return 1 / 0`", "return 1 / 0"),
    ("NameError: name 'soft' is not defined", "return soft(d_fake)"),
    ("prints without end", "while True:\n    print('here')"),
    ("takes more than 1 seconds", "while True:\n    pass"),
    ("raises NotImplementedError", "if d_fake.sum() > 99:\n    return 0\nraise NotImplementedError"),
])
def test_faults_that_any_answer_can_have(said, body, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(exercises, "TIME_LIMIT_S", 1 if "seconds" in said else 60)
    path = tmp_path / "cell.py"                                   # a file, so that the line can be quoted
    path.write_text("def g_loss(d_fake):\n" + textwrap.indent(body, "    "))
    scope = {"torch": torch, "F": F}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    assert exercise(scope["g_loss"]) is _known["g_loss"][0]
    out = capsys.readouterr().out
    assert (said in out or only_a_device_refuses(out)) and "Using the reference" in out, out


def test_the_kl_is_counted_through_the_readers_own_draw(capsys):
    """A draw with another sigma is kept by mine=True; the right KL does not belong to it, and is told so."""
    exercise(mine=True)(build("draw", "return mu + logvar.exp() * torch.randn_like(mu)"))
    exercise(build("kl", RIGHT["kl"][0]))
    assert "do not mean the same sigma" in capsys.readouterr().out
    exercise(build("draw", RIGHT["draw"][1]))
    exercise(build("kl", RIGHT["kl"][0]))
    assert capsys.readouterr().out.endswith("kl: right - from here on the notebook runs on your version.\n")


def test_an_endless_answer_ends_where_the_signal_of_the_stop_button_is_ignored(capsys, monkeypatch):
    monkeypatch.setattr(exercises, "TIME_LIMIT_S", 1)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        exercise(build("g_loss", "while True:\n    pass"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert "takes more than 1 seconds" in capsys.readouterr().out


def test_what_the_reader_prints_is_shown(capsys):
    exercise(build("g_loss", "print('shape', d_fake.shape)\nreturn F.softplus(-d_fake).mean()"))
    assert capsys.readouterr().out.startswith("shape torch.Size([5])")


def test_mine_keeps_a_wrong_answer(capsys):
    wrong = build("g_loss", "return -F.softplus(d_fake).mean()")
    assert exercise(mine=True)(wrong) is wrong
    assert "mine=True" in capsys.readouterr().out
    right = build("g_loss", RIGHT["g_loss"][0])
    assert exercise(mine=True)(right) is right


def test_a_name_that_is_no_exercise_is_left_alone(capsys):
    def kl_loss():
        return 1
    assert exercise(kl_loss) is kl_loss
    for call in (hint, solution):
        call("d_stpe")
        call("something else")
    out = capsys.readouterr().out
    assert out.count("is not the name of an exercise") == 5 and out.count("did you mean `d_step`?") == 2
    assert out.count("is not the name of an exercise.\n") == 2 and "So the function is left as it is." in out


def test_hints_come_one_by_one_and_end_with_the_solution(capsys):
    exercises._hints_given.clear()
    for i in (1, 2, 3, 3):
        hint("d_loss")
        assert f"Hint {i} of 3" in capsys.readouterr().out
    solution("d_loss")
    assert capsys.readouterr().out.startswith("def d_loss(d_real, d_fake):\n    return")


def test_summary_tells_whose_functions_are_used(capsys):
    exercises._state.clear()
    exercise(build("d_loss", "..."))
    exercise(build("g_loss", RIGHT["g_loss"][0]))
    exercise(build("g_loss", RIGHT["g_loss"][0]))                 # the cell run twice counts once
    exercise(build("inside", "return x"))
    capsys.readouterr()
    summary()
    assert capsys.readouterr().out.splitlines() == [
        "1 of 3 exercises run on your own code.", "  d_loss: the reference (not filled in)", "  g_loss: yours",
        "  inside: the reference (yours is not right yet)"]


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="the system does not tell")
def test_a_right_answer_that_waits_for_a_crowded_machine_is_right(monkeypatch):
    monkeypatch.setattr(exercises, "TIME_LIMIT_S", 0.5)
    calls = []

    def g_loss(d_fake):
        time.sleep(0 if calls else 1)
        calls.append(1)
        return F.softplus(-d_fake).mean()
    assert exercise(g_loss) is g_loss
    monkeypatch.setattr(exercises, "TIME_LIMIT_S", 0.1)

    def g_loss(d_fake):                                          # and one that waits for ever is stopped all the same
        while True:
            time.sleep(0.01)
    assert exercise(g_loss) is _known["g_loss"][0]
