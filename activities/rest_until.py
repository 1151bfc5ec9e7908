"""Tell the sweeper that a tenant waits until a durable timer rings, and see whether the work shall go on at all."""

from typing import Any

import azure.durable_functions as df

from activities.guard import check_in
from activities.traced import traced
from shared.contracts.work import Halt, RestWork
from shared.services import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="work")
@traced
async def rest_until(work: Any) -> Any:
    """Move the tenant's ``due`` row to the timer's end plus the usual allowance."""
    rest = RestWork.model_validate(work)
    return Halt(stop=await check_in(await services(), rest, rest.seconds)).wire()
