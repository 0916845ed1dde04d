"""The maintainers' one tool.

    python .github/nb.py run [NOTEBOOK ...]     execute from top to bottom and keep the outputs
    python .github/nb.py trials N [NOTEBOOK ...]  run with N seeds: what becomes of each claim of the text
    python .github/nb.py hour                   the minutes of a reader, section by section
    python .github/nb.py french                 write notebooks/fr and the other French files from their translations
    python .github/nb.py lint                   what a test run cannot see: ids, state, imports, links, size, numbers
    python .github/nb.py weights [NOTEBOOK ...] train again what ships in data/pretrained, --budget times as long
    python .github/nb.py bench [NOTEBOOK ...]   train for --minutes 0.75 3 12: what it costs and reaches
    python .github/nb.py counts [NOTEBOOK ...]  its first part alone: kernels and waits that a GPU would feel
    python .github/nb.py gallery                draw the pictures of the README with the weights that ship
    python .github/nb.py page FOLDER            the notebooks as HTML, with their saved outputs and an index
    python .github/nb.py home [OWNER/REPO]      write where the repository lives everywhere, or print it
"""

import argparse
import ast
import base64
import builtins
import csv
import hashlib
import io
import itertools
import json
import math
import operator
import os
import re
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import nbformat
import translation
from nbclient import NotebookClient
from PIL import Image  # matplotlib brings it

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FRENCH = sorted((ROOT / "notebooks" / "fr").glob("*.ipynb"))
README = ROOT / "README.md"
PICTURES = ROOT / ".github" / "pictures"
SHIPPED = ROOT / "data" / "pretrained" / "scoreboard.json"     # the rows that stand in where a reader has none
LIST = ROOT / "data" / "README.md"                             # what ships, with checksums
LARGEST, LARGEST_PICTURE = 2_000_000, 1_000_000
COMPARED = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq}
WORDS, LINE, FIGURE, EXPERIMENT = 180, 6, 20, 60       # words a minute; seconds for a line, a figure, a prediction
LONGEST, MOST_WORDS, MOST_CELLS = 60, 1600, 30         # the hour of each notebook: minutes, words, code cells
INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Generative image models, measured</title>
<body style="font-family: sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em">
<h1>Generative image models, measured</h1>
<ol style="list-style: none; padding: 0">
{links}
</ol>
<p>To run and edit them: <a href="https://github.com/{home}">{home}</a></p>
</body>
</html>
"""
PACKAGES = set(re.findall(r"^[\w-]+", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M))
MODULES = PACKAGES | {"numpy", "utils"} | sys.stdlib_module_names      # matplotlib and torchvision bring numpy


def run(paths):
    """Execute each notebook in its own kernel and write it back, outputs included, only if it got to the end.

    It finds the rows of the notebooks before it in the table, as a reader's does, and its own rows become those that
    ship with the course.
    """
    os.environ["WORKSHOP_BUDGET"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        scoreboard = Path(folder) / "scoreboard.json"
        os.environ["WORKSHOP_SCOREBOARD"] = str(scoreboard)
        for path in paths:
            began = time.monotonic()
            rows = {row["name"]: row for row in json.loads(SHIPPED.read_text(encoding="utf-8"))}
            before = list(rows.values())[:int(path.name[0]) - 1]       # GAN, VAE, then those of notebook 3
            scoreboard.write_text(json.dumps(before), encoding="utf-8")
            notebook = nbformat.read(path, as_version=4)
            found = execute_with_claims(notebook, path)
            sections = seconds_by_section(notebook)
            notebook.metadata["seconds"] = {title: round(seconds) for title, seconds in sections.items()}
            with_picture(smaller(without_state(notebook)), path)
            nbformat.write(notebook, path)
            rows |= {row["name"]: row for row in json.loads(scoreboard.read_text(encoding="utf-8"))}
            SHIPPED.write_text(json.dumps(list(rows.values()), indent=1), encoding="utf-8")
            print(*(f"{seconds:6.0f} s  {title}" for title, seconds in sections.items()), sep="\n")
            print(f"{path.name}: {time.monotonic() - began:.0f} s, {path.stat().st_size / 1024:.0f} kB")
            report_claims(path, [found])


def smaller(notebook):
    """The same notebook with its pictures in 256 colours, which no eye tells apart: half of the bytes or less."""
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if "image/png" in output.get("data", {}):
            picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
            png = io.BytesIO()
            picture.quantize(256, dither=Image.Dither.NONE).save(png, "png", optimize=True)
            output.data["image/png"] = base64.b64encode(png.getvalue()).decode()
    return notebook


def execute(notebook, path):
    """Run its cells in a kernel of their own, in the folder of `path`, however long they take."""
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(path.parent)}},
                   extra_arguments=["--log-level=ERROR"]).execute()         # or it warns of TCP without encryption


CLAIMS = """
import json as _json


