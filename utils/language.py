"""What the code tells the reader, in French where the reader chose it: LANGUAGE = "fr" in the set-up cell.

The sentences stand in English where they are needed. `say` looks up a finished one in french.json, which `nb.py french`
makes of the gettext catalogue .github/french/utils.po: its keys are these sentences, with {0}, {1} ... for what was
filled in. What it does not know stays English.
"""

import builtins
import functools
import json
import re
import sys
from pathlib import Path

LANGUAGES, FRENCH = ("en", "fr"), Path(__file__).with_name("french.json")
VAGUE, LONGEST = 6, 3000                           # letters: of a template that says little; of a text to look up
current = "en"
_known, _templates = {}, []                        # {English: French}; (pieces, the longest of them, French)


def choose(language="en"):
    """From now on the course speaks "en" or "fr": `say`, every figure, and `print` where it knows all that is printed.

    Raises ValueError, in a sentence, for another language.
    """
    global current
    if language not in LANGUAGES:
        raise ValueError(f"LANGUAGE is {language!r}: the course speaks {' and '.join(map(repr, LANGUAGES))}")
    _learn(json.loads(FRENCH.read_text(encoding="utf-8")) if language == "fr" else {})
    current, english = language, getattr(builtins.print, "english", builtins.print)
    builtins.print = _in_french(english) if language == "fr" else english


def _learn(catalogue):
    """From now on say what `catalogue` has, {English: French}."""
    _known.clear()
    _known.update({english.strip(): french.strip() for english, french in catalogue.items()})
    for english, french in list(_known.items()):
        if re.search(r"[.!?:] \{\d\}$", english) and english[-4:] == french[-4:]:      # what comes last may be empty
            _known.setdefault(english[:-4], french[:-4].strip())
    pieces = ((re.split(r"\{\d\}", english), french) for english, french in _known.items() if "{0}" in english)
    _templates[:] = sorted(((parts, max(parts, key=len), french) for parts, french in pieces),
                           key=lambda template: -sum(map(len, template[0])))          # the most exact first
    _translated.cache_clear()


def say(text):
    """The text in the language that was chosen, as far as the catalogue knows it: as a whole, or by its lines, its
    columns (two blanks lie between them) or, if it is a label, by its parts."""
    return _said(text)[0]


def _said(text, strict=False):
    """A text in French, and how many of its words the catalogue does not know; numbers, and a word alone, are none."""
    inner = text.strip()
    if not _known or len(text) > LONGEST or not re.search(r"[^\W\d_]{2}", inner):
        return text, 0
    french, left = _translated(inner, strict)
    return text.replace(inner, french, 1), left


@functools.lru_cache(2000)
def _translated(text, strict):
    if text in _known:
        return _known[text], 0
    best = text, len(re.findall(r"[^\W\d_]{2,}", text)) if " " in text else 0
    for pieces, longest, french in _templates:               # the one that leaves the fewest English words
        filled = _filled(pieces, text, strict) if longest in text else None
        left = best[1] if filled is None else sum(_said(part, strict)[1] for part in filled)
        if left < best[1]:
            best = _fill_in(french, filled, strict), left
    if best[0] != text:
        return best
    for apart, join in ((r"\n", "\n"), (r"(?<=  )(?! )", "")) + (
            () if strict else ((": ", "\u00a0: "), (", ", ", "), (r" (?=\()", " "))):
        parts = re.split(apart, text)
        said = [_in_column(part, strict) for part in parts] if len(parts) > 1 else parts
        if said != parts:
            left = sum(_said(part, strict)[1] for part in parts)
            if left == 0 or join in ("\n", ""):
                return join.join(said), left
    return best


def _fill_in(french, filled, strict):
    """What a template says; what is filled in between `...` is code, and stays as it is."""
    return re.sub(r"(`?)\{(\d)\}", lambda hit: hit[1] + (filled[int(hit[2])] if hit[1] else
                                                        _in_column(filled[int(hit[2])], strict)), french)


def _in_column(text, strict):
    """A part of a text in French, followed by so many blanks that what comes next stays where it was."""
    said = _said(text.rstrip(" "), strict)[0]
    return said.ljust(len(text) - 1) + " " if text.endswith(" ") else said


def _filled(pieces, text, strict):
    """What stands between the pieces in the text, if it has them in this order from its first to its last letter; where
    they say little, what stands there must be known, or a word alone."""
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
    vague = sum(map(str.isalpha, "".join(pieces))) < VAGUE
    return None if vague and (strict or any(_said(part)[1] for part in filled)) else filled


def _in_french(english):
    """`print` that says in French what it knows to the last word; `english` is the one that does the printing."""
    def french(*values, **how):
        if how.get("file") in (None, sys.stdout):
            pairs = [_said(value, strict=True) if type(value) is str else (value, 0) for value in values]
            values = [value if left else said for value, (said, left) in zip(values, pairs)]
        english(*values, **how)
    french.english = english
    return french


if hasattr(builtins.print, "english"):             # this file was edited, and reloaded
    choose("fr")
