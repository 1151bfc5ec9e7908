"""The scheduler and its routes: once a due time, however many look and wherever a host dies."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.names import RUN_OPERATION
from shared.contracts.requests import RemoveBody
from shared.contracts.stored import StoredRemove, parse_stored
from shared.domain.caller import SYSTEM
from shared.domain.guards import Guards, OffHours
from shared.domain.model import AddLicence, Assignment, LicenceState
from shared.domain.operation import Actor, Operation, Phase, Status, Summary
from shared.domain.schedule import cancel, claim
from shared.domain.selection import NamedUser, Recorded, RowLicence, Wish
from shared.domain.states import settle
from shared.errors import NotFound
from shared.services import Services
from tests.support.samples import E3, NOON, PLANS, operation, outcome, schedule, tenant_id
from tests.triggers.conftest import GOLD, OPERATOR, READER, Api
from triggers.timers.scheduler import run_due

EVE = Actor("eve", "Eve")
ONE, TWO = tenant_id(1), tenant_id(2)
LIT, DARK = LicenceState((Assignment(E3),), "DE"), LicenceState((Assignment(E3, PLANS),), "DE")
RECORDED = Recorded(LIT, DARK, frozenset({E3}))


async def in_grace(app: Services, *, ended: bool = True, dark: bool = False, tenants: tuple[int, ...] = (1, 2)) -> str:
    """The schedule, due now, of an operation whose grace began for the second user of its first tenant."""
    targets = [{"tenant": tenant_id(n), "users": {"users": ["ana", "bo"]}} for n in tenants]
    asked = {
        "licenses": [{"sku": E3}],
        "confirm": 2,
        "grace": {"days": 30, "during": "disablePlans" if dark else "keep"},
    }
    body = RemoveBody.model_validate({"targets": targets, **asked}, strict=False)
    content = body.stored()
    await app.staging.put(hashlib.sha256(content).hexdigest(), content)
    await app.operations.claim(operation("op1", tenants, kind="remove", reason="CHG-1", grace_days=30))
    left = outcome(0, "0.1.0", "LicenseNotAssigned")
    begun = outcome(1, "0.1.0", graced=(E3,), after=LIT)
    if dark:
        begun = replace(begun, added=(AddLicence(E3, PLANS),), before=LIT, after=DARK)
    await app.results.record("op1", ONE, [left, begun], Summary("0", {"": 1, "LicenseNotAssigned": 1}))
    if ended:
        await app.operations.change("op1", _ended)
    stored = schedule(
        request_sha=hashlib.sha256(content).hexdigest(), owner_id="op1", tenants=tuple(tenant_id(n) for n in tenants)
    )
    return (await app.schedules.insert(stored)).id


def _ended(running: Operation) -> Operation:
    parts = tuple(replace(part, status=Status.SUCCEEDED, phase=Phase.DONE) for part in running.tenants)
    return settle(replace(running, tenants=parts), running.created_at)


async def the_run(api: Api) -> Operation:
    """The one operation that was started."""
    (started,) = {given["operation"] for _, _, given in api.started}
    return await api.app.operations.get(SYSTEM, started)


@pytest.mark.parametrize("dark", [False, True])
async def test_what_is_due_starts_as_a_new_operation_for_whom_the_grace_began(api: Api, dark: bool) -> None:
    """Its users are those of the first one, with what goes and how they were left; nobody has to confirm them again."""
    await in_grace(api.app, dark=dark)
    hours = OffHours(("saturday",), "22:00", "05:00", "Europe/Berlin")
    await api.app.operations.change("op1", lambda owner: replace(owner, guards=Guards(window=hours, confirm=2)))
    assert await run_due(api.app, api.start) == 1

    found = await the_run(api)
    assert (found.kind, found.parent_id, found.schedule_id, found.grace_days) == ("remove", "op1", "s1", None)
    held_to = Guards(window=hours, confirmed=True)
    assert (found.created_by.id, found.reason, found.guards) == ("schedule:s1", "CHG-1", held_to)
    assert [(part.tenant_id, part.phase) for part in found.tenants] == [(ONE, Phase.READING)]
    request = parse_stored("remove", await api.app.staging.get(found.request_sha))
    assert isinstance(request, StoredRemove)
    assert [target.tenant for target in request.targets] == [ONE]
    assert (request.grace, request.confirm) == (None, None)
    rows, more = await api.app.rows.read(request.earlier_rows(ONE) or "", 0)
    wish = Wish((RowLicence(E3),), with_request=False, undo=RECORDED if dark else None)
    assert (rows, more) == ((NamedUser("user-1", wish),), False)
    done = await api.app.schedules.get(SYSTEM, "s1")
    assert (done.enabled, done.claimed, done.last_run and done.last_run.operation_id) == (False, None, found.id)
    assert await run_due(api.app, api.start) == 0


async def test_of_many_schedulers_one_starts_it(api: Api) -> None:
    """Invariant 10: the operation's id comes from the due time."""
    await in_grace(api.app)

    started = await asyncio.gather(*(run_due(api.app, api.start) for _ in range(5)))

    assert sum(started) == 1
    assert [name for name, _, _ in api.started] == [RUN_OPERATION]


