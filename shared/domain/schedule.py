"""Schedules: operations that start by themselves at a time of their own. Pure, the time is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.operation import Actor, OperationKind


@dataclass(frozen=True, slots=True)
class LastRun:
    """What a schedule started last: the operation, and the time that it was due."""

    operation_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An operation to come: row ``{id}``.

    It goes from waiting to ``claimed`` to done, or from waiting to ``cancelled_by`` and away: each step is a change of
    the row under its ETag, so that of carrying it out and cancelling it only one happens.
    """

    id: str
    name: str
    kind: OperationKind
    request_sha: str
    """SHA-256 of the stored request (``staging/{sha256}``)."""
    tenants: tuple[str, ...]
    """Ids of the tenants that it concerns."""
    created_by: Actor
    created_at: datetime
    run_at: datetime
    enabled: bool = True
    owner_id: str | None = None
    """The operation whose grace ends then; None where somebody made the schedule."""
    claimed: datetime | None = None
    """The due time that is being carried out: its operation may not be there yet."""
    cancelled_by: Actor | None = None
    """Who deletes it: what there is to undo may not be under way yet."""
    last_run: LastRun | None = None
    etag: str | None = None


def due(schedule: Schedule, now: datetime) -> datetime | None:
    """The due time to carry out; None where there is none."""
    if schedule.cancelled_by is not None:
        return None
    return schedule.claimed or next((at for at in upcoming(schedule) if at <= now), None)


def upcoming(schedule: Schedule) -> tuple[datetime, ...]:
    """The times at which it is still to start an operation; empty once nothing is to come."""
    waiting = schedule.enabled and schedule.claimed is None and schedule.cancelled_by is None
    return (schedule.run_at,) if waiting else ()


def in_hand(schedule: Schedule) -> bool:
    """Whether somebody has begun to carry it out or to cancel it, and it is not known to be done."""
    return schedule.claimed is not None or schedule.cancelled_by is not None


def claim(schedule: Schedule, now: datetime) -> Schedule:
    """The schedule with its due time claimed; as it is where nothing is due."""
    at = due(schedule, now)
    return schedule if at is None else replace(schedule, claimed=at)


def done(schedule: Schedule, run: LastRun | None) -> Schedule:
    """The schedule after the claimed time was carried out; a one-time schedule has nothing left to do."""
    return replace(schedule, claimed=None, enabled=False, last_run=run or schedule.last_run)


def cancel(schedule: Schedule, actor: Actor) -> Schedule:
    """The schedule on its way out; it starts nothing any more."""
    return schedule if schedule.cancelled_by else replace(schedule, cancelled_by=actor, enabled=False)


def put_off(schedule: Schedule, tenants: Iterable[str], until: datetime) -> Schedule:
    """The schedule with these tenants as well, not before ``until``; one that is in hand stays as it is."""
    if in_hand(schedule) or not schedule.enabled:
        return schedule
    named = tuple(dict.fromkeys((*schedule.tenants, *tenants)))
    return replace(schedule, tenants=named, run_at=max(schedule.run_at, until))
