"""The course in French: `nb.py french` makes it from the English one and the translations in .github/french.

A paragraph is a message of gettext's: its key is the English text, its lines joined. Nothing else is kept, so a
paragraph that changes has no translation any more, and `lint` says so.
"""

import ast
import csv
import difflib
import itertools
import json
import os
import re
from collections import Counter
from pathlib import Path

import nbformat

try:
    import polib
except ImportError:                                # nb.py has verbs that do without
    polib = None

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / ".github" / "french"
PAGES = {"README.md": ".github/LISEZMOI.md", ".github/TEACHING.md": ".github/ENSEIGNER.md",
         **{f"notebooks/{name}": f"notebooks/fr/{name}"
            for name in sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))}}
GET = """```bash
git clone https://github.com/{home}.git && cd {folder}
```

Or on Colab, where nothing is to be installed: run the first cell, it fetches this repository. The notebooks ask for
a GPU and do not need one; the same minutes go further on it.

{badges}
"""                                                # in the README, once the course has an address
LANGUAGE = 'LANGUAGE = "{}"'                       # the line of the set-up cell that tells the code, too
BETWEEN = re.compile(r"""(?sx)( ```.*?``` | <!--.*?--> | \$\$.*?\$\$ | (?<![^\n])\[!\[[^\n]* | \n\s*\n
                              | \n(?=[ ]*(?:\d+\.[ ]|[-*][ ]|\|)) )""")              # the rest: paragraphs, items, rows
FIXED = re.compile(r"(`[^`]+`|\$[^$]+\$|(?<=\])\([^)\s]+\)|</?\w[^>]*>|https?://\S+|\{\d\})")   # kept as it is
NUMBER = {"en": re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?"), "fr": re.compile(r"\d+(?:\u202f\d{3})*(?:[.,]\d+)?")}
ENGLISH = set("the of and is to that with for are it its by from which this what where each be not but".split())
WORDS = set("le la les l de des du d un une et est que qui ne pas pour dans avec par ce cette il elle vous en au aux "
            "sur se sa son ses où sont y à s n qu".split())


def paragraphs(text):
    """The text in pieces, every second of which stands between two paragraphs: blank lines, formulas, code."""
    return BETWEEN.split(text)


def key(piece):
    """The message that a piece of text is: its words, one blank between them; "" if there is nothing to translate."""
    return " ".join(piece.split()) if re.search(r"[^\W\d_]{2}", FIXED.sub("", piece)) else ""


def texts(page):
    """[(where, text)] of an English page: the text cells of a notebook by their ids, or one file."""
    if page.endswith(".ipynb"):
        return [(cell.id, cell.source) for cell in nbformat.read(ROOT / page, as_version=4).cells
                if cell.cell_type == "markdown"]
    later = [("home", GET.format(home="", folder="", badges=""))] if page == "README.md" else []
    return [("", (ROOT / page).read_text(encoding="utf-8")), *later]


def messages(page, alone=()):
    """[(where, message)] of an English page; of "utils", the texts that its code and that of the notebooks can show,
    and of the words that stand alone those in `alone`."""
    if page != "utils":
        return [(where or page, message) for where, text in texts(page)
                for message in filter(None, map(key, paragraphs(text)[::2]))]
    return [(where, text) for where, text in constants()
            if text in alone or " " in text.strip() and re.search("[a-z]{2}", text)]


def constants():
    """[(where, text)]: every text in the code that is no docstring, with {0}, {1} ... where something is filled in."""
    code = [(path.name, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "utils").rglob("*.py"))
            if "tests" not in path.parts]
    for page in PAGES:
        if page.endswith(".ipynb"):
            code += [(cell.id, re.sub(r"(?m)^[%!].*$", "", cell.source))
                     for cell in nbformat.read(ROOT / page, as_version=4).cells if cell.cell_type == "code"]
    for where, source in code:
        tree = ast.parse(source)
        nodes = list(ast.walk(tree))
        docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}      # texts that nothing is done with
        parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for value in node.values for part in
                 ([value] if isinstance(value, ast.Constant) else ast.walk(value.format_spec or ast.Constant(0)))}
        for node in nodes:
            if isinstance(node, ast.JoinedStr) and id(node) not in parts:
                count = itertools.count()
                yield where, "".join(value.value if isinstance(value, ast.Constant) else f"{{{next(count)}}}"
                                     for value in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | parts:
                count = itertools.count()
                yield where, re.sub(r"\{\w*(:[^{}]*)?\}", lambda _: f"{{{next(count)}}}", node.value)


def catalogue(page):
    """The translations of a page, as polib has them."""
    if polib is None:
        raise SystemExit("The French course needs polib: pip install -r .github/requirements-dev.txt")
    path = CATALOGUES / f"{Path(page).stem.lower()}.po"
    po = polib.pofile(str(path)) if path.exists() else polib.POFile()
    po.fpath, po.wrapwidth = str(path), 110
    po.metadata = {"Language": "fr", "MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8",
                   "Content-Transfer-Encoding": "8bit"}
    return po


def update(page):
    """The catalogue with exactly the messages that the page has, in its order. A message that is new and much like one
    that is gone takes over its translation, marked fuzzy until somebody has read it."""
    old = catalogue(page)
    known, new = {entry.msgid: entry for entry in old}, {}
    for where, message in messages(page, known):   # words alone are translated where somebody wants it
        new.setdefault(message, polib.POEntry(msgid=message)).occurrences += [(where, "")]
    gone = {msgid: entry for msgid, entry in known.items() if msgid not in new and entry.msgstr}
    for message, entry in new.items():
        like = difflib.get_close_matches(message, gone, 1, 0.6) if message not in known else ()
        if message in known or like:
            source = known[message] if message in known else gone.pop(like[0])
            entry.msgstr, entry.flags, entry.previous_msgid = source.msgstr, source.flags, source.previous_msgid
            if message not in known:
                entry.flags, entry.previous_msgid = ["fuzzy"], like[0]
    old[:] = new.values()
    return old


def typeset(text):
    """French with its blanks: none breaks before : ; ? ! % and inside of quotes and of numbers; apostrophes curved."""
    parts = FIXED.split(text)
    for i in range(0, len(parts), 2):
        part = re.sub(r" ([;?!])", "\u202f\\1", parts[i])
        part = re.sub(r" ([:%»])", "\u00a0\\1", part).replace("« ", "«\u00a0")
        part = re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_]|[*«]|$)", "’", part)
        parts[i] = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "\u202f", part)
    return "".join(parts)


