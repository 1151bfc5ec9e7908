"""Read a batch's users again before they are sent, and say what the read alone settles."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.batches import Batch
from activities.sending import Sending, Todo
from shared.contracts.work import BatchWork
from shared.domain.codes import ResultCode
from shared.domain.drift import overlay
from shared.domain.model import Change, Decision, User
from shared.domain.operation import Outcome
from shared.domain.outcomes import MAX_SENDS, backoff, before_sending, settled, with_location
from shared.domain.recent import RecentWrite
from shared.errors import Throttled, Unavailable
from shared.graph.directory import Directory, ItemAnswer
from shared.services import Services

UNANSWERED_FOR = 2
"""So many times as long as a write may be under way a user is left to the operation that got no answer: it looks again
after one, and has the other to find out."""
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
    in_flight = horizon + timedelta(seconds=app.settings.graph_timeout)
    reading = _Reading(work, batch, sending, now, in_flight)
    others_only = None if batch.attempts else work.operation
    users = [decision.user_id for decision, _ in left]
    try:
        live, recent, unanswered = await asyncio.gather(
            directory.read_users(users),
            app.recent.since(work.tenant, now - horizon, users=set(users), except_operation=others_only),
            app.recent.unanswered(
                work.tenant, now - UNANSWERED_FOR * in_flight, users=set(users), except_operation=work.operation
            ),
        )
    except (Throttled, Unavailable) as failure:
        code = ResultCode.THROTTLED if isinstance(failure, Throttled) else ResultCode.TENANT_UNAVAILABLE
        for decision, change in left:
            reading.unread(decision, change, code, failure.retry_after, str(failure), tries=MAX_ATTEMPTS)
        return []
    todo: list[Todo] = []
    for decision, change in left:
        user = live[decision.user_id]
        if decision.user_id in unanswered:
            reading.held(decision, unanswered[decision.user_id])
        elif isinstance(user, User):
            todo += reading.judge(decision, change, user, recent.get(decision.user_id, []))
        else:
            reading.missing(decision, change, user)
    if not sending.unknown:
        sending.resolved = frozenset(attempt.mark for attempt in batch.attempts)
        sending.resolved_users = frozenset(batch.summary.unknown)
    return todo


async def freed_lately(app: Services, tenant: str) -> frozenset[str]:
    """SKUs of which we freed a seat within the horizon: until then Graph may still say that there is none."""
    since = app.tables.now() - timedelta(seconds=app.settings.replication_horizon)
    recent = await app.recent.since(tenant, since)
    writes = [write for some in recent.values() for write in some]
    return frozenset(sku_id for write in writes for sku_id in write.sku_ids if not write.after.holds(sku_id))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One look at the users of a batch."""

    work: BatchWork
    batch: Batch
    sending: Sending
    now: datetime
    in_flight: timedelta
    """How long a write may be under way and then unseen."""

    def judge(self, decision: Decision, change: Change, user: User, writes: list[RecentWrite]) -> list[Todo]:
        """The user as one to be sent, or none."""
        state = overlay(user.state, writes)
        sends = self.batch.sends(decision.index)
        unknown_since = self.batch.unknown_since(decision.index)
        located = self.batch.located(decision, change, state)
        if located:
            self.sending.ours.add(decision.index)
        word = before_sending(decision, change, state, sent_before=unknown_since is not None, at=self.now)
        if isinstance(word, Outcome):
            self._settle(word, change, located=located and word.code is not None)
        elif unknown_since and self.now < unknown_since + self.in_flight:
            self.sending.unknown.append(decision.index)
            self.sending.later((unknown_since + self.in_flight - self.now).total_seconds())
        elif sends >= MAX_SENDS:
            self._settle(settled(decision, ResultCode.OUTCOME_UNKNOWN, self.now), change, located=located)
        else:
            return [
                Todo(
                    decision,
                    change,
                    sends=sends,
                    location_set=located,
                    location_fresh=any(write.operation_id == self.work.operation for write in writes),
                    location_needed=change.usage_location not in (None, state.usage_location),
                )
            ]
        return []

    def held(self, decision: Decision, sent_at: datetime) -> None:
        """Another operation's write may be under way: what the user looks like now says nothing."""
        if self.batch.unknown_since(decision.index) is not None:
            self.sending.unknown.append(decision.index)
        self.sending.later((sent_at + UNANSWERED_FOR * self.in_flight - self.now).total_seconds())

    def missing(self, decision: Decision, change: Change, answer: ItemAnswer | None) -> None:
        """A user that could not be read although others could; None: the directory does not know it."""
        if answer is None:
            self.unread(decision, change, ResultCode.USER_NOT_FOUND, None, None, tries=ATTEMPTS_AT_MISSING)
            return
        code = ResultCode.THROTTLED if answer.throttled else answer.code or ResultCode.GRAPH_ERROR
        tries = 1 if answer.kind == "rejected" else MAX_ATTEMPTS
        self.unread(decision, change, code, answer.retry_after, answer.message, tries=tries)

    def unread(
        self,
        decision: Decision,
        change: Change,
        code: ResultCode,
        wait: float | None,
        detail: str | None,
        *,
        tries: int,
    ) -> None:
        """Tried again while it may pass, then failed: nobody waits for ever for a directory that does not answer."""
        unknown = self.batch.unknown_since(decision.index) is not None
        if self.work.attempt < tries:
            if unknown:
                self.sending.unknown.append(decision.index)
            self.sending.later(wait or backoff(self.work.attempt))
            return
        outcome = settled(decision, ResultCode.OUTCOME_UNKNOWN if unknown else code, self.now, detail=detail)
        self._settle(outcome, change, located=decision.index in self.batch.summary.located)

    def _settle(self, outcome: Outcome, change: Change, *, located: bool) -> None:
        self.sending.outcomes.append(with_location(outcome, change) if located else outcome)
