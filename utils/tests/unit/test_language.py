"""What the code tells the reader, in French."""

import pytest
import torch

from utils import exercises, language, plot
from utils.exercises import _known, exercise, hint
from utils.train import Run


@pytest.fixture
def french():
    language.choose("fr")
    yield language.say
    language.choose()


def test_a_sentence_is_said_with_what_is_filled_in(french):
    language._learn({"It is half.": "C'est la moitié.", "{0} it gives {1}. {2}": "{0} elle donne {1}. {2}",
                     "with x = {0}": "avec x = {0}", "{0}, wanted {1}": "{0}, attendu {1}", "yours": "la vôtre",
                     "{0} it gives {1}. NaN is no number.": "{0} elle donne {1} : NaN n'est pas un nombre.",
                     "{0} of {1} are {2}": "{2}, {0} sur {1}", "{0} recall {1}": "{0} rappel {1}", "known": "connu",
                     "it changes `{0}` in place": "elle modifie `{0}` sur place", "{0}, seed {1}": "{0}, graine {1}"})
    assert french("with x = 3 it gives 0.5, wanted 1. It is half.") == (
        "avec x = 3 elle donne 0.5, attendu 1. C'est la moitié.")
    assert french("with x = 3 it gives nan, wanted 1. NaN is no number.") == (
        "avec x = 3 elle donne nan, attendu 1 : NaN n'est pas un nombre.")           # the most exact one
    assert french("with x = 3 it gives 0.5, wanted 1.") == "avec x = 3 elle donne 0.5, attendu 1."
    assert french("3 of 5 are yours") == "la vôtre, 3 sur 5"
    assert french("yours      recall 0.5") == "la vôtre   rappel 0.5"                 # columns stay
    assert french("It is half.\nIt is whole.") == "C'est la moitié.\nIt is whole."
    assert french("yours, seed 1") == "la vôtre, graine 1" and french("known: 3") == "connu\u00a0: 3"
    assert french("it changes `known` in place") == "elle modifie `known` sur place"  # a name in the code
    for text in ("", "0.5", "x", "nothing of this is known", "it gives 3", "loss\t 0.5", "yours\t0.5"):
        assert french(text) == text


def test_what_a_reader_prints_stays_as_it_is(french, capsys, tmp_path):
    texts = ["Look at the picture.\nThen go on.", "from 1 to 2", "loss at 100", "step\t0.5", "step: 3, loss: 0.5",
             "value tensor of shape [3] cannot be", "The lamp is on", "x = torch.zeros(3)  # with noise", "s " * 5000]
    for text in texts:
        print(text, 1, sep="|")
    assert capsys.readouterr().out == "".join(f"{text}|1\n" for text in texts)
    with (tmp_path / "log").open("w") as file:
        print("step", "losses", file=file)
    assert (tmp_path / "log").read_text() == "step losses\n"
    print("the reference (not filled in)")
    assert "solution de référence" in capsys.readouterr().out


def test_print_and_figures_speak_it_and_english_comes_back(french, capsys):
    english = print.english
    language._learn({"share of {0}": "part de {0}", "real": "vrai", "step": "pas"})
    print("share of real", 3, "step", sep="; ")
    figure = plot.bars({"real": [1.0, 2.0]}, ["real", "b"], title="share of b")
    figure._repr_png_()
    axes, = figure.axes
    assert axes.get_title() == "part de b" and axes.get_legend().get_texts()[0].get_text() == "vrai"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["vrai", "b"]
    language.choose("fr")
    assert print.english is english                                                  # once, however often it is chosen
    language.choose("en")
    print("share of real")
    assert capsys.readouterr().out == "part de vrai; 3; pas\nshare of real\n" and print is english


def test_another_language_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="LANGUAGE is 'de': the course speaks 'en' and 'fr'"):
        language.choose("de")


def test_exercises_hints_and_trainings_speak_french(french, capsys):
    def d_loss(d_real, d_fake):
        return (torch.nn.functional.softplus(-d_real).mean() + torch.nn.functional.softplus(d_fake).mean()) / 2

    assert exercise(d_loss) is _known["d_loss"][0]
    hint("d_loss")
    exercises._hints_given.clear()
    with Run(steps=100) as run:
        for _ in run.over(iter(int, 1)):
            run.log(d=1.5)
    said = capsys.readouterr().out
    for part in ("d_loss\u00a0: pas encore juste - ", "Indice ", " pas ("):
        assert part in said, said
    assert not set("the of is with wanted right steps from".split()) & set(said.replace(",", " ").split()), said


def test_every_hint_is_translated(french):
    for name, (_, _, hints) in _known.items():
        for text in hints:
            assert french(text) != text or not {"the", "a", "of", "is"} & set(text.split()), (name, text)
