"""Fixtures that all tests share."""

from collections.abc import Iterator

import pytest

from tests.support.simulator import Simulator, running_simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """One simulator a test run; each test loads tenants of its own."""
    with running_simulator() as simulator:
        yield simulator
