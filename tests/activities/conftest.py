"""Real services over storage of their own and the simulator, and operations on tenants in it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from shared.services import Services, open_services
from tests.activities.parts import Part, Users, new_part
from tests.support.azurite import Azurite
from tests.support.simulator import Simulator

QUICK = {
    "GRAPH_CREDENTIAL": "static:test",
    "REPLICATION_HORIZON_SECONDS": "0.4",
    "HEARTBEAT_STALE_SECONDS": "60",
    "TURN_LEASE_SECONDS": "9",
    "GRAPH_TIMEOUT_SECONDS": "1",
}
"""What fails, fails soon; a lease leaves 3 s to send in."""

type MakePart = Callable[..., Awaitable[Part]]


@pytest.fixture
async def app(azurite: Azurite, simulator: Simulator) -> AsyncIterator[Services]:
    """Services without Graph's limits."""
    services = open_services(azurite.settings(GRAPH_BASE_URL=simulator.graph_url, GRAPH_LIMIT_FACTOR="0", **QUICK))
    yield services
    await services.close()


@pytest.fixture
async def paced(azurite: Azurite, simulator: Simulator) -> AsyncIterator[Services]:
    """Services that pace by Graph's limits."""
    services = open_services(azurite.settings(GRAPH_BASE_URL=simulator.graph_url, **QUICK))
    yield services
    await services.close()


@pytest.fixture
def part_of(app: Services, simulator: Simulator) -> MakePart:
    """Makes an operation on a new tenant: ``await part_of(20)``, with what body, registry and directory shall hold."""

    async def make(users: Users = 3, **more: Any) -> Part:
        return await new_part(app, simulator, users, **more)

    return make


@pytest.fixture
async def lagging(azurite: Azurite, simulator: Simulator) -> AsyncIterator[Services]:
    """Services that expect reads to lag for three seconds."""
    wanted = {**QUICK, "REPLICATION_HORIZON_SECONDS": "3", "GRAPH_LIMIT_FACTOR": "0"}
    services = open_services(azurite.settings(GRAPH_BASE_URL=simulator.graph_url, **wanted))
    yield services
    await services.close()
