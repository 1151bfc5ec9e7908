"""The sweeper: brings back every tenant that nobody looked after in time, whatever became of its orchestration.

It wakes tenants whose window opens, and cancels operations that rested too long.
"""

import logging
from collections.abc import Collection
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

from shared import telemetry
from shared.aftermath import follow_up
from shared.domain.caller import SYSTEM
from shared.domain.operation import Operation
from shared.domain.states import ENDED, RESTING, settle
from shared.domain.steering import taken_up
from shared.errors import LicenceError, NotFound, StateConflict
from shared.resting import patience, watch_resting
from shared.services import Services, services
from shared.settings import sweeper_schedule
from shared.tables.due import Due
from triggers.requests.epochs import start_epoch, watch_working
from triggers.requests.starting import starter
from triggers.web.http import Starter

bp = df.Blueprint()
log = logging.getLogger(__name__)

HORIZONS_KEPT = 10
"""Own writes are kept so many replication horizons."""


async def sweep(app: Services, start: Starter) -> int:
    """Start every operation that is past its time again, under a new epoch; returns how many."""
    await app.tables.refresh_clock()
    by_operation: dict[str, list[Due]] = {}
    past, now = await app.due.past(app.tables.now()), app.tables.now()
    telemetry.level("queue.age", max(((now - due.at).total_seconds() for due in past), default=0.0))
    for due in past:
        by_operation.setdefault(due.operation_id, []).append(due)
    started = 0
    for operation_id, dues in by_operation.items():
        try:
            started += await bring_back(app, start, operation_id, {due.tenant_id for due in dues})
        except (LicenceError, ValueError):  # one operation that cannot be read keeps no other from being found
            log.exception("operation %s could not be brought back", operation_id)
    return started


async def bring_back(app: Services, start: Starter, operation_id: str, seen: Collection[str]) -> bool:
    """Raise the epoch and start the operation, where these tenants, seen past their time, are so still.

    Of several sweepers at once one does it: ``due`` is moved before the epoch is raised, and read again after it, so
    that whoever finds the new epoch finds nobody past their time.
    """
    try:
        found = await app.operations.get(SYSTEM, operation_id)
    except NotFound:  # its claim never came about
        found = None
    if found:
        found = await _closed(app, found)
        await follow_up(app, found)
    over = {part.tenant_id for part in found.tenants if part.status in ENDED} if found else set(seen)
    for tenant in over & set(seen):
        await app.due.remove(operation_id, tenant)
    past = {due.tenant_id for due in await app.due.past(app.tables.now(), operation_id)} & set(seen) - over
    if found is None or not past:
        return False
    await watch_working(app, found, past)

    def take_up(operation: Operation) -> Operation:
        if operation.epoch != found.epoch or operation.completed_at is not None:
            raise StateConflict(f"operation {operation_id} was brought back by another sweeper")
        return taken_up(operation, past, patience(app.settings), app.tables.now())

    try:
        raised = await app.operations.change(operation_id, take_up)
    except StateConflict:
        return False
    await watch_resting(app, raised, past)
    if raised.epoch == found.epoch:  # who was past its time rests on
        return False
    if any(part.tenant_id in past and part.status not in ENDED | RESTING for part in found.tenants):
        telemetry.count("operations.stuck", type=found.kind)
    log.warning("operation %s, %s, is taken up by epoch %d", operation_id, raised.status, raised.epoch)
    await watch_working(app, raised, {p.tenant_id for p in raised.tenants if p.status not in ENDED | RESTING})
    await start_epoch(start, raised)
    return True


async def _closed(app: Services, found: Operation) -> Operation:
    """The operation, ended where all of its tenants have: one in which nothing could be done was claimed like this.

    No epoch can work on it, and once its ``due`` rows are gone nobody would look again.
    """
    if found.completed_at is not None or any(part.status not in ENDED for part in found.tenants):
        return found
    ended = await app.operations.change(found.id, lambda operation: settle(operation, app.tables.now()))
    await app.operations.index(ended)
    return ended


@bp.timer_trigger(arg_name="timer", schedule=sweeper_schedule())
@bp.durable_client_input(client_name="client")
async def sweeper(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
    """See ``sweep``."""
    await sweep(await services(), starter(client))


@bp.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def forget_recent(timer: func.TimerRequest) -> None:
    """Delete our own after-states that every read of Graph must show by now."""
    app = await services()
    await app.tables.refresh_clock()
    kept = timedelta(seconds=HORIZONS_KEPT * app.settings.replication_horizon)
    await app.recent.purge(None, app.tables.now() - kept)