def _found(claim):
    try:
        return [float(part) for part in claim()]
    except Exception:              # 0 / 0, or a name that an edit took away: it fails, and the run goes on
        return []


print(_json.dumps([_found(claim) for claim in [{each}]]))
"""


def claims(cell):
    """The claims of a text cell: comparisons in the notebook's own names, which hold at that place."""
    return cell.metadata.get("claims", [])


def operands(claim):
    """The parts of a comparison, as text: those that print numbers, the bounds, and those to be computed."""
    tree = ast.parse(claim, mode="eval").body
    parts = [tree.left, *tree.comparators] if isinstance(tree, ast.Compare) else [tree]
    return [ast.get_source_segment(claim, part) for part in parts]


def is_number(part):
    return re.fullmatch(r"-?[\d.]+", part)


def holds(claim, values):
    """Whether a claim holds of the values of its parts, rounded to as many digits as its bounds have."""
    tree, parts = ast.parse(claim, mode="eval").body, operands(claim)
    digits = [len(part.partition(".")[2]) for part in parts if is_number(part)]
    rounded = [round(value, max(digits)) if digits else value for value in values]
    return all(COMPARED[type(op)](*pair) for op, pair in zip(tree.ops, zip(rounded, rounded[1:])))


def execute_with_claims(notebook, path, first=None):
    """Execute it, `first` after the imports, and evaluate the claims of each text cell where it stands.

    Returns {(cell id, claim): the values of its parts}; the notebook is as it was, but executed.
    """
    own, checks, cells = notebook.cells, [], []
    for i, cell in enumerate(own):
        cells.append(cell)
        if claims(cell):
            each = ", ".join(f"lambda: [{', '.join(operands(claim))}]" for claim in claims(cell))
            checks.append((cell, nbformat.v4.new_code_cell(CLAIMS.format(each=each))))
            cells.append(checks[-1][1])
        if first and i == 2:                                                # below title, set-up and imports
            cells.append(nbformat.v4.new_code_cell(first))
    notebook.cells = cells
    execute(notebook, path)
    notebook.cells = own
    for count, cell in enumerate((cell for cell in own if cell.cell_type == "code"), 1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
    return {(cell.id, claim): values for cell, check in checks
            for claim, values in zip(claims(cell), json.loads(check.outputs[0].text))}


def report_claims(path, trials):
    """Print for each claim in how many of `trials` it held, and the least and the greatest value of what it computes;
    return whether one did not hold, of which the text cell is named."""
    failed = False
    for place, claim in trials[0]:
        values = [trial[place, claim] for trial in trials]
        held = [bool(own) and holds(claim, own) for own in values]
        failed |= not all(held)
        spans = [f"{part}: {min(own):.3g} to {max(own):.3g}"
                 for part, own in zip(operands(claim), zip(*filter(None, values))) if not is_number(part)]
        print(f"{path.stem} {place} {'holds' if all(held) else 'FAILS'} {sum(held)} of {len(held)}: {claim}",
              *spans, sep="\n    ", flush=True)
    return failed


def trials(n, paths):
    """Run each notebook with n seeds at full budget, as a reader who has no rows of the table yet, and print what
    becomes of its claims. Returns whether one did not hold."""
    os.environ["WORKSHOP_BUDGET"], failed = "1", False
    for path in paths:
        found = []
        for seed in range(1, n + 1):
            with tempfile.TemporaryDirectory() as folder:
                os.environ["WORKSHOP_SCOREBOARD"] = str(Path(folder) / "scoreboard.json")
                found.append(execute_with_claims(nbformat.read(path, as_version=4), path, SEEDED.format(seed=seed)))
        failed |= report_claims(path, found)
    return failed


def numbers(text):
    """The numbers that stand in a text, as floats, outside of formulas, code, links, headings and references to
    sections, notebooks, exercises and experiments."""
    for left_out in (r"(?s)\$\$.*?\$\$", r"\$[^$]*\$", r"`[^`]*`", r"\[[^\]]*\]\([^)]*\)", r"!\[.*?\]",
                     r"(?m)^#.*$", r"\d+ x \d+|\(B, [^)]*\)",
                     r"(?i)(?:sections?|notebooks?|exercises?|experiments?) \d+(?:(?:, | and | to | or )\d+)*"):
        text = re.sub(left_out, " ", text)
    return [float(hit.replace(",", "")) for hit in re.findall(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w^])", text)]


def near(notebook):
    """{heading: the numbers in the code and the outputs of its cells}"""
    found = {}
    for title, cell in titled(notebook):
        said = [output.get("text", "") or output.get("data", {}).get("text/plain", "")
                for output in cell.get("outputs", [])]
        text = "\n".join([cell.source, *said]) if cell.cell_type == "code" else ""
        hits = re.findall(r"\d[\d,]*(?:\.\d+)?(?:e-\d+)?", text.replace("_", ""))
        found.setdefault(title, set()).update(float(hit.replace(",", "")) for hit in hits)
    return found


def unsupported(notebook):
    """Faults of the text: (cell id, what). A number must stand in a claim of its cell, in the code or the outputs of
    its section, or in the cell's list `told`, of numbers that a source or a trial of ours gives; whole numbers up to
    ten are free. The numbers of a claim must stand in the text, and its names be made above."""
    from utils import sections

    faults, made, around = [], set(dir(builtins)), near(notebook)
    for title, cell in list(titled(notebook))[1:]:          # the first cell says the sums of nb.py hour
        if cell.cell_type == "code":
            made |= sections._names(cell.source)[0]
            continue
        printed = {round(n, 9) for n in numbers(cell.source)}
        bounds = {abs(float(part)) for claim in claims(cell) for part in operands(claim) if is_number(part)}
        known = {round(n, 9) for number in bounds | around[title] for n in (number, 100 * number)}
        known |= {*cell.metadata.get("told", ()), *range(11)}
        faults += [(cell.id, f"{n:g} stands in no claim, no output and no source") for n in sorted(printed - known)]
        faults += [(cell.id, f"the text does not say {n:g}, as its list told does")
                   for n in cell.metadata.get("told", ()) if round(n, 9) not in printed]
        faults += [(cell.id, f"the text does not say {bound:g}, as its claims do") for bound in sorted(bounds - {0, 1})
                   if not {round(bound, 9), round(100 * bound, 9)} & printed]
        names = [node for claim in claims(cell) for node in ast.walk(ast.parse(claim)) if isinstance(node, ast.Name)]
        own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        faults += [(cell.id, f"no cell above makes {name}, of which a claim speaks")
                   for name in sorted({node.id for node in names} - own - made)]
    return faults


def titled(notebook):
    """Each cell with the heading that it stands under."""
    title = "before section 1"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            title = [title, *re.findall("^## (.*)", cell.source, re.M)][-1]
        yield title, cell


def by_choice(title):
    return "By choice" in title


def minutes_by_section(notebook):
    """{heading: [words, code cells, minutes]}: reading, code, figures, exercises, predictions and computing."""
    found, seconds = {}, notebook.metadata.get("seconds", {})
    for title, cell in titled(notebook):
        row = found.setdefault(title, [0, 0, seconds.get(title, 0) / 60])
        if cell.cell_type == "markdown":
            words = len(re.sub(r"\]\([^)]*\)|</?\w+>", "", cell.source).split())
            row[0] += words
            row[2] += words / WORDS + sum(map(int, re.findall(r"^### Exercise.*\((\d+) min", cell.source, re.M)))
            row[2] += len(re.findall("^### Experiment", cell.source, re.M)) * EXPERIMENT / 60
        elif not cell.metadata.get("jupyter", {}).get("source_hidden"):
            row[1] += 1
            figures = sum("image/png" in output.get("data", {}) or "VBox(" in output.get("data", {}).get(
                "text/plain", "") for output in cell.outputs)
            lines = sum(map(bool, cell.source.split("\n"))) * (not cell.source.startswith("@exercise"))
            row[2] += (lines * LINE + figures * FIGURE) / 60
    return found


def hour(rows):
    """What the hour and the sections by choice of a notebook come to, by its `minutes_by_section`: ([words, code cells,
    minutes], minutes)."""
    core = [sum(column) for column in zip(*(row for title, row in rows.items() if not by_choice(title)))]
    return core, sum(row[2] for title, row in rows.items() if by_choice(title))


def to_five(minutes):
    return 5 * math.ceil(minutes / 5)


def show_hour():
    """Print the minutes of a reader, section by section, and what they come to."""
    for path in NOTEBOOKS:
        rows = minutes_by_section(nbformat.read(path, as_version=4))
        for title, (words, cells, minutes) in rows.items():
            print(f"{minutes:6.1f} min {words:5d} words {cells:3d} cells  {title}")
        (words, cells, minutes), more = hour(rows)
        print(f"{path.stem}: {minutes:.1f} minutes, {words} words and {cells} cells of code; by choice {more:.0f}\n")


def cut(path):
    """The notebook without the cells that the row of its model does not need; the last cell reports the row."""
    from utils import sections

    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = reports(code)
    needed = sections.needs(sections.read(path.name[0]), [last - 1])     # they are counted without the set-up cell
    notebook.cells = [code[0], *(code[i + 1] for i in needed), code[last]]
    return notebook


def reports(cells):
    """The place of the cell that reports the row."""
    return next(i for i, cell in enumerate(cells) if "scoreboard.report(" in cell.source)


def execute_with(source, notebook, path, budget):
    """Execute it at this budget, with a table of its own and a cell of ours after the one that reports the row.

    Returns what our cell printed; the cell itself is taken out again.
    """
    os.environ["WORKSHOP_BUDGET"] = str(budget)
    ours = nbformat.v4.new_code_cell(source)
    notebook.cells.insert(reports(notebook.cells) + 1, ours)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKSHOP_SCOREBOARD"] = str(Path(folder) / "scoreboard.json")
        execute(notebook, path)
    notebook.cells.remove(ours)
    return "".join(output.get("text", "") for output in ours.outputs)


DRAWS = """
import json

run.save()
with torch.no_grad():
    print(json.dumps([run.step, *(metrics.measure(sample(2000)) for _ in range(3))]))
"""


def weights(paths, budget):
    """Train the model of each notebook's row `budget` times as long, with the notebook's own cells; save it to ship,
    and enter its row in data/README.md: the command, what three draws measure, and the checksum."""
    for path in paths:
        notebook = cut(path)
        steps, *draws = json.loads(execute_with(DRAWS, notebook, path, budget).splitlines()[-1])
        print(path.stem, *(output.text for output in notebook.cells[-1].outputs), sep="\n")
        name = re.search(r'shipped="(\w+)"', "".join(cell.source for cell in notebook.cells))[1]
        text = LIST.read_text(encoding="utf-8")
        file = SHIPPED.with_name(f"{name}.pt")
        made = f"`python .github/nb.py weights notebooks/{path.name} --budget {budget:g}` ({steps:,} steps)"
        LIST.write_text(entered(text, file, made, draws), encoding="utf-8")


def entered(text, file, made, draws):
    """The text of data/README.md with the row of the weights in `file` brought up to date; `made` says how."""
    (old, what), = re.findall(rf"^(\| `{file.name}` \|[^|]*\| (.*?):[^|]*\|[^|]*\|)$", text, re.M)
    spans = []
    for word, key, digits in (("distance", "frechet", 1), ("precision", "precision", 2), ("recall", "recall", 2)):
        values = [f"{draw[key]:.{digits}f}" for draw in sorted(draws, key=lambda draw: draw[key])]
        spans.append(f"{word} {values[0]} to {values[-1]}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return text.replace(old, f"| `{file.name}` | {made} | {what}: {', '.join(spans)} | `{digest}` |")


BENCH = """
import json
import resource

kernel = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss    # Linux counts in kB
peak = kernel if device.type == "cpu" else torch.get_device_module(device).max_memory_allocated()
print(json.dumps(row | {"step": run.step, "batch": batch_size, "peak": peak}))
"""


SEEDED = """
def seeded(seed, inner=torch.manual_seed):
    return inner(seed + {seed})


torch.manual_seed = seeded
"""
IN_STEPS = """
from utils.train import Run


def boxed(run, minutes, steps=None, *others, inner=Run.__init__, **more):
    inner(run, None, {steps}, *others, **more)


Run.__init__ = boxed
"""


COUNTS = """
import json
import statistics

from utils.train import Run

marks = []


def counter():
    return sum(torch.imitation.calls().values()), torch.imitation.waits()


def marked(run, batches, inner=Run.over):
    for batch in inner(run, batches):
        marks.append(counter())
        yield batch


Run.over = marked
{training}
steps = [[b - a for a, b in zip(*pair)] for pair in zip(marks, marks[1:])]
with torch.no_grad():
    before = counter()
    sample(2000)
    drawn = [b - a for a, b in zip(before, counter())]
print(json.dumps([*map(statistics.median, zip(*steps)), *drawn]))
"""


def counts(paths):
    """Print how many kernels a GPU would launch, and how often Python would wait for it, for a step of each main
    training and for drawing 2,000 images, as the imitation of utils/tests/accelerator counts them.

    Returns whether any step waits.
    """
    from utils.tests.accelerator import imitation

    imitation.build()
    waits = 0
    print("notebook     kernels a step  waits a step  kernels for 2,000 images  waits")
    for path in paths:
        notebook = cut(path)
        training, = (cell.source for cell in notebook.cells if "minutes = 3" in cell.source)
        with patch.dict(os.environ, PYTHONPATH=str(imitation.HERE)):
            *_, last = execute_with(COUNTS.format(training=training), notebook, path, 0.02).splitlines()
        numbers = json.loads(last)
        print(f"{path.stem:12s}{numbers[0]:15.0f}{numbers[1]:14.0f}{numbers[2]:26.0f}{numbers[3]:7.0f}", flush=True)
        waits += numbers[1] + numbers[3]
    return waits > 0


def bench(paths, minutes=(0.75, 3, 12), seed=0, rate=None):
    """Train the model of each notebook for some `minutes` and print what that cost and reached; then where a reader
    waits: the set-up cell, the first picture, the slowest cells.

    rate: how many steps a second the machine of data/pretrained/budgets.csv makes when nothing else runs. Then the box
    is in steps, so that what else runs meanwhile does not change what is reached, and that is entered in the file.
    Only ratios compare between machines, so the distance is divided by that of as many real images. Returns whether
    some model was worse with more minutes, by more than a tenth: so much can be the seed.
    """
    if not rate:
        counts(paths)
    print("model     minutes  seed   steps images/s distance/floor precision recall ms/image calls peak memory")
    worse, waits = False, []
    for path in paths:
        ratios = []
        for box in minutes:
            whole = box == 3 and not rate
            notebook = nbformat.read(path, as_version=4) if whole else cut(path)
            training = next(i for i, cell in enumerate(notebook.cells) if "minutes = 3" in cell.source)
            first = SEEDED.format(seed=seed) + (IN_STEPS.format(steps=round(60 * box * rate)) if rate else "")
            notebook.cells.insert(training, nbformat.v4.new_code_cell(first))
            row = json.loads(execute_with(BENCH, notebook, path, 1 if rate else box / 3))
            seconds = 60 * row["minutes"]
            ratios.append(row["frechet"] / row["floor"]["frechet"])
            print(f"{row['name']:10s}{box:7g}{seed:6d}{row['step']:8,d}{row['batch'] * row['step'] / seconds:9,.0f}"
                  f"{ratios[-1]:15.1f}{row['precision']:10.2f}{row['recall']:7.2f}{row['ms']:9.2f}{row['calls']:6.0f}"
                  f"{row['peak'] / 1e6:9,.0f} MB", flush=True)
            if rate:
                enter_budget({"name": row["name"], "minutes": box, "seed": seed}
                             | {key: round(row[key], 3) for key in ("step", "frechet", "precision", "recall")})
            if whole:
                waits += where_readers_wait(notebook, path)
        worse |= any(more > 1.1 * best for best, more in zip(itertools.accumulate(ratios, min), ratios[1:]))
    print(*waits, f"{'Some' if worse else 'No'} model was worse with more minutes.", sep="\n")
    return worse


def enter_budget(found):
    """Put one training into budgets.csv, in place of the one of the same name, minutes and seed."""
    from utils import scoreboard

    def key(row):
        return row["name"], row["minutes"], row["seed"]

    rows = {key(row): row for row in [*scoreboard.budgets(), found]}
    with scoreboard.BUDGETS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, found, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: value if name == "name" else f"{value:g}" for name, value in rows[key].items()}
                         for key in sorted(rows))


