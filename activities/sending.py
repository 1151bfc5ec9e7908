"""Send one attempt's writes and judge every answer by itself: usage locations first, then licences, one call a user."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
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


type Freed = Callable[[], Awaitable[frozenset[str]]]
"""Tells the SKUs of which we freed a seat within the replication horizon."""


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

    @property
    def takes(self) -> list[str]:
        """The SKUs of which the user takes a seat."""
        return [sku_id for sku_id, delta in self.change.seat_change().items() if delta > 0]


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
    look_in: float = 0.0
    """Seconds after which the next look at a mailbox makes sense; whoever else is left does not wait for it."""
    converting: dict[int, datetime] = field(default_factory=dict[int, datetime])
    """Users whose mailbox is waited for, with the time of the first look at it."""
    requested: set[int] = field(default_factory=set[int])
    """Users whose mailbox Exchange took to convert, or found converted."""
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
    app_blocked_for: float = 0.0
    """Seconds for which Graph wants no write of the app at all."""
    late: bool = False
    """The turn was over before all could be sent."""
    limit_used: float = 0.0
    """The greatest share of a limit in use that an answer told."""

    def later(self, seconds: float) -> None:
        """Leave a user for a later attempt."""
        self.ready_in = max(self.ready_in, seconds)

    def too_late(self) -> None:
        """Leave whom the turn was too short for to the next one."""
        self.late = True
        self.later(TURN_IS_OVER)

    def look_again(self, seconds: float) -> None:
        """Leave a user for a later look at the mailbox: the soonest of them counts."""
        self.look_in = min(self.look_in or seconds, seconds)


async def send(
    directory: Directory, todo: Sequence[Todo], at: datetime, *, send_until: float, freed: Freed, into: Sending
) -> None:
    """Set the usage locations that are missing, then send the licences; nothing after ``send_until`` (monotonic).

    ``freed`` is asked only when Graph finds no seats.

    Raises ``Denied`` when the tenant refuses the app altogether.
    """
    ready = list(todo)
    try:
        if any(user.location_needed for user in ready) and monotonic() <= send_until:
            ready = await _set_locations(directory, ready, into, at)
        if monotonic() > send_until:
            into.too_late()
        elif ready:
            await _assign(directory, ready, into, at, freed)
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
    _note_limits(answers.values(), into)
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


async def _assign(directory: Directory, todo: Sequence[Todo], into: Sending, at: datetime, freed: Freed) -> None:
    into.sent += len(todo)
    into.sent_to.update(user.decision.index for user in todo)
    answers = await directory.assign([LicenceWrite(u.user_id, u.change.add, u.change.remove) for u in todo])
    seatless = any(answer.code == ResultCode.INSUFFICIENT_LICENSES for answer in answers.values())
    freed_lately = await freed() if seatless else frozenset[str]()
    _note_limits(answers.values(), into)
    for user in todo:
        answer = answers[user.user_id]
        if answer.kind == "done":
            into.outcomes.append(succeeded(user.decision, user.change, at, request_id=answer.request_id))
        else:
            _judge(user, answer, into, at, freed_lately)


def _note_limits(answers: Iterable[ItemAnswer], into: Sending) -> None:
    """Who is refused for a limit, and how close the others came to one."""
    for answer in answers:
        into.limit_used = max(into.limit_used, answer.limit_percentage or 0.0)
        into.throttled += answer.throttled
        if answer.throttled and (answer.scope or "").startswith("Tenant"):
            into.blocked_for = max(into.blocked_for, answer.retry_after or 0.0)
        elif answer.throttled and (answer.scope or "").startswith("Application"):
            into.app_blocked_for = max(into.app_blocked_for, answer.retry_after or 0.0)


def _judge(user: Todo, answer: ItemAnswer, into: Sending, at: datetime, freed: frozenset[str] = frozenset()) -> None:
    """A refusal is final unless it passes by itself: a throttle, a fault of Graph, or a lag behind a write of ours.

    ``freed`` are the SKUs of which we freed seats so lately that Graph may not know it everywhere.
    """
    lagging = (answer.code == ResultCode.MISSING_USAGE_LOCATION and user.location_fresh) or (
        answer.code == ResultCode.INSUFFICIENT_LICENSES and not freed.isdisjoint(user.takes)
    )
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
