"""Enter a notebook in the middle: which cells a section needs, and a sentence where one of them has not been run; and
borrow from another notebook what its cells make.

`%reload_ext utils.sections` in the set-up cell brings both: the function `enter`, and that sentence. It also turns
on autoreload, so that an edit in `utils/` counts at once.
"""

import ast
import builtins
import contextlib
import functools
import json
import os
import re
import symtable
import sys
import traceback
import types
from collections import namedtuple
from pathlib import Path
from unittest.mock import patch

from IPython import get_ipython
from IPython.utils.capture import capture_output

from . import data, exercises, language, train
from .language import say
from .machine import same_random_numbers

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
Cell = namedtuple("Cell", "section source makes uses")


def load_ipython_extension(shell):
    """Called by %load_ext: put `enter` where the reader can call it, speak the language that the set-up cell says, and
    explain names that are not there yet."""
    shell.user_ns["enter"] = enter
    language.choose(shell.user_ns.get("LANGUAGE", "en"))
    shell.set_custom_exc((Exception,) if language.current == "fr" else (NameError,), _explain)
    with contextlib.suppress(ImportError):         # Colab: IPython 7 wants the module imp, which Python 3.12 dropped
        shell.run_line_magic("reload_ext", "autoreload")
        shell.run_line_magic("autoreload", "2")


def enter(notebook, section):
    """Run the cells that a section needs, and none of the section's own: `enter(3, 7)` for notebook 3, section 7.

    The cells come from the notebook as it is saved, so answers to exercises that are saved count. A training whose
    weights ship with the course is not run: its weights are loaded. Other trainings run, and are announced.
    Raises ValueError, in a sentence, for a notebook or a section that is not there.
    """
    cells, shell = read(notebook), get_ipython()
    own = [i for i, cell in enumerate(cells) if str(cell.section) == str(section)]
    if not own or str(section) == "0":
        raise ValueError(f"there is no section {section}: choose one from 1 to {max(c.section for c in cells)}")
    needed = needs(cells, own)
    sections = sorted({cells[i].section for i in needed} - {0})
    print(*map(say, (f"Section {section} needs {len(needed)} cell{'s' * (len(needed) > 1)}: the imports",
                     f"and some of section {', '.join(map(str, sections))}," if sections else "only,",
                     "as you last saved them." if Path.cwd() == folder() else f"as they stand in {folder()}.")))
    for i in needed:
        with _announced(), capture_output(), patch.dict(os.environ, WORKSHOP_SHIPPED="1"):
            done = shell.run_cell(cells[i].source, store_history=False, silent=True)
        if not done.success:
            print(say(f"A cell of section {cells[i].section} did not run, so section {section} cannot be entered yet: "
                      "run that section first."), f"\n\n{cells[i].source}", sep="")
            return
    print(say(f"They have run: go on with section {section}."))


def borrow(notebook, *names):
    """A module with what cells of another notebook make: `vae = borrow(2, "decoder")`, then `vae.decoder(z)`.

    Those cells run in it that make `names`, and those that they need, as they are saved; weights that ship are loaded,
    other trainings run. A function of theirs sees what is set in the module: `gan.x_train = x_few` changes what
    `gan.train_clothes` trains on. The images are those of the set that was loaded last.
    Raises ValueError for a notebook or name that is not there and RuntimeError for a cell that does not run, each in
    a sentence.
    """
    cells, own = read(notebook), set()
    for name in names:
        made = [i for i, cell in enumerate(cells) if name in cell.makes]
        if not made:
            raise ValueError(f"no cell of notebook {notebook}, as it is saved, makes {name!r}")
        own.add(made[-1])
    module = types.ModuleType(f"notebook {notebook}")
    here = functools.partial(data.load, data.current)
    with (same_random_numbers(), patch.object(data, "load", lambda name, device: here(device)),
          patch.dict(exercises._state), patch.dict(exercises._bound), patch.dict(os.environ, WORKSHOP_SHIPPED="1")):
        for i in sorted({*needs(cells, sorted(own)), *own}):
            try:
                with _announced(), capture_output():
                    exec(compile(cells[i].source, f"notebook {notebook}", "exec"), module.__dict__)
            except Exception as error:
                raise RuntimeError(f"a cell of section {cells[i].section} of notebook {notebook} does not run "
                                   f"({type(error).__name__}: {error}): open that notebook and mend it, or take a "
                                   "fresh copy of it") from error
    return module


@contextlib.contextmanager
def _announced():
    """Say of each training inside what it is, although the rest of what its cell prints is not shown."""
    screen, begin = sys.stdout, train.Run.__enter__

    def announce(run):
        begin(run)
        print(f"  {say(run.plan())}", file=screen, flush=True)
        return run

    with patch.object(train.Run, "__enter__", announce):
        yield


