"""Hold a removal back that takes a mailbox along, until the mailbox is a shared one: convert, verify, then remove.

1. Graph is asked what the mailboxes are. Who has a shared one that needs no licence, as Exchange has said, goes out in
   this very attempt, and so does who has none, as both of them say.
2. Exchange is asked once to convert the others, after its look at what forbids it; a refusal is final, and the licence
   stays.
3. Until Graph shows the mailbox as shared, the user is left for later attempts; who waits too long keeps the licence.

Safe to run twice: a second conversion changes nothing. What a later attempt must know stands in the batch's summary;
what a crash loses of it is asked for again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from activities.batches import Batch
from activities.sending import TURN_IS_OVER, Sending, Todo
from shared.domain.codes import ResultCode
from shared.domain.mailbox_conversion import Conversion, Reason
from shared.domain.operation import Outcome
from shared.domain.outcomes import settled
from shared.errors import GraphError, OutcomeUnknown, Throttled, Unavailable
from shared.graph.directory import Mailboxes
from shared.services import Services

CONVERT_WITHIN: Final = timedelta(minutes=60)
"""After the first look at a mailbox, by when it must be shown as shared."""
FIRST_WAIT: Final = 30.0
"""Seconds until the next look, at most half of the replication horizon; then as long again as it took so far."""
LONGEST_WAIT: Final = 600.0
AT_ONCE: Final = 4
"""Mailboxes of a batch that are converted side by side."""
SHARE_OF_TURN: Final = 0.75
"""Of the time to send in, how much mailboxes may take: who needs none is sent after them."""

type Judged = Todo | Outcome | None
"""May go out; keeps the licence; is left for later."""


async def with_mailboxes_shared(
    app: Services,
    mailboxes: Mailboxes,
    batch: Batch,
    todo: Sequence[Todo],
    sending: Sending,
    *,
    send_until: float,
    within: timedelta,
) -> tuple[list[Todo], list[Outcome]]:
    """The users who may go out now, and the outcomes of those who keep their licence; who is in neither comes later.

    ``send_until`` is the monotonic time until which this run may send. ``within`` is how long to wait for a mailbox.
    """
    wishing = [user for user in todo if user.decision.convert_mailbox]
    if not wishing:
        return list(todo), []
    look = _Look(
        mailboxes=mailboxes,
        batch=batch,
        sending=sending,
        now=app.tables.now(),
        first_wait=min(FIRST_WAIT, app.settings.replication_horizon / 2),
        within=within,
        until=monotonic() + SHARE_OF_TURN * (send_until - monotonic()),
        gate=asyncio.Semaphore(AT_ONCE),
    )
    judged = dict(zip((user.user_id for user in wishing), await look.judge(wishing), strict=True))
    through = [judged.get(user.user_id, user) for user in todo]
    return [u for u in through if isinstance(u, Todo)], [u for u in through if isinstance(u, Outcome)]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the mailboxes of a batch."""

    mailboxes: Mailboxes
    batch: Batch
    sending: Sending
    now: datetime
    first_wait: float
    within: timedelta
    until: float
    """The monotonic time until which Graph and Exchange are listened to."""
    gate: asyncio.Semaphore

    async def judge(self, users: Sequence[Todo]) -> list[Judged]:
        """A word on each of the users, in their order."""
        try:
            async with asyncio.timeout(self.until - monotonic()):
                purposes = await self._purposes([user.user_id for user in users])
        except TimeoutError:
            return [self._later(user, "Microsoft Graph did not say in time what the mailbox is.") for user in users]
        return await asyncio.gather(*(self._one(user, purposes[user.user_id]) for user in users))

    async def _purposes(self, user_ids: Sequence[str]) -> dict[str, str | GraphError | None]:
        """As ``Mailboxes.purposes``; one that cannot be read is the error, and says nothing of the others."""
        try:
            return {**await self.mailboxes.purposes(user_ids)}
        except (Throttled, Unavailable) as error:
            return dict.fromkeys(user_ids, error)
        except GraphError as error:
            if len(user_ids) == 1:
                return {user_ids[0]: error}
        found: dict[str, str | GraphError | None] = {}
        for user_id in user_ids:
            found |= await self._purposes([user_id])
        return found

    async def _one(self, user: Todo, purpose: str | GraphError | None) -> Judged:
        if isinstance(purpose, GraphError):
            return self._troubled(user, purpose)
        if user.decision.index in self.batch.summary.requested and purpose is not None:
            if purpose != "shared":
                return self._unseen(user)
            if self.now - self._since(user) < self.within:
                return _may_go(user)
            # As after a pause: what Exchange saw of the mailbox before it was asked may hold no longer.
        try:
            async with asyncio.timeout(self.until - monotonic()), self.gate:
                answer = await self.mailboxes.convert_to_shared(user.user_id, user.decision.user_principal_name)
        except TimeoutError:
            return self._later(user, "Exchange did not answer in time.")
        except GraphError as error:
            return self._troubled(user, error)
        return self._answered(user, purpose, answer)

    def _answered(self, user: Todo, purpose: str | None, answer: Conversion) -> Judged:
        if answer.reason is Reason.NO_MAILBOX:
            # Graph may lag behind Exchange, and one of the two alone is not believed.
            return _may_go(user, None) if purpose is None else self._unseen(user)
        if answer.kind == "refused":
            return self._kept(user, answer.message or "Exchange refused.")
        self.sending.requested.add(user.decision.index)
        return _may_go(user) if answer.kind == "already" and purpose == "shared" else self._unseen(user)

    def _since(self, user: Todo) -> datetime:
        return self.batch.summary.converting.get(user.decision.index, self.now)

    def _unseen(self, user: Todo) -> Judged:
        return self._later(user, "Microsoft Graph does not show the mailbox as a shared one.")

    def _troubled(self, user: Todo, error: GraphError) -> Judged:
        """Asked again where that may help; whether a conversion without an answer came through, the next look shows."""
        if isinstance(error, Throttled | Unavailable):
            return self._later(user, str(error), retry_after=error.retry_after)
        if isinstance(error, OutcomeUnknown):
            return self._later(user, str(error))
        return self._kept(user, str(error))

    def _later(self, user: Todo, why: str, *, retry_after: float | None = None) -> Judged:
        since = self._since(user)
        waited = self.now - since
        if waited >= self.within:
            return self._kept(user, f"Given up after {self.within.total_seconds() / 60:g} minutes. {why}")
        self.sending.converting[user.decision.index] = since
        if retry_after:
            self.sending.later(retry_after)
        longest = min(LONGEST_WAIT, (self.within - waited).total_seconds())
        self.sending.look_again(max(min(max(waited.total_seconds(), self.first_wait), longest), TURN_IS_OVER))
        return None

    def _kept(self, user: Todo, why: str) -> Outcome:
        message = f"The mailbox was not converted, so the licence stays. {why}"
        return settled(user.decision, ResultCode.MAILBOX_NOT_CONVERTED, self.now, message=message)


def _may_go(user: Todo, note: str | None = "The mailbox is a shared one now.") -> Todo:
    """The user as one to be sent; the result will say what became of the mailbox."""
    message = " ".join(sentence for sentence in (user.decision.message, note) if sentence)
    return replace(user, decision=replace(user.decision, message=message or None))
