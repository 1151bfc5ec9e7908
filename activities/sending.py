"""Send one attempt's writes and judge every answer by itself: usage locations first, then licences, one call a user."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic

from shared.domain.codes import ResultCode
from shared.domain.model import Change, Decision
from shared.domain.operation import Outcome
from shared.domain.outcomes import MAX_SENDS, backoff, settled, succeeded, with_location
from shared.errors import Throttled
from shared.graph.directory import Directory, ItemAnswer, LicenceWrite

TURN_IS_OVER = 0.2
"""Seconds after which a user is asked for again that could not be sent in this turn."""


@dataclass(frozen=True, slots=True)
class Todo:
    """One user to be sent; ``sends`` counts the attempts before this one."""

    decision: Decision
    change: Change
    sends: int = 0
    location_set: bool = False
    """Our own PATCH of the usage location went through."""
    location_needed: bool = False

    @property
    def user_id(self) -> str:
        """The user's object id."""
        return self.decision.user_id


@dataclass(slots=True)
class Sending:
    """What an attempt has brought so far."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    located: list[Todo] = field(default_factory=list[Todo])
    """Users whose usage location was set just now."""
    ready_in: float = 0.0
    """Seconds after which all the users that are left may be sent again."""
    unknown: list[int] = field(default_factory=list[int])
    """Users whose answer is missing."""
    sent: int = 0
    """Graph writes, thrown-back ones included."""
    sent_to: set[int] = field(default_factory=set[int])
    throttled: int = 0
    blocked_for: float = 0.0

    def later(self, seconds: float) -> None:
        """Leave a user for a later attempt."""
        self.ready_in = max(self.ready_in, seconds)


async def send(directory: Directory, todo: Sequence[Todo], at: datetime, *, send_until: float, into: Sending) -> None:
    """Set the usage locations that are missing, then send the licences; nothing after ``send_until`` (monotonic).

    Raises ``Denied`` when the tenant refuses the app altogether.
    """
    try:
        ready = await _set_locations(directory, todo, into, at)
        if ready and monotonic() > send_until:
            into.later(TURN_IS_OVER)
        elif ready:
            await _assign(directory, ready, into, at)
    except Throttled as throttled:  # the whole request was refused: nobody in it was changed
        wait = throttled.retry_after or backoff(1)
        into.throttled += 1
        into.blocked_for = max(into.blocked_for, wait)
        into.later(wait)


async def _set_locations(directory: Directory, todo: Sequence[Todo], into: Sending, at: datetime) -> list[Todo]:
    """Set usage locations; gives the users whose licences can go next."""
    wanted = {u.user_id: u.change.usage_location for u in todo if u.location_needed and u.change.usage_location}
    if not wanted:
        return list(todo)
    into.sent += len(wanted)
    into.sent_to.update(user.decision.index for user in todo if user.user_id in wanted)
    answers = await directory.set_usage_locations(wanted)
    ready: list[Todo] = []
    for user in todo:
        answer = answers.get(user.user_id)
        if answer is None:
            ready.append(user)
        elif answer.kind == "done":
            located = replace(user, location_set=True)
            into.located.append(located)
            ready.append(located)
        else:
            _judge(user, answer, into, at)
    return ready


async def _assign(directory: Directory, todo: Sequence[Todo], into: Sending, at: datetime) -> None:
    into.sent += len(todo)
    into.sent_to.update(user.decision.index for user in todo)
    answers = await directory.assign([LicenceWrite(u.user_id, u.change.add, u.change.remove) for u in todo])
    for user in todo:
        answer = answers[user.user_id]
        if answer.kind == "done":
            into.outcomes.append(succeeded(user.decision, user.change, at, request_id=answer.request_id))
        else:
            _judge(user, answer, into, at)


def _judge(user: Todo, answer: ItemAnswer, into: Sending, at: datetime) -> None:
    """A refusal is final unless it passes by itself: a throttle, a fault of Graph, or a lag behind our own PATCH."""
    into.throttled += answer.throttled
    if answer.throttled and (answer.scope or "").startswith("Tenant"):
        into.blocked_for = max(into.blocked_for, answer.retry_after or 0.0)
    if answer.kind == "unknown":
        into.unknown.append(user.decision.index)
    lagging = answer.code == ResultCode.MISSING_USAGE_LOCATION and user.location_set
    passing = lagging or answer.kind in ("later", "unknown")
    if passing and user.sends + 1 < MAX_SENDS:
        into.later(answer.retry_after or backoff(user.sends + 1))
    elif answer.kind != "unknown":  # an unknown one is read back once more before the last word
        into.outcomes.append(_refused(user, answer, at))


def _refused(user: Todo, answer: ItemAnswer, at: datetime) -> Outcome:
    code = ResultCode.THROTTLED if answer.throttled else answer.code or ResultCode.GRAPH_ERROR
    outcome = settled(user.decision, code, at, detail=answer.message, request_id=answer.request_id)
    return with_location(outcome, user.change) if user.location_set else outcome
