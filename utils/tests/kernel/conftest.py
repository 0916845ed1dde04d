import pytest

from .kernel import kernel


@pytest.fixture(scope="module")
def shared():
    with kernel() as k:
        yield k


@pytest.fixture
def k(shared):
    """A kernel that the tests of a module share, without the names of the test before."""
    shared.run("%reset -f")
    return shared
