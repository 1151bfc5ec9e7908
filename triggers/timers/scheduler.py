"""The scheduler: starts what is due, once, however many hosts look, and brings to its end what one of them left."""

import logging
from collections.abc import Iterable
from datetime import datetime

import azure.durable_functions as df
import azure.functions as func

from shared.domain.caller import SYSTEM
from shared.domain.operation import Actor, Operation
from shared.domain.schedule import LastRun, Schedule, claim, done, look
from shared.domain.states import ENDED
from shared.errors import LicenceError, NotFound, RequestRejected
from shared.services import Services, services
from shared.settings import scheduler_schedule
from shared.tables.runs import Run
from triggers.requests.claims import launch
from triggers.requests.starting import starter
from triggers.schedules.graces import ended_early, over
from triggers.schedules.run_ids import run_id
from triggers.schedules.runs import operation_of
from triggers.web.http import Starter

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
    owner = await app.operations.get(SYSTEM, schedule.owner_id) if schedule.owner_id else None
    if owner is not None and owner.status not in ENDED:  # the grace of its last users has not begun
        return False
    now = app.tables.now()
    found = look(schedule, now)
    if found.run is None:  # the history first: once the row is past these times nobody looks at them again
        await _record_missed(app, schedule, found.missed)
    try:
        claimed = await app.schedules.change(schedule.id, lambda stored: claim(stored, now))
    except NotFound:  # deleted meanwhile
        return False
    if claimed.claimed is None:  # cancelled, missed, or done by another host
        return False
    await _record_missed(app, claimed, look(claimed, now).missed)
    new, operation = await _run(app, start, claimed, claimed.claimed, owner)
    run = LastRun(operation.id, claimed.claimed) if operation else None
    tenants = tuple(part.tenant_id for part in operation.tenants) if operation else ()
    await app.schedules.change(
        schedule.id, lambda stored: done(stored, run, tenants) if stored.claimed == claimed.claimed else stored
    )
    return new


async def _record_missed(app: Services, schedule: Schedule, missed: Iterable[datetime]) -> None:
    for at in missed:
        message = "Nobody looked in time; a later time is carried out for it, or none (onMissed)."
        await app.runs.record(Run(schedule_id=schedule.id, due_at=at, without="missed", message=message))


async def _run(
    app: Services, start: Starter, schedule: Schedule, due_at: datetime, owner: Operation | None
) -> tuple[bool, Operation | None]:
    """Start the operation of a due time; gives whether this call did, and the operation, None where there is none.

    What can no longer be understood is noted in the history: the next due time comes all the same. An operation that a
    host has claimed which died then counts, whatever the request means by now.
    """
    operation_id = run_id(schedule, due_at)
    if known := await app.operations.find(SYSTEM, operation_id):
        await _record_started(app, schedule, due_at, known)
        return False, known
    if owner is not None:
        operation = await over(app, schedule, owner, operation_id)
    else:
        try:
            operation = await operation_of(app, schedule, operation_id)
        except (NotFound, RequestRejected, ValueError) as error:
            log.warning("schedule %s starts nothing at %s: %s", schedule.id, due_at, type(error).__name__)
            told = [str(error), *(each.detail for each in getattr(error, "problems", ()))]
            refused = Run(schedule_id=schedule.id, due_at=due_at, without="refused", message=" ".join(told)[:1000])
            await app.runs.record(refused)
            return False, None
    if operation is None:
        return False, None
    new, stored = await launch(app, start, operation, link=schedule.trace)
    await _record_started(app, schedule, due_at, stored)
    return new, stored


async def _record_started(app: Services, schedule: Schedule, due_at: datetime, operation: Operation) -> None:
    await app.runs.record(Run(schedule_id=schedule.id, due_at=due_at, operation_id=operation.id))


async def finish_cancelling(app: Services, start: Starter, schedule: Schedule, by: Actor) -> str | None:
    """Undo what a cancelled schedule has done so far, and delete it; gives the id of the operation that undoes it.

    Harmless to repeat. What has been carried out has nothing left to undo.
    """
    undoing = None
    if schedule.owner_id and schedule.last_run is None:
        owner = await app.operations.get(SYSTEM, schedule.owner_id)
        undoing = await ended_early(app, schedule, owner, by)
        if undoing:
            await launch(app, start, undoing, link=schedule.trace)
    await app.schedules.delete(schedule.id)
    return undoing.id if undoing else None


@bp.timer_trigger(arg_name="timer", schedule=scheduler_schedule())
@bp.durable_client_input(client_name="client")
async def scheduler(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
    """See ``run_due``."""
    await run_due(await services(), starter(client))
