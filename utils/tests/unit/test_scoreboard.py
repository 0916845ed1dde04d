import json
import subprocess
import sys
import threading

import pytest
import torch
from torch import nn

from utils import data, scoreboard

from ..conftest import ROOT


@pytest.fixture(autouse=True)
def own_scoreboard(tmp_path, monkeypatch):
    monkeypatch.setattr(scoreboard, "SCOREBOARD", tmp_path / "scoreboard.json")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.scale[0]


def test_report_counts_calls_and_parameters_and_stores_the_row(images, capsys):
    net, x = Net(), images[0]

    def sample(n):
        for _ in range(7):
            out = net(x[:n])
        return out
    row = scoreboard.report("seven calls", sample, net=net, n=100)
    assert row["calls"] == 7 and row["parameters"] == 3 and row["ms"] > 0 and row["minutes"] is None
    assert json.loads(scoreboard.SCOREBOARD.read_text())[0] == row
    scoreboard.report("one call", net_sample := lambda n: net(x[:n]), net=net, n=100)
    scoreboard.report("one call", net_sample, net=net, n=100)       # the same name again replaces the row
    out = capsys.readouterr().out
    assert [r["name"] for r in json.loads(scoreboard.SCOREBOARD.read_text())] == ["seven calls", "one call"]
    header = next(line for line in reversed(out.splitlines()) if "real (100)" in line)
    assert header.split() == ["on", "FashionMNIST", "real", "(100)", "seven", "calls", "one", "call"]
    assert all(len(line) <= 88 for line in out.splitlines())


@pytest.mark.parametrize("bad, said", [
    (lambda n: torch.zeros(n, 784), r"shape \(2, 784\): it must return a tensor of shape \(2, 1, 28, 28\)"),
    (lambda n: [1] * n, "returned list"),
    (lambda n: torch.full((n, 1, 28, 28), torch.nan), "NaN or infinity")])
def test_report_refuses_a_sample_function_that_is_none(bad, said):
    with pytest.raises(ValueError, match=said):
        scoreboard.report("bad", bad, n=20)
    assert not scoreboard.SCOREBOARD.exists()


def row(name):
    return {"name": name, "n": 10, "frechet": 1.0, "floor": {"frechet": 0.5}}


def stored():
    return [row["name"] for row in scoreboard._read()]


def test_a_crash_in_the_middle_of_writing_loses_nothing(monkeypatch):
    scoreboard._store(row("old"))
    before = scoreboard.SCOREBOARD.read_text()
    with monkeypatch.context() as m, pytest.raises(RuntimeError):
        m.setattr(scoreboard.os, "replace", lambda *a: (_ for _ in ()).throw(RuntimeError("power cut")))
        scoreboard._store(row("new"))
    assert scoreboard.SCOREBOARD.read_text() == before
    scoreboard._store(row("new"))
    assert stored() == ["old", "new"]


