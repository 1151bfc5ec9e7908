"""Schedules: operations that start by themselves, once or again and again. Pure, the time is an argument."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final, Literal

from shared.domain.caller import Caller
from shared.domain.notify import Notify
from shared.domain.operation import Actor, OperationKind
from shared.domain.recurrence import Recurrence

OnMissed = Literal["runOnce", "skip"]

LATE: Final = timedelta(minutes=15)
"""A due time that nobody looked at for so long was missed."""
SHOWN: Final = 5
"""So many times to come are told."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """What a schedule started last: the operation, and the time that it was due."""

    operation_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An operation to come: row ``{id}``. It has either a time (``run_at``) or a recurrence.

    A due time goes from waiting to ``claimed`` to done, the schedule from waiting to ``cancelled_by`` and away: each
    step is a change of the row under its ETag, so that of carrying it out and cancelling it only one happens.
    """

    id: str
    name: str
    kind: OperationKind
    request_sha: str
    """SHA-256 of the stored request (``staging/{sha256}``)."""
    tenants: tuple[str, ...]
    """Ids of the tenants that it concerns; where a target means many, those of the last run."""
    created_by: Actor
    created_at: datetime
    done_until: datetime
    """Recurring due times up to this moment are dealt with."""
    run_at: datetime | None = None
    recurrence: Recurrence | None = None
    on_missed: OnMissed = "runOnce"
    remove_leavers: bool = False
    """Whether who is no longer selected loses what this schedule gave."""
    max_changes_per_run: int | None = None
    enabled: bool = True
    notify: Notify | None = None
    """Who is told of what becomes of its runs."""
    template_sha: str | None = None
    """SHA-256 of the request as it was made, where a target means many tenants: each run finds out which."""
    scope: tuple[str, ...] | None = None
    """Ids of the tenants that its maker was limited to; None means all."""
    preview_id: str | None = None
    """The preview whose frozen plan is executed; None where each run makes its own."""
    owner_id: str | None = None
    """The operation whose grace ends then; None where somebody made the schedule."""
    body_sha: str | None = None
    """SHA-256 of the body that made it: what an idempotency key is compared by."""
    claimed: datetime | None = None
    """The due time that is being carried out: its operation may not be there yet."""
    cancelled_by: Actor | None = None
    """Who deletes it: what there is to undo may not be under way yet."""
    last_run: LastRun | None = None
    trace: str | None = None
    """W3C trace context of the call that made it; None where nothing is collected."""
    etag: str | None = None


def wholly_within(schedule: Schedule, caller: Caller) -> bool:
    """Whether the caller sees every tenant that the schedule concerns, also those that its request comes to mean."""
    if caller.tenants is None:
        return True
    reach = schedule.tenants if schedule.template_sha is None else schedule.scope
    return reach is not None and caller.tenants.issuperset((*schedule.tenants, *reach))


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a schedule finds: the due time to carry out, and those that go by without an operation."""

    run: datetime | None = None
    missed: tuple[datetime, ...] = ()


def upcoming(schedule: Schedule, count: int = SHOWN) -> tuple[datetime, ...]:
    """The next times at which it is still to start an operation; empty once nothing is to come."""
    if not schedule.enabled or schedule.cancelled_by is not None:
        return ()
    return tuple(islice(_times(schedule, schedule.claimed or schedule.done_until), count))


def _times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Due times after a moment; a time of its own is due until it is claimed."""
    if schedule.recurrence is not None:
        yield from schedule.recurrence.after(after)
    elif schedule.run_at is not None and schedule.run_at != schedule.claimed:
        yield schedule.run_at


def look(schedule: Schedule, now: datetime) -> Look:
    """Of the due times that have passed the latest is carried out, for all of them.

    With ``skip`` it is not where nobody looked in time. What is claimed is carried out in any case.
    """
    if schedule.cancelled_by is not None:
        return Look()
    if schedule.claimed is not None:
        claimed = schedule.claimed
        earlier = takewhile(lambda at: at < claimed, _times(schedule, schedule.done_until))
        return Look(schedule.claimed, tuple(earlier))
    if not schedule.enabled:
        return Look()
    passed = tuple(takewhile(lambda at: at <= now, _times(schedule, schedule.done_until)))
    if not passed:
        return Look()
    latest = passed[-1]
    if schedule.on_missed == "skip" and now - latest > LATE:
        return Look(None, passed)
    return Look(latest, passed[:-1])


def in_hand(schedule: Schedule) -> bool:
    """Whether somebody has begun to carry it out or to cancel it, and it is not known to be done."""
    return schedule.claimed is not None or schedule.cancelled_by is not None


def claim(schedule: Schedule, now: datetime) -> Schedule:
    """The schedule with its due time claimed, or past the times that were missed; as it is where nothing is due."""
    found = look(schedule, now)
    if found.run is not None:
        return replace(schedule, claimed=found.run)
    return _past(schedule, found.missed[-1]) if found.missed else schedule


def done(schedule: Schedule, run: LastRun | None, tenants: tuple[str, ...] = ()) -> Schedule:
    """The schedule after the claimed time was carried out in these tenants."""
    at = schedule.claimed or schedule.done_until
    found = tenants if schedule.template_sha and tenants else schedule.tenants
    return replace(_past(schedule, at), claimed=None, last_run=run or schedule.last_run, tenants=found)


def _past(schedule: Schedule, at: datetime) -> Schedule:
    """Past a due time; a one-time schedule has nothing left to do."""
    return replace(schedule, done_until=at, enabled=schedule.enabled and schedule.recurrence is not None)


def cancel(schedule: Schedule, actor: Actor) -> Schedule:
    """The schedule on its way out; it starts nothing any more."""
    return schedule if schedule.cancelled_by else replace(schedule, cancelled_by=actor, enabled=False)


def put_off(schedule: Schedule, tenants: Iterable[str], until: datetime) -> Schedule:
    """The schedule with these tenants as well, not before ``until``; one that is in hand stays as it is."""
    if in_hand(schedule) or not schedule.enabled:
        return schedule
    named = tuple(dict.fromkeys((*schedule.tenants, *tenants)))
    return replace(schedule, tenants=named, run_at=max(schedule.run_at or until, until))
