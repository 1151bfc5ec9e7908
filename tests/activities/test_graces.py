"""A grace begins for whom nothing stands against, once, and leaves one schedule that ends it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from activities.begin_operation import begin
from shared.contracts.requests import RemoveBody
from shared.contracts.stored import StoredRemove
from shared.contracts.work import OperationRun, Stop
from shared.domain.caller import SYSTEM
from shared.domain.guards import Guards
from shared.domain.operation import Operation, OperationKind, Status
from shared.domain.schedule import Schedule
from shared.domain.selection import NamedUser, RowLicence, Wish
from shared.domain.steering import cancel
from shared.services import Services
from tests.activities.cutting import cut_off
from tests.activities.driver import Engine
from tests.activities.parts import E3, E5, Part, claim, people, register, upn, world
from tests.support.simulator import SimulatedTenant, Simulator

USERS = 3
STRIDE = 3


def directory(simulator: Simulator, users: int = USERS) -> SimulatedTenant:
    """A tenant whose users hold E5."""
    return simulator.load(**world(people(users, licenses=[{"skuId": "SPE_E5"}]), seats=users))


def removal(tenants: list[SimulatedTenant], during: str | None = "keep", **fields: Any) -> RemoveBody:
    """Remove E5 from everybody; with no ``during`` at once."""
    targets = [{"tenant": t.id, "users": {"group": {"displayName": "Everyone"}}} for t in tenants]
    grace = {"grace": {"days": 30, "during": during}} if during else {}
    body = {"targets": targets, "licenses": [{"sku": E5}], **grace, **fields}
    return StoredRemove.model_validate(body, strict=False)


async def claimed(
    app: Services, *tenants: SimulatedTenant, during: str | None = "keep", guards: Guards | None = None, **fields: Any
) -> list[Part]:
    """A remove on these tenants, begun."""
    for tenant in tenants:
        await register(app, tenant)
    kind: OperationKind = "remove"
    body = removal(list(tenants), during, **fields)
    parts = await claim(app, tenants, body, kind)
    operation = parts[0].run.operation

    def asked(stored: Operation) -> Operation:
        return replace(stored, grace_days=body.grace_days, guards=guards or Guards())

    await app.operations.change(operation, asked)
    await begin(app, OperationRun(operation=operation, epoch=1))
    return parts


async def schedule_of(part: Part) -> Schedule | None:
    """The schedule that ends the operation's grace."""
    name = (await part.operation()).schedule_id
    assert len((await part.app.schedules.list(SYSTEM))[0]) == (name is not None)
    return await part.app.schedules.get(SYSTEM, name) if name else None


async def test_the_schedule_stands_for_what_the_grace_leaves_to_do(app: Services, simulator: Simulator) -> None:
    """Its request is the operation's, due so many days after the end."""
    (part,) = await claimed(app, directory(simulator))
    await Engine(app).run(part.run)

    operation, schedule = await part.operation(), await schedule_of(part)
    assert schedule
    assert schedule.run_at
    assert operation.completed_at
    assert (schedule.owner_id, schedule.run_at) == (operation.id, operation.grace_until)
    assert schedule.run_at - operation.completed_at == timedelta(days=30)
    assert schedule.request_sha == operation.request_sha
    outcomes = await part.outcomes()
    assert [(each.code, each.graced, each.before) for each in outcomes] == [(None, (E5,), None)] * USERS
    assert (part.writes(), await part.audited(), len(part.holders())) == ([], [], USERS)


async def test_before_the_guards_have_passed_no_grace_begins(app: Services, simulator: Simulator) -> None:
    """Traps 35 and 37: three users are affected and four were confirmed, so nobody loses anything, then or later."""
    (part,) = await claimed(app, directory(simulator), guards=Guards(confirm=USERS + 1))
    await Engine(app).run(part.run)

    operation = await part.operation()
    assert (operation.status, await part.outcomes()) == (Status.FAILED, [])
    assert await schedule_of(part) is None


async def test_a_cancelled_operation_schedules_nothing_for_whom_no_grace_began(
    app: Services, simulator: Simulator
) -> None:
    """Cancelled before its end: no schedule; cancelled after some went dark: a schedule, which is for them alone."""
    (kept,) = await claimed(app, directory(simulator))
    await kept.frozen()
    await app.operations.change(kept.run.operation, cancel)
    await kept.end(Stop(code="cancelling"))
    assert await schedule_of(kept) is None

    (part,) = await claimed(app, directory(simulator, 21), during="disablePlans")
    await part.ready()
    await part.attempt()
    await app.operations.change(part.run.operation, cancel)
    await part.end(Stop(code="cancelling"))
    operation = await part.operation()
    assert operation.status is Status.CANCELLED
    assert await schedule_of(part)
    assert sum(bool(each.graced) for each in await part.outcomes()) == 20


