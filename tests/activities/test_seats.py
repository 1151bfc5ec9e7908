"""Reserving seats: before the first write, net, in selection order."""

import asyncio

from shared.contracts.work import Stop
from shared.domain.codes import ResultCode
from shared.domain.operation import Status
from tests.activities.conftest import MakePart
from tests.activities.parts import E3, E5, another, people, upn

PARTIAL = {"options": {"onInsufficientLicenses": "partial"}}


def named(*numbers: int) -> dict[str, list[str]]:
    """A selection of users by name."""
    return {"users": [upn(number) for number in numbers]}


async def test_of_two_operations_that_want_the_last_seats_one_gets_them(part_of: MakePart) -> None:
    """Invariant 6: the other one is refused before its first write."""
    first = await part_of(4, seats=3, body={"users": named(0, 1)})
    second = await another(first.app, first.tenant, users=named(2, 3))
    for part in (first, second):
        await part.begin()
        await part.resolve()
        await part.plan()

    standings = await asyncio.gather(first.reserve(), second.reserve())

    refused = [s.stop for s in standings if s.stop]
    assert [stop.code for stop in refused] == [ResultCode.INSUFFICIENT_LICENSES]
    assert refused[0].details == {"SPE_E5": {"needed": 2, "available": 1, "missing": 1}}


async def test_the_refused_operation_ends_with_an_error_and_all_users_told(part_of: MakePart) -> None:
    """Total = pending + succeeded + skipped + failed, also when nothing was done."""
    part = await part_of(4, seats=3)
    await part.begin()
    await part.resolve()
    await part.plan()
    standing = await part.reserve()
    await part.end(standing.stop)

    row = await part.row()
    assert (row.status, row.totals.pending, row.totals.skipped) == (Status.FAILED, 0, 4)
    assert row.error is not None
    assert part.writes() == []


async def test_who_holds_it_already_needs_no_seat(part_of: MakePart) -> None:
    """Trap 7: the same list again in a full tenant."""
    users = [*people(3, licenses=[{"skuId": "SPE_E5"}]), *people(4)[3:]]
    part = await part_of(users, seats=4)
    standing = await part.frozen()

    assert standing.by_code == {ResultCode.ALREADY_ASSIGNED: 3}
    reservations, _ = await part.app.seats.read(part.run.tenant)
    assert [(r.sku_id, r.planned) for r in reservations] == [(E5, 1)]


async def test_partial_gives_seats_in_selection_order_and_says_who_got_none(part_of: MakePart) -> None:
    """The second run of the activity comes to the very same."""
    part = await part_of(5, seats=3, body=PARTIAL)
    first = await part.frozen()
    await part.reserve()
    again = await part.guards()

    assert first.by_code == again.by_code == {ResultCode.INSUFFICIENT_LICENSES: 2}
    assert [outcome.index for outcome in await part.outcomes()] == [3, 4]
    assert first.progress["fresh"] == [[0, 0]]
    await part.take()
    await part.attempt(1)
    await part.end()
    row = await part.row()
    assert row.status is Status.PARTIALLY_SUCCEEDED
    assert part.holders() == [upn(0), upn(1), upn(2)]


async def test_partial_without_any_seat_serves_those_who_need_none(part_of: MakePart) -> None:
    """Nobody is written to, and nothing hangs."""
    part = await part_of(3, seats=0, body=PARTIAL)
    standing = await part.frozen()
    await part.end()

    assert standing.progress == {"fresh": [], "waiting": []}
    assert (await part.row()).totals.failed == 3


async def test_a_user_short_of_one_of_two_skus_gets_neither(part_of: MakePart) -> None:
    """One write a user: what cannot be done whole is not begun."""
    skus = [{"skuPartNumber": "SPE_E5", "enabled": 5}, {"skuPartNumber": "SPE_E3", "enabled": 1}]
    part = await part_of(2, skus=skus, body={**PARTIAL, "licenses": [{"sku": E5}, {"sku": E3}]})
    await part.ready()
    await part.attempt(1)
    await part.end()

    assert part.holders(E5) == part.holders(E3) == [upn(0)]
    assert await part.codes() == [None, ResultCode.INSUFFICIENT_LICENSES]


async def test_seats_taken_are_given_free_when_graph_counts_them(part_of: MakePart) -> None:
    """At the end planned is cut to taken; the row goes with the next reservation after the horizon."""
    part = await (await part_of(4, seats=4, body={"users": named(0, 1)})).ready()
    done = await part.attempt(1)
    await part.hand_on(part.window_done(done))
    await part.end()
    (reservation,), _ = await part.app.seats.read(part.run.tenant)
    assert (reservation.planned, reservation.taken) == (2, 2)
    await asyncio.sleep(0.5)

    second = await another(part.app, part.tenant, users=named(2, 3))
    await second.frozen()

    reservations, _ = await part.app.seats.read(part.run.tenant)
    assert [r.operation_id for r in reservations] == [second.run.operation]


async def test_seats_of_a_cancelled_operation_are_free_at_once(part_of: MakePart) -> None:
    """What was not taken is nobody's."""
    part = await part_of(4, seats=2, body={"users": named(0, 1)})
    await part.frozen()
    await part.cancel()
    await part.end(Stop(code="cancelling"))
    second = await another(part.app, part.tenant, users=named(2, 3))

    assert (await second.frozen()).stop is None
