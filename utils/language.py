"""What the code tells the reader, in French where the reader chose it: LANGUAGE = "fr" in the set-up cell.

The sentences stand in English where they are needed. `say` looks up a finished one in french.json, which `nb.py french`
makes of the gettext catalogue .github/french/utils.po: its keys are these sentences, with {0}, {1} ... for what was
filled in. What it does not know stays English.
"""

import builtins
import functools
import json
import re
from pathlib import Path

LANGUAGES, FRENCH = ("en", "fr"), Path(__file__).with_name("french.json")
LABEL = 80                                         # letters: what is longer is a sentence, and known or not
current = "en"
_known, _templates = {}, []                        # {English: French} of whole sentences; (pieces, French) of others
_print = getattr(builtins.print, "english", builtins.print)        # if this file is reloaded


def choose(language="en"):
    """From now on `say`, `print` and every figure of the course speak "en" or "fr".

    Raises ValueError, in a sentence, for another language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"LANGUAGE is {language!r}: the course speaks {' and '.join(map(repr, LANGUAGES))}")
    global current
    current, builtins.print = language, _print if language == "en" else _print_translated
    _learn({} if language == "en" else json.loads(FRENCH.read_text(encoding="utf-8")))


def _learn(catalogue):
    """From now on say what `catalogue` has, {English: French}."""
    _known.clear()
    for english, french in catalogue.items():
        _known[english.strip()] = french.strip()
        if re.search(r" \{\d\}$", english) and english[-4:] == french[-4:]:           # what comes last may be empty
            _known[english[:-4].strip()] = french[:-4].strip()
    pieces = ((re.split(r"\{\d\}", english), french) for english, french in _known.items() if "{0}" in english)
    _templates[:] = sorted(pieces, key=lambda pair: -sum(map(len, pair[0])))         # the most exact first
    _translated.cache_clear()


def say(text):
    """The text in the language that was chosen, as far as the catalogue knows it: as a whole, or by its lines, its
    columns (two blanks lie between them) or, if it is a label, by its parts."""
    inner = text.strip()
    return text.replace(inner, _translated(inner)[0], 1) if _known and re.search(r"[^\W\d_]{2}", inner) else text


@functools.lru_cache(2000)
def _translated(text):
    """A text in French, and how many words of it are English still (a word alone may be a name)."""
    if text in _known:
        return _known[text], 0
    best = text, len(re.findall(r"[^\W\d_]{2,}", text)) if " " in text else 0
    for pieces, french in _templates:                        # the one that leaves the fewest English words
        filled = _filled(pieces, text)
        left = best[1] if filled is None else sum(_left(part) for part in filled)
        if left < best[1]:
            best = re.sub(r"\{(\d)\}", lambda hit: _in_column(filled[int(hit[1])]), french), left
    if best[0] != text:
        return best
    if "\n" in text:
        return "\n".join(map(say, text.split("\n"))), 0
    if "  " in text:
        return "".join(map(_in_column, re.findall(r"\S+(?: \S+)* *", text))), 0
    for mark, ours in ((": ", "\u00a0: "), (", ", ", "), (" (", " (")):
        parts = text.split(mark) if mark in text else []
        left = sum(map(_left, parts))
        if (left == 0 or len(text) < LABEL) and any(say(part) != part for part in parts):
            return ours.join(map(say, parts)), left
    return best


def _left(text):
    """How many words of a text the catalogue does not know; numbers are none."""
    return _translated(text.strip())[1] if re.search(r"[^\W\d_]{2}", text) else 0


def _in_column(text):
    """A part of a text in the language chosen, followed by so many blanks that what comes next stays where it was."""
    blanks = len(text) - len(text.rstrip())
    said = say(text.rstrip()) if text.strip() else text
    return said.ljust(len(text) - 1) + " " if blanks else said


def _filled(pieces, text):
    """What stands between the pieces in the text, if it has them in this order from its first to its last letter; where
    they are only a word or two, what stands there must be known, or a word alone."""
    first, *middle, last = pieces
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return None
    filled, at, end = [], len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return None
        filled.append(text[at:found])
        at = found + len(piece)
    filled.append(text[at:end])
    vague = sum(map(str.isalpha, "".join(pieces))) < 6
    return None if vague and any(map(_left, filled)) else filled


def _print_translated(*values, **how):
    _print(*(say(value) if isinstance(value, str) else value for value in values), **how)


_print_translated.english = _print