@pytest.mark.parametrize("during", ["keep", "disablePlans"])
async def test_activities_that_run_twice_begin_one_grace(app: Services, simulator: Simulator, during: str) -> None:
    """One outcome a user, one schedule."""
    (part,) = await claimed(app, directory(simulator), during=during)
    await asyncio.wait_for(Engine(app, twice=True).run(part.run), 60)

    assert [each.graced for each in await part.outcomes()] == [(E5,)] * USERS
    assert await schedule_of(part)


async def test_the_grace_begins_for_whose_plans_somebody_else_has_just_switched_off(
    app: Services, simulator: Simulator
) -> None:
    """There is nothing left to write, the licence goes in the end all the same, and nobody's doing is undone."""
    (part,) = await claimed(app, directory(simulator), during="disablePlans")
    await part.ready()
    held = [held["skuId"] for held in part.tenant.state()["users"][0]["direct"]]
    plan = await app.plans.read_chunk(part.run.operation, part.run.tenant, 0)
    change = plan[0].change
    assert change
    dark = [{"skuId": each.sku_id, "disabledPlans": sorted(each.disabled_plans)} for each in change.add]
    assert [each["skuId"] for each in dark] == held
    simulator.call("PATCH", f"/tenants/{part.tenant.id}/users/{upn(0)}", json={"licenses": dark})
    await Engine(app).run(part.run)

    outcomes = await part.outcomes()
    assert [(each.code, each.graced) for each in outcomes] == [(None, (E5,))] * USERS
    assert [each.before is None for each in outcomes] == [True, False, False]
    assert outcomes[0].after
    assert outcomes[0].after.direct(E5) == change.after.direct(E5)
    assert len(part.writes()) == len(await part.audited()) == USERS - 1


async def test_the_end_can_be_cut_off_anywhere(app: Services, simulator: Simulator) -> None:
    """The schedule stands before the operation has ended, and a second end finds it."""
    wait, cut = 1, True
    while cut:
        (part,) = await claimed(app, directory(simulator))
        await part.frozen()
        cut = await cut_off(part.end(), wait)
        ended = (await part.operation()).completed_at is not None
        stored, _ = await app.schedules.list(SYSTEM)
        assert not ended or part.run.operation in {each.owner_id for each in stored}
        await part.end()
        assert (await part.row()).totals.succeeded == USERS
        found = await app.schedules.get(SYSTEM, (await part.operation()).schedule_id or "")
        assert found.owner_id == part.run.operation
        wait += STRIDE
    assert wait > 10 * STRIDE


async def test_tenants_that_end_one_after_the_other_share_one_schedule(app: Services, simulator: Simulator) -> None:
    """It is for all of them, and not before the last one has had its days."""
    parts = await claimed(app, directory(simulator), directory(simulator))
    await asyncio.gather(*(asyncio.wait_for(Engine(app).run(part.run), 30) for part in parts))

    schedule, operation = await schedule_of(parts[0]), await parts[0].operation()
    assert schedule
    assert set(schedule.tenants) == {part.run.tenant for part in parts}
    ends = [part.ended_at for part in operation.tenants if part.ended_at]
    assert schedule.run_at == operation.grace_until == max(ends) + timedelta(days=30)


async def test_who_is_not_selected_any_more_keeps_what_was_to_go(app: Services, simulator: Simulator) -> None:
    """Users whose grace began elsewhere, or who never had one, are not touched; the excluded are not even named."""
    tenant = directory(simulator, 5)
    ids = {user["userPrincipalName"]: user["id"] for user in tenant.state()["users"]}
    wish = Wish((RowLicence(E5),), with_request=False)
    rows = await app.rows.write([NamedUser(ids[upn(n)], wish) for n in (0, 1, 2)])
    users = {"users": [upn(1), upn(2), upn(3)]}
    targets = [{"tenant": tenant.id, "users": users, "exclude": {"users": [upn(2)]}}]
    licences = [{"sku": E5}, {"sku": E3}]
    (part,) = await claimed(app, tenant, during=None, licenses=licences, begun={tenant.id: rows}, targets=targets)
    await Engine(app).run(part.run)

    told = {each.user_principal_name: each.code for each in await part.outcomes()}
    assert told == {upn(0): "Drifted", upn(1): None}
    assert part.holders() == [upn(0), upn(2), upn(3), upn(4)]
    assert (await part.row()).excluded == {"Excluded": 1}
    assert await schedule_of(part) is None


async def test_those_who_were_confirmed_once_need_not_be_confirmed_again(app: Services, simulator: Simulator) -> None:
    """More than a hundred users lose licences when the grace is over, without anybody there to say how many."""
    (part,) = await claimed(app, directory(simulator, 101), during=None, guards=Guards(confirmed=True))
    await part.frozen()
    (other,) = await claimed(app, directory(simulator, 101), during=None)
    await Engine(app).run(other.run)

    assert ((await other.row()).error or Stop(code="")).code == "GuardExceeded"