async def test_a_host_that_dies_between_the_steps_is_made_good(api: Api) -> None:
    """After the claim of the due time, or after the claim of the operation: the next look goes on with it."""
    await in_grace(api.app)
    await api.app.schedules.change("s1", lambda found: claim(found, NOON))
    assert await run_due(api.app, api.start) == 1
    first = await the_run(api)

    await api.app.schedules.change("s1", lambda done: replace(done, claimed=NOON, enabled=True, last_run=None))
    assert await run_due(api.app, api.start) == 0
    assert await the_run(api) == first
    last = (await api.app.schedules.get(SYSTEM, "s1")).last_run
    assert last
    assert (last.operation_id, last.at) == (first.id, NOON)


async def test_nothing_goes_before_the_last_grace_has_begun(api: Api) -> None:
    """The operation of the schedule still works in a tenant."""
    await in_grace(api.app, ended=False)
    assert await run_due(api.app, api.start) == 0

    assert (await api.send("DELETE", "schedules/s1")).status == 409
    await api.app.operations.change("op1", _ended)
    assert await run_due(api.app, api.start) == 1


async def test_one_schedule_that_cannot_be_carried_out_keeps_no_other_waiting(api: Api) -> None:
    """Its request is gone."""
    await in_grace(api.app)
    await api.app.schedules.insert(replace(await api.app.schedules.get(SYSTEM, "s1"), id="s0", request_sha="f" * 64))

    assert await run_due(api.app, api.start) == 1


async def test_a_schedule_is_shown_with_its_times(api: Api) -> None:
    """Before its run and after it; a caller sees the own targets only."""
    await in_grace(api.app)
    shown = (await api.send("GET", "schedules/s1", key=READER)).json

    assert shown["next"] == [shown["runAt"]] == [NOON.isoformat().replace("+00:00", "Z")]
    assert (shown["operation"], shown["enabled"], shown["recurrence"], shown["lastRun"]) == ("remove", True, None, None)
    assert [target["tenant"] for target in shown["request"]["targets"]] == [ONE, TWO]
    await run_due(api.app, api.start)
    after = (await api.send("GET", "schedules")).json["value"][0]
    assert (after["next"], after["enabled"]) == ([], False)
    assert after["lastRun"] == {"operationId": (await the_run(api)).id, "at": shown["runAt"], "status": "queued"}
    assert (await api.send("GET", "schedules", key=GOLD)).json["value"] == []
    assert (await api.send("GET", "schedules/s1", key=GOLD)).status == 404


async def test_of_a_schedule_over_several_tenants_a_limited_caller_sees_a_part_and_ends_nothing(api: Api) -> None:
    """Invariant 12: what it would end concerns somebody else's users."""
    await in_grace(api.app, tenants=(1, 2))
    await api.send("PUT", f"tenants/{ONE}", {"tags": ["gold"]})

    shown = await api.send("GET", "schedules/s1", key=GOLD)
    assert [target["tenant"] for target in shown.json["request"]["targets"]] == [ONE]
    assert (await api.send("DELETE", "schedules/s1", key=GOLD)).status == 403
    assert (await api.send("DELETE", "schedules/s1", key=READER)).status == 403
    assert (await api.app.schedules.get(SYSTEM, "s1")).cancelled_by is None


async def test_deleting_it_switches_plans_on_again(api: Api) -> None:
    """A revert of the operation for its users, and nothing is ever taken."""
    await in_grace(api.app, dark=True)
    answer = await api.send("DELETE", "schedules/s1", key=OPERATOR)

    revert = await the_run(api)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Location"].endswith(f"/operations/{revert.id}")
    assert (revert.kind, revert.parent_id, revert.created_by.id) == ("revert", "op1", OPERATOR)
    with pytest.raises(NotFound):
        await api.app.schedules.get(SYSTEM, "s1")
    assert await run_due(api.app, api.start) == 0


async def test_deleting_one_that_was_carried_out_undoes_nothing(api: Api) -> None:
    """The licences are gone; that is what `revert` of that operation is for."""
    await in_grace(api.app, dark=True)
    await run_due(api.app, api.start)
    answer = await api.send("DELETE", "schedules/s1")

    assert (answer.status, "Location" in answer.headers) == (204, False)
    assert (await the_run(api)).kind == "remove"


async def test_what_is_being_carried_out_cannot_be_deleted(api: Api) -> None:
    """The operation may be on its way."""
    await in_grace(api.app)
    await api.app.schedules.change("s1", lambda found: claim(found, NOON))

    assert (await api.send("DELETE", "schedules/s1")).status == 409


async def test_a_deletion_that_was_cut_off_is_finished(api: Api) -> None:
    """The host died after it was cancelled, or could not reach what it needed: the scheduler does the rest."""
    await in_grace(api.app, dark=True)
    await api.app.schedules.change("s1", lambda found: cancel(found, EVE))

    assert await run_due(api.app, api.start) == 0
    assert (await the_run(api)).created_by == EVE
    assert await api.app.schedules.due_before(NOON + timedelta(days=99)) == []


async def test_a_host_that_starts_nothing_delays_and_loses_nothing(api: Api) -> None:
    """The operation is claimed: the sweeper starts it."""
    await in_grace(api.app)
    api.takes_none = True

    assert await run_due(api.app, api.start) == 1
    found: Any = (await api.app.schedules.get(SYSTEM, "s1")).last_run
    due = await api.app.due.past(api.app.tables.now() + timedelta(days=1))
    assert found.operation_id in {each.operation_id for each in due}
