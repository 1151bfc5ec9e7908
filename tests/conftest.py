"""Fixtures that all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.azurite import Azurite, running_azurite
from tests.support.simulator import Simulator, running_simulator

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


LONG = ("fire", "fuzz", "e2e", "localhost", "activities", "properties")
"""Folders whose files take longest: begun first, so that no worker is left alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; within a folder the order stays."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG) if name == _folder(item.path)), len(LONG)))


def _folder(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """One simulator a test run; each test loads tenants of its own."""
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One storage emulator a test run; ``azurite.settings()`` gives each test an account of its own."""
    with running_azurite() as azurite:
        yield azurite
