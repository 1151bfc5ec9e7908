"""Recurring schedules over days and hosts: each due time starts one operation, whatever stands still or dies."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.routes import BASE
from shared.domain.caller import SYSTEM
from shared.domain.guards import Guards
from shared.domain.operation import Operation, Phase, Status
from shared.domain.schedule import claim
from shared.services import Services, open_services
from tests.support.clock import SetClock, set_clock
from tests.triggers.conftest import GOLD, OPERATOR, Api, assign_body
from triggers.schedules.run_ids import run_id
from triggers.schedules.runs import operation_of
from triggers.timers.scheduler import run_due

START = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAILY: dict[str, Any] = {"frequency": "daily", "time": "02:00", "timeZone": "UTC"}
FIRST = datetime(2026, 11, 28, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock(api: Api) -> SetClock:
    """It is noon until somebody moves it."""
    return set_clock(START, api.app)


@pytest.fixture
async def other_host(api: Api, clock: SetClock) -> AsyncIterator[Services]:
    """A second host on the same storage."""
    host = open_services(api.app.settings)
    host.tables.clock = clock
    yield host
    await host.close()


async def nightly(api: Api, tenant: str, **fields: Any) -> str:
    """A schedule that assigns E5 to Ana each night."""
    body = {"name": "Nightly", "operation": "assign", "request": assign_body(tenant), "recurrence": DAILY, **fields}
    made = await api.send("POST", "schedules", {name: value for name, value in body.items() if value}, key=OPERATOR)
    assert made.status == 201, made.body
    return made.json["id"]


async def operations(api: Api) -> list[Operation]:
    """The operations that were started, in order."""
    ids = dict.fromkeys(given["operation"] for _, _, given in api.started)
    return [await api.app.operations.get(SYSTEM, each) for each in ids]


async def runs(api: Api, schedule: str) -> list[tuple[datetime, str]]:
    """The history: due times with what became of them, oldest first."""
    shown = (await api.send("GET", f"schedules/{schedule}/runs")).json["value"]
    return [(datetime.fromisoformat(run["dueAt"]), run["status"]) for run in reversed(shown)]


async def test_each_night_starts_an_operation_of_its_own(api: Api, registered: str, clock: SetClock) -> None:
    """Trap 36: by the schedule itself, each under an id of its own, and every run stays in the history."""
    schedule = await nightly(api, registered, maxChangesPerRun=9)
    assert await run_due(api.app, api.start) == 0
    for night in range(3):
        clock.at = FIRST + night * DAY
        assert await run_due(api.app, api.start) == 1
        assert await run_due(api.app, api.start) == 0

    found = await operations(api)
    assert {(each.created_by.id, each.created_by.name) for each in found} == {(f"schedule:{schedule}", "Nightly")}
    assert [each.created_at for each in found] == [FIRST, FIRST + DAY, FIRST + 2 * DAY]
    assert {each.guards for each in found} == {Guards(max_changes=9, confirmed=True)}
    assert len({each.request_sha for each in found}) == 1
    assert await runs(api, schedule) == [(FIRST + n * DAY, "queued") for n in range(3)]
    last = (await api.send("GET", f"schedules/{schedule}")).json["lastRun"]
    assert last == {"operationId": found[-1].id, "at": "2026-11-30T02:00:00Z", "status": "queued"}


async def test_two_hosts_fire_a_hundred_due_times_exactly_a_hundred_times(
    api: Api, registered: str, clock: SetClock, other_host: Services
) -> None:
    """Invariant 10: ten schedules over ten nights, and both hosts look at the same moment."""
    schedules = [await nightly(api, registered, name=f"No. {n}") for n in range(10)]
    for night in range(10):
        clock.at = FIRST + night * DAY + timedelta(seconds=30)
        started = await asyncio.gather(*(run_due(host, api.start) for host in (api.app, other_host)))
        assert sum(started) == 10

    assert len(api.started) == len(await operations(api)) == 100
    for schedule in schedules:
        assert await runs(api, schedule) == [(FIRST + n * DAY, "queued") for n in range(10)]


async def test_a_host_that_dies_on_the_way_loses_no_due_time(
    api: Api, registered: str, clock: SetClock, other_host: Services
) -> None:
    """After the claim of the due time, after that of the operation, and before the row says that it is done."""
    schedule = await nightly(api, registered)
    clock.at = FIRST
    await api.app.schedules.change(schedule, lambda stored: claim(stored, FIRST))
    clock.at = FIRST + DAY  # the next night comes before anybody looks again
    assert await run_due(other_host, api.start) == 1
    assert await run_due(other_host, api.start) == 1
    first, second = await operations(api)

    def undone(stored: Any) -> Any:
        return replace(stored, claimed=FIRST + DAY, done_until=FIRST, last_run=None)

    await api.app.schedules.change(schedule, undone)
    assert await run_due(other_host, api.start) == 0
    assert [each.id for each in await operations(api)] == [first.id, second.id]
    assert await runs(api, schedule) == [(FIRST, "queued"), (FIRST + DAY, "queued")]
    assert (await api.send("GET", f"schedules/{schedule}")).json["lastRun"]["operationId"] == second.id


async def test_a_run_that_a_dead_host_has_claimed_counts_whatever_the_request_means_by_then(
    api: Api, registered: str, clock: SetClock
) -> None:
    """It died before the history and the row told of the operation, and the tag has gone since."""
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    schedule = await nightly(api, registered, request=assign_body("tag:gold"))
    clock.at = FIRST
    claimed = await api.app.schedules.change(schedule, lambda stored: claim(stored, FIRST))
    started = await operation_of(api.app, claimed, run_id(claimed, FIRST))
    await api.app.operations.claim(started)
    await api.send("PUT", f"tenants/{registered}", {"tags": []})
    assert await run_due(api.app, api.start) == 0

    assert await runs(api, schedule) == [(FIRST, "queued")]
    assert (await api.send("GET", f"schedules/{schedule}")).json["lastRun"]["operationId"] == started.id


@pytest.mark.parametrize("on_missed", ["runOnce", "skip"])
async def test_nights_that_nobody_was_there_are_on_record(
    api: Api, registered: str, clock: SetClock, on_missed: str
) -> None:
    """Trap 36: one operation for all of them, or none; then it goes on with the next night."""
    schedule = await nightly(api, registered, onMissed=on_missed)
    clock.at = FIRST + 2 * DAY + timedelta(hours=5)
    run = on_missed == "runOnce"
    assert await run_due(api.app, api.start) == run
    assert await run_due(api.app, api.start) == 0

    missed = [(FIRST, "missed"), (FIRST + DAY, "missed")]
    assert await runs(api, schedule) == [*missed, (FIRST + 2 * DAY, "queued" if run else "missed")]
    clock.at = FIRST + 3 * DAY
    assert await run_due(api.app, api.start) == 1


async def test_a_one_time_schedule_starts_once(api: Api, registered: str, clock: SetClock) -> None:
    """And is then over."""
    schedule = await nightly(api, registered, recurrence=None, runAt=FIRST.isoformat())
    clock.at = FIRST + timedelta(seconds=1)
    assert (await run_due(api.app, api.start), await run_due(api.app, api.start)) == (1, 0)

    shown = (await api.send("GET", f"schedules/{schedule}")).json
    assert (shown["enabled"], shown["next"], shown["lastRun"]["at"]) == (False, [], "2026-11-28T02:00:00Z")
    assert await runs(api, schedule) == [(FIRST, "queued")]
    clock.at = FIRST + DAY
    revived = await api.send("PATCH", f"schedules/{schedule}", {"enabled": True})
    assert (revived.status, "has passed" in revived.pointers["/runAt"]) == (400, True)
    again = await api.send("PATCH", f"schedules/{schedule}", {"runAt": (FIRST + 2 * DAY).isoformat()})
    assert (again.json["enabled"], again.json["next"]) == (True, ["2026-11-30T02:00:00Z"])
    clock.at = FIRST + 2 * DAY
    assert await run_due(api.app, api.start) == 1


async def test_a_tenant_in_which_nothing_can_be_done_fails_its_part(
    api: Api, registered: str, simulated: Any, clock: SetClock
) -> None:
    """Trap 32: disabled or no longer registered; the other tenant goes on, and the schedule stays."""
    other = await simulated("fabrikam.com")
    body = assign_body(registered)
    body["targets"] += assign_body(other)["targets"]
    schedule = await nightly(api, registered, request=body)
    await api.send("PUT", f"tenants/{other}", {"enabled": False})
    clock.at = FIRST
    await run_due(api.app, api.start)
    await api.app.tenants.delete(other)
    clock.at = FIRST + DAY
    await run_due(api.app, api.start)

    for operation, words in zip(await operations(api), ("is disabled", "no longer registered"), strict=True):
        parts = {part.tenant_id: part for part in operation.tenants}
        assert parts[registered].status is Status.QUEUED
        assert (parts[other].status, parts[other].phase) == (Status.FAILED, Phase.DONE)
        error = parts[other].error
        assert error
        assert (error.code, words in error.message) == ("TenantUnavailable", True)
    assert (await api.send("GET", f"schedules/{schedule}")).json["next"][0] == "2026-11-30T02:00:00Z"


async def test_a_request_that_cannot_be_read_is_on_record_and_the_next_night_comes(
    api: Api, registered: str, clock: SetClock
) -> None:
    """The stored request is gone."""
    schedule = await nightly(api, registered)
    await api.app.schedules.change(schedule, lambda stored: replace(stored, request_sha="f" * 64))
    clock.at = FIRST
    assert await run_due(api.app, api.start) == 0

    stored = await api.app.schedules.get(SYSTEM, schedule)
    assert (stored.claimed, stored.done_until, stored.enabled) == (None, FIRST, True)
    ((run,), _) = await api.app.runs.list(schedule)
    assert (run.without, run.operation_id, "f" * 64 in (run.message or "")) == ("refused", None, True)


async def test_what_means_many_tenants_is_found_out_each_night(
    api: Api, registered: str, simulated: Any, clock: SetClock
) -> None:
    """A tenant that comes into the registry, or gets the tag, is in; one that loses it or is disabled is out."""
    for tenant in (registered, other := await simulated("fabrikam.com")):
        await api.send("PUT", f"tenants/{tenant}", {"tags": ["gold"]})
    body = assign_body("tag:gold")
    schedule = await nightly(api, registered, request=body, maxChangesPerRun=5)
    shown = (await api.send("GET", f"schedules/{schedule}")).json
    assert shown["request"]["targets"][0]["tenant"] == "tag:gold"
    clock.at = FIRST
    await run_due(api.app, api.start)
    third = await simulated("adatum.com")
    await api.send("PUT", f"tenants/{third}", {"tags": ["Gold"]})
    await api.send("PUT", f"tenants/{other}", {"enabled": False})
    clock.at = FIRST + DAY
    await run_due(api.app, api.start)

    first, second = await operations(api)
    assert {part.tenant_id for part in first.tenants} == {registered, other}
    assert {part.tenant_id for part in second.tenants} == {registered, third}
    assert (await api.app.schedules.get(SYSTEM, schedule)).tenants == tuple(p.tenant_id for p in second.tenants)
    for tenant in (registered, third):
        await api.send("PUT", f"tenants/{tenant}", {"enabled": False})
    clock.at = FIRST + 2 * DAY
    assert await run_due(api.app, api.start) == 0
    assert (await runs(api, schedule))[-1] == (FIRST + 2 * DAY, "refused")


async def test_all_tenants_are_those_of_whoever_made_the_schedule(
    api: Api, registered: str, simulated: Any, clock: SetClock
) -> None:
    """Invariant 12: a maker that sees some tenants never reaches others, whatever comes into the registry."""
    other = await simulated("fabrikam.com")
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    body = {"name": "All", "operation": "assign", "request": assign_body("*"), "recurrence": DAILY}
    own = await api.send("POST", "schedules", body, key=GOLD)
    everyone = await api.send("POST", "schedules", body, key=OPERATOR)
    assert (own.status, everyone.status) == (201, 201)
    clock.at = FIRST
    assert await run_due(api.app, api.start) == 2

    found = {each.schedule_id: each for each in await operations(api)}
    assert {part.tenant_id for part in found[own.json["id"]].tenants} == {registered}
    assert {part.tenant_id for part in found[everyone.json["id"]].tenants} == {registered, other}
    assert found[everyone.json["id"]].guards == Guards(on_all=True)
    assert (await api.send("GET", f"schedules/{everyone.json['id']}", key=GOLD)).status == 200
    assert (await api.send("DELETE", f"schedules/{everyone.json['id']}", key=GOLD)).status == 403


async def test_who_sees_some_tenants_changes_no_schedule_that_may_come_to_mean_others(
    api: Api, registered: str, simulated: Any, clock: SetClock
) -> None:
    """Invariant 12: also while it means theirs alone; and what it says of others' users is not shown to them."""
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    csv = "UserPrincipalName,Tenant\nana@contoso.com,contoso.com\n"
    request = assign_body("*", targets=[{"tenant": "*", "users": {"csv": csv}}])
    path = f"schedules/{await nightly(api, registered, request=request)}"
    await simulated("fabrikam.com")

    shown = await api.send("GET", path, key=GOLD)
    assert (shown.status, [each["tenant"] for each in shown.json["request"]["targets"]]) == (200, [registered])
    assert b"ana@contoso.com" not in shown.body
    assert (await api.send("POST", f"{path}/run", key=GOLD)).status == 403
    assert (await api.send("PATCH", path, {"removeLeavers": True}, key=GOLD)).status == 403
    assert (await api.send("DELETE", path, key=GOLD)).status == 403
    assert api.started == []
    assert (await api.send("GET", path)).json["request"]["targets"][0]["tenant"] == "*"
    assert (await api.send("POST", f"{path}/run", key=OPERATOR)).status == 202


