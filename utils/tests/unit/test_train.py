import itertools
import math
import re
import weakref

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from utils import machine, train
from utils.train import EMA, Run


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


@pytest.mark.parametrize("share, crowded", [(0.0, False), (0.1, False), (0.75, True)])
def test_a_training_that_waits_for_a_core_says_so(monkeypatch, capsys, share, crowded):
    now = [0.0]

    def clock():
        now[0] += 0.125
        return now[0]
    monkeypatch.setattr(train.time, "perf_counter", clock)
    monkeypatch.setattr(train, "queued", lambda: {"loop": 3 + share * now[0], "other": 7.0})
    with Run(steps=20_000, every=0.0) as run:                  # 400: the tests' budget is 0.02
        list(run.over(itertools.repeat(0)))
        assert run.remaining().endswith(", another program uses these cores") == crowded
    said = capsys.readouterr().out
    assert ("another program is using these cores" in said) == crowded
    if crowded:
        speed, possible = map(float, re.search(r"cores: (\S+) steps a second where at least (\S+) were", said).groups())
        assert 3.5 < possible / speed < 4.5 and said.endswith("what you see is less trained\n")


@pytest.mark.parametrize("factor, steps", [("0.5", 10), ("2", 40), ("0.0001", 2)])
def test_budget_scales_the_box(monkeypatch, factor, steps):
    monkeypatch.setenv("WORKSHOP_BUDGET", factor)
    with Run(steps=20) as run:
        list(run.over(itertools.repeat(0)))
    assert run.step == steps


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


def test_a_box_is_needed():
    with pytest.raises(ValueError, match="give Run minutes=..., steps=... or both"):
        Run()


@pytest.mark.parametrize("minutes, seconds, steps", [(1, 0.1, 100), (1, 2.0, 31)], ids=["quick", "slow"])
def test_of_two_boxes_the_first_that_is_used_up_ends_the_run(minutes, seconds, steps, monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(train.time, "perf_counter", lambda: now[0])
    with Run(minutes=minutes, steps=100) as run:
        for _ in run.over(itertools.repeat(0)):
            now[0] += seconds
    said = capsys.readouterr().out
    assert abs(run.step - steps) <= 1 and run.progress == 1
    assert ("the minutes were over before 100 steps" in said) == (steps < 100)


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
    assert all(w.isfinite().all() for w in weights) and run._healthy.step > 0
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
                last = torch.randn(3, device=machine.device())
        return last, run

    def draw():
        assert not torch.is_grad_enabled()
        torch.randn(10), torch.randn(10, device=machine.device())
        return Figure()
    drawn, run = final(draw)
    assert torch.equal(drawn, final(None)[0]) and len(shown) >= 3 and run._drawn_s > 0
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
