"""What keeps a tenant from its next window: the hours to work in, the stop rule, and its canary."""

from dataclasses import replace

from shared.contracts.work import CanaryNow, Stop, TurnTaken, TurnWork
from shared.domain.codes import status_of
from shared.domain.guards import Canary, CanarySpan
from shared.domain.operation import Operation, Summary, TenantPart
from shared.domain.plan import Manifest
from shared.services import Services


def closed(app: Services, operation: Operation) -> Stop | None:
    """Why nothing may be sent at this hour."""
    window, now = operation.guards.window, app.tables.now()
    if window is None or window.open_at(now):
        return None
    opens = window.next_opening(now).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Stop(code="waiting", message=f"The window opens at {opens}")


async def held_back(app: Services, operation: Operation, manifest: Manifest, work: TurnWork) -> TurnTaken | None:
    """What is answered in place of a turn: the stop, or how far the canary goes; None lets the tenant ask."""
    if stop := closed(app, operation):
        return TurnTaken(stop=stop)
    guards = operation.guards
    if guards.stop_when is None and guards.canary is None:
        return None
    part = await app.operations.get_part(work.operation, work.tenant)
    if stop := await _halted(app, operation, part):
        return TurnTaken(stop=stop)
    span = guards.canary.span(manifest) if guards.canary and not part.canary_passed else None
    if guards.canary is None or span is None or work.canary == "within":
        return None
    if work.canary == "unknown":
        return TurnTaken(canary=CanaryNow(batches=span.batches, limit=span.limit))
    stop = await _judged(app, part, guards.canary, span)
    return TurnTaken(stop=stop) if stop else None


async def _halted(app: Services, operation: Operation, part: TenantPart) -> Stop | None:
    """Judge by what failed since the first write or the last resume; before it, by what the plan found to fail."""
    rule = operation.guards.stop_when
    if rule is None:
        return None
    if part.judged_from is None:
        tally = replace(part.totals.tally, finished=part.totals.total)  # the plan has decided on everybody
    else:
        tally = part.totals.tally.since(part.judged_from)
    why = rule.broken_by(tally)
    if why:
        return Stop(code="halting", message=f"Halted in {part.domain}: {why}")
    if part.judged_from is None:
        await app.operations.change_part(
            part.operation_id,
            part.tenant_id,
            lambda now: now if now.judged_from else replace(now, judged_from=part.totals.tally),
        )
    return None


async def _judged(app: Services, part: TenantPart, canary: Canary, span: CanarySpan) -> Stop | None:
    """Whether the canary, of which every user has an outcome, lets the rest go on; then that is written down."""
    summaries = await app.results.summaries(part.operation_id, part.tenant_id)
    ahead = [summary for summary in summaries if summary.batch.isdigit() and int(summary.batch) < span.batches]
    succeeded, skipped = (_count(ahead, status) for status in ("succeeded", "skipped"))
    failed = span.users - succeeded - skipped
    if canary.approve == "auto" and failed <= 0:
        await app.operations.change_part(
            part.operation_id, part.tenant_id, lambda now: replace(now, canary_passed=True)
        )
        return None
    brought = f"{succeeded} succeeded, {skipped} skipped, {failed} failed"
    return Stop(code="approving", message=f"The canary of {span.users} users in {part.domain} is done: {brought}")


def _count(summaries: list[Summary], status: str) -> int:
    return sum(n for summary in summaries for code, n in summary.by_code.items() if status_of(code or None) == status)
