"""What a caller gets to see of a schedule."""

import json

from shared.contracts.schedules import ScheduleResource, schedule_resource
from shared.domain.caller import Caller
from shared.domain.operation import Status
from shared.domain.schedule import LastRun, Schedule, wholly_within
from shared.errors import NotFound
from shared.services import Services


async def shown(app: Services, caller: Caller, schedule: Schedule) -> ScheduleResource:
    """The schedule with its stored request, of which only the targets in the caller's tenants.

    One that means many tenants may name users of each in one target: who does not see all of them gets it in ids.
    """
    template_sha = schedule.template_sha if wholly_within(schedule, caller) else None
    try:
        request = json.loads(await app.staging.get(template_sha or schedule.request_sha))
    except NotFound:  # it has expired, and the others of a list are to be seen all the same
        request = None
    status = await _status(app, caller, schedule.last_run) if schedule.last_run else None
    return schedule_resource(schedule, request, caller, status)


async def _status(app: Services, caller: Caller, run: LastRun) -> Status | None:
    """The state of the last run's operation; None where that was of tenants only that the caller does not see."""
    if caller.tenants is None:
        return (await app.operations.read_op(run.operation_id)).status
    try:
        return (await app.operations.get(caller, run.operation_id)).status
    except NotFound:
        return None