def faults(english, french, terms):
    """What is wrong with the translation of a paragraph, in words; `terms`: see `glossary`, None for texts of the code,
    which may hold code without marks and need not differ."""
    ours, found = typeset(french), []
    for name, (a, b) in {"code, formulas and links": (FIXED.findall(english), FIXED.findall(ours)),
                         "numbers": (numbers(english, "en"), numbers(ours, "fr"))}.items():
        less, more = ([*map(str, x - y)] for x, y in itertools.permutations((Counter(a), Counter(b))))
        if less or more:
            found.append(f"other {name}: not {', '.join(more) or '-'} but {', '.join(less) or '-'}")
    prose = FIXED.sub(" ", ours)
    words = re.findall(r"[^\W\d_]+", prose.lower())
    if len(words) > 5 and sum(w in WORDS for w in words) <= sum(w in ENGLISH for w in words):
        found += ["this is not French"] * (terms is not None or english != french)
    if terms is None:
        return found
    if hit := re.search(r"\w*(?<![\s\u00a0\u202f|(:*_«…?!-])[;?!:](?![/\d)])|\w*\"|«(?!\u00a0)",
                       re.sub(r"!?\[.*?\]", "", prose)):     # titles of papers are English
        found.append(f"a blank before, or guillemets for the quotes: {hit[0]}")
    found += [f'"{term}" is "{french_}" here' for term, french_, stem in terms
              if re.search(rf"(?i)\b(?:{term})\b", FIXED.sub(" ", english)) and not re.search(f"(?i){stem}", prose)]
    return found


def numbers(text, language):
    """The numbers of a text, read as its language writes them."""
    return [float(re.sub("[,\u202f]", "", n) if language == "en" else n.replace("\u202f", "").replace(",", "."))
            for n in NUMBER[language].findall(FIXED.sub(" ", text))]


