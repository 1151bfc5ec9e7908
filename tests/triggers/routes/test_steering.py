"""Pause, resume, approve and cancel over rows: what is answered, what is started, who is watched."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.contracts.names import RUN_OPERATION
from shared.domain.caller import SYSTEM
from shared.domain.guards import WEEKDAYS, Guards, OffHours
from shared.domain.operation import Actor, Operation, Status, TenantPart
from shared.domain.states import RESTING, settle
from tests.triggers.conftest import ADMIN, FOREIGN, GOLD, OPERATOR, READER, Api
from triggers.timers.sweeper import sweep

REST = timedelta(hours=72)
SLACK = timedelta(minutes=5)
OTHER = "22222222-2222-4222-8222-222222222222"


async def claim(
    api: Api, tenant: str, *states: str, kind: str = "assign", tenants: tuple[str, ...] = (), **fields: object
) -> str:
    """An operation with tenants in these states, the first one registered."""
    await api.app.tables.refresh_clock()
    now = api.app.tables.now()
    ids = tenants or (tenant, OTHER)[: len(states)]
    parts = tuple(
        TenantPart(
            operation_id="op-1",
            tenant_id=each,
            domain="contoso.com",
            status=Status(state),
            rested_at=now if Status(state) in RESTING else None,
        )
        for each, state in zip(ids, states, strict=True)
    )
    operation = settle(
        Operation(
            id="op-1",
            kind=kind,  # pyright: ignore[reportArgumentType] - a kind by its name
            status=Status.QUEUED,
            created_at=now,
            created_by=Actor(ADMIN, "Ana"),
            request_sha="0" * 64,
            body_sha="0" * 64,
            tenants=parts,
        ),
        now,
    )
    claimed, stored = await api.app.operations.claim(replace(operation, **fields))
    assert claimed
    return stored.id


async def stored(api: Api) -> Operation:
    """The operation as its rows have it."""
    return await api.app.operations.get(SYSTEM, "op-1")


async def look_at(api: Api) -> dict[str, datetime]:
    """When somebody looks at each tenant."""
    far = api.app.tables.now() + timedelta(days=99)
    return {due.tenant_id: due.at for due in await api.app.due.past(far)}


async def test_a_pause_holds_what_works_and_rests_what_does_not(api: Api, registered: str) -> None:
    """No run is started; who rests is looked at when patience ends."""
    await claim(api, registered, "running", "queued")
    first = await api.send("POST", "operations/op-1/pause", key=OPERATOR)
    again = await api.send("POST", "operations/op-1/pause")

    assert (first.status, again.status) == (202, 200)
    assert first.json["status"] == "running"
    operation = await stored(api)
    assert {part.tenant_id: part.status for part in operation.tenants} == {registered: "running", OTHER: "paused"}
    assert (operation.hold, operation.epoch, api.started) == ("pause", 1, [])
    now, looks = api.app.tables.now(), await look_at(api)
    assert looks[registered] < now + SLACK
    assert abs(looks[OTHER] - now - REST) < SLACK


async def test_a_queued_operation_is_paused_at_once_and_says_by_whom(api: Api, registered: str) -> None:
    """Whoever started it meanwhile finds nothing to do."""
    await claim(api, registered, "queued")
    body = (await api.send("POST", "operations/op-1/pause")).json

    assert (body["status"], body["tenants"][0]["status"]) == ("paused", "paused")
    assert body["statusReason"].startswith("Paused by ")


@pytest.mark.parametrize("status", ["paused", "halted"])
async def test_a_resume_starts_the_next_epoch(api: Api, registered: str, status: str) -> None:
    """Once; repeated it is a 200 that starts nothing."""
    await claim(api, registered, status, hold="pause")
    first = await api.send("POST", "operations/op-1/resume")
    again = await api.send("POST", "operations/op-1/resume")

    assert (first.status, again.status) == (202, 200)
    assert first.json["status"] == "running"
    assert api.started == [(RUN_OPERATION, "op-1:2", {"operation": "op-1", "epoch": 2, "trace": None})]
    assert (await look_at(api))[registered] < api.app.tables.now() + SLACK


async def test_a_pause_can_be_resumed_before_it_takes_effect(api: Api, registered: str) -> None:
    """The run that may be on its way to rest is superseded."""
    await claim(api, registered, "running")
    assert (await api.send("POST", "operations/op-1/pause")).status == 202
    assert (await api.send("POST", "operations/op-1/resume")).status == 202

    assert [instance for _, instance, _ in api.started] == ["op-1:2"]
    assert (await stored(api)).hold is None


async def test_an_approval_starts_the_rest(api: Api, registered: str) -> None:
    """By the starter too, unless told otherwise."""
    await claim(api, registered, "awaitingApproval")
    first = await api.send("POST", "operations/op-1/approve")
    again = await api.send("POST", "operations/op-1/approve")

    assert (first.status, again.status, first.json["status"]) == (202, 200, "running")
    assert [instance for _, instance, _ in api.started] == ["op-1:2"]
    operation = await stored(api)
    assert operation.tenants[0].canary_passed
    assert operation.approved_by is not None


async def test_another_person_has_to_approve_where_a_setting_says_so(api: Api, registered: str) -> None:
    """The starter gets a 403 that says so, anybody else may."""
    await claim(api, registered, "awaitingApproval", created_by=Actor(OPERATOR, "Olga"))
    api.app = replace(api.app, settings=replace(api.app.settings, approve_by_another=True))
    own = await api.send("POST", "operations/op-1/approve", key=OPERATOR)

    assert own.status == 403
    assert own.json["detail"] == "Olga started it, so somebody else has to approve it."
    assert (await stored(api)).status is Status.AWAITING_APPROVAL
    assert (await api.send("POST", "operations/op-1/approve", key=ADMIN)).status == 202


REFUSED = [
    ("pause", "paused awaitingApproval", "awaitingApproval"),
    ("pause", "halted", "halted"),
    ("pause", "succeeded", "succeeded"),
    ("pause", "cancelling", "cancelling"),
    ("resume", "running", "running"),
    ("resume", "queued", "queued"),
    ("resume", "waitingForWindow", "waitingForWindow"),
    ("resume", "failed", "failed"),
    ("approve", "running", "running"),
    ("approve", "running awaitingApproval", "running"),
    ("approve", "paused", "paused"),
    ("approve", "succeeded", "succeeded"),
    ("cancel", "partiallySucceeded", "partiallySucceeded"),
]


@pytest.mark.parametrize(("verb", "states", "named"), REFUSED)
async def test_a_verb_that_does_not_fit_names_the_state(
    api: Api, registered: str, verb: str, states: str, named: str
) -> None:
    """409, nothing is changed, nothing is started."""
    await claim(api, registered, *states.split())
    before = await stored(api)
    answer = await api.send("POST", f"operations/op-1/{verb}")

    assert answer.status == 409
    assert answer.json["detail"] == f"{verb} does not fit an operation that is {named}."
    assert await stored(api) == before
    assert api.started == []


@pytest.mark.parametrize("status", ["paused", "halted", "awaitingApproval", "waitingForWindow"])
async def test_cancelling_what_rests_starts_the_run_that_ends_it(api: Api, registered: str, status: str) -> None:
    """Nobody else would."""
    await claim(api, registered, status)
    answer = await api.send("POST", "operations/op-1/cancel")

    assert (answer.status, answer.json["status"]) == (202, "cancelling")
    assert [instance for _, instance, _ in api.started] == ["op-1:2"]
    assert (await look_at(api))[registered] < api.app.tables.now() + SLACK


async def test_cancelling_what_works_leaves_it_to_the_run_that_is_there(api: Api, registered: str) -> None:
    """It notices; a second one would be in its way."""
    await claim(api, registered, "running", "queued")

    assert (await api.send("POST", "operations/op-1/cancel")).status == 202
    assert api.started == []
    assert (await stored(api)).epoch == 1


@pytest.mark.parametrize(("verb", "status"), [("resume", "paused"), ("approve", "awaitingApproval")])
async def test_a_host_that_dies_before_the_start_is_made_good(
    api: Api, registered: str, verb: str, status: str
) -> None:
    """The caller has its answer; the sweeper finds the tenant soon, not when its patience would have ended."""
    await claim(api, registered, status)
    api.takes_none = True
    assert (await api.send("POST", f"operations/op-1/{verb}")).status == 202
    due = (await look_at(api))[registered]
    assert due <= api.app.tables.now() + timedelta(seconds=api.app.settings.heartbeat_stale)
    await api.app.due.move("op-1", registered, api.app.tables.now() - timedelta(seconds=1))
    api.takes_none = False

    assert await sweep(api.app, api.start) == 1
    assert [instance for _, instance, _ in api.started] == ["op-1:3"]


async def test_the_sweeper_lets_rest_who_rests_until_the_time_has_come(api: Api, registered: str) -> None:
    """A host that died right after the tenant came to rest left an early watch."""
    await claim(api, registered, "halted")
    await api.app.due.move("op-1", registered, api.app.tables.now() - timedelta(seconds=1))

    assert await sweep(api.app, api.start) == 0
    assert api.started == []
    assert abs((await look_at(api))[registered] - api.app.tables.now() - REST) < SLACK


@pytest.mark.parametrize("status", ["paused", "halted", "awaitingApproval"])
async def test_who_rests_too_long_is_cancelled_and_told_why(api: Api, registered: str, status: str) -> None:
    """Its seats go to somebody else."""
    await claim(api, registered, status)
    await api.app.operations.change_part(
        "op-1", registered, lambda part: replace(part, rested_at=api.app.tables.now() - REST)
    )
    await api.app.due.move("op-1", registered, api.app.tables.now() - timedelta(seconds=1))

    assert await sweep(api.app, api.start) == 1
    operation = await stored(api)
    assert (operation.status, operation.epoch) == (Status.CANCELLING, 2)
    assert operation.status_reason is not None
    assert "72 hours" in operation.status_reason
    assert [instance for _, instance, _ in api.started] == ["op-1:2"]


async def test_a_window_that_opened_is_worked_in(api: Api, registered: str) -> None:
    """One that is still closed is looked at when it opens."""
    await claim(api, registered, "waitingForWindow")
    now = api.app.tables.now()
    later = now + timedelta(days=2)
    closed = OffHours((WEEKDAYS[later.weekday()],), "00:00", "00:00", "Europe/Berlin")
    await api.app.operations.change("op-1", lambda o: replace(o, guards=Guards(window=closed)))
    await api.app.due.move("op-1", registered, now - timedelta(seconds=1))
    assert await sweep(api.app, api.start) == 0
    assert (await look_at(api))[registered] == closed.next_opening(now)

    always = replace(closed, days=WEEKDAYS)
    await api.app.operations.change("op-1", lambda o: replace(o, guards=Guards(window=always)))
    await api.app.due.move("op-1", registered, now - timedelta(seconds=1))
    assert await sweep(api.app, api.start) == 1
    assert (await stored(api)).tenants[0].status is Status.RUNNING
    assert [instance for _, instance, _ in api.started] == ["op-1:2"]


@pytest.mark.parametrize("verb", ["pause", "resume", "approve", "cancel"])
async def test_only_who_may_operate_on_all_its_tenants_steers(api: Api, registered: str, verb: str) -> None:
    """Invariant 12: a reader is refused, foreign tenants make it 403, an operation of them alone is not there."""
    await claim(api, registered, "running", "running", tenants=(registered, FOREIGN))

    assert (await api.send("POST", f"operations/op-1/{verb}", key=READER)).status == 403
    assert (await api.send("POST", f"operations/op-1/{verb}", key=GOLD)).status == 403
    assert (await api.send("POST", "operations/nothing/" + verb)).status == 404
    assert (await api.send("POST", f"operations/op-1/{verb}", key=None)).status == 401
    assert (await stored(api)).hold is None


async def test_a_preview_is_no_operation_to_steer(api: Api, registered: str) -> None:
    """It ends by itself, after planning."""
    await claim(api, registered, "running", kind="preview")

    assert (await api.send("POST", "operations/op-1/pause")).status == 404
