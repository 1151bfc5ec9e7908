"""Real services over storage of their own and the simulator, and operations on tenants in it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from shared.services import Services, open_services
from tests.activities.parts import Part, body_of, claim, register, world
from tests.support.azurite import Azurite
from tests.support.simulator import SimulatedTenant, Simulator

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
    """Makes an operation on a new tenant: ``await part_of(20)``, with what the body and the directory shall be."""

    async def make(
        users: int | Sequence[Mapping[str, Any]] = 3,
        *,
        body: Mapping[str, Any] | None = None,
        registry: Mapping[str, Any] | None = None,
        **directory: Any,
    ) -> Part:
        tenant = simulator.load(**world(users, **directory))
        await register(app, tenant, **(registry or {}))
        return await another(app, tenant, **(body or {}))

    return make


async def another(app: Services, tenant: SimulatedTenant, **body: Any) -> Part:
    """One more operation on a tenant."""
    (part,) = await claim(app, [tenant], body_of(tenant.id, **body))
    return part