def where_readers_wait(notebook, path):
    """Lines with the seconds of the set-up cell, those until the first picture is there, and the slowest cells."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    spans = [times(cell) for cell in code]
    seconds = [(end - begin).total_seconds() for begin, end in spans]
    pictures = (i for i, cell in enumerate(code) for output in cell.outputs if "image/png" in output.get("data", {}))
    first = (spans[next(pictures)][1] - spans[0][0]).total_seconds()
    slowest = sorted(range(len(code)), key=seconds.__getitem__, reverse=True)[:6]
    return [f"{path.stem}: set-up {seconds[0]:.1f} s, first picture after {first:.1f} s, all {sum(seconds):.0f} s, "
            "the slowest cells", *(f"{seconds[i]:6.0f} s  [{i + 1}] {code[i].source.splitlines()[0]}" for i in slowest)]


GALLERY = """
film = []
if "generate" in globals():
    film = [noise(20)]
    generate(second_order(model_of(net)), film[0], 40, film)
torch.save((row, run.step, sample(14).cpu(), torch.stack(film).cpu() if film else None), {file!r})
"""


def gallery():
    """Draw families.png, trilemma.png and denoising.gif in .github/pictures with the weights that ship, and budgets.png
    from the trainings in data/pretrained/budgets.csv."""
    import torch

    os.environ["WORKSHOP_SHIPPED"] = "1"
    drawn = []
    for path in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "drawn"
            execute_with(GALLERY.format(file=str(file)), cut(path), path, 1)
            drawn.append(torch.load(file))
    from utils import data, plot, scoreboard

    rows = {row["name"]: row for row, *_ in drawn}
    families = {f"{row['name']}, {steps:,} steps\ndistance {row['frechet']:.1f}": images
                for row, steps, images, _ in drawn}
    families[f"real images\ndistance {drawn[-1][0]['floor']['frechet']:.1f}"] = data.load()[2][:14]
    PICTURES.mkdir(exist_ok=True)
    plot.sheet(families).savefig(PICTURES / "families.png")
    plot.trilemma(rows).savefig(PICTURES / "trilemma.png")
    plot.budgets(scoreboard.budgets(), scoreboard.rows(*rows)).savefig(PICTURES / "budgets.png")
    frames = [Image.open(io.BytesIO(plot.png(x, 10, 2))).convert("L").quantize(16) for x in drawn[-1][3]]
    frames[0].save(PICTURES / "denoising.gif", save_all=True, append_images=frames[1:], loop=0,
                   duration=[80] * (len(frames) - 1) + [2500])
    for name in ("families.png", "trilemma.png", "budgets.png", "denoising.gif"):
        print(f"{name}: {(PICTURES / name).stat().st_size / 1024:.0f} kB")


def seconds_by_section(notebook):
    """{heading: seconds its cells took}, from the times that nbclient left in the notebook."""
    seconds = {}
    for title, cell in titled(notebook):
        if "execution" in cell.metadata:
            begin, end = times(cell)
            seconds[title] = seconds.get(title, 0) + (end - begin).total_seconds()
    return seconds


def times(cell):
    """When an executed cell began and when it ended, as nbclient left it in the notebook."""
    return [datetime.fromisoformat(cell.metadata["execution"][f"iopub.{what}"])
            for what in ("execute_input", "status.idle")]


def without_state(notebook):
    """The notebook without what differs between two machines: widget state, timings, the version of Python."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def with_picture(notebook, path):
    """Put the output of the cell tagged `result` at the top of the notebook and into .github/pictures."""
    result = next(cell for cell in notebook.cells if "result" in cell.metadata.get("tags", []))
    png = [o.data["image/png"] for o in result.outputs if "image/png" in o.get("data", {})][-1]
    notebook.cells[0].attachments = {"result.png": {"image/png": png}}
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{path.stem}.png").write_bytes(base64.b64decode(png))


