"""Making a schedule: from a request that names a time, or a body of ``POST /schedules``."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import azure.functions as func

from shared import telemetry
from shared.contracts.requests import ExecuteBody, OperationBody, PlannedKind
from shared.contracts.routes import BASE
from shared.contracts.schedules import RecurrenceBody, ScheduleSpec, Times
from shared.domain.caller import Caller
from shared.domain.operation import Actor, OperationKind
from shared.domain.recurrence import Recurrence
from shared.domain.schedule import Schedule
from shared.domain.tenant import Tenant
from shared.errors import NotFound, Problem, RequestRejected, RowConflict
from shared.services import Services
from triggers.follow_ups.notifying import checked_notify
from triggers.requests.claims import Claim, check_same_body, store_request
from triggers.requests.executing import ready_preview
from triggers.requests.registry import find_tenants, means_many
from triggers.requests.understanding import understood
from triggers.schedules.showing import shown
from triggers.web.bodies import NOT_VALID
from triggers.web.http import Call, json_answer

AHEAD = timedelta(days=30)
"""A preview is executed so much later at most: its plan blobs live 90 days, and results and reverts need them."""
TOLERANCE = timedelta(minutes=1)
"""Clocks differ: a time that has just passed is now."""


async def scheduled_before(app: Services, call: Call, claim: Claim) -> Schedule | None:
    """The schedule that this idempotency key has made before, if it has.

    Raises ``StateConflict`` where it was another request.
    """
    if not claim.keyed:
        return None
    try:
        schedule = await app.schedules.get(call.caller, claim.id)
    except NotFound:
        return None
    check_same_body(schedule.body_sha, claim)
    return schedule


async def made(
    app: Services,
    call: Call,
    claim: Claim,
    kind: PlannedKind,
    spec: ScheduleSpec,
    request: OperationBody | ExecuteBody,
    *,
    under: str,
    within: str = "",
    enabled: bool = True,
) -> func.HttpResponse:
    """Store a schedule and answer with it; ``under`` is the pointer of its times, ``within`` that of its request.

    Raises ``RequestRejected`` for what can never be carried out, and as ``understood`` and ``ready_preview`` do.
    """
    await app.tables.refresh_clock()
    now = app.tables.now()
    recurs = spec.recurrence is not None
    check_fits(kind, remove_leavers=spec.remove_leavers, recurs=recurs, request=request, under=under)
    if isinstance(request, ExecuteBody):
        stored = await _stored_execution(app, call, kind, spec, request, now, under)
    else:
        stored = await stored_request(app, call.caller, kind, request, within)
    schedule = Schedule(
        id=claim.id,
        name=spec.name,
        kind=kind,
        request_sha=stored.request_sha,
        tenants=stored.tenants,
        template_sha=stored.template_sha,
        scope=stored.scope,
        created_by=Actor(call.caller.id, call.caller.name),
        created_at=now,
        done_until=now,
        run_at=spec.run_at,
        recurrence=spec.recurrence and recurrence_of(spec.recurrence, now),
        on_missed=spec.on_missed,
        remove_leavers=spec.remove_leavers,
        max_changes_per_run=spec.max_changes_per_run,
        enabled=enabled,
        notify=checked_notify(app, spec.notify, f"{under}/notify"),
        preview_id=stored.preview_id,
        body_sha=claim.body_sha,
        trace=telemetry.current(),
    )
    check_comes(schedule, now, under)
    try:
        schedule, new = await app.schedules.insert(schedule), True
    except RowConflict:
        schedule, new = await app.schedules.get(call.caller, claim.id), False
        check_same_body(schedule.body_sha, claim)
    return await answered(app, call, schedule, new=new)


async def answered(app: Services, call: Call, schedule: Schedule, *, new: bool) -> func.HttpResponse:
    """201 with the schedule and where it is, or 200 when it had been made before."""
    headers = {"Location": f"{call.origin}/api/{BASE}/schedules/{schedule.id}"}
    return json_answer(await shown(app, call.caller, schedule), 201 if new else 200, headers)


class StoredRequest(NamedTuple):
    """What a schedule knows of its request; the fields are those of ``Schedule``."""

    request_sha: str
    tenants: tuple[str, ...]
    template_sha: str | None = None
    scope: tuple[str, ...] | None = None
    preview_id: str | None = None


async def stored_request(
    app: Services, caller: Caller, kind: PlannedKind, body: OperationBody, within: str
) -> StoredRequest:
    """Store a request in ids, and as it is where it means many tenants; ``within`` is its pointer.

    Raises as ``understood``.
    """
    try:
        request, tenants = await understood(app, caller, kind, body)
    except RequestRejected as error:
        problems = [replace(each, pointer=within + each.pointer) for each in error.problems]
        raise RequestRejected(error.status, str(error), problems, error.more) from error
    request_sha, ids = await store_request(app, request.stored()), tuple(tenant.id for tenant in tenants)
    if not any(means_many(target.tenant) for target in body.targets):
        return StoredRequest(request_sha, ids)
    named = await find_tenants(app, caller, [each.tenant for each in body.targets if not means_many(each.tenant)])
    targets = tuple(
        target.model_copy(update={"tenant": found.id}) if isinstance(found, Tenant) else target
        for target in body.targets
        for found in (named.get(target.tenant),)
    )
    template = body.model_copy(update={"targets": targets, "schedule": None}).stored()
    scope = None if caller.tenants is None else tuple(sorted(caller.tenants))
    return StoredRequest(request_sha, ids, await store_request(app, template), scope)


async def _stored_execution(
    app: Services, call: Call, kind: PlannedKind, times: Times, body: ExecuteBody, now: datetime, under: str
) -> StoredRequest:
    """Store what is said of the execution of a preview."""
    preview = await ready_preview(app, call.caller, kind, body)
    check_ahead(times.run_at, now, under)
    content = body.model_copy(update={"schedule": None}).stored()
    tenants = tuple(part.tenant_id for part in preview.tenants)
    return StoredRequest(await store_request(app, content), tenants, preview_id=preview.id)


def recurrence_of(body: RecurrenceBody, now: datetime) -> Recurrence:
    """The recurrence of a body; without a start it begins today, on the calendar of its zone."""
    return body.recurrence(now.astimezone(ZoneInfo(body.time_zone)).date())


def check_fits(
    kind: OperationKind,
    *,
    remove_leavers: bool,
    recurs: bool,
    request: OperationBody | ExecuteBody | None,
    under: str = "",
) -> None:
    """Refuse what does not go together. Raises ``RequestRejected`` (400) with a pointer.

    ``request`` is None where it stays one that fits.
    """
    if remove_leavers and not (recurs and kind == "assign"):
        detail = "It takes away what a recurring assign gave, and goes with nothing else"
        raise _rejected(f"{under}/removeLeavers", detail)
    targets = request.targets if isinstance(request, OperationBody) else ()
    if remove_leavers and any(target.users.moves_with_licences for target in targets):
        detail = "Who is given a licence would leave a selection by missing licences, and lose it the next time"
        raise _rejected(f"{under}/removeLeavers", detail)
    if recurs and request is not None and request.confirm is not None:
        detail = "Nobody knows the number of users of runs to come: use maxChangesPerRun in place of confirm"
        raise _rejected(f"{under}/recurrence", detail)


def check_ahead(run_at: datetime | None, now: datetime, under: str = "") -> None:
    """Refuse to execute a preview again and again, or late. Raises ``RequestRejected`` (400) with a pointer."""
    if run_at is None or run_at > now + AHEAD:
        detail = f"A preview is executed once, at most {AHEAD.days} days ahead: later its plan says little"
        raise _rejected(f"{under}/runAt", detail)


def check_comes(schedule: Schedule, now: datetime, under: str = "") -> None:
    """Refuse a time in the past. Raises ``RequestRejected`` (400) with a pointer."""
    if schedule.run_at is not None and schedule.run_at < now - TOLERANCE:
        raise _rejected(f"{under}/runAt", f"The time has passed; it is {now.isoformat(timespec='seconds')} now")
    if schedule.recurrence is not None and next(schedule.recurrence.after(now), None) is None:
        raise _rejected(f"{under}/recurrence/endDate", "After the last date nothing is due any more")


def _rejected(pointer: str, detail: str) -> RequestRejected:
    return RequestRejected(400, NOT_VALID, [Problem(pointer, detail)])