def folder():
    """Where the notebooks lie: this one's own folder or, where it stands alone, that of the language chosen."""
    both = [FOLDER, FOLDER / "fr"]
    return Path.cwd() if Path.cwd() in both else both[language.current == "fr" and both[1].is_dir()]


def read(notebook):
    """The code cells of a notebook, by its number, below the set-up cell: a list of `Cell`; section 0 is before 1.
    A heading without a number belongs to the section before it."""
    path = next(folder().glob(f"{notebook}_*.ipynb"), None)
    if path is None:
        there = ", ".join(sorted(p.name[0] for p in folder().glob("[0-9]_*.ipynb")))
        raise ValueError(f"there is no notebook {notebook}: choose one of {there}")
    section, cells = 0, []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cells.append(Cell(section, source, *_names(source)))
        else:
            section = [section, *map(int, re.findall(r"^## (\d+)", source, re.M))][-1]
    return cells[1:]


def needs(cells, own):
    """Indices of the cells whose names those of `own` use, and of those that they need in turn, in order.

    cells: what `read` returns; own: indices into it, in order. The imports, before section 1, are always needed.
    """
    found, ahead = {i for i, cell in enumerate(cells) if cell.section == 0}, list(own)
    while ahead:
        i = ahead.pop()
        for name in cells[i].uses:
            before = [j for j in range(i) if name in cells[j].makes]
            after = [j for j in range(i, own[-1]) if name in cells[j].makes]    # a function may name what comes later
            for j in before[-1:] or after[:1]:
                if j not in found and j not in own:
                    found.add(j)
                    ahead.append(j)
    return sorted(found)


def _names(source):
    """Names that a cell makes, and names of other cells that it uses. What it trains it uses and makes anew."""
    code = "\n".join(line for line in source.splitlines() if not line.startswith(("%", "!")))
    try:
        top = symtable.symtable(code, "cell", "exec")
    except SyntaxError:                            # a reader may be in the middle of writing it
        return set(), set()
    makes = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    uses, inner = {s.get_name() for s in top.get_symbols() if s.is_referenced()}, list(top.get_children())
    while inner:
        table = inner.pop()
        uses |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        inner += table.get_children()
    trained = set(re.findall(r"(\w+)\.parameters\(\)", code))
    loops = _loop_names(ast.parse(code))           # from Python 3.12 on the table has them among the cell's own
    return (makes | trained) - loops, uses - makes - loops - set(dir(builtins))


def _loop_names(tree):
    """Names that only comprehensions make."""
    targets = [name for node in ast.walk(tree) if isinstance(node, ast.comprehension)
               for name in ast.walk(node.target) if isinstance(name, ast.Name)]
    others = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
              and node not in targets}
    return {name.id for name in targets} - others


def _explain(shell, kind, error, trace, tb_offset=None):
    """Show a NameError with a sentence that says which cell makes the name, if the running cell is one of ours, and a
    sentence of the course in the language chosen."""
    advice = _advice(error.name, shell.user_ns["In"][-1]) if kind is NameError else None
    raised_in = Path(traceback.extract_tb(trace)[-1].filename)
    if advice:
        error.args = (f"{error}. {say(advice)}",)
    elif raised_in.parent == Path(__file__).parent and error.args and isinstance(error.args[0], str):
        error.args = (say(error.args[0]), *error.args[1:])     # a sentence of ours
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _advice(name, source):
    """What to do about a name that is not there: a sentence, or None for a cell of the reader's own."""
    lines, best = {line for line in source.splitlines() if line.strip()}, (0, None, None, None)
    for path in sorted(folder().glob("[0-9]_*.ipynb")):
        cells = read(path.name[0])
        for i, cell in enumerate(cells):
            score = len(lines & set(cell.source.splitlines()))
            if score > best[0]:
                best = score, path, cells, i
    _, path, cells, i = best
    if path is None:
        return None
    number, here = path.name[0], cells[i].section
    makers = [cell.section for cell in cells[:i] if name in cell.makes][-1:]
    makers = makers or [cell.section for cell in cells[i:] if name in cell.makes]
    if not makers and name in cells[i].uses:
        return (f"No cell of {path.name}, as it is saved, makes it: if you deleted or changed one, bring it back (menu "
                "Edit, Undo Cell Operation), or take the cell from a fresh copy of the notebook")
    if not makers:
        return None
    if makers[0] == 0:
        return "The imports make it: run the cell right below the set-up cell"
    if makers[0] == here:
        return f"An earlier cell of this section makes it: run section {here} from its first cell on"
    return (f"Section {makers[0]} makes it: run the cells above this one first (menu Run, Run All Above Selected Cell; "
            f"on Colab: Runtime, Run before), or only what this section needs, by enter({number}, {here})")
