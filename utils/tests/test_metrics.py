import json
import subprocess
import sys
import threading

import numpy
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from utils import data, metrics

from .conftest import DEV, ROOT


@pytest.fixture(scope="module")
def images():
    return data.load()


@pytest.fixture(autouse=True)
def own_scoreboard(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "SCOREBOARD", tmp_path / "scoreboard.json")


def test_shipped_classifier_is_small_and_good(images):
    _, _, x_test, y_test = images
    assert metrics.WEIGHTS.stat().st_size < 1_000_000
    assert (metrics.predict(x_test) == y_test).float().mean() >= 0.91


def test_features_have_the_promised_scale_and_see_several_depths(images):
    f = metrics.features(images[0][:5000])
    assert f.shape == (5000, 176)
    assert f.mean(0).abs().max() < 0.15 and (f.std(0) - 1).abs().max() < 0.2
    noisy = metrics.features(images[0][:500] + 0.1 * torch.randn(500, 1, 28, 28))
    moved = (noisy - f[:500]).mean(0).abs()
    assert moved[:112].mean() > 2 * moved[112:].mean()           # texture shows in the early layers


@pytest.mark.parametrize("n, m, d", [(500, 400, 20), (300, 300, 176)])
def test_frechet_equals_torchmetrics(n, m, d):
    torch.manual_seed(0)
    a, b = torch.randn(n, d).double(), torch.randn(m, d).double() @ torch.randn(d, d).double() + 1
    fid = pytest.importorskip("torchmetrics.image.fid", reason=DEV)
    theirs = fid._compute_fid(a.mean(0), a.T.cov(), b.mean(0), b.T.cov())
    assert metrics.frechet(a, b) == pytest.approx(theirs.item(), rel=1e-6)


def test_frechet_of_known_gaussians():
    torch.manual_seed(0)
    a = torch.randn(200_000, 2)
    b = 3 * torch.randn(200_000, 2) + torch.tensor([1.0, 2.0])
    assert metrics.frechet(a, b) == pytest.approx(5 + 2 * (3 - 1) ** 2, rel=0.02)
    assert abs(metrics.frechet(a, a)) < 1e-6


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_recall_density_coverage_equal_prdc(k):
    torch.manual_seed(0)
    real, fake = torch.randn(300, 8), 0.8 * torch.randn(250, 8) + 0.3
    ours = metrics.precision_recall(real, fake, k)
    prdc = pytest.importorskip("prdc", reason=DEV)
    theirs = prdc.compute_prdc(numpy.asarray(real), numpy.asarray(fake), nearest_k=k)
    assert set(ours) == {"precision", "recall", "density", "coverage"}
    for name, value in ours.items():
        assert value == pytest.approx(theirs[name], abs=1e-4), name


def test_known_damages_come_out_in_the_right_order(images):
    x, y, _, _ = images
    x, y = x[:8000], y[:8000]
    torch.manual_seed(0)
    def blur(x):
        return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    sets = {"real": x[:2000], "slightly noisy": x[:2000] + 0.1 * torch.randn(2000, 1, 28, 28),
            "noisy": x[:2000] + 0.3 * torch.randn(2000, 1, 28, 28),
            "blurred": blur(x[:2000]), "twice blurred": blur(blur(x[:2000])),
            "two classes missing": x[(y != 1) & (y != 8)][:2000],
            "collapsed": x[:1] + 0.02 * torch.randn(2000, 1, 28, 28)}
    m = {name: metrics.measure(x) for name, x in sets.items()}
    floor = m["real"]["floor"]
    assert m["real"]["frechet"] == pytest.approx(floor["frechet"], rel=0.25)
    for better, worse in (("real", "slightly noisy"), ("slightly noisy", "noisy"), ("real", "blurred"),
                          ("blurred", "twice blurred"), ("real", "two classes missing"),
                          ("two classes missing", "collapsed")):
        assert 1.5 * m[better]["frechet"] < m[worse]["frechet"], (better, worse)
    assert m["blurred"]["sharpness"] < 0.5 < 2 < m["noisy"]["sharpness"]
    assert floor["sharpness"] == pytest.approx(1, abs=0.1)
    assert m["two classes missing"]["precision"] > 0.9 * m["real"]["precision"]
    assert m["two classes missing"]["recall"] < m["real"]["recall"] - 0.1
    assert m["collapsed"]["recall"] < 0.01 and m["collapsed"]["coverage"] < 0.05
    assert m["noisy"]["precision"] < 0.5 * m["real"]["precision"]
    missing = torch.tensor(m["two classes missing"]["classes"])
    assert missing[[1, 8]].max() < 0.02 and missing.sum() == pytest.approx(1)


