import pytest
import torch

from utils import classifier, data


def test_shipped_classifier_is_small_and_good(images):
    _, _, x_test, y_test = images
    assert classifier.WEIGHTS.stat().st_size < 1_000_000
    assert (classifier.predict(x_test) == y_test).float().mean() >= 0.91


def test_features_have_the_promised_scale_and_see_several_depths(images):
    f = classifier.features(images[0][:5000])
    assert f.shape == (5000, 176)
    assert f.mean(0).abs().max() < 0.15 and (f.std(0) - 1).abs().max() < 0.2
    noisy = classifier.features(images[0][:500] + 0.1 * torch.randn(500, 1, 28, 28))
    moved = (noisy - f[:500]).mean(0).abs()
    assert moved[:112].mean() > 2 * moved[112:].mean()           # texture shows in the early layers


@pytest.mark.slow
def test_training_the_classifier_runs_and_learns(monkeypatch, images):
    small = tuple(t[:1280] for t in images)
    monkeypatch.setattr(data, "load", lambda *given: small)
    net, accuracy = classifier.train_classifier(30)
    assert accuracy > 0.3 and net.sd.min() > 0
    assert ((net.activations(small[0][:200]) - net.mean) / net.sd).std().item() == pytest.approx(1, abs=0.2)


@pytest.mark.slow
def test_another_set_gets_a_classifier_of_its_own_once(images, monkeypatch, tmp_path, capsys):
    """Halves of clothes against their upside-down twins: no class of Fashion-MNIST."""
    x = images[0][:4000].clone()
    y = torch.arange(4000) % 2
    x[y == 1] = x[y == 1].flip(2)
    own = x[:3000], y[:3000], x[3000:], y[3000:]
    monkeypatch.setattr(data, "load", lambda *given: own)
    monkeypatch.setattr(data, "current", tmp_path)
    monkeypatch.setenv("WORKSHOP_BUDGET", "0.06")                  # a short one, which is not kept
    classifier._classifier.cache_clear()
    with torch.no_grad():
        assert (classifier.predict(own[2]) == own[3]).float().mean() > 0.9
    said = capsys.readouterr().out
    assert f"no classifier of {tmp_path.name} yet: it trains one" in said and "of the test images right" in said
    assert classifier.predict(own[2]).max() <= 1 and capsys.readouterr().out == "" and not list(tmp_path.iterdir())
    monkeypatch.setenv("WORKSHOP_BUDGET", "1")
    monkeypatch.setattr(classifier, "STEPS", 10)
    for trains in (True, False):
        classifier._classifier.cache_clear()                       # as after a restart
        seen = classifier.features(own[2])
        assert ("trains one" in capsys.readouterr().out) == trains
    mine = tmp_path / ".course-ruler.pt"
    for part in (0, 1):                                            # other images, other labels in the same folder
        own[part][0] = -own[part][0] if part == 0 else 1 - own[part][0]
        classifier._classifier.cache_clear()
        assert not torch.equal(classifier.features(own[2]), seen) and "trains one" in capsys.readouterr().out
    mine.write_bytes(b"")                                          # a full disk, once
    classifier._classifier.cache_clear()
    assert classifier.features(own[2]).isfinite().all() and "trains one" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]
    classifier._classifier.cache_clear()