async def test_the_history_leaves_out_runs_of_other_tenants(
    api: Api, registered: str, simulated: Any, clock: SetClock
) -> None:
    """The request was another one then."""
    schedule = await nightly(api, await simulated("fabrikam.com"))
    clock.at = FIRST
    await run_due(api.app, api.start)
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    await api.send("PATCH", f"schedules/{schedule}", {"request": assign_body(registered)})
    assert (await api.send("GET", f"schedules/{schedule}", key=GOLD)).json["lastRun"] is None
    clock.at = FIRST + DAY
    await run_due(api.app, api.start)

    shown = await api.send("GET", f"schedules/{schedule}/runs", key=GOLD)
    assert (shown.status, [run["dueAt"] for run in shown.json["value"]]) == (200, ["2026-11-29T02:00:00Z"])
    assert len(await runs(api, schedule)) == 2


async def test_what_may_come_to_mean_other_tenants_is_run_and_changed_by_who_sees_as_much(
    api: Api, registered: str, simulated: Any
) -> None:
    """Invariant 12: the tag means an own tenant now and somebody else's tomorrow, and its maker sees both."""
    other = await simulated("fabrikam.com")
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold", "silver"]})
    schedule = await nightly(api, registered, request=assign_body("tag:silver"))
    own = await api.send(
        "POST",
        "schedules",
        {"name": "Own", "operation": "assign", "request": assign_body("tag:gold"), "recurrence": DAILY},
        key=GOLD,
    )
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    await api.send("PUT", f"tenants/{other}", {"tags": ["silver"]})

    assert (await api.send("POST", f"schedules/{schedule}/run", key=GOLD)).status == 403
    assert (await api.send("PATCH", f"schedules/{schedule}", {"enabled": False}, key=GOLD)).status == 403
    assert (await api.send("DELETE", f"schedules/{schedule}", key=GOLD)).status == 403
    assert await operations(api) == []
    assert (await api.send("POST", f"schedules/{own.json['id']}/run", key=GOLD)).status == 202
    assert (await api.send("POST", f"schedules/{schedule}/run", key=OPERATOR)).status == 202


