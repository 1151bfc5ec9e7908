"""Fixtures that all tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.azurite import Azurite, running_azurite
from tests.support.simulator import Simulator, running_simulator

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


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
