"""What dead hosts, late second runs and unlucky moments leave behind, and how the engine makes it good."""

import asyncio

import pytest

from shared.contracts.work import Stop
from shared.domain.codes import ResultCode
from shared.domain.operation import Status
from shared.domain.ordering import Moves, order, placed
from shared.domain.seats import Reservation
from tests.activities.conftest import MakePart
from tests.activities.driver import Engine
from tests.activities.parts import E5, another, people, upn


async def test_a_cancelled_operation_whose_host_died_settles_what_was_sent(part_of: MakePart) -> None:
    """Write-ahead, commit, the host dies, somebody cancels, the sweeper comes: who was changed is ``succeeded``."""
    part = await (await part_of(3)).ready()
    await part.write_ahead(1, 0, 1, 2)
    for number in range(3):
        part.tenant.simulator.call(
            "PATCH", f"/tenants/{part.tenant.id}/users/{upn(number)}", json={"licenses": [{"skuId": "SPE_E5"}]}
        )
    await part.cancel()
    later = await part.raise_epoch()

    await asyncio.wait_for(Engine(part.app).run(later.run), 20)

    assert await part.codes() == [None, None, None]
    await part.assert_exact()
    assert (await part.operation()).status is Status.CANCELLED


async def test_a_second_run_that_comes_late_leaves_the_summary_of_the_first(part_of: MakePart) -> None:
    """It read the batch before the first run recorded and records after it; counts and audit marks must stay."""
    part = await (await part_of(3)).ready()
    part.tenant.fault("GET /users/", "delay", seconds=1.0, count=1)
    slow = asyncio.create_task(part.attempt(1))
    await asyncio.sleep(0.4)
    first = await part.attempt(1)
    await slow

    assert first.left == 0
    summary = await part.app.results.summary(part.run.operation, part.run.tenant, 0)
    assert summary is not None
    assert dict(summary.by_code) == {"": 3}
    assert summary.marks == ("0.1.1",)
    assert summary.seats == {E5: 3}
    await part.end()
    await part.assert_exact()


async def test_a_second_run_does_not_take_the_change_of_the_first_for_somebody_elses(part_of: MakePart) -> None:
    """It read the rows before the first run wrote ahead, and the users after Graph had made the change."""
    part = await (await part_of(3)).ready()
    part.tenant.fault("GET /users/", "delay", seconds=0.6, count=1)
    slow = asyncio.create_task(part.attempt(1))
    await asyncio.sleep(0.3)
    part.tenant.fault("assignLicense", "timeoutAfterCommit", count=1)
    first = await part.attempt(1)
    second = await slow
    again = await part.attempt(2)
    await part.end()

    assert (first.unknown, second.unknown, second.keep_turn) == (True, True, True)
    assert again.left == 0
    assert await part.codes() == [None, None, None]
    await part.assert_exact()


@pytest.mark.parametrize(
    "stop", [None, Stop(code=ResultCode.INSUFFICIENT_LICENSES, message="too few")], ids=["done", "error"]
)
async def test_a_cancel_after_the_last_window_still_ends_the_operation(part_of: MakePart, stop: Stop | None) -> None:
    """Nobody looks at the state between the last batch and the end; the end must fit ``cancelling``."""
    part = await (await part_of(2)).ready()
    await part.attempt(1)
    await part.cancel()

    await part.end(stop)

    operation = await part.operation()
    assert operation.status is Status.CANCELLED
    assert (await part.row()).totals.succeeded == 2


async def test_a_late_second_hand_on_leaves_the_end_alone(part_of: MakePart) -> None:
    """The totals of an ended part are final, whoever still brings older ones."""
    part = await (await part_of(3)).ready()
    part.tenant.fault("assignLicense", "429", count=1, retryAfter=0)
    early = part.window_done(await part.attempt(1), more=True)
    await part.hand_on(early)
    assert (await part.take(window=2)).batches == 1
    await part.attempt(2)
    await part.end()
    ended = (await part.row()).totals
    assert ended.succeeded == 3

    await part.hand_on(early)

    assert (await part.row()).totals == ended


async def test_seatless_users_get_their_outcome_when_the_host_died_right_before(part_of: MakePart) -> None:
    """The plan was trimmed and stored, the outcomes of those left out were not: the second run writes them."""
    part = await part_of(4, seats=2, body={"options": {"onInsufficientLicenses": "partial"}})
    await part.begin()
    await part.resolve()
    await part.plan()
    app, run = part.app, part.run
    await app.seats.write(run.tenant, [Reservation(E5, run.operation, 2)], (), None)
    decisions = await app.plans.read_chunk(run.operation, run.tenant, 0)
    trimmed = placed(decisions, order(Moves.of(decisions), {E5: 2}))
    await app.plans.replace_chunk(run.operation, run.tenant, 0, trimmed)  # and here the host died

    await part.reserve()

    assert (await part.guards()).by_code == {ResultCode.INSUFFICIENT_LICENSES: 2}
    assert [o.index for o in await part.outcomes()] == [2, 3]


