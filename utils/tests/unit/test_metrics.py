import numpy
import pytest
import torch
import torch.nn.functional as F

from utils import classifier, data, metrics

from ..conftest import DEV


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


@pytest.mark.slow
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
    assert torch.allclose(classifier.features(3 * x), classifier.features((3 * x).clamp(-1, 1)))
    with pytest.raises(ValueError, match="NaN or infinity: train again"):
        metrics.measure(x * float("nan"))
    for n in (5, 10_001):
        with pytest.raises(ValueError, match=f"n = {n}: choose a number of images from 10 to 10000"):
            metrics.measure(images[0][:n])


def test_the_ruler_measures_against_the_set_that_was_loaded_last(images, monkeypatch, tmp_path):
    """Real images of the reader's set are at its floor, and clothes are far from it, with fewer test images than n."""
    x = images[0][:3000].flip(2).clone()
    own = x[:2500], images[1][:2500], x[2500:], images[1][2500:3000]
    against_clothes = metrics.measure(x[:1000])["frechet"]
    monkeypatch.setattr(data, "load", lambda *given: own)
    monkeypatch.setattr(data, "current", tmp_path)
    of = classifier._classifier
    monkeypatch.setattr(classifier, "_classifier", lambda *given: of("FashionMNIST", (), "cpu"))
    m = metrics.measure(x[:1000])
    assert m["frechet"] < 2 * m["floor"]["frechet"] < against_clothes / 2 and m["n"] == 1000
