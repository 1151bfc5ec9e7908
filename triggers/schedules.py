"""The schedules: operations to come."""

import json
import logging

import azure.functions as func

from shared.contracts.responses import Page
from shared.contracts.routes import BASE, CURSOR, TOP, Answer, Route
from shared.contracts.schedules import ScheduleResource, schedule_resource
from shared.domain.caller import Role
from shared.domain.operation import Actor
from shared.domain.schedule import Schedule, cancel
from shared.domain.states import ENDED
from shared.errors import DependencyDown, RequestRejected, StateConflict
from shared.services import Services
from triggers.http import Call, json_answer
from triggers.query import next_link
from triggers.router import Router
from triggers.scheduler import finish_cancelling

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
    value = [await _shown(call, app, schedule) for schedule in found]
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
    return json_answer(await _shown(call, app, await app.schedules.get(call.caller, call.path["schedule"])))


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
    schedule = await app.schedules.get(call.caller, call.path["schedule"])
    if not all(call.caller.sees(tenant) for tenant in schedule.tenants):
        raise RequestRejected(403, "The schedule concerns tenants outside the caller's grants.")
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


async def _shown(call: Call, app: Services, schedule: Schedule) -> ScheduleResource:
    request = json.loads(await app.staging.get(schedule.request_sha))
    run = schedule.last_run
    status = (await app.operations.read_op(run.operation_id)).status if run else None
    tenants = [tenant for tenant in schedule.tenants if call.caller.sees(tenant)]
    return schedule_resource(schedule, request, tenants, status)
