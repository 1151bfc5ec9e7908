"""Faults found in the engine by looking for them: each test fails until the fault is mended."""

import asyncio
from dataclasses import replace

from activities.take_turn import look
from shared.contracts.work import Stop, TurnTaken
from shared.domain.codes import ResultCode
from shared.domain.operation import Phase, Status
from shared.domain.pacing import Ask
from tests.activities.conftest import MakePart
from tests.activities.driver import Engine
from tests.activities.parts import another, people, upn


async def test_a_run_that_slept_through_the_next_window_sends_nothing(part_of: MakePart) -> None:
    """F24: delivered twice; one run slept before its write-ahead, the other said "later", the next window sends.

    The sleeper awakes within the lease of its own window, which was handed on long ago.
    """
    part = await (await part_of(2)).ready()
    part.tenant.fault("GET /users/", "delay", seconds=0.8, count=1)
    sleeper = asyncio.create_task(part.attempt(1))
    await asyncio.sleep(0.2)
    part.tenant.fault("POST /$batch", "503", retryAfter=0, count=3)
    other = await part.attempt(1)
    assert (other.left, other.went_out) == (2, False)
    await part.hand_on(part.window_done(other, more=True))
    assert (await part.take(window=2)).batches == 1
    part.tenant.fault("assignLicense", "delay", seconds=0.9, count=1)
    await asyncio.gather(sleeper, part.attempt(2))

    assert len(part.writes()) == 2


async def test_an_ended_operation_stands_in_no_line(part_of: MakePart) -> None:
    """F23: one that was cancelled while it waited would hold up all behind it until it is forgotten (30 s)."""
    holder = await (await part_of(2)).ready()
    waiter = await another(holder.app, holder.tenant)
    await waiter.frozen()
    ask = Ask(name=f"{waiter.run.operation}:1", window=1, costs=(2,), large=False)
    assert not isinstance(await look(waiter.app, waiter.run.tenant, ask), TurnTaken)
    await waiter.cancel()
    await asyncio.wait_for(Engine(waiter.app).run(waiter.run), 30)

    turn, _ = await holder.app.turns.read(holder.run.tenant)
    assert (await waiter.operation()).status is Status.CANCELLED
    assert turn.line == ()


async def test_a_usage_location_whose_answer_was_lost_is_audited_when_cancelled(part_of: MakePart) -> None:
    """F30: the PATCH came through, its answer did not, then somebody cancelled: settling sees that it is ours."""
    body = {"usageLocation": {"value": "CH", "mode": "ifMissing"}}
    part = await (await part_of(people(1, usageLocation=None), body=body)).ready()
    part.tenant.fault("PATCH /users/", "timeoutAfterCommit", count=1)
    assert (await part.attempt(1)).unknown
    await part.cancel()
    await asyncio.sleep(1.5)
    done = await part.attempt(2, settle_only=True)
    assert not done.unknown
    await part.end(Stop(code="cancelling"))

    assert part.tenant.user(upn(0))["usageLocation"] == "CH"
    assert [entry.after.usage_location for entry in await part.audited()] == ["CH"]


async def test_a_part_that_died_between_freezing_and_saying_so_shows_its_phase(part_of: MakePart) -> None:
    """F29: the plan is frozen, so the next epoch applies; the row must say so, with its batches and since when."""
    part = await part_of(3)
    await part.frozen()
    left = {"phase": Phase.PLANNING, "batches": 0, "applying_at": None}
    await part.app.operations.change_part(part.run.operation, part.run.tenant, lambda row: replace(row, **left))
    later = await part.raise_epoch()

    assert (await later.begin()).phase == "plan"
    await later.plan()
    await later.reserve()
    await later.guards()

    row = await later.row()
    assert (row.phase, row.batches) == (Phase.APPLYING, 1)
    assert row.applying_at is not None


async def test_a_location_that_graph_refuses_is_not_asked_for_minutes(part_of: MakePart) -> None:
    """F20: "invalid usage location" may be a lag within the horizon of our own PATCH, and is a refusal after it."""
    body = {"usageLocation": {"value": "IR", "mode": "ifMissing"}}
    users = people(1, usageLocation=None)
    part = await (await part_of(users, body=body, prohibitedUsageLocations=["IR"])).ready()
    first = await part.attempt(1)
    await asyncio.sleep(max(first.ready_in, 0.5))

    second = await part.attempt(2)

    assert second.left == 0
    assert await part.codes() == [ResultCode.MISSING_USAGE_LOCATION]
