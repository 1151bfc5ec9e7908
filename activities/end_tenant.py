"""End a tenant's part: finish the audit, close the seats, and with the last tenant the operation."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.batches import load_batch
from activities.guard import CANCELLING, SUPERSEDED, check_in
from activities.record_audit import audit_marks
from activities.sending import Sending
from shared.contracts.work import BatchWork, Stop, TenantEnd
from shared.domain.codes import ResultCode
from shared.domain.operation import Operation, Phase, Status, Summary, TenantError, TenantPart, Totals
from shared.domain.outcomes import settled, with_location
from shared.domain.seats import close, confirm
from shared.domain.states import ENDED, close_totals, settle, tenant_end_status
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()


async def end(app: Services, work: TenantEnd) -> None:
    """Write the tenant's end; nothing is lost when it is done twice or cut off in between.

    The ``due`` row goes last: until then the sweeper brings back whoever died here.
    """
    if await check_in(app, work) == SUPERSEDED:
        return
    summaries = await _with_located(app, work, await app.results.summaries(work.operation, work.tenant))
    await _complete_audit(app, work, summaries)
    counts: Counter[str] = Counter()
    seats: Counter[str] = Counter()
    for summary in summaries:
        counts.update(summary.by_code)
        seats.update(summary.seats)
    await _close_seats(app, work, seats)
    throttled = sum(summary.throttled for summary in summaries)
    now = app.tables.now()

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
    if all(part.status in ENDED for part in operation.tenants if part.tenant_id == work.tenant):
        await app.due.remove(work.operation, work.tenant)


async def _with_located(app: Services, work: TenantEnd, summaries: list[Summary]) -> list[Summary]:
    """Record the users whose usage location was set and whose licence will never be sent; gives the summaries then."""
    found = summaries
    for summary in summaries:
        if not summary.located:
            continue
        where = BatchWork(
            operation=work.operation, epoch=work.epoch, tenant=work.tenant, batch=int(summary.batch), attempt=0
        )
        batch = await load_batch(app, where)
        left = [(decision, change) for decision, change in batch.left if decision.index in summary.located]
        if not left:
            continue
        mark = f"{summary.batch}.{work.epoch}.end"
        cancelled = [(settled(d, ResultCode.CANCELLED, app.tables.now()), change) for d, change in left]
        outcomes = [replace(with_location(outcome, change), mark=mark) for outcome, change in cancelled]
        closed = batch.summed_up(outcomes, mark, Sending())
        await app.results.record(work.operation, work.tenant, outcomes, closed)
        found = [closed if other.batch == closed.batch else other for other in found]
    return found


async def _complete_audit(app: Services, work: TenantEnd, summaries: list[Summary]) -> None:
    """Write the audit of every outcome that has none yet."""
    wanted = {mark: int(summary.batch) for summary in summaries for mark in summary.marks}
    if not wanted:
        return
    there = await app.audit.marks(work.tenant, work.operation)
    missing = [(batch, mark) for mark, batch in wanted.items() if mark not in there]
    if missing:
        await audit_marks(app, work, missing)


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
async def end_tenant(work: Any) -> Any:
    """See ``end``."""
    await end(await services(), TenantEnd.model_validate(work))
    return None
