"""The French course and what keeps it from growing stale: `.github/translation.py` and `nb.py french`."""

import shutil

import nbformat
import pytest

from ..conftest import DEV, ROOT, load_tool
from ..files import FRENCH, NOTEBOOKS

pytest.importorskip("polib", reason=DEV)


@pytest.fixture(scope="module")
def translation():
    return load_tool(ROOT).translation


@pytest.fixture
def course(tmp_path):
    """A copy of all that the French course is made of, and its own module."""
    for folder in ("notebooks", "utils", ".github"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("tests", "*cache*"))
    for file in ("README.md", "requirements.txt"):
        shutil.copy(ROOT / file, tmp_path)
    return load_tool(tmp_path).translation


def test_a_text_taken_apart_and_put_together_is_the_same(translation, monkeypatch):
    monkeypatch.setattr(translation, "typeset", lambda text: text)
    for page in translation.PAGES:
        for where, text in translation.texts(page):
            assert "".join(translation.paragraphs(text)) == text, (page, where)
            same = {message: message for message in map(translation.key, translation.paragraphs(text)[::2])}
            if page.endswith(".ipynb"):
                assert translation.french(text, same, page, page).split() == text.split(), (page, where)


def test_code_and_outputs_are_those_of_the_english_notebooks():
    for ours, french in zip(NOTEBOOKS, FRENCH, strict=True):
        ours, french = (nbformat.read(path, as_version=4).cells for path in (ours, french))
        assert [cell.id for cell in ours] == [cell.id for cell in french]
        for a, b in zip(ours, french):
            if a.cell_type == "code":
                assert a.outputs == b.outputs and a.metadata == b.metadata
                assert b.source == a.source.replace('LANGUAGE = "en"', 'LANGUAGE = "fr"'), a.id
        assert ours[1].source != french[1].source                # the set-up cell


def test_the_french_course_is_complete_and_fresh(course):
    assert course.stale() == []
    (course.ROOT / "notebooks" / "fr" / "4_old.ipynb").write_text("{}")
    assert course.stale() == ["notebooks/fr/4_old.ipynb: of a page that is no more, delete it"]


@pytest.mark.parametrize("name, before, after", [
    ("notebooks/1_gan.ipynb", "Can a network learn to make", "Can a network hope to make"),
    ("utils/exercises/gan.py", "to its images: turn the sign", "to its images: turn that sign"),
    ("README.md", "Nobody gets stuck", "No one gets stuck")])
def test_one_english_word_that_changes_is_told(course, name, before, after):
    path = course.ROOT / name
    path.write_text(path.read_text("utf-8").replace(before, after), encoding="utf-8")
    said = course.stale()
    assert len([line for line in said if line.endswith("its translation is of another text")]) == 1, said
    assert any(line.endswith(".po: run nb.py french") for line in said)
    page = course.ROOT / course.PAGES.get(name, "utils/french.json")
    kept = page.read_text("utf-8")
    assert course.write()[0] and page.read_text("utf-8") == kept                # the catalogue alone is written
    entry, = [entry for page in [*course.PAGES, "utils"] for entry in course.catalogue(page) if entry.fuzzy]
    assert after in entry.msgid and before in entry.previous_msgid and entry.msgstr


def test_what_is_wrong_with_a_translation_is_said(translation):
    terms = [("noise", "bruit", "bruit")]
    english = "Add noise to x until `x_t` holds 0.5 of it, see [Song](http://a.b), and look at the 1,000 images."
    right = ("Ajoutez du bruit à x jusqu'à ce que `x_t` en contienne 0,5, voir [Song](http://a.b), et regardez les "
             "1 000 images.")
    assert translation.faults(english, right, terms) == []
    for before, after, fault in (("`x_t`", "x_t", "other code, formulas and links"), ("0,5", "0,6", "other numbers"),
                                 ("http://a.b", "http://a.c", "other code"), ("bruit", "son", '"noise" is "bruit"'),
                                 ("0,5, voir", "0,5: voir", "a blank before"), ("images", '"images"', "guillemets"),
                                 ("1 000", "1 001", "other numbers")):
        found = translation.faults(english, right.replace(before, after), terms)
        assert len(found) == 1 and fault in found[0], (after, found)
    assert "this is not French" in translation.faults(english, english, terms)
    assert translation.faults("{0} it gives {1}.", "{0} elle donne.", None) == [
        "other code, formulas and links: not - but {1}"]
    assert translation.faults("must match the size", "must match the size", None) == []


def test_french_is_typeset(translation):
    assert translation.typeset("Où ? « Ici » : l'axe d'`x : y`, 60 000 ; 4 %.") == (
        "Où\u202f? «\u00a0Ici\u00a0»\u00a0: l’axe d’`x : y`, 60\u202f000\u202f; 4\u00a0%.")


def test_links_lead_to_the_french_pages(translation):
    messages = {"## One server": "## Un serveur"}
    text = ("[a](README.md) [b](notebooks/1_gan.ipynb) [c](.github/LISEZMOI.md) [d](#one-server) [e](data/README.md) "
            "[f](https://a.b/c.md) `jupyter lab notebooks/1_gan.ipynb`")
    assert translation.french(text, messages | {text: text}, "README.md", ".github/LISEZMOI.md") == (
        "[a](LISEZMOI.md) [b](../notebooks/fr/1_gan.ipynb) [c](../README.md) [d](#un-serveur) [e](../data/README.md) "
        "[f](https://a.b/c.md) `jupyter lab notebooks/fr/1_gan.ipynb`")
