"""Make one attempt at one batch: read its users again, write ahead, send what is still to do, record what came back.

Safe to run twice: the row ``w|{batch}|{epoch}|{attempt}`` is inserted before anything goes out, so a second run of the
same attempt sends nothing and leaves the outcome to be read back.
"""

import asyncio
from collections import Counter
from collections.abc import Set
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import azure.durable_functions as df

from activities.batches import Batch, load_batch, mark_of, seats_of
from activities.converting import CONVERT_WITHIN, with_mailboxes_shared
from activities.guard import SUPERSEDED, check_in
from activities.reading import freed_lately, read_again
from activities.refusals import open_directory
from activities.sending import Sending, send
from activities.traced import traced
from shared.contracts.work import BatchDone, BatchWork, Stop
from shared.domain.codes import ResultCode
from shared.domain.outcomes import settled
from shared.domain.recent import RecentWrite, Unanswered
from shared.errors import Denied, GraphError, RowConflict
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()

SPARE_SECONDS = 5.0
"""Left of the lease after the longest possible request."""
WRITES_PER_USER = 2
"""At most: a usage location and the licences."""


async def attempt(app: Services, work: BatchWork, *, convert_within: timedelta = CONVERT_WITHIN) -> BatchDone:
    """One attempt; users that have an outcome are left alone."""
    stop, send_until, batch = await asyncio.gather(check_in(app, work), _send_until(app, work), load_batch(app, work))
    sending = Sending()
    earlier = next((begun for begun in batch.attempts if begun.mark == mark_of(work)), None)
    if earlier:  # a second run of this very attempt: the first may still be at it, and has spent what it had
        sending.sent, sending.twice = WRITES_PER_USER * len(earlier.indices), bool(batch.left)
    if stop and not (work.settle_only and stop != SUPERSEDED):
        return _report(work, batch, sending, stop)
    if not batch.left:
        return _report(work, batch, sending, None)
    refusal: Stop | None = None
    try:
        await _work_off(app, work, batch, send_until, sending, convert_within)
    except GraphError as refused:
        code = ResultCode.PERMISSION_DENIED if isinstance(refused, Denied) else ResultCode.GRAPH_ERROR
        refusal = Stop(code=code, message=str(refused))
        _give_up(work, batch, sending, app.tables.now(), str(refused))
    batch = await _record(app, work, batch, sending)
    return _report(work, batch, sending, refusal)


def _give_up(work: BatchWork, batch: Batch, sending: Sending, at: datetime, why: str) -> None:
    """The directory refuses altogether: of those that went out nobody can tell, now or (``settle_only``) ever."""
    unknown = [decision for decision, _ in batch.left if batch.unknown_since(decision.index)]
    if work.settle_only:
        sending.outcomes += [settled(decision, ResultCode.OUTCOME_UNKNOWN, at, detail=why) for decision in unknown]
    else:
        sending.unknown += [decision.index for decision in unknown if decision.index not in sending.unknown]


async def _work_off(
    app: Services, work: BatchWork, batch: Batch, send_until: float, sending: Sending, convert_within: timedelta
) -> None:
    """Read, write ahead and send; what comes of it stands in ``sending``, also when this raises."""
    if monotonic() > send_until and not work.settle_only:  # it began too late for anything, so it need not read either
        sending.late = True
        sending.unknown += [decision.index for decision, _ in batch.left if batch.unknown_since(decision.index)]
        return
    tenant, directory = await open_directory(app, work.tenant)
    todo = await read_again(app, work, batch, directory, sending)
    if sending.outcomes and await _went_out_meanwhile(app, work, batch, sending):
        return
    if not todo or work.settle_only:
        return
    if monotonic() > send_until:
        sending.too_late()
        return
    mailboxes = app.graph.mailboxes(tenant.id, tenant.credential)
    todo, kept = await with_mailboxes_shared(
        app, mailboxes, batch, todo, sending, send_until=send_until, within=convert_within
    )
    # Who keeps the licence is written ahead too: of two runs, of which one may send that user, one has the say.
    indices = [*(user.decision.index for user in todo), *(outcome.index for outcome in kept)]
    if not indices:
        return
    if await _write_ahead(app, work, indices):
        sending.answered = True
        sending.outcomes += kept
        # Once more, as the row is there now: who slept through the end of the window finds the turn handed on.
        send_until = await _send_until(app, work)
        await send(
            directory,
            todo,
            app.tables.now(),
            send_until=send_until,
            freed=lambda: freed_lately(app, work.tenant),
            into=sending,
        )
    else:
        _leave_to_the_other(app, sending, set(indices))


async def _went_out_meanwhile(app: Services, work: BatchWork, batch: Batch, sending: Sending) -> bool:
    """Whether another run went out after the rows were read: then what the directory shows may be its doing."""
    known = {begun.mark for begun in batch.attempts}
    begun = await app.results.attempts_of(work.operation, work.tenant, work.batch)
    theirs = {index for each in begun if each.mark not in known for index in each.indices}
    if not theirs:
        return False
    sending.outcomes = [outcome for outcome in sending.outcomes if outcome.index not in theirs]
    _leave_to_the_other(app, sending, theirs)
    return True


