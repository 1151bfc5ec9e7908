"""Plan blobs of users: one decision a user, written once; those with nothing to do get their outcome at once."""

from typing import Any

import azure.durable_functions as df

from activities.deciding import Deciding
from activities.guard import look_in
from activities.refusals import halt
from activities.settled import record_settled
from activities.traced import traced
from shared.contracts.work import Halt, PlanWork, Stop
from shared.domain.codes import ResultCode
from shared.errors import GraphError
from shared.services import Services, services

bp = df.Blueprint()


async def plan(app: Services, work: PlanWork) -> Halt:
    """Decide on the users of some blobs and write the plan; a blob that is planned already stays as it is."""
    operation, stop = await look_in(app, work)
    if stop:
        return Halt(stop=stop)
    deciding = Deciding(app, work, operation)
    for chunk in work.chunks:
        try:
            decisions = await deciding.decide(chunk)
        except GraphError as error:
            return halt(error)
        if isinstance(decisions, Stop):
            return Halt(stop=decisions)
        if operation.kind != "preview":
            # Whom the reservation of an earlier run left without a seat it records itself, under a mark of its own.
            planned = [each for each in decisions if work.plan or each.code != ResultCode.INSUFFICIENT_LICENSES]
            await record_settled(app, work, chunk, planned)
    return Halt()


@bp.activity_trigger(input_name="work")
@traced
async def plan_users(work: Any) -> Any:
    """See ``plan``."""
    return (await plan(await services(), PlanWork.model_validate(work))).wire()
