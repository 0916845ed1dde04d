import hashlib
import itertools
import math
import re
import weakref

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from utils import train
from utils.train import EMA, Run

from .kernel import kernel, text


@pytest.fixture(autouse=True)
def full_budget(monkeypatch):
    monkeypatch.setenv("WORKSHOP_BUDGET", "1")


def learn(run, net, opt, loss=lambda net: net(torch.ones(1, 1)).square().mean()):
    for _ in run.over(itertools.repeat(0)):
        value = loss(net)
        opt.zero_grad()
        value.backward()
        opt.step()
        run.log(loss=value)


@pytest.fixture
def net_and_opt():
    torch.manual_seed(0)
    net = nn.Linear(1, 1)
    return net, torch.optim.Adam(net.parameters(), lr=0.1)


def test_box_in_steps(net_and_opt, capsys):
    with Run(steps=30) as run:
        learn(run, *net_and_opt)
    assert run.step == 30 and run.progress == 1
    assert run.history["loss"][0] == list(range(30)) and run.history["loss"][1][-1] < run.history["loss"][1][0]
    assert re.fullmatch(r"0\.0 min, 30 steps \(.*/s\), loss .*\n", capsys.readouterr().out)


def test_box_in_minutes_ends_by_the_clock(monkeypatch):
    clock = itertools.count(0.0, 0.5)
    monkeypatch.setattr(train.time, "perf_counter", lambda: next(clock))
    with Run(minutes=1) as run:
        seen = [run.progress for _ in run.over(itertools.repeat(0))]
    assert seen == sorted(seen) and seen[0] < 0.1 and seen[-1] < 1
    assert run.step == len(seen) and 55 < run.seconds < 65


@pytest.mark.parametrize("factor, steps", [("0.5", 10), ("2", 40), ("0.0001", 2)])
def test_budget_scales_the_box(monkeypatch, factor, steps):
    monkeypatch.setenv("WORKSHOP_BUDGET", factor)
    with Run(steps=20) as run:
        list(run.over(itertools.repeat(0)))
    assert run.step == steps


@pytest.mark.parametrize("factor, n", [("0.5", 1000), ("3", 2000), ("0.001", 50)])
def test_draws_are_scaled_down_but_not_up(monkeypatch, factor, n):
    monkeypatch.setenv("WORKSHOP_BUDGET", factor)
    assert train.scaled(2000) == n


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "0,5"])
def test_senseless_budget_is_refused_in_a_sentence(monkeypatch, text):
    monkeypatch.setenv("WORKSHOP_BUDGET", text)
    with pytest.raises(ValueError, match="set it to a number above 0"):
        Run(steps=3)


@pytest.mark.parametrize("box", [{"minutes": -1}, {"minutes": math.inf}, {"minutes": math.nan}, {"steps": -3},
                                 {"steps": 0}, {"minutes": -1, "shipped": "gan"}])
def test_a_senseless_box_is_refused_in_a_sentence(box):
    with pytest.raises(ValueError, match="a training needs a number above 0, for example Run"):
        Run(**box)


@pytest.mark.parametrize("grows, says", [(1e6, True), (50, False)])
def test_a_loss_that_has_exploded_is_told_although_it_is_finite(grows, says, capsys):
    with Run(steps=100) as run:
        for _ in run.over(itertools.repeat(0)):
            run.log(rec=-2 - grows * run.progress, kl=1.0)
    said = capsys.readouterr().out
    assert says == ("rec has exploded, from -2 to" in said and "lower the learning rate" in said)


def test_one_stop_ends_the_trainings_of_a_cell_but_not_of_the_next(monkeypatch, capsys):
    class Shell:
        execution_count = 7
    monkeypatch.setattr(train, "get_ipython", lambda: Shell)
    monkeypatch.setattr(train, "display", lambda *args, **kwargs: type("Handle", (), {"update": lambda *a, **k: None}))

    def training(stop=None):
        with Run(steps=50) as run:
            for _ in run.over(itertools.repeat(0)):
                run.log(loss=1.0)
                if run.step == stop:
                    raise KeyboardInterrupt
        return run
    assert training(5).step == 5
    for _ in range(2):
        cut = training()
        assert cut.step == 2 and cut.ended.startswith("2 steps only, because you stopped a training of this cell")
    Shell.execution_count = 8
    assert training().step == 50


