"""End a tenant's part: finish the audit, close the seats, and with the last tenant the operation."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.closing import close_batches
from activities.graces import grace_of, record_graces, schedule_removal
from activities.guard import CANCELLING, SUPERSEDED, check_in
from activities.leaving import complete_audit, counted, leave_line, older_lease
from activities.traced import traced
from shared.aftermath import follow_up
from shared.contracts.work import Halt, Stop, TenantEnd
from shared.domain.operation import Operation, Phase, Status, TenantError, TenantPart, Totals
from shared.domain.seats import close, confirm
from shared.domain.states import ENDED, close_totals, settle, tenant_end_status
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()


async def end(app: Services, work: TenantEnd) -> Halt:
    """Write the tenant's end; nothing is lost when it is done twice or cut off in between.

    The ``due`` row goes last: until then the sweeper brings back whoever died here. ``wait``: an older epoch may still
    send, so it is too early.
    """
    if await check_in(app, work) == SUPERSEDED:
        return Halt()
    wait = await older_lease(app, work) if work.stop else None
    if wait is not None:
        return Halt(wait=wait)
    grace = await grace_of(app, work)
    if grace:
        await record_graces(app, work)
    summaries = await close_batches(app, work)
    await complete_audit(app, work, summaries)
    counts, seats = counted(summaries), Counter[str]()
    for summary in summaries:
        seats.update(summary.seats)
    await _close_seats(app, work, seats)
    await leave_line(app, work)
    throttled = sum(summary.throttled for summary in summaries)
    now = app.tables.now()
    removal = await schedule_removal(app, grace, work.tenant, now) if grace and counts[""] else None
    due_at = removal and removal.run_at

    def ended(operation: Operation) -> Operation:
        if operation.epoch != work.epoch:
            return operation
        stop = CANCELLING if operation.status is Status.CANCELLING else work.stop
        tenants = tuple(
            _ended(part, stop, Totals(part.totals.total, dict(counts), throttled))
            if part.tenant_id == work.tenant and part.status not in ENDED
            else part
            for part in operation.tenants
        )
        if removal and due_at:
            until = max(operation.grace_until or due_at, due_at)
            operation = replace(operation, schedule_id=removal.id, grace_until=until)
        return settle(replace(operation, tenants=tenants), now)

    def _ended(part: TenantPart, stop: Stop | None, totals: Totals) -> TenantPart:
        cancelled = stop is not None and stop.code == "cancelling"
        error = TenantError(stop.code, stop.message, stop.details) if stop and not cancelled else None
        totals = close_totals(totals, stop is not None)
        status = tenant_end_status(totals, error, partial=False, cancelled=cancelled)
        return replace(part, status=status, phase=Phase.DONE, totals=totals, error=error, ended_at=now)

    operation = await app.operations.change(work.operation, ended)
    if operation.completed_at is not None:
        await app.operations.index(operation)
    await follow_up(app, operation)
    if all(part.status in ENDED for part in operation.tenants if part.tenant_id == work.tenant):
        await app.due.remove(work.operation, work.tenant)
    return Halt()


async def _close_seats(app: Services, work: TenantEnd, seats: Mapping[str, int]) -> None:
    """Cut what was reserved to what was taken; the rows go once Graph's own count shows it."""

    async def try_once() -> None:
        reservations, guard = await app.seats.read(work.tenant)
        now = app.tables.now().timestamp()
        mine = [r for r in reservations if r.operation_id == work.operation]
        closed = [close(confirm(r, max(r.taken, seats.get(r.sku_id, 0)), now)) for r in mine]
        if closed != mine:
            await app.seats.write(work.tenant, closed, (), guard)

    await until_settled(try_once)


@bp.activity_trigger(input_name="work")
@traced
async def end_tenant(work: Any) -> Any:
    """See ``end``."""
    return (await end(await services(), TenantEnd.model_validate(work))).wire()
