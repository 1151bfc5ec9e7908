"""The sweeper: brings back every tenant that nobody looked after in time, whatever became of its orchestration."""

import logging
from dataclasses import replace
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

from shared.contracts.names import RUN_OPERATION, operation_instance
from shared.contracts.work import OperationRun
from shared.domain.caller import SYSTEM
from shared.domain.operation import Operation
from shared.domain.states import ENDED
from shared.errors import LicenceError, NotFound, StateConflict
from shared.services import Services, services
from shared.settings import sweeper_schedule
from shared.tables.due import Due
from triggers.http import Starter
from triggers.starting import starter

bp = df.Blueprint()
log = logging.getLogger(__name__)

HORIZONS_KEPT = 10
"""Own writes are kept so many replication horizons."""


async def sweep(app: Services, start: Starter) -> int:
    """Start every operation that is past its time again, under a new epoch; returns how many."""
    await app.tables.refresh_clock()
    by_operation: dict[str, list[Due]] = {}
    for due in await app.due.past(app.tables.now()):
        by_operation.setdefault(due.operation_id, []).append(due)
    started = 0
    for operation_id, dues in by_operation.items():
        try:
            started += await _bring_back(app, start, operation_id, dues)
        except (LicenceError, ValueError):  # one operation that cannot be read keeps no other from being found
            log.exception("operation %s could not be brought back", operation_id)
    return started


async def _bring_back(app: Services, start: Starter, operation_id: str, dues: list[Due]) -> bool:
    """Raise the epoch and start the operation; of several sweepers at once one does it."""
    try:
        found = await app.operations.get(SYSTEM, operation_id)
    except NotFound:  # its claim never came about
        found = None
    over = {part.tenant_id for part in found.tenants if part.status in ENDED} if found else {d.tenant_id for d in dues}
    for due in dues:
        if due.tenant_id in over:
            await app.due.remove(due.operation_id, due.tenant_id)
    if found is None or all(due.tenant_id in over for due in dues):
        return False

    def raise_epoch(operation: Operation) -> Operation:
        if operation.epoch != found.epoch or operation.completed_at is not None:
            raise StateConflict(f"operation {operation_id} was brought back by another sweeper")
        return replace(operation, epoch=operation.epoch + 1)

    try:
        raised = await app.operations.change(operation_id, raise_epoch)
    except StateConflict:
        return False
    log.warning("operation %s was left alone, epoch %d takes it up", operation_id, raised.epoch)
    look_at = app.tables.now() + timedelta(seconds=app.settings.heartbeat_stale)
    await app.due.move_all(Due(operation_id, p.tenant_id, look_at) for p in raised.tenants if p.status not in ENDED)
    run = OperationRun(operation=operation_id, epoch=raised.epoch)
    await start(RUN_OPERATION, operation_instance(operation_id, raised.epoch), run.wire())
    return True


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