MEMINFO = "MemTotal: 9000 kB\nMemAvailable: 8000 kB\n"
V1 = "memory.limit_in_bytes memory.usage_in_bytes total_inactive_file".split()
V2 = "memory.max memory.current inactive_file".split()


@pytest.mark.parametrize("lines, folder, names, limit, used, cache, free", [
    ("0::/", "", V2, "4096000", 3_000_000, 2_000_000, 3_096_000),                   # a warm cache is not in use
    ("0::/", "", V2, "max", 3_000_000, 2_000_000, 8_192_000),
    ("0::/a/b", "a/b", V2, "4096000", 1_000_000, 0, 3_096_000),
    ("0::/a/b", "a", V2, "4096000", 1_000_000, 0, 3_096_000),                       # the limit stands above it
    ("0::/elsewhere/on/the/host", "", V2, "4096000", 1_000_000, 0, 3_096_000),
    ("3:cpu:/x\n2:hugetlb,memory:/docker/1\n0::/", "memory/docker/1", V1, "4096000", 3_000_000, 2_000_000, 3_096_000),
    ("2:memory:/docker/1", "memory", V1, "4096000", 1_000_000, 0, 3_096_000),
    ("2:memory:/docker/1", "memory", V1, str(2 ** 63 - 4096), 1_000_000, 0, 8_192_000)])
