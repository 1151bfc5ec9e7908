"""Bring a tenant's part to rest: what was sent is recorded and audited, its seats stay reserved, nobody works on it."""

from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.end_tenant import end
from activities.guard import CANCELLING, SUPERSEDED, check_in
from activities.leaving import complete_audit, counted, leave_line, older_lease
from activities.traced import traced
from shared.aftermath import follow_up
from shared.contracts.work import Halt, TenantEnd, TenantRest
from shared.domain.operation import Operation, Phase, Status, TenantPart, Totals
from shared.domain.states import ENDED, STOPS_TO_REST, moved, settle
from shared.domain.steering import paused_by
from shared.resting import watch_resting
from shared.services import Services, services

bp = df.Blueprint()


async def rest(app: Services, work: TenantRest) -> Halt:
    """Write that the tenant rests; one that is cancelled, or has nothing left to do, ends instead.

    ``wait``: an older epoch may still send, so it is too early. Safe to repeat and to be cut off.
    """
    stop = await check_in(app, work)
    if stop == SUPERSEDED:
        return Halt()
    if stop == CANCELLING:
        return await end(app, TenantEnd(**dict(work.run), stop=CANCELLING))
    wait = await older_lease(app, work)
    if wait is not None:
        return Halt(wait=wait)
    summaries = await app.results.summaries(work.operation, work.tenant)
    counts, throttled = counted(summaries), sum(summary.throttled for summary in summaries)
    part = await app.operations.get_part(work.operation, work.tenant)
    if part.phase is Phase.APPLYING and sum(counts.values()) == part.totals.total:
        return await end(app, TenantEnd(**dict(work.run)))
    await complete_audit(app, work, summaries)
    await leave_line(app, work)
    now = app.tables.now()

    def rested(operation: Operation) -> Operation:
        if operation.epoch != work.epoch or operation.status in ENDED | {Status.CANCELLING}:
            return operation
        tenants = tuple(
            _rested(operation, part) if part.tenant_id == work.tenant and part.status is Status.RUNNING else part
            for part in operation.tenants
        )
        return settle(replace(operation, tenants=tenants), now)

    def _rested(operation: Operation, part: TenantPart) -> TenantPart:
        status, reason = STOPS_TO_REST[work.stop.code], work.stop.message
        if operation.hold and status is Status.WAITING_FOR_WINDOW:
            status, reason = Status.PAUSED, paused_by(operation)
        if part.phase is Phase.APPLYING:
            part = replace(part, totals=Totals(part.totals.total, dict(counts), throttled))
        return moved(part, status, rested_at=now, rest_reason=reason or None)

    operation = await app.operations.change(work.operation, rested)
    if operation.epoch != work.epoch:
        return Halt()
    if operation.status is Status.CANCELLING:
        return await end(app, TenantEnd(**dict(work.run), stop=CANCELLING))
    await follow_up(app, operation)
    await watch_resting(app, operation, {work.tenant})
    return Halt()


@bp.activity_trigger(input_name="work")
@traced
async def rest_tenant(work: Any) -> Any:
    """See ``rest``."""
    return (await rest(await services(), TenantRest.model_validate(work))).wire()
