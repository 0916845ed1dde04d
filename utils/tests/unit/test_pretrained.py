import hashlib
import itertools
import re

import pytest
import torch
from torch import nn

from utils import data, pretrained
from utils.train import EMA, Run


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("averaged", [True, False])
def test_shipped_weights_stand_in_for_a_training(shelf, monkeypatch, capsys, averaged):
    def pieces(seed):
        torch.manual_seed(seed)
        net = nn.Linear(3, 2)
        scale = nn.Parameter(torch.full((), float(seed)))
        parts = {} if averaged else {"other": nn.Linear(3, 2), "net": net, "scale": scale}
        opt = torch.optim.Adam([*net.parameters(), scale])          # not in the order of the parts
        return net, EMA(net) if averaged else None, opt, parts

    net, ema, opt, parts = pieces(0)
    with Run(steps=500, opts=[opt], ema=ema, shipped="tiny", parts=parts) as run:
        for _ in run.over(itertools.repeat(0)):
            net.weight.data.add_(0.01)
            run.log(loss=run.step)
    run.save()
    left = ema.model if averaged else net
    monkeypatch.setenv("WORKSHOP_BUDGET", "0.02")
    for box, shipped_everywhere in ((dict(minutes=0), False), (dict(minutes=5), True)):
        if shipped_everywhere:
            monkeypatch.setenv("WORKSHOP_SHIPPED", "1")
        net, ema, opt, parts = pieces(1)
        with Run(**box, opts=[opt], ema=ema, shipped="tiny", parts=parts) as again:
            for _ in again.over(itertools.repeat(0)):
                pytest.fail("it trains")
        for mine in (net, ema.model) if averaged else (net,):
            torch.testing.assert_close(mine.weight, left.weight.half().float())
            torch.testing.assert_close(mine.bias, left.bias.half().float())
        assert averaged or parts["scale"] == 0
        assert again.step == 500 and again.seconds == run.seconds and again.progress == 1
        steps, values = again.history["loss"]
        assert steps == values and 100 < len(steps) <= 200 and steps[0] == 0
        assert "not trained here: weights that ship with the course" in capsys.readouterr().out


def test_shipped_weights_that_are_not_there_or_do_not_fit(shelf):
    def load(name, net):
        with Run(minutes=0, opts=[torch.optim.Adam(net.parameters())], shipped=name, parts={"net": net}):
            pass

    net = nn.Linear(2, 2)
    with Run(steps=2, opts=[torch.optim.Adam(net.parameters())], shipped="tiny", parts={"net": net}) as run:
        list(run.over(itertools.repeat(0)))
    run.save()
    whole = (shelf / "tiny.pt").read_bytes()
    (shelf / "foreign.pt").write_bytes(b"not a checkpoint")
    (shelf / "cut.pt").write_bytes(whole[:-100])
    torch.save(net.state_dict(), shelf / "other.pt")
    torch.save({"weights": {f"net.{key}": w + 9 for key, w in net.state_dict().items()}}, shelf / "mute.pt")
    other = nn.Linear(3, 2)
    before = other.weight.detach().clone()
    for name, mine, sentence in (("none", net, "there are no weights data/pretrained/none.pt"),
                                 ("foreign", net, "foreign.pt cannot be read"), ("cut", net, "cut.pt cannot be read"),
                                 ("other", net, "other.pt cannot be read"), ("mute", net, "mute.pt cannot be read"),
                                 ("tiny", other, "that was changed")):
        with pytest.raises(RuntimeError, match=sentence) as error:
            load(name, mine)
        assert "give Run minutes above 0 to train instead" in str(error.value) and "\n" not in str(error.value)
    assert torch.equal(other.weight, before) and net.weight.max() < 5         # all or nothing
    with pytest.raises(ValueError, match="no weights ship for this training"):
        Run(minutes=0)
    with pytest.raises(ValueError, match="what is in those weights, parts="):
        Run(minutes=0, shipped="tiny")
    with Run(steps=3, shipped="tiny") as run:                      # who takes the average out can still train
        list(run.over(itertools.repeat(0)))
    assert run.step == 3


def test_weights_of_another_data_set_do_not_stand_in(monkeypatch, tmp_path):
    """They have learnt clothes: with another set, minutes=0 says so, and a notebook that is entered trains."""
    monkeypatch.setattr(data, "current", tmp_path / "mine")
    net = nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="gan.pt have learnt FashionMNIST, and you loaded mine: give Run minutes"):
        Run(minutes=0, shipped="gan", parts={"net": net}).__enter__()
    monkeypatch.setenv("WORKSHOP_SHIPPED", "1")
    with Run(steps=3, shipped="gan", parts={"net": net}) as run:
        list(run.over(itertools.repeat(0)))
    assert run.step == 3


def test_weights_that_ship_are_small_and_listed_with_their_checksum():
    text = (pretrained.FOLDER.parent / "README.md").read_text("utf-8")
    named = dict(re.findall(r"^\| `([\w-]+\.pt)` \|.*`([0-9a-f]{64})`", text, re.M))
    files = list(pretrained.FOLDER.glob("*.pt"))
    assert named == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert {path.stem for path in files} == {"classifier", "gan", "vae", "diffusion"}
    assert all(path.stat().st_size < 4_000_000 for path in files)
