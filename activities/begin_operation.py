"""Begin an operation: put its lists right, say that it runs, and name the tenants with work."""

from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.guard import SUPERSEDED, keep_watch
from activities.traced import traced
from shared.aftermath import follow_up
from shared.contracts.work import Begun, OperationRun, TenantRun
from shared.domain.operation import Operation, Status
from shared.domain.states import ENDED, RESTING, moved, settle
from shared.services import Services, services

bp = df.Blueprint()

_TO_START = frozenset({Status.QUEUED, Status.RUNNING})
"""One that was woken from its rest runs already, and may never have started before."""


async def begin(app: Services, run: OperationRun) -> Begun:
    """Start the tenants of a claimed operation that neither have ended nor rest."""
    now = app.tables.now()

    def start(operation: Operation) -> Operation:
        if operation.epoch != run.epoch or operation.completed_at is not None:
            return operation
        tenants = tuple(
            moved(part, Status.RUNNING, started_at=part.started_at or now) if part.status in _TO_START else part
            for part in operation.tenants
        )
        return settle(replace(operation, tenants=tenants), now)

    operation = await app.operations.change(run.operation, start)
    if operation.epoch != run.epoch:
        return Begun(stop=SUPERSEDED)
    await app.operations.index(operation)
    if operation.completed_at is not None:  # before it began: no tenant of the preview could be planned
        await follow_up(app, operation)
        return Begun(stop=SUPERSEDED)
    working = [part.tenant_id for part in operation.tenants if part.status not in ENDED | RESTING]
    for tenant in working:
        await keep_watch(app, TenantRun(operation=run.operation, epoch=run.epoch, tenant=tenant))
    return Begun(tenants=working, plan=operation.plan_id)


@bp.activity_trigger(input_name="work")
@traced
async def begin_operation(work: Any) -> Any:
    """See ``begin``."""
    return (await begin(await services(), OperationRun.model_validate(work))).wire()
