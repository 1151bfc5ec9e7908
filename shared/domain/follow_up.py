"""What must follow from a state of an operation, once, whatever dies meanwhile. Pure, the time is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.domain.notify import Event
from shared.domain.operation import Operation, Status, TenantPart
from shared.domain.states import ENDED

FollowUpKind = Literal["notification", "leavers"]
State = Literal["open", "done", "failed"]
SCHEDULE: Final = "schedule"
"""What a notification is about that the schedule of an operation asks for."""
FIRST_RETRY: Final = timedelta(seconds=4)
LONGEST_PAUSE: Final = timedelta(minutes=15)
MAX_ERROR: Final = 500
"""Characters that are kept of why a try failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One thing to do after an event: row ``{kind}|{about}|{event}|{since}`` of the operation, inserted once."""

    operation_id: str
    kind: FollowUpKind
    about: str
    """Whom it concerns: a tenant's id, or a word of the kind."""
    event: Event
    since: datetime
    """When the state came about: it tells a second halt from the first."""
    created_at: datetime
    to: str = ""
    """Where it goes, as it may be shown."""
    state: State = "open"
    tries: int = 0
    error: str | None = None
    """Why the last try failed."""
    etag: str | None = None


def event_of(operation: Operation, parts: Iterable[TenantPart]) -> tuple[Event, datetime] | None:
    """What the operation's state is to those who hear of these of its tenants, and since when; None for no event.

    An operation that is halted or waits for approval concerns those of its tenants that do.
    """
    if operation.status in ENDED:
        return ("completed", operation.completed_at) if operation.completed_at else None
    if operation.status not in {Status.HALTED, Status.AWAITING_APPROVAL}:
        return None
    event: Event = "halted" if operation.status is Status.HALTED else "awaitingApproval"
    since = [part.rested_at for part in parts if part.status is operation.status and part.rested_at]
    return (event, max(since)) if since else None


def done(item: FollowUp) -> FollowUp:
    """It is done."""
    return replace(item, state="done", tries=item.tries + 1, error=None)


def missed(item: FollowUp, error: str, now: datetime, patience: timedelta | None) -> tuple[FollowUp, datetime | None]:
    """The item after a try that failed, and when to try again; None once patience (counted from its making) is over.

    The pause doubles from try to try; the last try is made when patience ends.
    """
    tried = replace(item, tries=item.tries + 1, error=error[:MAX_ERROR])
    # Doubled at most so often: more would be beyond what a duration holds, after days of tries.
    again = now + min(FIRST_RETRY * 2 ** min(item.tries, 10), LONGEST_PAUSE)
    if patience is None:
        return tried, again
    if now >= item.created_at + patience:
        return replace(tried, state="failed"), None
    return tried, min(again, item.created_at + patience)
