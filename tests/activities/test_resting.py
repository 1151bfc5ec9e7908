"""Pausing, halting, canaries and hours on real storage: a tenant rests exact, and goes on exact."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from activities.begin_operation import begin
from activities.end_tenant import end
from activities.rest_tenant import rest
from shared.contracts.names import HAND_ON
from shared.contracts.work import Halt, OperationRun, Stop, TenantEnd, TenantRest
from shared.domain.guards import WEEKDAYS, Canary, Guards, OffHours, StopRule
from shared.domain.operation import Actor, Operation, Phase, Status
from shared.domain.steering import Patience, approve, cancel, pause, resume, taken_up
from tests.activities.conftest import MakePart
from tests.activities.cutting import cut_off
from tests.activities.driver import Engine, Killed
from tests.activities.parts import E5, Part, people, upn

ANA = Actor("ana", "Ana")
USERS = 45
PATIENCE = Patience(timedelta(hours=72), timedelta(hours=72))
PAUSING = Stop(code="pausing", message="Paused by Ana")

type Verb = Callable[[Operation], Operation]


async def steer(part: Part, verb: Verb) -> Operation:
    """Change the operation as a route does."""
    return await part.app.operations.change(part.run.operation, verb)


async def guarded(part: Part, guards: Guards) -> Part:
    """Hold the operation to these guards, and begin it."""
    await steer(part, lambda operation: replace(operation, guards=guards))
    return await begun(part)


async def begun(part: Part) -> Part:
    """Begin the operation, as ``run_operation`` does."""
    await begin(part.app, OperationRun(operation=part.run.operation, epoch=part.run.epoch))
    return part


async def held(part: Part) -> Part:
    """Pause the operation; its epoch is the same."""
    await steer(part, lambda operation: pause(operation, part.app.tables.now(), ANA))
    return part


async def run(part: Part, **engine: Any) -> Part:
    """Run the part until nobody works on it; gives it as the present epoch sees it."""
    await asyncio.wait_for(Engine(part.app, **engine).run(part.run), 60)
    return part


async def resumed(part: Part, verb: Verb | None = None) -> Part:
    """Resume (or approve) the operation, and begin its new epoch."""
    await steer(part, verb or (lambda operation: resume(operation, part.app.tables.now())))
    return await begun(part.later_epoch())


@dataclass
class Interrupted(Engine):
    """An engine beside which something happens right before the ``at``-th activity (of this name)."""

    happens: Callable[[], Awaitable[Any]] | None = None
    at: int = 1
    name: str | None = None
    _number: int = 0

    async def _run(self, name: str, given: Any) -> Any:
        self._number += self.name in (None, name)
        if self._number == self.at and self.happens:
            self._number += 1
            await self.happens()
        return await super()._run(name, given)


async def assert_rests(part: Part, status: Status) -> None:
    """Directory, outcomes, audit and totals tell the same; the rest is pending, seats are reserved, nobody waits."""
    operation, row = await part.operation(), await part.row()
    outcomes = await part.outcomes()
    succeeded = sorted(o.user_principal_name for o in outcomes if o.code is None)
    assert (operation.status, row.status, operation.completed_at) == (status, status, None)
    assert succeeded == part.holders(E5)
    assert sorted(entry.user_principal_name for entry in await part.audited()) == succeeded
    if row.phase is Phase.APPLYING:
        assert row.totals.succeeded == len(succeeded)
        assert row.totals.pending == row.totals.total - len(outcomes)
        reservations, _ = await part.app.seats.read(part.run.tenant)
        assert [r.planned for r in reservations if r.operation_id == part.run.operation] == [USERS]
    assert row.rested_at is not None
    turn, _ = await part.app.turns.read(part.run.tenant)
    assert [waiter.name for waiter in turn.line] == []


async def due_at(part: Part) -> Any:
    """When somebody must look at the part."""
    far = part.app.tables.now() + timedelta(days=99)
    return next(due.at for due in await part.app.due.past(far) if due.operation_id == part.run.operation)


@pytest.mark.parametrize(
    "twice", [pytest.param(False, id="once"), pytest.param(True, id="every activity twice", marks=pytest.mark.slow)]
)
async def test_a_pause_at_any_moment_rests_exact_and_goes_on_exact(part_of: MakePart, twice: bool) -> None:
    """Before, while and after it resolves, plans, reserves and writes."""

    async def one(call: int) -> Status:
        part = await begun(await part_of(USERS))
        engine = Interrupted(part.app, twice=twice, at=call, happens=lambda: held(part))
        await asyncio.wait_for(engine.run(part.run), 60)
        status = (await part.operation()).status
        if status is Status.PAUSED:
            await assert_rests(part, Status.PAUSED)
            assert (await due_at(part)) > part.app.tables.now() + timedelta(hours=71)
            part = await resumed(part)
            await run(part)
        await part.assert_exact()
        assert (await part.operation()).status is Status.SUCCEEDED
        sent = [line["url"] for line in part.writes()]
        assert len(sent) == len(set(sent)) == USERS
        return status

    rested = await asyncio.gather(*(one(call) for call in range(1, 8)))

    assert rested.count(Status.PAUSED) >= 5


@pytest.mark.parametrize("verbs", ["resume", "resume and cancel", "resume and pause"])
async def test_a_run_that_is_superseded_alive_and_its_successor_are_never_at_it_together(
    part_of: MakePart, verbs: str
) -> None:
    """Paused and resumed at once, at any moment: two epochs live, each user is sent once, everything is counted."""

    async def one(call: int) -> None:
        part = await begun(await part_of(USERS))
        later = part.later_epoch()
        second: list[asyncio.Task[Part]] = []

        async def again() -> None:
            await held(part)
            await resumed(part)
            if "cancel" in verbs:
                await steer(part, cancel)
            elif "pause" in verbs:
                await held(part)
            second.append(asyncio.create_task(run(later)))

        engine = Interrupted(part.app, at=call, happens=again)
        await asyncio.wait_for(engine.run(part.run), 60)
        await asyncio.gather(*second)
        if (await part.operation()).status is Status.PAUSED:
            await assert_rests(part, Status.PAUSED)
            later = await resumed(later)
            await run(later)
        status = (await part.operation()).status
        assert status is (Status.CANCELLED if "cancel" in verbs else Status.SUCCEEDED)
        await part.assert_exact()
        sent = [line["url"] for line in part.writes()]
        assert len(sent) == len(set(sent))

    await asyncio.gather(*(one(call) for call in range(1, 9)))


async def test_what_is_unknown_is_settled_before_the_rest(part_of: MakePart) -> None:
    """Trap 21: an answer that never came is read back, although the pause was asked for in between."""
    part = await begun(await part_of(170, seats=170))
    part.tenant.fault("assignLicense", "timeoutAfterCommit", count=1)
    engine = Interrupted(part.app, name=HAND_ON, happens=lambda: held(part))
    await asyncio.wait_for(engine.run(part.run), 60)

    assert (await part.operation()).status is Status.PAUSED
    totals = (await part.row()).totals
    assert (totals.succeeded, totals.pending) == (160, 10)
    assert len(part.holders()) == 160
    assert len(await part.audited()) == 160
    assert any(o.message and "reading the user back" in o.message for o in await part.outcomes())
    await run(await resumed(part))
    await part.assert_exact()


async def test_a_pause_with_nothing_left_to_do_ends_the_tenant(part_of: MakePart) -> None:
    """The last window is done when it is noticed."""
    part = await begun(await part_of(20))
    engine = Interrupted(part.app, name=HAND_ON, happens=lambda: held(part))
    await asyncio.wait_for(engine.run(part.run), 60)
    assert (await part.operation()).status is Status.SUCCEEDED
    await held(again := await (await part_of(20)).ready())
    await again.attempt(settle_only=False)
    assert await again.outcomes() == [], "nothing is sent once it is to pause"

    await part.assert_exact()


@pytest.mark.parametrize("users", [10, 20, 25, 40])
async def test_a_canary_touches_exactly_its_users_and_waits_for_approval(part_of: MakePart, users: int) -> None:
    """Not one more is even sent, and after the approval everybody is done once."""
    part = await guarded(await part_of(USERS), Guards(canary=Canary(users, "manual")))
    await run(part)

    await assert_rests(part, Status.AWAITING_APPROVAL)
    assert part.holders() == [upn(n) for n in range(users)]
    operation = await part.operation()
    assert f"The canary of {users} users in contoso.com is done: {users} succeeded" in (operation.status_reason or "")
    assert (await due_at(part)) > part.app.tables.now() + timedelta(hours=71)

    part = await resumed(part, lambda now: approve(now, part.app.tables.now(), ANA))
    await run(part)
    await part.assert_exact()
    assert len(part.writes()) == USERS


async def test_a_canary_that_goes_well_may_go_on_by_itself(part_of: MakePart) -> None:
    """In the same epoch, with the batch that it cut."""
    part = await guarded(await part_of(USERS), Guards(canary=Canary(10, "auto")))
    await run(part)

    await part.assert_exact()
    assert (await part.operation()).epoch == 1
    assert (await part.row()).canary_passed
    first_ten = {line["url"] for line in part.writes()[:10]}
    assert first_ten == {line["url"] for line in part.writes() if any(i in line["url"] for i in _ids(part, 10))}


def _ids(part: Part, users: int) -> list[str]:
    return [part.tenant.user_id(upn(n)) for n in range(users)]


async def test_a_canary_in_which_one_failed_waits_for_a_person(part_of: MakePart) -> None:
    """Even where it might have gone on by itself."""
    part = await guarded(await part_of(USERS), Guards(canary=Canary(10, "auto")))
    part.tenant.fault(f"/users/{_ids(part, 4)[3]}/assignLicense", "403")
    await run(part)

    assert (await part.operation()).status is Status.AWAITING_APPROVAL
    assert "9 succeeded, 0 skipped, 1 failed" in ((await part.operation()).status_reason or "")
    assert len(part.holders()) == 9


async def test_a_canary_survives_the_death_of_its_host(part_of: MakePart) -> None:
    """A later epoch counts the users that are done, and no other goes ahead."""
    part = await guarded(await part_of(USERS), Guards(canary=Canary(30, "manual")))
    for calls in (9, 7, 5):  # within the first window, before it is handed on, before the canary is judged
        with contextlib.suppress(Killed):
            await asyncio.wait_for(Engine(part.app, calls_to_live=calls).run(part.run), 60)
        assert (await part.row()).status is Status.RUNNING
        part = await part.raise_epoch()
    await run(part)

    await assert_rests(part, Status.AWAITING_APPROVAL)
    assert part.holders() == [upn(n) for n in range(30)]


async def test_a_canary_over_everybody_needs_no_approval(part_of: MakePart) -> None:
    """There is nothing that an approval would set free."""
    part = await guarded(await part_of(15), Guards(canary=Canary(15, "manual")))
    await run(part)

    assert (await part.operation()).status is Status.SUCCEEDED


async def test_failures_halt_a_tenant_with_the_numbers_and_a_resume_lets_it_go_on(part_of: MakePart) -> None:
    """What failed before the resume counts no more."""
    part = await guarded(await part_of(200, seats=200), Guards(stop_when=StopRule(20, 25)))
    part.tenant.fault("assignLicense", "403", count=40)
    await run(part)

    operation, row = await part.operation(), await part.row()
    assert (operation.status, row.totals.failed, row.totals.pending) == (Status.HALTED, 40, 40)
    assert operation.status_reason == "Halted in contoso.com: 40 of 160 users failed (25%, the limit is 20%)"
    await run(await resumed(part))
    operation, row = await part.operation(), await part.row()
    assert (operation.status, row.totals.succeeded, row.totals.failed) == (Status.PARTIALLY_SUCCEEDED, 160, 40)


async def test_too_many_users_that_cannot_be_served_halt_before_the_first_write(part_of: MakePart) -> None:
    """The plan knows them; a share of all users, not of those that the plan settled."""
    some = people(40)
    for user in some[::2]:
        user["usageLocation"] = None
    part = await guarded(await part_of(some), Guards(stop_when=StopRule(50, 25)))
    await run(part)

    assert "20 of 40 users failed" in ((await part.operation()).status_reason or "")
    assert (await part.operation()).status is Status.HALTED
    assert part.writes() == []
    await run(await resumed(part))
    assert (await part.operation()).status is Status.PARTIALLY_SUCCEEDED
    assert (await part.row()).totals.succeeded == 20


async def test_a_few_users_that_cannot_be_served_halt_nothing(part_of: MakePart) -> None:
    """Although they are the first to have an outcome."""
    some = people(60)
    for user in some[:10]:
        user["usageLocation"] = None
    part = await guarded(await part_of(some), Guards(stop_when=StopRule(50, 5)))
    await run(part)

    assert (await part.operation()).status is Status.PARTIALLY_SUCCEEDED


async def test_outside_its_hours_a_tenant_is_planned_and_then_waits(part_of: MakePart) -> None:
    """Somebody looks when the window opens; inside it works."""
    part = await part_of(USERS)
    await part.app.tables.refresh_clock()
    later = part.app.tables.now() + timedelta(days=3)
    window = OffHours((WEEKDAYS[later.weekday()],), later.strftime("%H:%M"), later.strftime("%H:%M"), "Asia/Kolkata")
    await run(await guarded(part, Guards(window=window)))

    await assert_rests(part, Status.WAITING_FOR_WINDOW)
    assert part.writes() == []
    opens = window.next_opening(part.app.tables.now())
    assert await due_at(part) == opens
    assert opens.isoformat()[:16] in ((await part.operation()).status_reason or "")
    everyday = replace(window, days=WEEKDAYS)
    await steer(part, lambda now: replace(now, guards=Guards(window=everyday)))
    late = part.later_epoch()
    await steer(part, lambda now: taken_up(now, {part.run.tenant}, PATIENCE, part.app.tables.now()))
    await run(await begun(late))
    await part.assert_exact()


async def test_a_cancel_ends_what_rests(part_of: MakePart) -> None:
    """Its next epoch closes it; whom nobody reached is cancelled, seats go back."""
    part = await guarded(await part_of(USERS), Guards(canary=Canary(10, "manual")))
    await run(part)
    await steer(part, cancel)
    part = await begun(part.later_epoch())
    await run(part)

    totals = (await part.row()).totals
    assert (await part.operation()).status is Status.CANCELLED
    assert (totals.succeeded, totals.skipped, totals.pending) == (10, 35, 0)
    reservations, _ = await part.app.seats.read(part.run.tenant)
    assert [r.planned for r in reservations if r.operation_id == part.run.operation] == [10]


async def test_nobody_rests_or_ends_while_an_older_epoch_may_still_send(part_of: MakePart) -> None:
    """It holds the turn: what it sends by then is recorded and counted."""
    part = await (await part_of(USERS)).ready()
    await steer(part, lambda now: replace(now, epoch=2))
    await held(part)
    later = part.later_epoch()

    early = await rest(part.app, TenantRest(**later.fields, stop=PAUSING))
    assert 0 < (early.wait or 0) <= 9
    too_early = await end(part.app, TenantEnd(**later.fields, stop=Stop(code="cancelling")))
    assert 0 < (too_early.wait or 0) <= 9
    assert (await part.row()).status is Status.RUNNING
    await part.let_lease_run_out()
    assert await rest(part.app, TenantRest(**later.fields, stop=PAUSING)) == Halt()
    assert (await part.row()).status is Status.PAUSED


async def test_an_epoch_begins_no_tenant_that_rests(part_of: MakePart) -> None:
    """It was paused before the operation was begun; once resumed it starts."""
    part = await held(await part_of(3))
    run_of = OperationRun(operation=part.run.operation, epoch=1)

    assert (await begin(part.app, run_of)).tenants == []
    assert (await part.row()).status is Status.PAUSED
    later = await resumed(part)
    assert (await part.row()).started_at is not None
    await run(later)
    await part.assert_exact()


async def test_a_rest_that_is_cut_off_or_repeated_is_one_rest(part_of: MakePart) -> None:
    """At each of its waits the host may die; an older epoch changes nothing."""
    part = await (await part_of(25)).ready()
    await part.attempt(1)
    await part.let_lease_run_out()
    await held(part)
    work = TenantRest(**part.fields, stop=PAUSING)

    async def once() -> None:
        await rest(part.app, work)

    wait = 1
    while await cut_off(once(), wait):
        wait += 1
    assert wait > 5
    row = await part.row()
    assert (row.status, row.totals.succeeded, row.totals.pending) == (Status.PAUSED, 20, 5)
    assert len(await part.audited()) == 20
    since = row.rested_at
    await resumed(part)
    await once()
    assert (await part.row()).status is Status.RUNNING
    assert since is not None


async def test_a_tenant_that_is_cancelled_on_its_way_to_rest_ends(part_of: MakePart) -> None:
    """Nobody would come back for it."""
    part = await (await part_of(25)).ready()
    await part.attempt(1)
    await part.cancel()

    assert await rest(part.app, TenantRest(**part.fields, stop=PAUSING)) == Halt()
    assert (await part.operation()).status is Status.CANCELLED
