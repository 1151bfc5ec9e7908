"""Write the audit of outcomes that were recorded: once a write, whoever brings it and however often."""

from collections.abc import Sequence
from typing import Any

import azure.durable_functions as df

from activities.guard import check_in
from activities.traced import traced
from shared.contracts.work import AuditWork, TenantRun
from shared.domain.audit import AuditEntry, MarkedEntries
from shared.domain.caller import SYSTEM
from shared.domain.operation import Operation, Outcome
from shared.domain.plan import Manifest, batch_of
from shared.domain.prices import PriceBook
from shared.services import Services, services

bp = df.Blueprint()


async def audit(app: Services, work: AuditWork) -> None:
    """Audit the outcomes of these writes."""
    await check_in(app, work)
    await audit_marks(app, work, work.marks)


async def audit_marks(app: Services, run: TenantRun, marks: Sequence[tuple[int, str]]) -> None:
    """Chain the entries of each write; a write that is in the chain already is left out by its marker."""
    manifest = await app.plans.frozen(run.plan_id, run.tenant)
    operation = await app.operations.read_op(run.operation)
    prices = await app.prices.book(SYSTEM, run.tenant)
    by_chunk: dict[int, list[tuple[int, str]]] = {}
    for batch, mark in marks:
        by_chunk.setdefault(manifest.locate(batch), []).append((batch, mark))
    writes: list[MarkedEntries] = []
    for number, wanted in sorted(by_chunk.items()):
        decisions = await app.plans.read_chunk(run.plan_id, run.tenant, number)
        within = [batch_of(decisions, manifest.within(batch)[1]) for batch, _ in wanted]
        first, last = min(some[0].index for some in within), max(some[-1].index for some in within)
        outcomes = await app.results.outcomes(run.operation, run.tenant, first, last)
        for _, mark in wanted:
            changed = [o for o in outcomes if o.mark == mark and o.before]
            writes.append(
                MarkedEntries(
                    run.operation, mark, tuple(entry_of(operation, run.tenant, manifest, o, prices) for o in changed)
                )
            )
    await app.audit.record(run.tenant, writes)


def entry_of(operation: Operation, tenant: str, manifest: Manifest, outcome: Outcome, prices: PriceBook) -> AuditEntry:
    """The audit entry of one changed user, with the prices of the SKUs concerned as they are now.

    Raises ``ValueError`` for an outcome that changed nothing.
    """
    if outcome.before is None or outcome.after is None:
        raise ValueError(f"outcome {outcome.index} of operation {operation.id} changed nothing")
    part_numbers = {sku.id: sku.part_number for sku in manifest.skus}
    held = {a.sku_id for a in (*outcome.before.assignments, *outcome.after.assignments)}
    disabled = {p for a in (*outcome.before.assignments, *outcome.after.assignments) for p in a.disabled_plans}
    seats = {sku: int(outcome.after.holds(sku)) - int(outcome.before.holds(sku)) for sku in sorted(held)}
    concerned = {*(licence.sku_id for licence in outcome.added), *outcome.removed, *(s for s, n in seats.items() if n)}
    price = {
        name: float(prices.monthly[name])
        for name in sorted(part_numbers.get(sku, sku) for sku in concerned)
        if name in prices.monthly
    }
    return AuditEntry(
        tenant_id=tenant,
        at=outcome.completed_at,
        actor=operation.created_by,
        operation_id=operation.id,
        user_id=outcome.user_id,
        user_principal_name=outcome.user_principal_name,
        before=outcome.before,
        after=outcome.after,
        seat_change={part_numbers.get(sku, sku): change for sku, change in seats.items() if change},
        price=price,
        currency=prices.currency if price else None,
        request_id=outcome.request_id,
        reason=operation.reason,
        part_numbers={sku: part_numbers[sku] for sku in sorted(held) if sku in part_numbers},
        plan_names={p.id: p.name for sku in manifest.skus for p in sku.service_plans if p.id in disabled},
    )


@bp.activity_trigger(input_name="work")
@traced
async def record_audit(work: Any) -> Any:
    """See ``audit``."""
    await audit(await services(), AuditWork.model_validate(work))
    return None
