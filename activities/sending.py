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
    location_fresh: bool = False
    """It did so within the replication horizon."""
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
    ours: set[int] = field(default_factory=set[int])
    """Users whose usage location is of our setting, now or in an earlier attempt."""
    ready_in: float = 0.0
    """Seconds after which all the users that are left may be sent again."""
    unknown: list[int] = field(default_factory=list[int])
    """Users of whom nobody knows yet what became of them."""
    resolved: frozenset[str] = frozenset()
    """Marks of earlier attempts of which nothing may be under way any more: every user could be read, and shows it."""
    resolved_users: frozenset[int] = frozenset()
    """Users who were unknown, and are not any more for the same reason."""
    answered: bool = False
    """The attempt was written ahead and came back."""
    twice: bool = False
    """The attempt had been written ahead before: it may be in flight right now."""
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
    ready = list(todo)
    try:
        if any(user.location_needed for user in ready) and monotonic() <= send_until:
            ready = await _set_locations(directory, ready, into, at)
        if monotonic() > send_until:
            into.later(TURN_IS_OVER)
        elif ready:
            await _assign(directory, ready, into, at)
    except Throttled as throttled:  # the whole request was refused: nobody in it was changed
        into.throttled += 1
        into.blocked_for = max(into.blocked_for, throttled.retry_after or 0.0)
        for user in ready:
            _later(user, into, at, wait=throttled.retry_after, code=ResultCode.THROTTLED, detail=str(throttled))


async def _set_locations(directory: Directory, todo: Sequence[Todo], into: Sending, at: datetime) -> list[Todo]:
    """Set usage locations; gives the users whose licences can go next."""
    wanted = {u.user_id: u.change.usage_location for u in todo if u.location_needed and u.change.usage_location}
    into.sent += len(wanted)
    into.sent_to.update(user.decision.index for user in todo if user.user_id in wanted)
    answers = await directory.set_usage_locations(wanted)
    ready: list[Todo] = []
    for user in todo:
        answer = answers.get(user.user_id)
        if answer is None:
            ready.append(user)
        elif answer.kind == "done":
            located = replace(user, location_set=True, location_fresh=True)
            into.located.append(located)
            into.ours.add(user.decision.index)
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
    lagging = answer.code == ResultCode.MISSING_USAGE_LOCATION and user.location_fresh
    code = ResultCode.THROTTLED if answer.throttled else answer.code or ResultCode.GRAPH_ERROR
    if answer.kind == "unknown":  # read back before anything else, whatever the number of attempts
        into.unknown.append(user.decision.index)
        into.later(backoff(user.sends + 1))
    elif lagging or answer.kind == "later":
        _later(user, into, at, wait=answer.retry_after, code=code, detail=answer.message)
    else:
        into.outcomes.append(_refused(user, code, at, detail=answer.message, request_id=answer.request_id))


def _later(
    user: Todo, into: Sending, at: datetime, *, wait: float | None, code: ResultCode, detail: str | None
) -> None:
    """Send the user again, or fail it with the last answer's code after the last time."""
    if user.sends + 1 < MAX_SENDS:
        into.later(wait or backoff(user.sends + 1))
    else:
        into.outcomes.append(_refused(user, code, at, detail=detail))


def _refused(
    user: Todo, code: ResultCode, at: datetime, *, detail: str | None, request_id: str | None = None
) -> Outcome:
    outcome = settled(user.decision, code, at, detail=detail, request_id=request_id)
    return with_location(outcome, user.change) if user.location_set else outcome
