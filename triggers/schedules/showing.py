"""What a caller gets to see of a schedule."""

import json

from shared.contracts.schedules import ScheduleResource, schedule_resource
from shared.domain.caller import Caller
from shared.domain.operation import Status
from shared.domain.schedule import Schedule
from shared.errors import NotFound
from shared.services import Services


async def shown(app: Services, caller: Caller, schedule: Schedule) -> ScheduleResource:
    """The schedule with its stored request, of which only the targets in the caller's tenants."""
    try:
        request = json.loads(await app.staging.get(schedule.template_sha or schedule.request_sha))
    except NotFound:  # it has expired, and the others of a list are to be seen all the same
        request = None
    return schedule_resource(schedule, request, caller, await _status_of_last_run(app, caller, schedule))


async def _status_of_last_run(app: Services, caller: Caller, schedule: Schedule) -> Status | None:
    """None where nothing was run, or in tenants of others alone."""
    if schedule.last_run is None:
        return None
    try:
        return (await app.operations.get(caller, schedule.last_run.operation_id)).status
    except NotFound:
        return None
