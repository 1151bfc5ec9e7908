"""Read a batch's users again before they are sent, and say what the read alone settles."""

import asyncio
from datetime import datetime, timedelta

from activities.batches import Batch
from activities.sending import Sending, Todo
from shared.contracts.work import BatchWork
from shared.domain.codes import ResultCode
from shared.domain.drift import overlay
from shared.domain.model import Change, Decision, LicenceState, User
from shared.domain.operation import Outcome
from shared.domain.outcomes import MAX_SENDS, backoff, before_sending, settled, with_location
from shared.errors import Throttled, Unavailable
from shared.graph.directory import Directory, ItemAnswer
from shared.services import Services

MAX_ATTEMPTS = 20
"""Attempts of an epoch after which users that cannot be read are failed."""
ATTEMPTS_AT_MISSING = 3
"""A user that was there when planned and answers 404 may be missing on a lagging replica only (trap 30)."""


async def read_again(
    app: Services, work: BatchWork, batch: Batch, directory: Directory, sending: Sending
) -> list[Todo]:
    """The users to be sent; what the read settles or leaves for later goes into ``sending``.

    Raises ``Denied`` or ``GraphError`` when the directory refuses altogether.
    """
    now, left = app.tables.now(), batch.left
    horizon = timedelta(seconds=app.settings.replication_horizon)
    others_only = None if batch.attempts else work.operation
    try:
        live, recent = await asyncio.gather(
            directory.read_users([decision.user_id for decision, _ in left]),
            app.recent.since(work.tenant, now - horizon, except_operation=others_only),
        )
    except (Throttled, Unavailable) as failure:
        code = ResultCode.THROTTLED if isinstance(failure, Throttled) else ResultCode.TENANT_UNAVAILABLE
        wait = failure.retry_after or backoff(work.attempt)
        for decision, change in left:
            _unread(work, batch, decision, change, sending, now, code=code, wait=wait, detail=str(failure))
        return []
    in_flight = horizon + timedelta(seconds=app.settings.graph_timeout)
    todo: list[Todo] = []
    for decision, change in left:
        user = live[decision.user_id]
        if isinstance(user, User):
            state = overlay(user.state, recent.get(decision.user_id, []))
            todo += _judge(batch, decision, change, state, sending, now, in_flight)
        else:
            _missing(work, batch, decision, change, user, sending, now)
    return todo


def _judge(
    batch: Batch,
    decision: Decision,
    change: Change,
    state: LicenceState,
    sending: Sending,
    now: datetime,
    in_flight: timedelta,
) -> list[Todo]:
    """The user as one to be sent, or none."""
    unknown_since = batch.unknown_since(decision.index)
    word = before_sending(decision, change, state, sent_before=unknown_since is not None, at=now)
    located = batch.located(decision, change, state)
    if isinstance(word, Outcome):
        sending.outcomes.append(with_location(word, change) if located and word.code else word)
    elif unknown_since and now < unknown_since + in_flight:
        sending.unknown.append(decision.index)
        sending.later((unknown_since + in_flight - now).total_seconds())
    elif batch.sends(decision.index) >= MAX_SENDS:
        outcome = settled(decision, ResultCode.OUTCOME_UNKNOWN, now)
        sending.outcomes.append(with_location(outcome, change) if located else outcome)
    else:
        missing = change.usage_location is not None and change.usage_location != state.usage_location
        sends = batch.sends(decision.index)
        return [Todo(decision, change, sends=sends, location_set=located, location_needed=missing)]
    return []


def _missing(
    work: BatchWork,
    batch: Batch,
    decision: Decision,
    change: Change,
    answer: ItemAnswer | None,
    sending: Sending,
    now: datetime,
) -> None:
    """A user that could not be read although the others could."""
    if answer is None:
        code, wait, detail = ResultCode.USER_NOT_FOUND, backoff(work.attempt), None
    else:
        code = ResultCode.THROTTLED if answer.throttled else answer.code or ResultCode.GRAPH_ERROR
        wait, detail = answer.retry_after or backoff(work.attempt), answer.message
    tries = ATTEMPTS_AT_MISSING if answer is None else 1 if answer.kind == "rejected" else MAX_ATTEMPTS
    _unread(work, batch, decision, change, sending, now, code=code, wait=wait, detail=detail, tries=tries)


def _unread(
    work: BatchWork,
    batch: Batch,
    decision: Decision,
    change: Change,
    sending: Sending,
    now: datetime,
    *,
    code: ResultCode,
    wait: float,
    detail: str | None,
    tries: int = MAX_ATTEMPTS,
) -> None:
    """Tried again while it may pass, then failed: nobody waits for ever for a directory that does not answer."""
    unknown = batch.unknown_since(decision.index) is not None
    if work.attempt < tries:
        if unknown:
            sending.unknown.append(decision.index)
        sending.later(wait)
        return
    outcome = settled(decision, ResultCode.OUTCOME_UNKNOWN if unknown else code, now, detail=detail)
    sending.outcomes.append(with_location(outcome, change) if decision.index in batch.summary.located else outcome)
