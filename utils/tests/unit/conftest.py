import pytest

from utils import data


@pytest.fixture(scope="session")
def images():
    return data.load()


@pytest.fixture(autouse=True)
def clothes():
    """Each test begins with the data set of the course as the current one."""
    data.current = data.SHIPPED


@pytest.fixture(autouse=True)
def full_budget(monkeypatch):
    monkeypatch.setenv("WORKSHOP_BUDGET", "1")
