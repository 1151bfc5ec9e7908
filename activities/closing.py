"""What is left of a tenant's batches when it ends: everybody whom a write may have reached gets a last word."""

from collections.abc import Iterator

from activities.batches import Batch, load_batch
from activities.sending import Sending
from shared.contracts.work import BatchWork, TenantEnd
from shared.domain.codes import ResultCode
from shared.domain.model import Change, Decision
from shared.domain.operation import Outcome, Summary
from shared.domain.outcomes import settled, with_location
from shared.services import Services


async def close_batches(app: Services, work: TenantEnd) -> list[Summary]:
    """Record the last words, and give the summaries of the whole part then.

    A tenant that stops early leaves those who were never sent without an outcome: they read as ``Cancelled``. Of one
    that came to its end nobody is left without.
    """
    if (await app.operations.read_op(work.operation)).kind == "preview":
        return []  # nothing was to be written
    summaries = {summary.batch: summary for summary in await app.results.summaries(work.operation, work.tenant)}
    manifest = await app.plans.manifest(work.plan_id, work.tenant)
    if manifest is None:
        return list(summaries.values())
    begun = await app.results.attempts(work.operation, work.tenant)
    for number in range(manifest.batches):
        summary = summaries.get(str(number))
        if summary and sum(summary.by_code.values()) == manifest.users_of(number):
            continue
        if work.stop and number not in begun:
            continue
        where = BatchWork(**dict(work.run), batch=number, attempt=0)
        closed = await _close(app, where, stopped=work.stop is not None)
        if closed:
            summaries[closed.batch] = closed
    return list(summaries.values())


async def _close(app: Services, work: BatchWork, *, stopped: bool) -> Summary | None:
    batch = await load_batch(app, work)
    mark = f"{work.batch}.{work.epoch}.end"
    outcomes = list(_last_words(app, batch, mark, stopped=stopped))
    if not outcomes:
        return None
    summary = batch.summed_up(outcomes, mark, Sending())
    await app.results.record(work.operation, work.tenant, outcomes, summary)
    return summary


def _last_words(app: Services, batch: Batch, mark: str, *, stopped: bool) -> Iterator[Outcome]:
    for decision, change in batch.left:
        code = _code(batch, decision, stopped=stopped)
        if code:
            yield _last_word(app, batch, decision, change, code, mark)


def _code(batch: Batch, decision: Decision, *, stopped: bool) -> ResultCode | None:
    if batch.unknown_since(decision.index):
        return ResultCode.OUTCOME_UNKNOWN
    if not stopped:
        return ResultCode.GRAPH_ERROR
    return ResultCode.CANCELLED if decision.index in batch.summary.located else None


def _last_word(app: Services, batch: Batch, decision: Decision, change: Change, code: ResultCode, mark: str) -> Outcome:
    detail = "Every attempt failed before anything was sent" if code is ResultCode.GRAPH_ERROR else None
    outcome = settled(decision, code, app.tables.now(), detail=detail, mark=mark)
    return with_location(outcome, change) if decision.index in batch.summary.located else outcome
