"""Two operations race for a tenant's last seats, each on a host of its own, over and over."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.domain.codes import ResultCode
from shared.domain.operation import Status
from shared.domain.seats import reserved
from shared.services import Services, open_services
from tests.activities.driver import Engine
from tests.activities.parts import E5, Part, another, new_part, upn
from tests.support.simulator import Simulator

SEATS = 10
FIRST, SECOND = [upn(n) for n in range(SEATS)], [upn(n) for n in range(SEATS, 2 * SEATS)]
RACES, MANY = 10, 50


@pytest.fixture
async def other(app: Services) -> AsyncIterator[Services]:
    """Another host over the same storage."""
    services = open_services(app.settings)
    yield services
    await services.close()


async def race(app: Services, other: Services, simulator: Simulator, first: str, second: str) -> tuple[Part, Part]:
    """Two operations want all the seats at once; ``first`` and ``second`` say what each does when they are too few."""

    def wants(users: list[str], when_short: str) -> dict[str, object]:
        return {"users": {"users": users}, "options": {"onInsufficientLicenses": when_short}}

    one = await new_part(app, simulator, 2 * SEATS, seats=SEATS, body=wants(FIRST, first))
    two = await another(other, one.tenant, **wants(SECOND, second))
    await asyncio.gather(one.begin(), two.begin())
    await asyncio.gather(Engine(app).run(one.run), Engine(other).run(two.run))
    return one, two


async def assert_seats_went_once(one: Part, two: Part) -> tuple[Part, Part]:
    """All seats are given out, without an error of Graph, and none stays reserved; gives the winner and the loser."""
    assert len(one.holders(E5)) == SEATS
    assert {write["status"] for write in one.writes()} == {200}
    assert len(one.writes()) == SEATS
    reservations, _ = await one.app.seats.read(one.run.tenant)
    later = one.app.tables.now().timestamp() + 2 * one.app.settings.replication_horizon
    assert not any(reserved(reservations, later, one.app.settings.replication_horizon).values())
    return (one, two) if one.holders(E5) == FIRST else (two, one)


async def assert_one_wins_all(one: Part, two: Part) -> None:
    """Exactly the users of one operation get the seats; the other is refused before its first write."""
    winner, loser = await assert_seats_went_once(one, two)
    assert winner.holders(E5) == (FIRST if winner is one else SECOND)
    assert (await winner.operation()).status is Status.SUCCEEDED
    row = await loser.row()
    assert row.error is not None
    assert row.error.code == ResultCode.INSUFFICIENT_LICENSES
    assert (row.status, row.totals.succeeded, row.totals.pending) == (Status.FAILED, 0, 0)
    assert await loser.audited() == []


async def test_of_two_that_race_for_the_last_seats_one_gets_all_of_them(
    app: Services, other: Services, simulator: Simulator
) -> None:
    """Invariant 6: the loser is refused before its first write, and Graph never has to say no."""
    for _ in range(RACES):
        await assert_one_wins_all(*await race(app, other, simulator, "fail", "fail"))


@pytest.mark.slow
async def test_fifty_races_all_end_so(app: Services, other: Services, simulator: Simulator) -> None:
    """The same, often enough for unlucky moments."""
    for _ in range(MANY):
        await assert_one_wins_all(*await race(app, other, simulator, "fail", "fail"))


@pytest.mark.parametrize("when_short", ["fail", "partial"])
async def test_who_takes_what_is_left_never_takes_what_is_reserved(
    when_short: str, app: Services, other: Services, simulator: Simulator
) -> None:
    """``partial`` against either: every user of the loser is told that no seat was left, and none is sent."""
    for _ in range(3):
        one, two = await race(app, other, simulator, when_short, "partial")
        winner, loser = await assert_seats_went_once(one, two)
        assert winner.holders(E5) == (FIRST if winner is one else SECOND)
        assert await winner.codes() == [None] * SEATS
        assert set(await loser.codes()) <= {ResultCode.INSUFFICIENT_LICENSES}
        assert (await loser.row()).totals.failed + (await loser.row()).totals.skipped == SEATS
