"""The schedules: operations to come."""

import logging

import azure.functions as func

from shared.contracts.requests import KINDS, PlannedKind
from shared.contracts.responses import Page
from shared.contracts.routes import BASE, CURSOR, TOP, Answer, Route
from shared.contracts.schedule_requests import SCHEDULES as SCHEDULE_BODIES
from shared.contracts.schedule_requests import AssignSchedule, ExecuteSchedule
from shared.contracts.schedules import SchedulePatch, ScheduleResource
from shared.domain.caller import Role
from shared.domain.operation import Actor
from shared.domain.schedule import Schedule, cancel, wholly_within
from shared.domain.states import ENDED
from shared.errors import DependencyDown, Problem, RequestRejected, StateConflict
from shared.services import Services
from triggers.requests.claims import IDEMPOTENCY_KEY, claim_of, claimed_before
from triggers.schedules.changing import changed_by
from triggers.schedules.making import answered, made, scheduled_before
from triggers.schedules.showing import shown
from triggers.timers.scheduler import finish_cancelling
from triggers.web.bodies import NOT_VALID, field_of, object_of
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

log = logging.getLogger(__name__)
router = Router()

SCHEDULES = f"{BASE}/schedules"
SCHEDULE = f"{SCHEDULES}/{{schedule}}"


@router.add(
    Route(
        name="list_schedules",
        method="GET",
        path=SCHEDULES,
        summary="The schedules, those that are done included.",
        role=Role.READ,
        parameters=(TOP, CURSOR),
        answers=(Answer(200, "A page of schedules.", Page[ScheduleResource]),),
    )
)
async def list_schedules(call: Call, app: Services) -> func.HttpResponse:
    """One page of the schedules that the caller sees."""
    found, cursor = await app.schedules.list(call.caller, top=call.query.top(), cursor=call.query.text("cursor"))
    value = [await shown(app, call.caller, schedule) for schedule in found]
    return json_answer(Page[ScheduleResource](value=value, next_link=next_link(call.url, cursor)))


@router.add(
    Route(
        name="get_schedule",
        method="GET",
        path=SCHEDULE,
        summary="A schedule with its times and its last run.",
        role=Role.READ,
        answers=(Answer(200, "The schedule.", ScheduleResource),),
    )
)
async def get_schedule(call: Call, app: Services) -> func.HttpResponse:
    """The schedule."""
    return json_answer(await shown(app, call.caller, await app.schedules.get(call.caller, call.path["schedule"])))


async def own_schedule(app: Services, call: Call) -> Schedule:
    """The schedule in the path, of whose tenants the caller sees all, also of those that it may come to mean.

    Raises ``NotFound``; ``RequestRejected`` (403) where it concerns others too.
    """
    schedule = await app.schedules.get(call.caller, call.path["schedule"])
    if not wholly_within(schedule, call.caller):
        raise RequestRejected(403, "The schedule concerns tenants outside the caller's grants.")
    return schedule


@router.add(
    Route(
        name="create_schedule",
        method="POST",
        path=SCHEDULES,
        summary="Schedule an operation: once, or again and again.",
        role=Role.OPERATE,
        body=AssignSchedule,
        or_bodies=(SCHEDULE_BODIES["remove"], SCHEDULE_BODIES["modify"], SCHEDULE_BODIES["transfer"], ExecuteSchedule),
        parameters=(IDEMPOTENCY_KEY,),
        answers=(
            Answer(201, "It is scheduled.", ScheduleResource, headers=("Location",)),
            Answer(200, "This key and body had made this schedule before.", ScheduleResource, headers=("Location",)),
        ),
        problems={
            404: "A tenant, or the preview, is unknown or outside the caller's grants.",
            409: "The idempotency key came with another body; the preview is of another kind, or not ready.",
            422: "A tenant, SKU or service plan is not known; the nearest names are given.",
        },
    )
)
async def create_schedule(call: Call, app: Services) -> func.HttpResponse:
    """Store a schedule; a repeated idempotency key finds the stored one."""
    claim = claim_of(call, "schedules")
    await claimed_before(app, call, claim)  # a key that has started an operation makes no schedule
    if scheduled := await scheduled_before(app, call, claim):
        return await answered(app, call, scheduled, new=False)
    named = field_of(call.body, "operation")
    kind: PlannedKind | None = next((known for known in KINDS if known == named), None)
    if kind is None:
        object_of(call.body)
        raise RequestRejected(400, NOT_VALID, [Problem("/operation", f"operation must be one of {', '.join(KINDS)}")])
    asked = field_of(call.body, "request")
    executes = isinstance(asked, dict) and "previewId" in asked
    body = call.parsed(ExecuteSchedule if executes else SCHEDULE_BODIES[kind])
    if body.request.schedule is not None:
        raise RequestRejected(400, NOT_VALID, [Problem("/request/schedule", "The schedule stands beside the request")])
    return await made(app, call, claim, kind, body, body.request, under="", within="/request", enabled=body.enabled)


@router.add(
    Route(
        name="change_schedule",
        method="PATCH",
        path=SCHEDULE,
        summary="Change a schedule: what is absent stays as it is. Runs that were started go on.",
        role=Role.OPERATE,
        body=SchedulePatch,
        answers=(Answer(200, "The schedule.", ScheduleResource),),
        problems={
            403: "Not this caller's role, or it concerns tenants outside the caller's grants.",
            409: "It is being carried out just now, ends a grace, or executes a preview.",
            422: "A tenant, SKU or service plan is not known; the nearest names are given.",
        },
    )
)
async def change_schedule(call: Call, app: Services) -> func.HttpResponse:
    """Change the schedule; times that passed while it was disabled are not made up for."""
    schedule = await own_schedule(app, call)
    change = await changed_by(app, call, schedule, call.parsed(SchedulePatch))
    return json_answer(await shown(app, call.caller, await app.schedules.change(schedule.id, change)))


@router.add(
    Route(
        name="delete_schedule",
        method="DELETE",
        path=SCHEDULE,
        summary="Delete a schedule; of a grace this ends it, and service plans that it switched off come on again.",
        role=Role.OPERATE,
        answers=(Answer(204, "It is gone; where a revert was started for it, Location names that."),),
        problems={
            403: "Not this caller's role, or it concerns tenants outside the caller's grants.",
            409: "It is being carried out just now, or the operation whose grace it ends has not ended.",
        },
        starts=True,
    )
)
async def delete_schedule(call: Call, app: Services) -> func.HttpResponse:
    """Cancel the schedule and undo what it has done so far; from the first step on it starts nothing any more."""
    schedule = await own_schedule(app, call)
    if schedule.owner_id and (await app.operations.read_op(schedule.owner_id)).status not in ENDED:
        raise StateConflict(f"The operation {schedule.owner_id} is still beginning the grace: cancel that first.")
    actor = Actor(call.caller.id, call.caller.name)

    def cancelled(stored: Schedule) -> Schedule:
        if stored.claimed is not None:
            raise StateConflict("The schedule is being carried out just now.")
        return cancel(stored, actor)

    schedule = await app.schedules.change(schedule.id, cancelled)
    try:
        undoing = await finish_cancelling(app, call.start, schedule, actor)
    except DependencyDown as error:  # it is cancelled, and the scheduler does the rest
        log.warning("Schedule %s is cancelled and not gone yet: %s", schedule.id, error)
        undoing = None
    headers = {"Location": f"{call.origin}/api/{BASE}/operations/{undoing}"} if undoing else {}
    return func.HttpResponse(status_code=204, headers=headers)
