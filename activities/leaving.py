"""What a run leaves in order when it goes from its tenant, whether the tenant ends or rests."""

from collections import Counter
from collections.abc import Sequence

from activities.record_audit import audit_marks
from shared.contracts.work import TenantRun
from shared.domain.operation import Summary
from shared.domain.pacing import leave
from shared.services import Services
from shared.tables.contention import until_settled


def counted(summaries: Sequence[Summary]) -> Counter[str]:
    """Outcomes by code."""
    counts: Counter[str] = Counter()
    for summary in summaries:
        counts.update(summary.by_code)
    return counts


async def older_lease(app: Services, run: TenantRun) -> float | None:
    """Seconds for which an older epoch of the operation still holds the turn: until then it may send.

    Whoever goes before would not hear of it.
    """
    turn, _ = await app.turns.read(run.tenant)
    left = turn.until - app.tables.now().timestamp()
    older = turn.holder != _name(run) and turn.holder.rpartition(":")[0] == run.operation
    return left if older and left > 0 else None


async def complete_audit(app: Services, run: TenantRun, summaries: Sequence[Summary]) -> None:
    """Write the audit of every outcome that has none yet."""
    wanted = {mark: int(summary.batch) for summary in summaries for mark in summary.marks}
    if not wanted:
        return
    there = await app.audit.marks(run.tenant, run.operation)
    missing = [(batch, mark) for mark, batch in wanted.items() if mark not in there]
    if missing:
        await audit_marks(app, run, missing)


async def leave_line(app: Services, run: TenantRun) -> None:
    """Wait for the tenant's turn no longer: those behind would wait along."""

    async def try_once() -> None:
        turn, etag = await app.turns.read(run.tenant)
        changed = leave(turn, _name(run))
        if changed != turn:
            await app.turns.write(run.tenant, changed, etag)

    await until_settled(try_once)


def _name(run: TenantRun) -> str:
    return f"{run.operation}:{run.epoch}"
