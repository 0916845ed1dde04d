import torch

from utils.nets import CapLogvar, count, mlp, time_features
from utils.train import EMA


def test_mlp_has_an_activation_between_layers_only():
    net = mlp(2, 16, 16, 3)
    assert net(torch.randn(5, 2)).shape == (5, 3)
    assert [type(layer).__name__ for layer in net] == ["Linear", "SiLU", "Linear", "SiLU", "Linear"]
    assert count(net) == 2 * 16 + 16 + 16 * 16 + 16 + 16 * 3 + 3


def test_only_a_log_variance_is_capped():
    a = torch.tensor([[30.0, -9.0, 22.0, -9.0], [1.0, 2.0, 1.0, 2.0]])
    assert CapLogvar()(a).tolist() == [[30.0, -9.0, 2.0, -9.0], [1.0, 2.0, 1.0, 2.0]]


def test_time_features_tell_times_apart():
    t = torch.linspace(0, 1, 1000)
    f = time_features(t, 32)
    assert f.shape == (1000, 32) and f.abs().max() <= 1
    assert torch.cdist(f, f).fill_diagonal_(9).min() > 0.1          # neighbours at 1/1000 stay apart
    assert torch.allclose(f[:, 0], t.sin()) and torch.allclose(f[:, 16], t.cos())


def test_an_averaged_network_counts_as_many_parameters():
    net = mlp(2, 3, 1)
    assert count(EMA(net).model) == count(net) == 2 * 3 + 3 + 3 + 1