def lint():
    """Print each fault as `notebook: cell id: what`, and return whether there are any."""
    faults, setups = [], set()
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        setups.add(code[0].source)
        found = [("", "widget state is saved: run nb.py run")] * ("widgets" in notebook.metadata)
        found += [("", f"{path.stat().st_size} bytes, over {LARGEST}")] * (path.stat().st_size > LARGEST)
        found += [("", "not saved from one run from top to bottom: run nb.py run")] * (
            [cell.execution_count for cell in code] != list(range(1, len(code) + 1)))
        ids = [cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]   # nbformat mends them
        found += [(i, "this cell id occurs twice") for i in {i for i in ids if ids.count(i) > 1}]
        for cell in notebook.cells:
            found += [(cell.id, f"line over 88 wide: {line}") for line in cell.source.splitlines()
                      if cell.cell_type == "code" and len(line) > 88]
            found += [(cell.id, f"a path of one machine: {hit}")
                      for hit in re.findall(r"(?:/home/|/Users/|/root/|/tmp/|[A-Z]:\\)\S*", cell.source)]
            found += [(cell.id, "a marker must be the whole comment line") for line in cell.source.splitlines()
                      if "NBVAL_" in line and not re.fullmatch(r"# NBVAL_[A-Z_]+", line)]
            if cell.cell_type == "code":
                imported = set(re.findall(r"^\s*(?:import|from) (\w+)", cell.source, re.M))
                found += [(cell.id, f"imports {name}, which requirements.txt does not name")
                          for name in imported - MODULES]
            for output in cell.get("outputs", []):
                found += [(cell.id, "a saved output is an error")] * (output.output_type == "error")
                found += [(cell.id, "a saved output is on stderr")] * (output.get("name") == "stderr")
        (words, cells, minutes), more = hour(minutes_by_section(notebook))
        sums = f"{to_five(minutes)} minutes; by choice {to_five(more)} more"
        found += [("", f"does not say: {sums}")] * (sums not in notebook.cells[0].source)
        found += [("", f"README.md does not say of it: {sums}")] * (
            not re.search(rf"{path.name}\).*\| {sums}", README.read_text(encoding="utf-8")))
        found += [("", f"its hour has {n:.0f} {what}, over {most}") for n, most, what in (
            (words, MOST_WORDS, "words"), (cells, MOST_CELLS, "cells of code"), (minutes, LONGEST, "minutes"))
            if n > most]
        found += unsupported(notebook)
        faults += [f"{path.name}: {where}: {what}" for where, what in found]
    faults += [f"{path.name}: {path.stat().st_size} bytes, over {LARGEST_PICTURE}" for path in PICTURES.glob("*")
               if path.stat().st_size > LARGEST_PICTURE]
    if len(setups) > 1:
        faults.append("the set-up cells of the notebooks differ")
    if len(homes()) != 1:
        faults.append(f"the repository lives in more than one place ({', '.join(sorted(homes()))}): run nb.py home")
    for path in sorted(set(ROOT.glob("*.md")) | set(ROOT.glob(".github/*.md")) | set(ROOT.glob("data/*.md"))):
        text = path.read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#\s]+)", text)
        faults += [f"{path.name}: dead link {link}" for link in links
                   if "://" not in link and not (path.parent / link).exists()]
    faults += translation.stale()
    print(*faults, f"{len(faults)} faults in {len(NOTEBOOKS)} notebooks", sep="\n")
    return bool(faults)


