"""Graph's limits as its answers tell them: another program writes as well, a tenant or the app is refused."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from shared.domain.pacing import Limits
from shared.services import Services, open_services
from tests.activities.conftest import QUICK
from tests.activities.parts import new_part
from tests.support.azurite import Azurite
from tests.support.simulator import Simulator, running_simulator

APP = Limits.app_writes(1)


@pytest.fixture(scope="module")
def limited() -> Iterator[Simulator]:
    """A simulator with Graph's limits."""
    with running_simulator(GRAPH_LIMIT_FACTOR="1") as simulator:
        yield simulator


@pytest.fixture
async def app(azurite: Azurite, limited: Simulator) -> AsyncIterator[Services]:
    """Services that pace by them."""
    services = open_services(azurite.settings(GRAPH_BASE_URL=limited.graph_url, **QUICK))
    yield services
    await services.close()


async def test_what_somebody_else_wrote_is_no_longer_in_our_bucket(app: Services, limited: Simulator) -> None:
    """Traps 18 and 19: Graph's own count shows it before anybody is refused."""
    part = await (await new_part(app, limited, 5)).ready()
    limited.call("POST", "/drain", params={"tenant": part.run.tenant, "left": "405"})
    done = await part.attempt()
    before, _ = await app.turns.read(part.run.tenant)
    await part.hand_on(part.window_done(done, more=True))
    after, _ = await app.turns.read(part.run.tenant)

    assert done.throttled == 0
    assert before.tokens == 3000 - 5
    assert 390 <= after.tokens <= 420


async def test_a_tenant_that_is_refused_waits_as_graph_says(app: Services, limited: Simulator) -> None:
    """Its bucket is empty until then, that of the app is as it was."""
    part = await (await new_part(app, limited, 5)).ready()
    limited.call("POST", "/drain", params={"tenant": part.run.tenant, "left": "-100"})
    done = await part.attempt()
    await part.hand_on(part.window_done(done, more=True))
    turn, _ = await app.turns.read(part.run.tenant)
    budget, _ = await app.budget.read()

    assert (done.throttled, done.left) == (5, 5)
    assert done.blocked_for >= 1
    assert turn.tokens <= 0
    assert turn.blocked_until > app.tables.now().timestamp()
    assert APP
    assert budget.used(app.tables.now().timestamp(), APP) < 0.1


async def test_an_app_that_is_refused_lets_no_tenant_draw(app: Services, limited: Simulator) -> None:
    """The tenant's own bucket is as it was."""
    part = await (await new_part(app, limited, 5)).ready()
    limited.call("POST", "/drain", params={"left": "-1000"})
    done = await part.attempt()
    await part.hand_on(part.window_done(done, more=True))
    limited.call("POST", "/drain", params={"left": "35000"})
    turn, _ = await app.turns.read(part.run.tenant)
    budget, _ = await app.budget.read()

    assert (done.throttled, done.blocked_for) == (5, 0)
    assert done.app_blocked_for >= 1
    assert turn.tokens > 2900
    assert turn.blocked_until > app.tables.now().timestamp()
    assert APP
    assert budget.used(app.tables.now().timestamp(), APP) > 0.99


async def test_an_attempt_that_begins_too_late_asks_graph_for_nothing(app: Services, limited: Simulator) -> None:
    """On a host with too much to do each such one would make the next ones later still."""
    part = await (await new_part(app, limited, 5)).ready()
    turn, etag = await app.turns.read(part.run.tenant)
    await app.turns.write(part.run.tenant, replace(turn, until=app.tables.now().timestamp() + 5), etag)
    asked = len(part.tenant.requests())
    done = await part.attempt()

    assert (done.late, done.left, done.sent, done.went_out, done.unknown) == (True, 5, 0, False, False)
    assert len(part.tenant.requests()) == asked
