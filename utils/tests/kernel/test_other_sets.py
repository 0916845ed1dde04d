"""The first thing that readers change: `load("...")`."""

import pytest
import torch

from utils import sections

from ..files import SETUP, write_idx
from .kernel import errors, kernel, text


@pytest.fixture(scope="module")
def own_set(tmp_path_factory):
    """A small set in a folder: bars that lie, stand and cross, each with a few shades; its test part is smaller than
    what the notebooks ask for."""
    folder = tmp_path_factory.mktemp("bars")
    torch.manual_seed(0)
    for part, n in (("train", 2600), ("t10k", 500)):
        y, place, shade = torch.randint(0, 3, (n,)), torch.randint(2, 22, (n,)), torch.randint(120, 256, (n,))
        bar = ((torch.arange(28) - place[:, None] - 2).abs() <= 2)
        lies, stands = bar[:, :, None] & (y != 1)[:, None, None], bar[:, None, :] & (y != 0)[:, None, None]
        write_idx(folder / f"{part}-images-idx3-ubyte", (lies | stands) * shade[:, None, None])
        write_idx(folder / f"{part}-labels-idx1-ubyte", y)
    return folder


@pytest.mark.parametrize("notebook", [1, 2, 3])
def test_a_notebook_on_another_set(own_set, notebook):
    """Every cell runs, the ruler measures bars, and the table says so."""
    own = f'load("{own_set}", device)'
    with kernel() as k:
        k.run("%env WORKSHOP_BUDGET=0.001")
        k.run(SETUP)
        said = ""
        for cell in sections.read(notebook):
            source = cell.source.replace('load("FashionMNIST", device)', own)
            messages = k.run(source, timeout=300)
            assert not errors(messages), (source, errors(messages))
            said += text(messages)
        assert f"The ruler has no classifier of {own_set.name} yet" in said and f"on {own_set.name} " in said
        assert text(k.run("print(row['data'], max(row['floor']['classes'][3:]), row['floor']['frechet'] < 20)")
                    ) == f"{own_set.name} 0.0 True\n"
        assert ("You have no row of GAN or VAE" in said) == (notebook == 3)
