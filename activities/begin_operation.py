"""Begin an operation: put its lists right, say that it runs, and name the tenants with work."""

from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.guard import SUPERSEDED, keep_watch
from shared.contracts.work import Begun, OperationRun, TenantRun
from shared.domain.operation import Operation, Status
from shared.domain.states import ENDED, settle
from shared.services import Services, services

bp = df.Blueprint()


async def begin(app: Services, run: OperationRun) -> Begun:
    """Start the tenants of a claimed operation that are not ended."""
    now = app.tables.now()

    def start(operation: Operation) -> Operation:
        if operation.epoch != run.epoch or operation.completed_at is not None:
            return operation
        tenants = tuple(
            replace(part, status=Status.RUNNING, started_at=now) if part.status is Status.QUEUED else part
            for part in operation.tenants
        )
        return settle(replace(operation, tenants=tenants), now)

    operation = await app.operations.change(run.operation, start)
    if operation.epoch != run.epoch or operation.completed_at is not None:
        return Begun(stop=SUPERSEDED)
    await app.operations.index(operation)
    working = [part.tenant_id for part in operation.tenants if part.status not in ENDED]
    for tenant in working:
        await keep_watch(app, TenantRun(operation=run.operation, epoch=run.epoch, tenant=tenant))
    return Begun(tenants=working)


@bp.activity_trigger(input_name="work")
async def begin_operation(work: Any) -> Any:
    """See ``begin``."""
    return (await begin(await services(), OperationRun.model_validate(work))).wire()