async def test_runs_in_tenants_of_others_are_not_shown(api: Api, registered: str, simulated: Any) -> None:
    """Invariant 12: the history of a schedule that meant an own tenant first and then another one."""
    other = await simulated("fabrikam.com")
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold", "silver"]})
    schedule = await nightly(api, registered, request=assign_body("tag:silver"))
    first = await api.send("POST", f"schedules/{schedule}/run", key=OPERATOR)
    seen = (await api.send("GET", f"schedules/{schedule}", key=GOLD)).json["lastRun"]
    assert seen["operationId"] == first.json["id"]
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    await api.send("PUT", f"tenants/{other}", {"tags": ["silver"]})
    second = await api.send("POST", f"schedules/{schedule}/run", key=OPERATOR)

    history = await api.send("GET", f"schedules/{schedule}/runs", key=GOLD)
    assert [run["operationId"] for run in history.json["value"]] == [first.json["id"]]
    assert (await api.send("GET", f"schedules/{schedule}", key=GOLD)).json["lastRun"] is None
    whole = (await api.send("GET", f"schedules/{schedule}/runs", key=OPERATOR)).json["value"]
    assert [run["operationId"] for run in whole] == [second.json["id"], first.json["id"]]


async def test_a_run_that_would_mean_nobody_is_refused_as_the_description_says(api: Api, registered: str) -> None:
    """The tag is gone: 422 with the place, and no operation."""
    await api.send("PUT", f"tenants/{registered}", {"tags": ["silver"]})
    schedule = await nightly(api, registered, request=assign_body("tag:silver"))
    await api.send("PUT", f"tenants/{registered}", {"tags": []})
    answer = await api.send("POST", f"schedules/{schedule}/run")

    route, *_ = api.find("POST", f"{BASE}/schedules/{schedule}/run")
    assert (answer.status, await operations(api)) == (422, [])
    assert "tag:silver" in answer.pointers["/targets/0/tenant"]
    assert answer.status in route.problems
