"""Schedules as callers make, change and run them: what is taken, what is refused where, what is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.names import RUN_OPERATION
from shared.contracts.requests import AssignBody
from shared.contracts.stored import parse_stored
from shared.domain.caller import SYSTEM
from shared.domain.guards import Guards
from shared.domain.notify import Notify
from shared.domain.operation import Operation, Phase, Status
from shared.domain.states import settle
from tests.support.clock import set_clock
from tests.triggers.conftest import E5, FOREIGN, GOLD, OPERATOR, READER, Answer, Api, assign_body
from triggers.timers.scheduler import run_due

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAILY: dict[str, Any] = {"frequency": "daily", "time": "02:00", "timeZone": "Europe/Berlin"}
NEXT = ["2026-11-28T01:00:00Z", "2026-11-29T01:00:00Z", "2026-11-30T01:00:00Z", "2026-12-01T01:00:00Z"]


@pytest.fixture
def more_settings() -> dict[str, str]:
    """What notifications are signed with."""
    return {"NOTIFY_SECRET": "secret"}


@pytest.fixture(autouse=True)
def at_noon(api: Api) -> None:
    """It is noon, and stays so."""
    set_clock(NOW, api.app)


def body(tenant: str, **fields: Any) -> dict[str, Any]:
    """Assign E5 to Ana, at two each night."""
    given = {"name": "Nightly", "operation": "assign", "request": assign_body(tenant), "recurrence": DAILY}
    return {name: value for name, value in (given | fields).items() if value is not ...}


async def post(api: Api, tenant: str, **fields: Any) -> Answer:
    """Make a schedule."""
    return await api.send("POST", "schedules", body(tenant, **fields), key=OPERATOR)


async def test_a_schedule_is_made_and_shown(api: Api, registered: str) -> None:
    """With its request in ids, the day from which it counts, and the next five times."""
    made = await post(api, registered, maxChangesPerRun=500, removeLeavers=True)

    assert made.status == 201
    assert made.headers["Location"].endswith(f"/schedules/{made.json['id']}")
    shown = (await api.send("GET", f"schedules/{made.json['id']}", key=READER)).json
    assert shown == made.json
    assert shown["request"]["licenses"][0]["sku"] == E5
    assert shown["recurrence"] == DAILY | {
        "interval": 1,
        "daysOfWeek": [],
        "dayOfMonth": None,
        "startDate": "2026-11-27",
        "endDate": None,
    }
    assert (shown["next"], shown["lastRun"]) == ([*NEXT, "2026-12-02T01:00:00Z"], None)
    assert (shown["onMissed"], shown["removeLeavers"], shown["maxChangesPerRun"]) == ("runOnce", True, 500)
    assert api.started == []


@pytest.mark.parametrize("timed", [{"runAt": "2026-12-24T06:00:00Z"}, {"recurrence": DAILY}])
async def test_a_request_with_a_schedule_is_scheduled_and_not_started(
    api: Api, registered: str, timed: dict[str, Any]
) -> None:
    """201 with the schedule, of the very request without it."""
    answer = await api.send("POST", "assign", assign_body(registered, schedule={"name": "Later", **timed}))

    assert (answer.status, answer.json["name"], api.started) == (201, "Later", [])
    assert answer.json["next"][:1] == ([timed["runAt"]] if "runAt" in timed else NEXT[:1])
    schedule = await api.app.schedules.get(SYSTEM, answer.json["id"])
    stored = parse_stored("assign", await api.app.staging.get(schedule.request_sha))
    assert isinstance(stored, AssignBody)
    assert stored.schedule is None


@pytest.mark.parametrize(
    ("fields", "pointer", "words"),
    [
        ({"recurrence": ...}, "", "exactly one of runAt and recurrence"),
        ({"runAt": "2026-12-24T06:00:00Z"}, "", "exactly one of runAt and recurrence"),
        ({"recurrence": ..., "runAt": "2026-11-26T06:00:00Z"}, "/runAt", "has passed"),
        ({"recurrence": ..., "runAt": "2026-12-24T06:00:00"}, "/runAt", "an offset or Z, such as 2026-"),
        ({"recurrence": ..., "runAt": "tomorrow"}, "/runAt", "an offset or Z, such as 2026-"),
        ({"recurrence": ..., "runAt": 1_900_000_000}, "/runAt", "an offset or Z, such as 2026-"),
        ({"recurrence": ..., "runAt": "2026-12-24T06:00:00Z", "removeLeavers": True}, "", "needs a recurrence"),
        ({"recurrence": DAILY | {"frequency": "hourly"}}, "/recurrence/frequency", "daily"),
        ({"recurrence": DAILY | {"interval": 0}}, "/recurrence/interval", "greater"),
        ({"recurrence": DAILY | {"time": "24:00"}}, "/recurrence/time", "time of day"),
        ({"recurrence": DAILY | {"timeZone": "Europe/Atlantis"}}, "/recurrence/timeZone", "IANA"),
        ({"recurrence": DAILY | {"daysOfWeek": ["monday"]}}, "/recurrence", "daysOfWeek goes with weekly"),
        ({"recurrence": DAILY | {"dayOfMonth": 31}}, "/recurrence", "dayOfMonth goes with monthly"),
        ({"recurrence": DAILY | {"frequency": "monthly", "dayOfMonth": 32}}, "/recurrence/dayOfMonth", "less"),
        ({"recurrence": DAILY | {"startDate": "2026-02-30"}}, "/recurrence/startDate", "such as 2026-"),
        ({"recurrence": DAILY | {"startDate": "27.11.2026"}}, "/recurrence/startDate", "such as 2026-"),
        ({"recurrence": DAILY | {"startDate": "2027-01-02", "endDate": "2027-01-01"}}, "/recurrence", "before"),
        ({"recurrence": DAILY | {"endDate": "2026-11-27"}}, "/recurrence/endDate", "nothing is due"),
        ({"name": " "}, "/name", "It is empty"),
        ({"maxChangesPerRun": -1}, "/maxChangesPerRun", "greater"),
        ({"onMissed": "runAll"}, "/onMissed", "runOnce"),
        ({"operation": "upgrade"}, "/operation", "assign, remove, modify, transfer"),
        ({"operation": ...}, "/operation", "assign, remove, modify, transfer"),
        ({"request": ...}, "/request", "missing"),
        ({"nme": "x"}, "/nme", "not known"),
    ],
)
async def test_what_can_never_come_about_is_refused_where_it_stands(
    api: Api, registered: str, fields: dict[str, Any], pointer: str, words: str
) -> None:
    """400 with a pointer, and nothing is stored."""
    answer = await post(api, registered, **fields)

    assert answer.status == 400, answer.body
    assert words in answer.pointers[pointer]
    assert (await api.send("GET", "schedules")).json["value"] == []


async def test_faults_of_the_request_within_are_told_by_their_place(api: Api, registered: str) -> None:
    """As those of the same request sent alone: 400, 422 and 404, with pointers into the body."""
    unknown = await post(api, registered, request=assign_body(registered, licenses=[{"sku": "SPE_E6"}]))
    wrong = await post(api, registered, request=assign_body(registered, licences=[]))
    twice = await post(api, registered, request=assign_body(registered, schedule={"name": "x", "recurrence": DAILY}))
    confirmed = await post(api, registered, request=assign_body(registered, confirm=3))
    removing = await post(
        api,
        registered,
        operation="remove",
        request={"targets": assign_body(registered)["targets"], "licenses": "all"},
        removeLeavers=True,
    )

    assert (unknown.status, wrong.status, twice.status, confirmed.status, removing.status) == (422, 400, 400, 400, 400)
    assert "SPE_E5" in unknown.pointers["/request/licenses/0/sku"]
    assert "not known" in wrong.pointers["/request/licences"]
    assert "beside the request" in twice.pointers["/request/schedule"]
    assert "maxChangesPerRun" in confirmed.pointers["/recurrence"]
    assert "/removeLeavers" in removing.pointers
    assert "/request/targets/0/tenant" in (await post(api, FOREIGN)).pointers
    patch = {"request": assign_body(registered, licenses=[{"sku": "SPE_E6"}])}
    made = await post(api, registered)
    changed = await api.send("PATCH", f"schedules/{made.json['id']}", patch)
    assert (changed.status, "/request/licenses/0/sku" in changed.pointers) == (422, True)
    assert (await api.send("POST", "schedules", body(registered), key=GOLD)).status == 404
    assert (await api.send("POST", "schedules", body(registered), key=READER)).status == 403


@pytest.mark.parametrize(
    "users", [{"licensed": "none"}, {"filter": "city eq 'Bern' and not assignedLicenses/any()"}], ids=["none", "filter"]
)
async def test_leavers_are_none_of_a_selection_that_a_licence_leads_out_of(
    api: Api, registered: str, users: dict[str, Any]
) -> None:
    """Who was given the licence would be no longer selected, and lose it the next night; however it is made."""
    request = assign_body(registered, targets=[{"tenant": registered, "users": users}])
    refused = await post(api, registered, request=request, removeLeavers=True)
    assert (refused.status, "by missing licences" in refused.pointers["/removeLeavers"]) == (400, True)
    path = f"schedules/{(await post(api, registered, request=request)).json['id']}"
    switched = await api.send("PATCH", path, {"removeLeavers": True})
    assert (switched.status, "by missing licences" in switched.pointers["/removeLeavers"]) == (400, True)
    leaving = f"schedules/{(await post(api, registered, removeLeavers=True)).json['id']}"
    changed = await api.send("PATCH", leaving, {"request": request})
    assert (changed.status, "by missing licences" in changed.pointers["/removeLeavers"]) == (400, True)
    held = [{"tenant": registered, "users": {"licensed": "SPE_E3", "filter": "city eq 'assignedLicenses'"}}]
    assert (await api.send("PATCH", leaving, {"request": request | {"targets": held}})).status == 200


async def test_a_repeated_key_makes_one_schedule(api: Api, registered: str) -> None:
    """The same body gives the same one, another body a 409: also across the two ways to make one, and operations."""
    key = {"Idempotency-Key": "k1"}
    first = await api.send("POST", "schedules", body(registered), headers=key)
    again = await api.send("POST", "schedules", body(registered), headers=key)
    other = await api.send("POST", "schedules", body(registered, name="Other"), headers=key)
    operation = await api.send("POST", "assign", assign_body(registered), headers=key)

    assert (first.status, again.status, other.status, operation.status) == (201, 200, 409, 409)
    assert again.json == first.json
    later = assign_body(registered, schedule={"name": "Later", "runAt": "2026-12-24T06:00:00Z"})
    statuses = [(await api.send("POST", "assign", later, headers={"Idempotency-Key": "k2"})).status for _ in range(2)]
    assert statuses == [201, 200]
    assert (await api.send("POST", "assign", assign_body(registered), headers={"Idempotency-Key": "k3"})).status == 202
    assert (await api.send("POST", "schedules", body(registered), headers={"Idempotency-Key": "k3"})).status == 409


async def test_parts_of_a_schedule_are_changed(api: Api, registered: str) -> None:
    """What is absent stays; null takes the limit away and changes nothing else."""
    made = (await post(api, registered, maxChangesPerRun=5)).json
    path = f"schedules/{made['id']}"

    renamed = (await api.send("PATCH", path, {"name": "Night", "recurrence": None}, key=OPERATOR)).json
    assert renamed == made | {"name": "Night"}
    free = (await api.send("PATCH", path, {"maxChangesPerRun": None})).json
    assert (free["maxChangesPerRun"], free["recurrence"]) == (None, made["recurrence"])
    once = (await api.send("PATCH", path, {"runAt": "2026-12-24T06:00:00Z"})).json
    assert (once["recurrence"], once["next"]) == (None, ["2026-12-24T06:00:00Z"])
    weekly = (await api.send("PATCH", path, {"recurrence": DAILY | {"frequency": "weekly"}})).json
    assert (weekly["runAt"], weekly["next"][:1]) == (None, ["2026-12-04T01:00:00Z"])
    asked = assign_body(registered, licenses=[{"sku": "SPE_E3"}])
    assert (await api.send("PATCH", path, {"request": asked})).json["request"]["licenses"] != made["request"][
        "licenses"
    ]


async def test_one_that_is_switched_off_comes_back_without_what_it_missed(api: Api, registered: str) -> None:
    """Off it has no times; on again it begins with the next one."""
    path = f"schedules/{(await post(api, registered)).json['id']}"

    assert (await api.send("PATCH", path, {"enabled": False})).json["next"] == []
    set_clock(NOW + timedelta(days=2), api.app)
    assert (await api.send("PATCH", path, {"enabled": True})).json["next"][0] == "2026-11-30T01:00:00Z"


@pytest.mark.parametrize(
    ("patch", "status", "pointer"),
    [
        ({"runAt": "2026-12-24T06:00:00Z", "recurrence": DAILY}, 400, ""),
        ({"runAt": "2026-11-24T06:00:00Z"}, 400, "/runAt"),
        ({"recurrence": DAILY | {"endDate": "2026-11-01"}}, 400, "/recurrence/endDate"),
        ({"removeLeavers": True, "runAt": "2026-12-24T06:00:00Z"}, 400, "/removeLeavers"),
        ({"request": {"licenses": []}}, 400, "/request/targets"),
        ({"request": {}}, 400, "/request/targets"),
        ({"enabled": "no"}, 400, "/enabled"),
        ({"id": "x"}, 400, "/id"),
    ],
)
async def test_a_bad_change_is_refused_and_changes_nothing(
    api: Api, registered: str, patch: dict[str, Any], status: int, pointer: str
) -> None:
    """The stored schedule stays as it was."""
    made = (await post(api, registered)).json
    answer = await api.send("PATCH", f"schedules/{made['id']}", patch)

    assert (answer.status, pointer in answer.pointers) == (status, True), answer.body
    assert (await api.send("GET", f"schedules/{made['id']}")).json == made


async def test_a_schedule_is_run_at_once(api: Api, registered: str) -> None:
    """By whom asked, besides its times; a repeated key starts one."""
    schedule = (await post(api, registered, maxChangesPerRun=7)).json
    path, key = f"schedules/{schedule['id']}", {"Idempotency-Key": "k"}

    started = await api.send("POST", f"{path}/run", headers=key, key=OPERATOR)
    again = await api.send("POST", f"{path}/run", headers=key, key=OPERATOR)
    assert (started.status, again.status, started.json["id"]) == (202, 200, again.json["id"])
    assert [name for name, _, _ in api.started] == [RUN_OPERATION]
    operation = await api.app.operations.get(SYSTEM, started.json["id"])
    assert (operation.schedule_id, operation.created_by.id, operation.kind) == (schedule["id"], OPERATOR, "assign")
    assert operation.guards == Guards(max_changes=7, confirmed=True)
    (run,) = (await api.send("GET", f"{path}/runs", key=READER)).json["value"]
    assert run == {
        "dueAt": "2026-11-27T12:00:00Z",
        "operationId": operation.id,
        "status": "queued",
        "changes": 0,
        "message": None,
    }
    shown = (await api.send("GET", path)).json
    assert (shown["lastRun"]["operationId"], shown["next"]) == (operation.id, schedule["next"])
    assert (await api.send("POST", f"{path}/run", key=READER)).status == 403
    assert (await api.send("POST", f"{path}/run", key=GOLD)).status == 404


async def test_a_run_that_was_claimed_and_not_noted_is_noted_by_the_next_try(api: Api, registered: str) -> None:
    """The host died in between; the caller sends the same key again."""
    schedule, key = (await post(api, registered)).json["id"], {"Idempotency-Key": "k"}
    started = await api.send("POST", f"schedules/{schedule}/run", headers=key)
    rows = api.app.tables.table("runs")
    async for row in rows.partition(schedule):
        await rows.delete(row.partition, row.key)
    assert (await api.app.runs.list(schedule))[0] == []

    assert (await api.send("POST", f"schedules/{schedule}/run", headers=key)).status == 200
    ((run,), _) = await api.app.runs.list(schedule)
    assert run.operation_id == started.json["id"]


async def test_a_deleted_schedule_is_gone(api: Api, registered: str) -> None:
    """What it started goes on."""
    path = f"schedules/{(await post(api, registered)).json['id']}"
    started = await api.send("POST", f"{path}/run")

    assert (await api.send("DELETE", path, key=OPERATOR)).status == 204
    assert (await api.send("GET", path)).status == (await api.send("GET", f"{path}/runs")).status == 404
    assert (await api.send("PATCH", path, {"name": "x"})).status == 404
    assert (await api.send("GET", f"operations/{started.json['id']}")).status == 200


async def test_its_runs_tell_its_webhook(api: Api, registered: str) -> None:
    """Kept with the schedule, handed to each operation, shown without its key, and taken away by null."""
    url = "https://hooks.example.com/x?key=secret"
    made = await post(api, registered, notify={"url": url, "on": ["halted", "completed"]})
    path = f"schedules/{made.json['id']}"
    started = await api.send("POST", f"{path}/run", key=OPERATOR)

    assert made.json["notify"] == {"url": "https://hooks.example.com/x", "on": ["halted", "completed"]}
    operation = await api.app.operations.get(SYSTEM, started.json["id"])
    assert operation.notify == Notify(url, ("halted", "completed"))
    refused = await post(api, registered, notify={"url": "https://10.0.0.1/x", "on": ["halted"]})
    assert (refused.status, "/notify/url" in refused.pointers) == (422, True)
    assert (await api.send("PATCH", path, {"notify": {"url": url, "on": ["completed"]}})).json["notify"]["on"] == [
        "completed"
    ]
    assert (await api.send("PATCH", path, {"notify": None})).json["notify"] is None


async def test_a_request_that_has_expired_hides_no_other_schedule(api: Api, registered: str) -> None:
    """The list is shown, with null in place of that request."""
    gone, kept = (await post(api, registered, name="Gone")).json["id"], (await post(api, registered)).json["id"]
    await api.app.schedules.change(gone, lambda stored: replace(stored, request_sha="f" * 64))

    listed = (await api.send("GET", "schedules")).json["value"]
    assert {each["id"]: each["request"] is None for each in listed} == {gone: True, kept: False}


async def test_a_preview_is_scheduled_once_while_it_is_valid(api: Api, registered: str) -> None:
    """At most 30 days ahead, never again and again; what is said beside it is kept."""
    body = assign_body(registered, operation="assign")
    preview = (await api.send("POST", "preview", body, headers={"Prefer": "wait=0"})).json["id"]
    later = {"name": "Later", "runAt": "2026-12-24T06:00:00Z"}
    early = await api.send("POST", "assign", {"previewId": preview, "schedule": later})
    assert (early.status, "computing" in early.json["detail"]) == (409, True)

    def ended(operation: Operation) -> Operation:
        parts = tuple(
            replace(part, status=Status.SUCCEEDED, phase=Phase.DONE, affected=1) for part in operation.tenants
        )
        return settle(replace(operation, tenants=parts), NOW)

    await api.app.operations.change(preview, ended)
    made = await api.send("POST", "assign", {"previewId": preview, "schedule": later, "reason": "CHG-9"})
    assert made.status == 201, made.body
    assert (made.json["request"]["previewId"], made.json["next"]) == (preview, [later["runAt"]])
    assert "targets" not in made.json["request"]
    for times in ({"recurrence": DAILY}, {"runAt": "2027-01-24T06:00:00Z"}):
        refused = await api.send("POST", "assign", {"previewId": preview, "schedule": {"name": "Later", **times}})
        assert (refused.status, "/schedule/runAt" in refused.pointers) == (400, True)
    path = f"schedules/{made.json['id']}"
    assert (await api.send("PATCH", path, {"runAt": "2027-01-24T06:00:00Z"})).status == 400
    assert (await api.send("PATCH", path, {"recurrence": DAILY})).status == 409
    other = await api.send("POST", "remove", {"previewId": preview, "schedule": later})
    assert other.status == 409

    set_clock(NOW + timedelta(days=27), api.app)  # long after the preview itself could be executed
    assert await run_due(api.app, api.start) == 1
    started = api.started[-1][2]["operation"]
    operation = await api.app.operations.get(SYSTEM, started)
    assert (operation.plan_id, operation.preview_id, operation.reason) == (preview, preview, "CHG-9")
    assert (operation.schedule_id, operation.created_by.name) == (made.json["id"], "Later")
