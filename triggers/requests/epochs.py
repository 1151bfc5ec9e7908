"""Starts the present epoch of an operation: what the sweeper and the verbs do once its row says that it works."""

from collections.abc import Collection
from datetime import timedelta

from shared.contracts.names import RUN_OPERATION, operation_instance
from shared.contracts.work import OperationRun
from shared.domain.operation import Operation
from shared.services import Services
from shared.tables.due import Due
from triggers.web.http import Starter


async def watch_working(app: Services, operation: Operation, tenants: Collection[str]) -> None:
    """Let the sweeper look at these tenants soon, should nobody set to work on them."""
    soon = app.tables.now() + timedelta(seconds=app.settings.heartbeat_stale)
    await app.due.move_all(Due(operation.id, tenant, soon) for tenant in tenants)


async def start_epoch(start: Starter, operation: Operation) -> None:
    """Start the operation as ``{operation}:{epoch}``. Raises ``DependencyDown`` when the host does not take it."""
    run = OperationRun(operation=operation.id, epoch=operation.epoch, trace=operation.trace)
    await start(RUN_OPERATION, operation_instance(run.operation, run.epoch), run.wire())