def french(text, messages, start, end):
    """The text with its paragraphs in French, and its links right in the file `end` in place of `start`."""
    pieces = paragraphs(text)
    for i in range(0, len(pieces), 2):
        if key(pieces[i]):
            before, after = re.match(r"\s*", pieces[i])[0], re.search(r"\s*$", pieces[i])[0]
            pieces[i] = before + typeset(messages[key(pieces[i])]) + after

    def moved(link):
        path, _, anchor = link[2].partition("#")
        if "://" in path or path.startswith("attachment:"):
            return link[0]
        if path:
            path = os.path.normpath((Path(start).parent / path).as_posix())
            path = Path(os.path.relpath(there.get(path, path), Path(end).parent)).as_posix()
        heading = next((message for message in messages if message.startswith("#") and slug(message) == anchor), None)
        anchor = slug(typeset(messages[heading])) if heading else anchor
        return f"{link[1]}({path}{'#' * bool(anchor)}{anchor})"

    there = PAGES | {target: page for page, target in PAGES.items()}             # the French page links to the English
    text = re.sub(r"(\])\(([^)\s]+)\)", moved, "".join(pieces))
    return re.sub(r"(jupyter lab |/blob/main/)notebooks/(?=\d)", r"\1notebooks/fr/", text)


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def glossary():
    """[(English term, French term, stem of the French one)], the first and the last as regular expressions."""
    with open(CATALOGUES / "glossary.csv", encoding="utf-8", newline="") as file:
        return [(row["English"], row["French"], row["stem"]) for row in csv.DictReader(file)]


def made():
    """({file: its text as it should be}, [fault], how many messages): the French files, as far as the catalogues have
    what they need."""
    files, wrong, terms, count = {}, [], glossary(), 0
    for page, target in [*PAGES.items(), ("utils", "utils/french.json")]:
        po = update(page)
        count += len(po)
        files[Path(po.fpath).relative_to(ROOT).as_posix()] = f"{po}\n"
        for entry in po:
            what = (["has no translation"] if not entry.msgstr else ["its translation is of another text"]
                    if entry.fuzzy else faults(entry.msgid, entry.msgstr, None if page == "utils" else terms))
            wrong += [f"{Path(po.fpath).name}: {entry.msgid[:60]!r}: {each}" for each in what]
        known = {entry.msgid: entry.msgstr or entry.msgid for entry in po}
        if page == "utils":
            ours = {english: typeset(text) for english, text in known.items() if text != english or "{0}" in text}
            files[target] = json.dumps(ours, ensure_ascii=False, indent=0) + "\n"
        elif page.endswith(".ipynb"):
            notebook = nbformat.read(ROOT / page, as_version=4)
            for cell in notebook.cells:
                if cell.cell_type == "markdown":
                    cell.source = french(cell.source, known, page, target)
                    cell.metadata.pop("claims", None), cell.metadata.pop("told", None)
                else:
                    cell.source = cell.source.replace(LANGUAGE.format("en"), LANGUAGE.format("fr"))
            files[target] = nbformat.writes(notebook) + "\n"
        else:
            files[target] = french(texts(page)[0][1], known, page, target)
    return files, wrong, count


def write():
    """Write what `made` says, if nothing is wrong with it, the catalogues in any case; returns the faults and how many
    messages there are."""
    files, wrong, count = made()
    for name in _others(files):
        if name.endswith(".po") or not wrong:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(files[name], encoding="utf-8", newline="\n")
    return wrong, count


def stale():
    """What `nb.py lint` says of the French course: faults of translations, and files that are not what they make."""
    files, wrong, _ = made()
    there = {path.relative_to(ROOT).as_posix()
             for place in (".github/french/*.po", "notebooks/fr/*.ipynb") for path in ROOT.glob(place)}
    return wrong + [f"{name}: run nb.py french" for name in _others(files)] + [
        f"{name}: of a page that is no more, delete it" for name in sorted(there - set(files))]


def _others(files):
    """Those of {file: text} in which something else stands."""
    return [name for name, text in files.items()
            if not (ROOT / name).exists() or (ROOT / name).read_text(encoding="utf-8") != text]
