"""What the verbs make of an operation, and what becomes of one that rests when its time is over: pure functions.

An operation that rests has no orchestration. Whatever sets its tenants to work again raises the epoch, under which the
caller starts one.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.domain.operation import Actor, Operation, Status, TenantPart
from shared.domain.states import ENDED, RESTING, moved, settle

Verb = Literal["cancel", "pause", "resume", "approve"]

_OPEN: Final = frozenset({Status.QUEUED, Status.RUNNING, Status.WAITING_FOR_WINDOW})
"""Goes on by itself."""
_STOPPED: Final = frozenset({Status.PAUSED, Status.HALTED})


class VerbRefused(Exception):
    """The verb does not fit the state; ``status`` is that state and the text, fit for the caller, names it."""

    def __init__(self, verb: Verb, status: Status) -> None:
        super().__init__(f"{verb} does not fit an operation that is {status}.")
        self.verb = verb
        self.status = status


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an operation may rest: paused or halted, and waiting for approval."""

    pause: timedelta
    approval: timedelta


def cancel(operation: Operation, reason: str | None = None) -> Operation:
    """Cancel: it and each tenant that has not ended become ``cancelling``; the same object where that was done before.

    Tenants that rest have nobody to end them, so for them the epoch is raised.

    Raises:
        VerbRefused: the operation has ended otherwise.
    """
    if operation.status in {Status.CANCELLING, Status.CANCELLED}:
        return operation
    if operation.status in ENDED:
        raise VerbRefused("cancel", operation.status)
    rests = any(part.status in RESTING for part in operation.tenants)
    return replace(
        operation,
        status=Status.CANCELLING,
        status_reason=reason,
        hold=None,
        held_by=None,
        epoch=operation.epoch + rests,
        tenants=tuple(
            part if part.status in ENDED else moved(part, Status.CANCELLING, rested_at=None, rest_reason=None)
            for part in operation.tenants
        ),
    )


def pause(operation: Operation, at: datetime, by: Actor) -> Operation:
    """Pause: who does not work yet rests at once, the others once what they sent is recorded.

    The same object where it is paused, or being paused.

    Raises:
        VerbRefused: the operation is not running, queued or waiting for its window.
    """
    if operation.hold and operation.status in _OPEN | {Status.PAUSED}:
        return operation
    if operation.status not in _OPEN:
        raise VerbRefused("pause", operation.status)
    held = replace(operation, hold="pause", held_by=by)
    at_once = {Status.QUEUED, Status.WAITING_FOR_WINDOW}
    tenants = tuple(_paused(held, part, at) if part.status in at_once else part for part in held.tenants)
    return settle(replace(held, tenants=tenants), at)


def resume(operation: Operation, at: datetime) -> Operation:
    """Resume: paused and halted tenants go on; also one of which the pause has not taken effect yet.

    The same object where that was done before.

    Raises:
        VerbRefused: the operation is neither paused nor halted, and never was.
    """
    paused = operation.hold is not None and operation.status in _OPEN | RESTING
    stopped = operation.status in RESTING and any(part.status in _STOPPED for part in operation.tenants)
    if not paused and not stopped:
        if operation.resumed_at is not None and operation.status in _OPEN:
            return operation
        raise VerbRefused("resume", operation.status)
    tenants = tuple(_resumed(part, at) if part.status in _STOPPED else part for part in operation.tenants)
    epoch = operation.epoch + 1
    return settle(replace(operation, hold=None, held_by=None, resumed_at=at, epoch=epoch, tenants=tenants), at)


def approve(operation: Operation, at: datetime, by: Actor) -> Operation:
    """Approve the canaries: the tenants that waited for it go on, or rest with the others while these are paused.

    The same object where that was done before.

    Raises:
        VerbRefused: the operation does not wait for approval; as long as a tenant works it does not.
    """
    if operation.status is not Status.AWAITING_APPROVAL:
        if operation.approved_by is not None and operation.status in _OPEN:
            return operation
        raise VerbRefused("approve", operation.status)

    def approved(part: TenantPart) -> TenantPart:
        if part.status is not Status.AWAITING_APPROVAL:
            return part
        passed = replace(part, canary_passed=True)
        return _paused(operation, passed, at) if operation.hold else woken(passed, at)

    tenants = tuple(approved(part) for part in operation.tenants)
    epoch = operation.epoch if operation.hold else operation.epoch + 1
    return settle(replace(operation, approved_by=by, epoch=epoch, tenants=tenants), at)


def look_at(operation: Operation, part: TenantPart, patience: Patience, now: datetime) -> datetime:
    """When somebody must look at a tenant that rests: its window opens, or patience is over.

    Raises ``ValueError`` for a tenant that does not rest.
    """
    if part.status is Status.WAITING_FOR_WINDOW:
        return operation.guards.window.next_opening(now) if operation.guards.window else now
    if part.status not in RESTING:
        raise ValueError(f"tenant {part.tenant_id} does not rest, it is {part.status}")
    allowed = patience.approval if part.status is Status.AWAITING_APPROVAL else patience.pause
    return (part.rested_at or now) + allowed


def taken_up(operation: Operation, due: Collection[str], patience: Patience, now: datetime) -> Operation:
    """What becomes of an operation of which these tenants are past their time.

    Under the next epoch go on: tenants that were left alone at work, and those whose window has opened. When it rests
    longer than patience allows it is cancelled. The same object where nothing is to be done yet.
    """
    if operation.status in ENDED:
        return operation
    mine = [part for part in operation.tenants if part.tenant_id in due and part.status not in ENDED]
    resting = [part for part in mine if part.status in RESTING]
    over = [part for part in resting if look_at(operation, part, patience, now) <= now]
    opened = {part.tenant_id for part in over if part.status is Status.WAITING_FOR_WINDOW}
    expired = [part for part in over if part.tenant_id not in opened]
    if expired and operation.status in RESTING:
        return cancel(operation, _expiry(expired[0], patience))
    if not opened and len(resting) == len(mine):
        return operation
    tenants = tuple(woken(part, now) if part.tenant_id in opened else part for part in operation.tenants)
    return settle(replace(operation, epoch=operation.epoch + 1, tenants=tenants), now)


def woken(part: TenantPart, at: datetime) -> TenantPart:
    """The part at work again; the time that it rested does not count as time of work."""
    applying_at = part.applying_at
    if applying_at is not None and part.rested_at is not None:
        applying_at += at - part.rested_at
    return moved(part, Status.RUNNING, applying_at=applying_at, rested_at=None, rest_reason=None)


def _resumed(part: TenantPart, at: datetime) -> TenantPart:
    """At work again; failures before do not halt it a second time."""
    judged = part.judged_from is not None or part.status is Status.HALTED
    return replace(woken(part, at), judged_from=part.totals.tally if judged else None)


def _paused(operation: Operation, part: TenantPart, at: datetime) -> TenantPart:
    return moved(part, Status.PAUSED, rested_at=at, rest_reason=paused_by(operation))


def paused_by(operation: Operation) -> str:
    """Why a paused tenant rests."""
    return f"Paused by {operation.held_by.name}" if operation.held_by else "Paused"


def _expiry(part: TenantPart, patience: Patience) -> str:
    if part.status is Status.AWAITING_APPROVAL:
        return f"Cancelled as nobody approved it within {_hours(patience.approval)} hours"
    return f"Cancelled as it was {part.status} for {_hours(patience.pause)} hours and nobody resumed it"


def _hours(allowed: timedelta) -> str:
    return f"{allowed / timedelta(hours=1):g}"