def test_memory_that_is_free_in_a_container(tmp_path, lines, folder, names, limit, used, cache, free):
    place = tmp_path / "sys/fs/cgroup" / folder
    for path, said in ((tmp_path / "proc/meminfo", MEMINFO), (tmp_path / "proc/self/cgroup", lines),
                       (place / names[0], limit), (place / names[1], str(used)),
                       (place / "memory.stat", f"anon 5\n{names[2]} {cache}\nactive_file 7\n")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    assert train.free_memory(tmp_path) == free
    (place / "memory.stat").write_text("")
    assert train.free_memory(tmp_path) == min(8_192_000, free - (cache if free < 8_192_000 else 0))
    (tmp_path / "proc/self/cgroup").unlink()
    assert train.free_memory(tmp_path) == 8_192_000
    (tmp_path / "proc/meminfo").unlink()
    assert train.free_memory(tmp_path) is None


def test_either_minutes_or_steps():
    for wrong in ({}, {"minutes": 1, "steps": 3}):
        with pytest.raises(ValueError, match="either minutes=... or steps="):
            Run(**wrong)


def test_learning_rate_falls_to_zero_and_comes_back(net_and_opt):
    net, opt = net_and_opt
    rates = []
    with Run(steps=100, opts=[opt]) as run:
        for _ in run.over(itertools.repeat(0)):
            rates.append(opt.param_groups[0]["lr"])
    assert rates[:50] == [0.1] * 50 and math.isclose(rates[75], 0.05) and 0 < rates[-1] < 0.003
    assert opt.param_groups[0]["lr"] == 0.1                       # the cell can be run again


def test_logged_tensors_are_detached_and_steps_kept():
    with Run(steps=4) as run:
        for _ in run.over(itertools.repeat(0)):
            run.log(a=torch.tensor(1.5, requires_grad=True))
            if run.step % 2 == 0:
                run.log(b=7)
    assert run.history == {"a": ([0, 1, 2, 3], [1.5] * 4), "b": ([0, 2], [7.0, 7.0])}
    with pytest.raises(ValueError, match="take its mean first"), Run(steps=2) as run:
        run.log(a=torch.zeros(3))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_not_finite_names_value_and_step_and_puts_weights_back(net_and_opt, capsys, monkeypatch, bad):
    monkeypatch.setattr(train.time, "perf_counter", lambda: 0.0)  # looking costs nothing: a look at every step
    net, opt = net_and_opt
    ema = EMA(net)
    with Run(steps=50, opts=[opt], ema=ema, every=0) as run:
        for _ in run.over(itertools.repeat(0)):
            value = net(torch.ones(1, 1)).sum() * (bad if run.step == 20 else 1)
            opt.zero_grad()
            value.backward()
            opt.step()
            run.log(loss=value, other=0.0)
    said = capsys.readouterr().out
    assert run.step <= 25 and "loss became" in said and "at step 20" in said and "lower the learning rate" in said
    weights = [*net.parameters(), *ema.model.parameters()]
    assert all(w.isfinite().all() for w in weights) and run._healthy_step > 0
    with Run(steps=5, opts=[opt]) as run:                         # the optimiser has forgotten the bad gradient
        learn(run, net, opt)
    assert all(w.isfinite().all() for w in net.parameters())


def test_a_finite_loss_with_a_gradient_that_is_not_puts_back_finite_weights(net_and_opt):
    net, opt = net_and_opt
    with Run(steps=20, opts=[opt], every=0) as run:                # the slope of sqrt at 0 is infinite, times 0: NaN
        learn(run, net, opt, loss=lambda net: (net.weight * 0).sqrt().sum() + 1)
    assert net.weight.isfinite().all() and "put back" in run.ended


def test_nan_before_the_first_look_puts_back_the_first_weights(net_and_opt):
    net, opt = net_and_opt
    first = net.weight.detach().clone()
    with Run(steps=3, opts=[opt]) as run:
        learn(run, net, opt, loss=lambda net: net(torch.ones(1, 1)).sum() * math.nan)
    assert torch.equal(net.weight, first) and "weights of step" in run.ended


def test_stop_button_keeps_what_was_trained(net_and_opt, capsys):
    net, opt = net_and_opt
    with Run(steps=100, opts=[opt]) as run:
        for _ in run.over(itertools.repeat(0)):
            net.weight.data.fill_(run.step)
            if run.step == 7:
                raise KeyboardInterrupt
    assert net.weight.item() == 7 and "stopped by you" in capsys.readouterr().out
    assert opt.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"),
                                   RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError()])
def test_out_of_memory_says_what_to_lower_and_frees_memory(net_and_opt, capsys, error):
    net, opt = net_and_opt
    large = []

    def training():
        with Run(steps=10, opts=[opt]) as run:
            for _ in run.over(itertools.repeat(0)):
                x = torch.zeros(1000)
                large.append(weakref.ref(x))
                if run.step == 3:
                    raise error
        return run
    assert training().step == 3 and "smaller batch" in capsys.readouterr().out
    error.__traceback__ = None                                    # held by this test alone
    assert all(x() is None for x in large)


def test_other_errors_pass_through():
    with pytest.raises(ZeroDivisionError), Run(steps=10) as run:
        for _ in run.over(itertools.repeat(0)):
            1 / 0


def test_nested_and_repeated_runs(net_and_opt):
    net, opt = net_and_opt
    outer = Run(steps=3)
    for _ in range(2):                                            # the same object again starts afresh
        with outer:
            for _ in outer.over(itertools.repeat(0)):
                with Run(steps=4, opts=[opt]) as inner:
                    learn(inner, net, opt)
                outer.log(inner=inner.history["loss"][1][-1])
        assert outer.step == 3 and inner.step == 4 and len(outer.history["inner"][1]) == 3


def test_looking_does_not_change_the_training(monkeypatch):
    """The same steps with and without a figure that draws random numbers end in the same place."""
    monkeypatch.setattr(train, "get_ipython", lambda: True)
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(data)
    monkeypatch.setattr(train, "display", lambda *args, **kwargs: Handle())

    def final(show):
        torch.manual_seed(0)
        with Run(steps=20, show=show, every=0) as run:
            for _ in run.over(itertools.repeat(0)):
                last = torch.randn(3)
        return last, run

    def draw():
        assert not torch.is_grad_enabled()
        torch.randn(10)
        return Figure()
    drawn, run = final(draw)
    assert torch.equal(drawn, final(None)[0]) and len(shown) >= 3 and run.drawn_s > 0
    assert "image/png" in shown[0]


