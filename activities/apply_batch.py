"""Make one attempt at one batch: read its users again, write ahead, send what is still to do, record what came back.

Safe to run twice: the row ``w|{batch}|{epoch}|{attempt}`` is inserted before anything goes out, so a second run of the
same attempt sends nothing and leaves the outcome to be read back.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import azure.durable_functions as df

from activities.batches import Batch, load_batch, seats_of
from activities.guard import check_in
from activities.sending import TURN_IS_OVER, Sending, Todo, send
from shared.contracts.work import BatchDone, BatchWork, Stop
from shared.domain.caller import SYSTEM
from shared.domain.codes import ResultCode
from shared.domain.drift import overlay
from shared.domain.model import Change, Decision, User
from shared.domain.operation import Outcome
from shared.domain.outcomes import MAX_SENDS, backoff, before_sending, settled
from shared.domain.recent import RecentWrite
from shared.errors import Denied, GraphError, Throttled, Unavailable
from shared.graph.directory import Directory, ItemAnswer
from shared.services import Services, services

bp = df.Blueprint()

SPARE_SECONDS = 5.0
"""Left of the lease after the longest possible request."""


async def attempt(app: Services, work: BatchWork) -> BatchDone:
    """One attempt; users that have an outcome are left alone."""
    stop, send_until, batch = await asyncio.gather(check_in(app, work), _send_until(app, work), load_batch(app, work))
    done = BatchDone(batch=work.batch, attempt=work.attempt, left=len(batch.left))
    if stop and not (work.settle_only and stop.code == "cancelling"):
        return done.model_copy(update={"stop": stop})
    if not batch.left:
        return done
    tenant = await app.tenants.get(SYSTEM, work.tenant)
    directory = app.directory(tenant.id, tenant.credential)
    sending, went_out, answered = Sending(), False, False
    try:
        todo = await _read(app, work, directory, batch, sending)
        if todo and not work.settle_only:
            if monotonic() > send_until:
                sending.later(TURN_IS_OVER)
            elif await _write_ahead(app, work, todo):
                went_out = answered = True
                await send(directory, todo, app.tables.now(), send_until=send_until, into=sending)
            else:  # this very attempt went out before, or goes out right now: let the turn run out by itself
                sending.unknown.extend(user.decision.index for user in todo)
                sending.later(app.settings.graph_timeout + app.settings.replication_horizon)
                went_out = True
                done = done.model_copy(update={"keep_turn": True})
    except Denied as denied:
        done = done.model_copy(update={"stop": Stop(code=ResultCode.PERMISSION_DENIED, message=str(denied))})
    except (Throttled, Unavailable) as later:  # of the reads: nothing was sent
        sending.later(later.retry_after or backoff(work.attempt))
    except GraphError as refused:  # Graph refuses the batch as such: nothing was changed, and trying again is no use
        done = done.model_copy(update={"stop": Stop(code=ResultCode.GRAPH_ERROR, message=str(refused))})
    return await _record(app, work, batch, sending, done, went_out=went_out, answered=answered)


async def _send_until(app: Services, work: BatchWork) -> float:
    """The monotonic time until which this run may send, counted from before the turn was read.

    0 where the turn is not ours.
    """
    read_at = monotonic()
    turn, _ = await app.turns.read(work.tenant)
    if turn.holder != f"{work.operation}:{work.epoch}":
        return 0.0
    lease_left = turn.until - app.tables.now().timestamp()
    return read_at + lease_left - app.settings.graph_timeout - SPARE_SECONDS


async def _read(app: Services, work: BatchWork, directory: Directory, batch: Batch, sending: Sending) -> list[Todo]:
    """Read the users again; gives those to be sent, and puts what the read settles into ``sending``."""
    now, left = app.tables.now(), batch.left
    horizon = timedelta(seconds=app.settings.replication_horizon)
    others_only = None if batch.attempts else work.operation
    live, recent = await asyncio.gather(
        directory.read_users([decision.user_id for decision, _ in left]),
        app.recent.since(work.tenant, now - horizon, except_operation=others_only),
    )
    in_flight = horizon + timedelta(seconds=app.settings.graph_timeout)
    todo: list[Todo] = []
    for decision, change in left:
        user, writes = live[decision.user_id], recent.get(decision.user_id, [])
        unknown_since = batch.unknown_since(decision.index)
        if not isinstance(user, User):
            _unread(decision, user, work, sending, now)
            continue
        state = overlay(user.state, writes)
        word = before_sending(decision, change, state, sent_before=unknown_since is not None, at=now)
        if isinstance(word, Outcome):
            sending.outcomes.append(word)
        elif unknown_since and now < unknown_since + in_flight:
            sending.unknown.append(decision.index)
            sending.later((unknown_since + in_flight - now).total_seconds())
        elif batch.sends(decision.index) >= MAX_SENDS:
            sending.outcomes.append(settled(decision, ResultCode.OUTCOME_UNKNOWN, now))
        else:
            todo.append(_todo(work, batch, decision, change, state.usage_location, writes))
    return todo


def _todo(
    work: BatchWork,
    batch: Batch,
    decision: Decision,
    change: Change,
    location: str | None,
    writes: list[RecentWrite],
) -> Todo:
    there = change.usage_location == location
    return Todo(
        decision=decision,
        change=change,
        sends=batch.sends(decision.index),
        location_set=there
        and change.usage_location is not None
        and any(w.operation_id == work.operation for w in writes),
        location_needed=change.usage_location is not None and not there,
    )


def _unread(decision: Decision, answer: ItemAnswer | None, work: BatchWork, sending: Sending, at: datetime) -> None:
    """A user that could not be read: tried again while it may pass, then failed.

    404 may be a lagging replica at first (trap 30).
    """
    if work.attempt < (MAX_SENDS if answer else 3):
        sending.later((answer.retry_after if answer else None) or backoff(work.attempt))
        return
    code = ResultCode.USER_NOT_FOUND if answer is None else answer.code or ResultCode.GRAPH_ERROR
    if answer and answer.throttled:
        code = ResultCode.THROTTLED
    sending.outcomes.append(settled(decision, code, at, detail=answer.message if answer else None))


async def _write_ahead(app: Services, work: BatchWork, todo: list[Todo]) -> bool:
    indices = [user.decision.index for user in todo]
    return await app.results.begin_attempt(work.operation, work.tenant, work.batch, work.epoch, work.attempt, indices)


async def _record(
    app: Services, work: BatchWork, batch: Batch, sending: Sending, done: BatchDone, *, went_out: bool, answered: bool
) -> BatchDone:
    """Store what came back, each step safe to repeat: ``recent``, then outcomes and summary in one transaction."""
    mark = f"{work.batch}.{work.epoch}.{work.attempt}"
    outcomes = [
        replace(
            outcome, mark=mark, attempts=batch.sends(outcome.index) + (answered and outcome.index in sending.sent_to)
        )
        for outcome in sending.outcomes
    ]
    await app.recent.record(work.tenant, _recent_writes(app, work, batch, sending))
    summary = batch.summed_up(outcomes, mark, throttled=sending.throttled, answered=answered, unknown=sending.unknown)
    if outcomes or summary != batch.summary:
        await app.results.record(work.operation, work.tenant, outcomes, summary)
    return done.model_copy(
        update={
            "left": len(batch.left) - len(outcomes),
            "went_out": went_out,
            "sent": sending.sent,
            "ready_in": sending.ready_in,
            "unknown": bool(sending.unknown),
            "by_code": dict(Counter(outcome.code or "" for outcome in outcomes)),
            "throttled": sending.throttled,
            "blocked_for": sending.blocked_for,
            "mark": mark if mark in summary.marks else None,
            "seats": seats_of(batch, outcomes),
        }
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


@bp.activity_trigger(input_name="work")
async def apply_batch(work: Any) -> Any:
    """See ``attempt``."""
    return (await attempt(await services(), BatchWork.model_validate(work))).wire()