def test_images_outside_the_range_are_clamped_and_bad_ones_refused(images):
    x = images[0][:50]
    assert torch.allclose(metrics.features(3 * x), metrics.features((3 * x).clamp(-1, 1)))
    with pytest.raises(ValueError, match="NaN or infinity: train again"):
        metrics.measure(x * float("nan"))
    with pytest.raises(ValueError, match="from 10 to 10000"):
        metrics.measure(x[:5])


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
    row = metrics.report("seven calls", sample, net=net, n=100)
    assert row["calls"] == 7 and row["parameters"] == 3 and row["ms"] > 0 and row["minutes"] is None
    assert json.loads(metrics.SCOREBOARD.read_text())[0] == row
    metrics.report("one call", net_sample := lambda n: net(x[:n]), net=net, n=100)
    metrics.report("one call", net_sample, net=net, n=100)       # the same name again replaces the row
    out = capsys.readouterr().out
    assert [r["name"] for r in json.loads(metrics.SCOREBOARD.read_text())] == ["seven calls", "one call"]
    header = next(line for line in reversed(out.splitlines()) if "real (100)" in line)
    assert header.split() == ["real", "(100)", "seven", "calls", "one", "call"]
    assert all(len(line) <= 88 for line in out.splitlines())


@pytest.mark.parametrize("bad, said", [
    (lambda n: torch.zeros(n, 784), r"shape \(2, 784\): it must return a tensor of shape \(2, 1, 28, 28\)"),
    (lambda n: [1] * n, "returned list"),
    (lambda n: torch.full((n, 1, 28, 28), torch.nan), "NaN or infinity")])
def test_report_refuses_a_sample_function_that_is_none(bad, said):
    with pytest.raises(ValueError, match=said):
        metrics.report("bad", bad, n=20)
    assert not metrics.SCOREBOARD.exists()


def row(name):
    return {"name": name, "n": 10, "frechet": 1.0, "floor": {"frechet": 0.5}}


def test_a_crash_in_the_middle_of_writing_loses_nothing(monkeypatch):
    metrics._store(row("old"))
    before = metrics.SCOREBOARD.read_text()
    with monkeypatch.context() as m, pytest.raises(RuntimeError):
        m.setattr(metrics.os, "replace", lambda *a: (_ for _ in ()).throw(RuntimeError("power cut")))
        metrics._store(row("new"))
    assert metrics.SCOREBOARD.read_text() == before
    metrics._store(row("new"))
    assert list(metrics._rows()) == ["old", "new"]


def test_two_notebooks_at_once_do_not_clobber_each_other():
    code = ("import sys; from pathlib import Path; from utils import metrics\n"
            f"metrics.SCOREBOARD = Path({str(metrics.SCOREBOARD)!r})\n"
            "for i in range(20): metrics._store({'name': f'{sys.argv[1]} {i}'})")
    jobs = [subprocess.Popen([sys.executable, "-c", code, name], cwd=ROOT) for name in ("a", "b")]
    assert [job.wait() for job in jobs] == [0, 0]
    assert len(metrics._rows()) == 40
    threads = [threading.Thread(target=metrics._store, args=(row(f"thread {i}"),)) for i in range(10)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert len(metrics._rows()) == 50


@pytest.mark.parametrize("content", ["", "{half", "[1, 2]", '{"a": 1}'])
def test_a_file_that_is_no_table_is_put_aside(content, capsys):
    metrics.SCOREBOARD.write_text(content)
    metrics._store(row("new"))
    assert list(metrics._rows()) == ["new"] and "a new one is begun" in capsys.readouterr().out
    assert metrics.SCOREBOARD.with_suffix(".damaged.json").read_text() == content


def test_a_full_disk_or_read_only_folder_still_shows_the_row(monkeypatch, images, capsys):
    def full(row):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(metrics, "_store", full)
    metrics.report("mine", lambda n: images[0][:n], n=20)
    out = capsys.readouterr().out
    assert "could not be saved (No space left on device)" in out and "mine" in out.splitlines()[1]


def test_empty_table_says_how_to_fill_it(capsys):
    metrics.scoreboard()
    assert "report(...) adds a row" in capsys.readouterr().out


def test_training_the_classifier_runs_and_learns(monkeypatch, images):
    small = tuple(t[:1280] for t in images)
    monkeypatch.setattr(metrics.data, "load", lambda: small)
    net, accuracy = metrics.train_classifier(epochs=3)
    assert accuracy > 0.3 and net.sd.min() > 0
    assert ((net.activations(small[0][:200]) - net.mean) / net.sd).std().item() == pytest.approx(1, abs=0.2)


def test_shipped_rows_stand_in_and_say_so(capsys):
    """The reader who starts with notebook 3 has no row of the others, or one."""
    shipped = metrics.rows("GAN", "VAE")
    assert list(shipped) == ["GAN (shipped)", "VAE (shipped)"] and all(row["shipped"] for row in shipped.values())
    own = {**shipped["GAN (shipped)"], "name": "GAN", "frechet": 1.23}
    own.pop("shipped")
    metrics._store(own)
    rows = metrics.rows("GAN", "VAE")
    assert rows["GAN"] == own and "shipped" not in rows["GAN"] and rows["VAE (shipped)"]["shipped"]
    metrics.scoreboard(*rows.values())
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[-3:] == ["GAN", "VAE", "(shipped)"] and "1.2" in lines[1]
    with pytest.raises(KeyError, match="no row is called 'GNA' .there: GAN, VAE, diffusion"):
        metrics.rows("GNA")


def test_shipped_rows_are_those_of_the_three_families():
    rows = metrics.rows("GAN", "VAE", "diffusion")
    assert {row["n"] for row in rows.values()} == {2000}
    assert all(row["floor"]["frechet"] < row["frechet"] for row in rows.values())
    assert [row["calls"] for row in rows.values()] == [1, 1, 20]