async def test_many_ended_operations_do_not_stand_in_the_way_of_the_next(part_of: MakePart) -> None:
    """Rows of ended reservations go along as far as a transaction allows."""
    part = await part_of(2)
    old = [Reservation(E5, f"old{n}", 1, 1, ((0.0, 1),)) for n in range(120)]
    guard = None
    for start in range(0, len(old), 60):
        await part.app.seats.write(part.run.tenant, old[start : start + 60], (), guard)
        _, guard = await part.app.seats.read(part.run.tenant)

    standing = await part.frozen()

    assert standing.phase == "apply"


async def test_a_second_run_tells_what_the_first_one_sent(part_of: MakePart) -> None:
    """The host died before it could say so; tokens that were spent must not be given back, nor counts be lost."""
    part = await (await part_of(3)).ready()
    first = await part.attempt(1)
    second = await part.attempt(1)

    assert second.left == 0
    assert second.sent >= first.sent
    assert second.by_code == first.by_code
    assert second.seats == first.seats
    assert second.mark == first.mark


async def test_an_empty_selection_stays_an_error_when_the_host_dies(part_of: MakePart) -> None:
    """The next epoch must not take "nobody" for a plan without users."""
    part = await part_of(people(2, accountEnabled=False))
    await part.begin()
    resolved = await part.resolve()
    assert resolved.stop is not None
    later = await part.raise_epoch()

    await Engine(part.app).run(later.run)

    row = await part.row()
    assert row.error is not None
    assert row.error.code == "EmptySelection"
    assert row.status is Status.FAILED


async def test_handing_on_twice_blocks_the_tenant_once(part_of: MakePart) -> None:
    """The wait that Graph asked for counts from the first time."""
    part = await (await part_of(2)).ready()
    done = part.window_done(await part.attempt(1)).model_copy(update={"blocked_for": 30.0})
    await part.hand_on(done)
    once, _ = await part.app.turns.read(part.run.tenant)
    await asyncio.sleep(0.1)
    await part.hand_on(done)
    twice, _ = await part.app.turns.read(part.run.tenant)

    assert twice == once


async def test_a_sku_that_vanished_ends_the_tenant(part_of: MakePart) -> None:
    """Between plan and reservation the subscription ran out of Graph's list: an error, not an endless restart."""
    part = await part_of(2)
    await part.begin()
    await part.resolve()
    await part.plan()
    spec = {"skus": [{"skuPartNumber": "SPE_E3", "enabled": 5}], "users": people(2), "domains": ["contoso.com"]}
    part.tenant.simulator.call("PUT", f"/tenants/{part.tenant.id}", json=spec)

    standing = await part.reserve()

    assert standing.stop is not None
    assert standing.stop.code in (ResultCode.SKU_NOT_FOUND, ResultCode.INSUFFICIENT_LICENSES)


async def test_a_tenant_taken_out_of_the_registry_can_still_be_ended(part_of: MakePart) -> None:
    """Whoever deletes a tenant amid an operation must not make it run for ever."""
    part = await (await part_of(2)).ready()
    await part.app.tenants.delete(part.run.tenant)

    done = await part.attempt(1)

    assert done.stop is not None


async def test_a_named_guest_is_taken_although_a_group_left_him_out(part_of: MakePart) -> None:
    """The defaults of ``include`` hold for groups; who is named one by one is meant."""
    users = [*people(1), {"userPrincipalName": "guest@contoso.com", "userType": "Guest", "usageLocation": "DE"}]
    part = await part_of(users)
    named = {"tenant": part.tenant.id, "users": {"users": ["guest@contoso.com"]}}
    grouped = {"tenant": part.tenant.id, "users": {"group": {"displayName": "Everyone"}}}
    both = await another(part.app, part.tenant, targets=[grouped, named])
    await both.begin()
    await both.resolve()

    assert (await both.row()).totals.total == 2
    assert dict((await both.row()).excluded) == {}


async def test_a_trimmed_plan_is_taken_up_by_the_next_epoch(part_of: MakePart) -> None:
    """The host dies between the trimmed blobs and their freezing: the next epoch plans again, finds them, and ends."""
    part = await part_of(4, seats=2)
    part = await another(part.app, part.tenant, options={"onInsufficientLicenses": "partial"})
    await part.begin()
    resolved = await part.resolve()
    for chunk in range(resolved.chunks):
        await part.plan(chunk)
    app, run = part.app, part.run
    decisions = await app.plans.read_chunk(run.operation, run.tenant, 0)
    trimmed = placed(decisions, order(Moves.of(decisions), {E5: 2}))
    await app.plans.replace_chunk(run.operation, run.tenant, 0, trimmed)
    later = await part.raise_epoch()

    await asyncio.wait_for(Engine(app).run(later.run), 30)

    assert (await part.operation()).completed_at is not None
    assert await part.codes() == [None, None, "InsufficientLicenses", "InsufficientLicenses"]