def test_ema_follows_the_weights_with_a_warm_up():
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    ema = EMA(net, decay=0.9)
    average = net[0].weight.detach().clone()
    for i in range(1, 40):
        net[0].weight.data.fill_(float(i))
        net[1].running_mean.fill_(float(i))
        ema.update()
        decay = min(0.9, (1 + i) / (10 + i))
        average = decay * average + (1 - decay) * i
        assert torch.allclose(ema.model[0].weight, average)
    assert ema.model[1].running_mean == 39 and not ema.model[0].weight.requires_grad
    assert not ema.model.training and net.training


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "PRETRAINED", tmp_path)
    return tmp_path


@pytest.mark.parametrize("averaged", [True, False])
def test_shipped_weights_stand_in_for_a_training(shelf, monkeypatch, capsys, averaged):
    def pieces(seed):
        torch.manual_seed(seed)
        net = nn.Linear(3, 2)
        return net, EMA(net) if averaged else None, torch.optim.Adam(net.parameters())

    net, ema, opt = pieces(0)
    with Run(steps=500, opts=[opt], ema=ema, shipped="tiny") as run:
        for _ in run.over(itertools.repeat(0)):
            net.weight.data.add_(0.01)
            run.log(loss=run.step)
    run.save()
    left = ema.model if averaged else net
    monkeypatch.setenv("WORKSHOP_BUDGET", "0.02")
    for box, shipped_everywhere in ((dict(minutes=0), False), (dict(minutes=5), True)):
        if shipped_everywhere:
            monkeypatch.setenv("WORKSHOP_SHIPPED", "1")
        net, ema, opt = pieces(1)
        with Run(**box, opts=[opt], ema=ema, shipped="tiny") as again:
            for _ in again.over(itertools.repeat(0)):
                pytest.fail("it trains")
        for mine in (net, ema.model) if averaged else (net,):
            assert torch.allclose(mine.weight, left.weight, atol=float(left.weight.detach().abs().max()) / 250)
            assert torch.equal(mine.bias, left.bias)
        assert again.step == 500 and again.seconds == run.seconds and again.progress == 1
        steps, values = again.history["loss"]
        assert steps == values and 100 < len(steps) <= 200 and steps[0] == 0
        assert "not trained here: weights that ship with the course" in capsys.readouterr().out


def test_shipped_weights_that_are_not_there_or_do_not_fit(shelf):
    def load(name, net):
        with Run(minutes=0, opts=[torch.optim.Adam(net.parameters())], shipped=name):
            pass

    net = nn.Linear(2, 2)
    with Run(steps=2, opts=[torch.optim.Adam(net.parameters())], shipped="tiny") as run:
        list(run.over(itertools.repeat(0)))
    run.save()
    whole = (shelf / "tiny.pt").read_bytes()
    (shelf / "foreign.pt").write_bytes(b"not a checkpoint")
    (shelf / "cut.pt").write_bytes(whole[:-100])
    torch.save(net.state_dict(), shelf / "other.pt")
    other = nn.Linear(3, 2)
    before = other.weight.detach().clone()
    for name, mine, sentence in (("none", net, "there are no weights data/pretrained/none.pt"),
                                 ("foreign", net, "foreign.pt cannot be read"), ("cut", net, "cut.pt cannot be read"),
                                 ("other", net, "other.pt cannot be read"), ("tiny", other, "that was changed")):
        with pytest.raises(RuntimeError, match=sentence) as error:
            load(name, mine)
        assert "give Run minutes above 0 to train instead" in str(error.value) and "\n" not in str(error.value)
    assert torch.equal(other.weight, before)
    with pytest.raises(ValueError, match="no weights ship for this training"):
        Run(minutes=0)