def _leave_to_the_other(app: Services, sending: Sending, users: Set[int]) -> None:
    """This very attempt went out before, or goes out right now: let the turn run out by itself."""
    sending.twice, sending.sent = True, WRITES_PER_USER * len(users)
    sending.unknown.extend(users)
    sending.later(app.settings.graph_timeout + app.settings.replication_horizon)


async def _send_until(app: Services, work: BatchWork) -> float:
    """The monotonic time until which this run may send, counted from before the turn was read.

    0 where the turn is not ours.
    """
    read_at = monotonic()
    turn, _ = await app.turns.read(work.tenant)
    if (turn.holder, turn.window) != (f"{work.operation}:{work.epoch}", work.window):
        return 0.0
    lease_left = turn.until - app.tables.now().timestamp()
    return read_at + lease_left - app.settings.graph_timeout - SPARE_SECONDS


async def _write_ahead(app: Services, work: BatchWork, indices: list[int]) -> bool:
    return await app.results.begin_attempt(work.operation, work.tenant, work.batch, work.epoch, work.attempt, indices)


async def _record(app: Services, work: BatchWork, batch: Batch, sending: Sending) -> Batch:
    """Store what came back, each step safe to repeat: ``recent``, then outcomes and summary in one transaction.

    Gives the batch as its rows are then.
    """
    mark = mark_of(work)
    found = [
        replace(outcome, mark=mark, attempts=batch.sends(outcome.index) + (outcome.index in sending.sent_to))
        for outcome in sending.outcomes
    ]
    await app.recent.record(work.tenant, _recent_writes(app, work, batch, sending))
    await app.recent.note_unanswered(work.tenant, _unanswered(app, work, batch, sending))
    latest = batch

    async def store() -> Batch:
        nonlocal latest
        open_indices = {decision.index for decision, _ in latest.left}
        outcomes = tuple(outcome for outcome in found if outcome.index in open_indices)
        summary = latest.summed_up(outcomes, mark, sending)
        if outcomes or summary != latest.summary:
            try:
                await app.results.record(work.operation, work.tenant, outcomes, summary)
            except RowConflict:  # another run of this batch has recorded meanwhile: sum up anew, on its rows
                latest = await load_batch(app, work)
                raise
        return replace(latest, recorded=(*latest.recorded, *outcomes), summary=summary)

    return await until_settled(store)


def _report(work: BatchWork, batch: Batch, sending: Sending, stop: Stop | None) -> BatchDone:
    """What the attempt brought, from the rows: a second run reports what the first one recorded."""
    mark = mark_of(work)
    mine = [outcome for outcome in batch.recorded if outcome.mark == mark]
    return BatchDone(
        batch=work.batch,
        attempt=work.attempt,
        stop=stop,
        left=len(batch.left) + batch.beyond,
        beyond=batch.beyond,
        went_out=sending.answered or sending.twice,
        keep_turn=sending.twice,
        sent=sending.sent,
        ready_in=sending.ready_in or sending.look_in,
        unknown=bool(sending.unknown),
        by_code=dict(Counter(outcome.code or "" for outcome in mine)),
        throttled=sending.throttled,
        blocked_for=sending.blocked_for,
        app_blocked_for=sending.app_blocked_for,
        late=sending.late,
        limit_used=sending.limit_used,
        mark=mark if mark in batch.summary.marks else None,
        seats=seats_of(batch, mine),
    )


def _recent_writes(app: Services, work: BatchWork, batch: Batch, sending: Sending) -> list[RecentWrite]:
    """Our own after-states of this attempt: what Graph's reads may not show for a while."""
    now = app.tables.now()
    changes = {d.index: d.change for d in batch.decisions}
    states = {user.user_id: (frozenset[str](), user.change) for user in sending.located}
    for outcome in sending.outcomes:
        change = changes[outcome.index]
        if outcome.code is None and change:
            states[outcome.user_id] = (change.sku_ids, change)
    return [
        RecentWrite(user_id=user_id, operation_id=work.operation, at=now, sku_ids=sku_ids, after=change.after)
        for user_id, (sku_ids, change) in states.items()
    ]


def _unanswered(app: Services, work: BatchWork, batch: Batch, sending: Sending) -> list[Unanswered]:
    """Whom no other operation shall write to until it is known what became of this attempt's write."""
    gone = sending.sent_to.intersection(sending.unknown)
    now = app.tables.now()
    return [Unanswered(d.user_id, work.operation, now) for d in batch.decisions if d.index in gone]


@bp.activity_trigger(input_name="work")
@traced
async def apply_batch(work: Any) -> Any:
    """See ``attempt``."""
    return (await attempt(await services(), BatchWork.model_validate(work))).wire()