@pytest.mark.slow
def test_two_notebooks_at_once_do_not_clobber_each_other():
    code = ("import sys; from pathlib import Path; from utils import scoreboard\n"
            f"scoreboard.SCOREBOARD = Path({str(scoreboard.SCOREBOARD)!r})\n"
            "for i in range(20): scoreboard._store({'name': f'{sys.argv[1]} {i}'})")
    jobs = [subprocess.Popen([sys.executable, "-c", code, name], cwd=ROOT) for name in ("a", "b")]
    assert [job.wait() for job in jobs] == [0, 0]
    assert len(stored()) == 40
    threads = [threading.Thread(target=scoreboard._store, args=(row(f"thread {i}"),)) for i in range(10)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert len(stored()) == 50


@pytest.mark.parametrize("content", ["", "{half", "[1, 2]", '{"a": 1}'])
def test_a_file_that_is_no_table_is_put_aside(content, capsys):
    scoreboard.SCOREBOARD.write_text(content)
    scoreboard._store(row("new"))
    assert stored() == ["new"] and "a new one is begun" in capsys.readouterr().out
    assert scoreboard.SCOREBOARD.with_suffix(".damaged.json").read_text() == content


def test_a_full_disk_or_read_only_folder_still_shows_the_row(monkeypatch, images, capsys):
    def full(row):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(scoreboard, "_store", full)
    scoreboard.report("mine", lambda n: images[0][:n], n=20)
    out = capsys.readouterr().out
    assert "could not be saved (No space left on device)" in out and "mine" in out.splitlines()[1]


def test_empty_table_says_how_to_fill_it(capsys):
    scoreboard.show()
    assert "report(...) adds a row" in capsys.readouterr().out


def test_shipped_rows_stand_in_and_say_so(capsys):
    """The reader who starts with notebook 3 has no row of the others, or one."""
    shipped = scoreboard.rows("GAN", "VAE")
    assert list(shipped) == ["GAN (shipped)", "VAE (shipped)"] and all(row["shipped"] for row in shipped.values())
    own = {**shipped["GAN (shipped)"], "name": "GAN", "frechet": 1.23}
    own.pop("shipped")
    scoreboard._store(own)
    rows = scoreboard.rows("GAN", "VAE")
    assert rows["GAN"] == own and "shipped" not in rows["GAN"] and rows["VAE (shipped)"]["shipped"]
    scoreboard.show(*rows.values())
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[-3:] == ["GAN", "VAE", "(shipped)"] and "1.2" in lines[1]
    with pytest.raises(KeyError, match="no row is called 'GNA' .there: GAN, VAE, diffusion"):
        scoreboard.rows("GNA")


def test_shipped_rows_are_those_of_the_three_families():
    rows = scoreboard.rows("GAN", "VAE", "diffusion")
    assert {row["n"] for row in rows.values()} == {2000}
    assert all(row["floor"]["frechet"] < row["frechet"] for row in rows.values())
    assert [row["calls"] for row in rows.values()] == [1, 1, 20]


def test_shipped_budgets_are_of_two_seeds_of_each_family(monkeypatch, capsys):
    found = scoreboard.budgets()
    for name in ("GAN", "VAE", "diffusion"):
        minutes = [[row["minutes"] for row in found if row["name"] == name and row["seed"] == seed] for seed in (0, 1)]
        assert minutes[0] == minutes[1] == sorted(minutes[0]) and minutes[0][0] == 0.25 and minutes[0][-1] >= 30
    assert len({(row["name"], row["step"] / row["minutes"]) for row in found}) == 3              # one rate for each
    assert all(row["frechet"] > 1.5 and 0 <= row["precision"] <= 1 and 0 <= row["recall"] <= 1 for row in found)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(data, "current", "MNIST")
    scoreboard.budgets()
    assert "measured on FashionMNIST: they do not compare with distances of MNIST" in capsys.readouterr().out


def test_rows_of_another_data_set_stay_apart(monkeypatch, tmp_path, capsys):
    scoreboard._store({**row("GAN"), "data": "FashionMNIST"})
    monkeypatch.setattr(data, "current", tmp_path / "mine")
    scoreboard._store({**row("GAN"), "frechet": 7.5, "data": data.key()})
    scoreboard._store({**row("GAN"), "frechet": 8.5, "data": str(tmp_path / "yours" / "mine")})
    scoreboard.show()
    said = capsys.readouterr().out
    assert "on mine " in said and "7.5" in said and "8.5" not in said
    assert stored() == ["GAN"] * 3                                 # none took another's place
    assert list(scoreboard.rows("GAN", "VAE")) == ["GAN", "VAE (shipped)"]
    assert capsys.readouterr().out.startswith("You have no row of VAE for mine: the ones that ship were measured on "
                                              "FashionMNIST")
    data.current = data.SHIPPED
    assert scoreboard.rows("GAN")["GAN"]["frechet"] == 1.0 and capsys.readouterr().out == ""
