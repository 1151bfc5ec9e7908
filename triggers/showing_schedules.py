"""What a caller gets to see of a schedule."""

import json

from shared.contracts.schedules import ScheduleResource, schedule_resource
from shared.domain.caller import Caller
from shared.domain.schedule import Schedule
from shared.services import Services


async def shown(app: Services, caller: Caller, schedule: Schedule) -> ScheduleResource:
    """The schedule with its stored request, of which only the targets in the caller's tenants."""
    request = json.loads(await app.staging.get(schedule.template_sha or schedule.request_sha))
    run = schedule.last_run
    status = (await app.operations.read_op(run.operation_id)).status if run else None
    tenants = [tenant for tenant in schedule.tenants if caller.sees(tenant)]
    return schedule_resource(schedule, request, tenants, status)
