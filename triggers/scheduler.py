"""The scheduler: starts what is due, once, however many hosts look, and brings to its end what one of them left."""

import logging

import azure.durable_functions as df
import azure.functions as func

from shared.domain.caller import SYSTEM
from shared.domain.operation import Actor
from shared.domain.schedule import LastRun, Schedule, claim, done
from shared.domain.states import ENDED
from shared.errors import LicenceError, NotFound
from shared.services import Services, services
from shared.settings import scheduler_schedule
from triggers.claims import launch
from triggers.graces import ended_early, over, run_id
from triggers.http import Starter
from triggers.starting import starter

bp = df.Blueprint()
log = logging.getLogger(__name__)


async def run_due(app: Services, start: Starter) -> int:
    """Start every operation that is due; returns how many of them this call started."""
    await app.tables.refresh_clock()
    started = 0
    for schedule in await app.schedules.due_before(app.tables.now()):
        try:
            if schedule.cancelled_by:
                await finish_cancelling(app, start, schedule, schedule.cancelled_by)
            else:
                started += await _carry_out(app, start, schedule)
        except (LicenceError, ValueError, TypeError):  # one that cannot be carried out keeps no other from its time
            log.exception("schedule %s could not be carried out", schedule.id)
    return started


async def _carry_out(app: Services, start: Starter, schedule: Schedule) -> bool:
    """Claim the due time, start its operation, say that it is done: a crash in between is made good by the next look.

    The id of the operation comes from the due time, so that of several hosts one starts it.
    """
    if schedule.owner_id is None:
        raise ValueError(f"schedule {schedule.id} belongs to no operation")
    owner = await app.operations.get(SYSTEM, schedule.owner_id)
    if owner.status not in ENDED:  # the grace of its last users has not begun
        return False
    now = app.tables.now()
    try:
        claimed = await app.schedules.change(schedule.id, lambda stored: claim(stored, now))
    except NotFound:  # deleted meanwhile
        return False
    if claimed.claimed is None:  # cancelled, or done by another host
        return False
    operation = await over(app, claimed, owner, run_id(claimed, claimed.claimed))
    new, run = False, None
    if operation:
        new, stored = await launch(app, start, operation)
        run = LastRun(stored.id, claimed.claimed)
    await app.schedules.change(
        schedule.id, lambda stored: done(stored, run) if stored.claimed == claimed.claimed else stored
    )
    return new


async def finish_cancelling(app: Services, start: Starter, schedule: Schedule, by: Actor) -> str | None:
    """Undo what a cancelled schedule has done so far, and delete it; gives the id of the operation that undoes it.

    Harmless to repeat. What has been carried out has nothing left to undo.
    """
    undoing = None
    if schedule.owner_id and schedule.last_run is None:
        owner = await app.operations.get(SYSTEM, schedule.owner_id)
        undoing = await ended_early(app, schedule, owner, by)
        if undoing:
            await launch(app, start, undoing)
    await app.schedules.delete(schedule.id)
    return undoing.id if undoing else None


@bp.timer_trigger(arg_name="timer", schedule=scheduler_schedule())
@bp.durable_client_input(client_name="client")
async def scheduler(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
    """See ``run_due``."""
    await run_due(await services(), starter(client))
