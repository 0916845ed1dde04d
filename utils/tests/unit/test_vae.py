import nbformat
import torch

from ..files import NOTEBOOKS


def test_the_mixture_survives_codes_far_from_zero():
    """Notebook 2, section 8: after a short training the codes can lie far away, where float32 is coarse."""
    notebook = nbformat.read(NOTEBOOKS[1], as_version=4)
    scope = {"torch": torch, "distributions": torch.distributions}
    exec("from torch.distributions import *", scope)
    exec(next(cell.source for cell in notebook.cells if "def fit_mixture" in cell.source), scope)
    torch.manual_seed(0)
    z = torch.randn(4000, 32) @ torch.randn(32, 32) / 4
    near, far = (scope["fit_mixture"](z + shift, steps=10).log_prob(z + shift).mean() for shift in (0, 100))
    assert near.isfinite() and abs(near - far) < 1