def test_weights_that_ship_are_small_and_named_with_their_checksum():
    text = (train.PRETRAINED.parent / "README.md").read_text("utf-8")
    named = dict(re.findall(r"^\| `([\w-]+\.pt)` \|.*`([0-9a-f]{64})`", text, re.M))
    files = list(train.PRETRAINED.glob("*.pt"))
    assert named == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert {path.stem for path in files} == {"classifier", "gan", "vae", "diffusion"}
    assert all(path.stat().st_size < 2_000_000 for path in files)


def test_where_the_machine_does_not_tell_its_free_memory_nothing_is_limited(monkeypatch):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    monkeypatch.setattr(train, "free_memory", lambda: None)
    with train.memory_limit():
        assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@pytest.mark.skipif(train.free_memory() is None or torch.accelerator.is_available(), reason="Linux without a GPU only")
def test_a_step_that_needs_more_memory_than_there_is_ends_the_run_and_not_the_kernel():
    code = """
import itertools, resource, torch
from utils import train
from utils.train import Run
before = resource.getrlimit(resource.RLIMIT_DATA)
train.free_memory = lambda: 2 * 10 ** 9
kept = []
with Run(minutes=60) as run:
    for _ in run.over(itertools.repeat(0)):
        kept.append(torch.ones(10 ** 8))                           # 0.4 GB
del kept
print(resource.getrlimit(resource.RLIMIT_DATA) == before, float(torch.ones(10 ** 9).sum()) > 0)
"""
    with kernel() as k:
        messages = k.run(code)
        assert any("out of memory: choose a smaller batch" in str(content) for _, content in messages)
        assert text(messages).endswith("True True\n")             # afterwards nothing is refused


# In a real kernel: what is displayed, and the real stop button.

LOOP = """
import itertools, time, torch
from matplotlib.figure import Figure
from utils.train import Run
with Run(minutes=0.06, show=Figure, every=0.01) as run:
    for _ in run.over(itertools.repeat(0)):
        time.sleep(0.001)
        run.log(loss=1.0)
print("the rest of the cell")
"""


def test_live_figure_in_a_kernel():
    with kernel() as k:
        messages = k.run(LOOP)
        kinds = [kind for kind, _ in messages]
        assert kinds.count("display_data") == 1                   # one handle
        assert 2 <= kinds.count("update_display_data") < 300
        assert not [kind for kind in kinds if kind.startswith("comm")] and text(messages, "stderr") == ""
        assert len({c["transient"]["display_id"] for kind, c in messages if "display_data" in kind}) == 1
        last = [c for kind, c in messages if kind == "update_display_data"][-1]
        assert set(last["data"]) == {"image/png", "text/plain"}
        assert re.search(r"steps \(.*loss 1\nthe rest of the cell", text(messages))


def test_updates_stay_under_300_however_long_the_run():
    with kernel() as k:
        messages = k.run(LOOP.replace("show=Figure, every=0.01", "every=0.0").replace("0.06", "0.2"))
        assert sum(kind == "update_display_data" for kind, _ in messages) < 300


def test_stop_button_in_a_kernel():
    with kernel() as k:
        messages = k.run(LOOP.replace("minutes=0.06", "minutes=60"), stop_after=1.0)
        assert not [kind for kind, _ in messages if kind == "error"] and text(messages, "stderr") == ""
        assert "stopped by you, and what was trained is kept\nthe rest of the cell" in text(messages)
        assert text(k.run("print(run.step > 0)")) == "True\n"    # and the next cell runs


def test_stop_button_while_the_figure_is_drawn():
    slow = LOOP.replace("show=Figure", "show=lambda: time.sleep(0.3) or Figure()").replace("0.06", "60")
    with kernel() as k:
        messages = k.run(slow, stop_after=0.5)
        assert not [kind for kind, _ in messages if kind == "error"]
        assert "the rest of the cell" in text(messages)