def french():
    """Write the French course; print and return whether a paragraph has no translation, or one that is not right."""
    wrong, count = translation.write()
    print(*wrong, f"{len(wrong)} faults among {count:,} texts: nothing but the catalogues is written" if wrong else
          f"The French course is written: {count:,} texts, all translated", sep="\n")
    return bool(wrong)


def page(folder):
    """Write each notebook as HTML into `folder`, with an index.html that lists them."""
    from nbconvert import HTMLExporter

    folder.mkdir(parents=True, exist_ok=True)
    links = []
    for path in [*NOTEBOOKS, *FRENCH]:
        notebook = nbformat.read(path, as_version=4)
        name = path.relative_to(NOTEBOOKS[0].parent).with_suffix(".html")
        html, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": path.stem}})
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(html, encoding="utf-8")
        title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
        links.append(f'<li><a href="{name.as_posix()}">{title}</a></li>')
    (folder / "index.html").write_text(INDEX.format(links="\n".join(links), home=homes().pop()), encoding="utf-8")


def homes():
    """Every OWNER/REPO that a set-up cell or a Colab badge calls home."""
    found = set()
    for path in [*NOTEBOOKS, README]:
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'REPO, REF = \\?"([\w.-]+/[\w.-]+?)\\?"', text))
        found |= set(re.findall(r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/", text))
    return found


def home(new):
    """Write OWNER/REPO into the set-up cells, and badges and the command that fetches it into the README; print where
    the course lives if `new` is None."""
    if new is None:
        print(*sorted(homes()))
        return 0
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", new):
        print(f"{new!r} is not of the form OWNER/REPO")
        return 1
    before = homes()
    translation.catalogue("README.md")             # ends in a sentence, before anything is written, without polib
    for path in NOTEBOOKS:
        text = path.read_text(encoding="utf-8")
        for old in before:
            text = text.replace(f'REPO, REF = \\"{old}\\"', f'REPO, REF = \\"{new}\\"')
        path.write_text(text, encoding="utf-8", newline="\n")
    colab = f"https://colab.research.google.com/github/{new}/blob/main/notebooks"
    badges = "\n".join(f"[![{path.stem} in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
                      f"({colab}/{path.name})" for path in NOTEBOOKS)
    there = translation.GET.format(home=new, folder=new.split("/")[1], badges=badges)
    text = README.read_text(encoding="utf-8")
    text = re.sub(r"(?<=<!-- home -->\n).*?(?=<!-- end of home -->)", lambda _: there, text, flags=re.S)
    README.write_text(text, encoding="utf-8", newline="\n")
    if french():
        return 1
    print(f"The course now lives at https://github.com/{new}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("trials").add_argument("n", type=int)
    for verb in ("run", "weights", "bench", "counts", "trials"):
        parser_of = verbs.choices.get(verb) or verbs.add_parser(verb)
        parser_of.add_argument("notebooks", nargs="*", type=Path, default=NOTEBOOKS)
    verbs.choices["bench"].add_argument("--minutes", type=float, nargs="+", default=[0.75, 3, 12])
    verbs.choices["bench"].add_argument("--seed", type=int, default=0)
    verbs.choices["bench"].add_argument("--rate", type=float, help="steps a second: box the training in steps")
    verbs.add_parser("lint")
    verbs.add_parser("hour")
    verbs.add_parser("french")
    verbs.choices["weights"].add_argument("--budget", type=float, default=1)
    verbs.add_parser("gallery")
    verbs.add_parser("page").add_argument("folder", type=Path)
    verbs.add_parser("home").add_argument("name", nargs="?")
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))                  # for utils
    paths = [path.resolve() for path in getattr(given, "notebooks", ())]
    if given.verb == "weights":
        return weights(paths, given.budget)
    if given.verb == "bench":
        return bench(paths, given.minutes, given.seed, given.rate)
    if given.verb in ("run", "counts"):
        return globals()[given.verb](paths)
    if given.verb == "trials":
        return trials(given.n, paths)
    if given.verb == "french":
        return french()
    if given.verb == "hour":
        return show_hour()
    if given.verb == "gallery":
        return gallery()
    if given.verb == "page":
        return page(given.folder)
    return lint() if given.verb == "lint" else home(given.name)


if __name__ == "__main__":
    sys.exit(main())
