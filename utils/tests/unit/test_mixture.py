import numpy as np
import pytest
import torch

from utils.mixture import fit_mixture

from ..conftest import DEV


def test_the_mixture_survives_codes_far_from_zero():
    """After a short training the codes can lie far away, where float32 is coarse."""
    torch.manual_seed(0)
    z = torch.randn(4000, 32) @ torch.randn(32, 32) / 4
    near, far = (fit_mixture(z + shift, steps=10).log_prob(z + shift).mean() for shift in (0, 100))
    assert near.isfinite() and abs(near - far) < 1


def test_the_rounds_are_those_of_an_independent_library():
    sklearn = pytest.importorskip("sklearn", reason=DEV)
    from sklearn.mixture import GaussianMixture
    torch.manual_seed(0)
    z = torch.cat([torch.randn(300, 3) @ torch.randn(3, 3) + 4 * torch.randn(3) for _ in range(4)])
    torch.manual_seed(1)
    ours = fit_mixture(z, k=4, steps=5)
    torch.manual_seed(1)
    first = z[torch.randperm(len(z))[:4]]
    inverse = np.linalg.inv(z.T.cov().numpy() + 1e-4 * np.eye(3))
    theirs = GaussianMixture(4, max_iter=5, tol=0, reg_covar=1e-4, means_init=first.numpy(), weights_init=[0.25] * 4,
                             precisions_init=[inverse] * 4)
    with pytest.warns(sklearn.exceptions.ConvergenceWarning):       # five rounds are not the end
        theirs.fit(z.numpy())
    torch.testing.assert_close(ours.log_prob(z).double(), torch.from_numpy(theirs.score_samples(z.numpy())).double(),
                               rtol=1e-3, atol=1e-3)
