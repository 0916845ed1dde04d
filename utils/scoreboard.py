"""The table in which the three families meet: rows that notebooks measure, rows that ship, and how they are shown."""

import csv
import json
import os
import time
from pathlib import Path

import torch
from filelock import FileLock  # torch itself depends on it

from . import data, metrics
from .language import say
from .machine import enough, wait

SHIPPED = data.ROOT / "pretrained" / "scoreboard.json"      # rows from the notebooks as they ship
BUDGETS = data.ROOT / "pretrained" / "budgets.csv"          # distance against minutes, written by nb.py bench
SCOREBOARD = Path(os.environ.get("WORKSHOP_SCOREBOARD") or data.own_place() / "scoreboard.json")   # tests have one


def report(name, sample, run=None, net=None, n=2000):
    """Draw n images with `sample(n)`, measure them, add a row to the scoreboard and print the table.

    sample: n -> (n, 1, 28, 28) in [-1, 1]. run: the `Run` that trained it, for the training seconds.
    net: the network that `sample` calls, to count its parameters and its calls per image.
    Raises ValueError, in a sentence, if `sample` returns something else. Returns the row, a dict.
    """
    n = enough(n)
    row = {"name": name, **_timed(sample, net, n)}
    row |= {"minutes": run.seconds / 60 if run else None,
            "parameters": sum(p.numel() for p in net.parameters()) if net else None}
    try:
        _store(row)
    except OSError as error:
        print(say(f"The row could not be saved ({error.strerror}); here it is for this session."))
    show(row)
    return row


def _timed(sample, net, n):
    """`measure` of sample(n), with milliseconds and network calls per image."""
    _checked(sample(2), 2)                                      # warms up, too
    calls = []
    hook = net.register_forward_hook(lambda net, given, out: calls.append(len(given[0]))) if net else None
    wait()
    start = time.perf_counter()
    try:
        with torch.no_grad():
            x = _checked(sample(n), n)
        wait()
    finally:
        if hook:
            hook.remove()
    ms = 1000 * (time.perf_counter() - start) / n
    return metrics.measure(x) | {"ms": ms, "calls": sum(calls) / n if net else None, "device": x.device.type,
                                "data": data.key()}


def _checked(x, n):
    if not torch.is_tensor(x) or x.shape != (n, 1, 28, 28):
        got = f"shape {tuple(x.shape)}" if torch.is_tensor(x) else type(x).__name__
        raise ValueError(f"sample({n}) returned {got}: it must return a tensor of shape ({n}, 1, 28, 28)")
    return x


def rows(*names):
    """The reader's rows under these names, {name: row}, of the data set that was loaded last; where one is missing,
    the row that ships with the course stands in, called "<name> (shipped)" and with row["shipped"] True.

    Raises KeyError, in a sentence, for a name that neither has.
    """
    own, shipped = _of_this_set(_read()), {row["name"]: row for row in json.loads(SHIPPED.read_text(encoding="utf-8"))}
    found = {}
    for name in names:
        if name not in own | shipped:
            raise KeyError(f"no row is called {name!r} (there: {', '.join(own | shipped)})")
        row = own[name] if name in own else {**shipped[name], "name": f"{name} (shipped)", "shipped": True}
        found[row["name"]] = row
    missing = [name for name in names if name not in own]
    if missing and data.current != data.SHIPPED:
        print(say(f"You have no row of {' or '.join(missing)} for {data.label()}: the ones that ship were "
                  f"measured on {data.SHIPPED}, with another classifier. Their distances do not compare with yours."))
    return found


def budgets():
    """What the three families reach with more and fewer minutes: a list of dicts with name, minutes, seed, step, and of
    2,000 images frechet, precision, recall. The minutes are those of the machine that data/README.md describes."""
    if data.current != data.SHIPPED:
        print(say(f"These were measured on {data.SHIPPED}: they do not compare with distances of {data.label()}."))
    with BUDGETS.open(newline="", encoding="utf-8") as file:
        return [{key: value if key == "name" else float(value) for key, value in row.items()}
                for row in csv.DictReader(file)]


def _read():
    """The rows of the scoreboard; a file that is not a table is put aside, never overwritten."""
    try:
        rows = json.loads(SCOREBOARD.read_text(encoding="utf-8"))
        return [row for row in rows if row["name"]]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError):
        aside = SCOREBOARD.with_suffix(".damaged.json")
        os.replace(SCOREBOARD, aside)
        print(say(f"{SCOREBOARD.name} was not a table: it is kept as {aside.name}, and a new one is begun."))
        return []


def _set(row):
    return row.get("data", data.SHIPPED)


def _of_this_set(rows):
    """{name: row} of the rows that were measured on the data set that was loaded last."""
    return {row["name"]: row for row in rows if _set(row) == data.key()}


def _store(row):
    with FileLock(SCOREBOARD.with_suffix(".lock"), timeout=30):  # two notebooks may report at once
        rows = {(_set(old), old["name"]): old for old in _read()} | {(_set(row), row["name"]): row}
        half = SCOREBOARD.with_suffix(".part")
        half.write_text(json.dumps(list(rows.values()), indent=1), encoding="utf-8")
        os.replace(half, SCOREBOARD)                             # all or nothing


LINES = (("training, minutes", "minutes", ".1f"), ("Frechet distance, low is good", "frechet", ".1f"),
         ("precision, high is good", "precision", ".2f"), ("recall, high is good", "recall", ".2f"),
         ("density, high is good", "density", ".2f"), ("coverage, high is good", "coverage", ".2f"),
         ("sharpness against real", "sharpness", ".2f"), ("milliseconds per image", "ms", ".2f"),
         ("network calls per image", "calls", ".0f"), ("parameters", "parameters", ",d"),
         ("measured on", "device", "s"))


def show(*rows):
    """Print the table so far, one column per model, with real training images as the floor.

    `rows` are added to what is stored of the data set that was loaded last. Rows measured on different numbers of
    images do not compare: each carries its own floor, and the column of real images is the one of the last row.
    """
    given = {row["name"]: row for row in rows}
    table = {name: row for name, row in _of_this_set(_read()).items() if name not in given} | given
    if not table:
        print(say("The table is empty: report(...) adds a row."))
        return
    last = list(table.values())[-1]
    columns = {say(f"real ({last['n']:,})"): last["floor"], **table}
    widths = [max(10, len(name) + 2) for name in columns]
    print(say(f"on {data.label()}").ljust(30) + "".join(name.rjust(w) for name, w in zip(columns, widths)))
    for label, key, form in LINES:
        cells = [row.get(key) for row in columns.values()]
        print(say(label).ljust(30) + "".join(("-" if c is None else format(c, form)).rjust(w)
                                        for c, w in zip(cells, widths)))
