"""Who may follow whom: the states of an operation and of each of its tenants, as a table and pure functions.

The state of an operation is a function of its tenants' states; ``shared.domain.steering`` changes both by verbs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from shared.domain.codes import ResultCode
from shared.domain.operation import Operation, Status, TenantError, TenantPart, Totals

ENDED: Final = frozenset({Status.SUCCEEDED, Status.PARTIALLY_SUCCEEDED, Status.FAILED, Status.CANCELLED})
"""Nothing follows these."""

RESTING: Final = frozenset({Status.AWAITING_APPROVAL, Status.WAITING_FOR_WINDOW, Status.PAUSED, Status.HALTED})
"""No orchestration lives; a timer or a call wakes it."""

STOPS_TO_REST: Final[Mapping[str, Status]] = {
    "pausing": Status.PAUSED,
    "halting": Status.HALTED,
    "approving": Status.AWAITING_APPROVAL,
    "waiting": Status.WAITING_FOR_WINDOW,
}
"""Why a run stops, for those reasons after which its tenant rests and does not end."""

RESTING_ORDER: Final = (Status.HALTED, Status.AWAITING_APPROVAL, Status.PAUSED, Status.WAITING_FOR_WINDOW)
"""What an operation shows when its tenants rest in different states: what most needs a person comes first."""

_TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.QUEUED: frozenset(Status),
    Status.RUNNING: frozenset(Status) - {Status.QUEUED},
    **dict.fromkeys(RESTING, frozenset(Status)),
    Status.CANCELLING: frozenset({Status.CANCELLING, Status.CANCELLED}),
    **{ended: frozenset({ended}) for ended in ENDED},
}


class IllegalTransition(ValueError):
    """A state was about to be followed by one that cannot follow it: a fault of ours, never of the caller."""


def assert_transition(old: Status, new: Status) -> None:
    """Raise `IllegalTransition` unless ``new`` may follow ``old``; a state may always follow itself."""
    if new not in _TRANSITIONS[old]:
        raise IllegalTransition(f"{old} cannot become {new}")


def moved(part: TenantPart, status: Status, **changes: Any) -> TenantPart:
    """The part in another state; raises `IllegalTransition` for one that cannot follow."""
    assert_transition(part.status, status)
    return replace(part, status=status, **changes)


def operation_status(parts: Iterable[TenantPart]) -> Status:
    """Derive the state of an operation from its tenants'.

    Any tenant that works makes it ``running`` (``queued`` while none has begun, ``cancelling`` when all that is left is
    being cancelled); else the resting state that comes first in ``RESTING_ORDER``; else the end state.

    Raises:
        ValueError: there are no tenants, so nothing can be said.
    """
    states = {part.status for part in parts}
    if not states:
        raise ValueError("an operation without tenants has no state")
    unfinished = states - ENDED
    if not unfinished:
        return _end_of(states)
    if states == {Status.QUEUED} or unfinished == {Status.CANCELLING}:
        return unfinished.pop()
    if unfinished & {Status.QUEUED, Status.RUNNING, Status.CANCELLING}:
        return Status.RUNNING
    return next(status for status in RESTING_ORDER if status in unfinished)


def _end_of(states: set[Status]) -> Status:
    if Status.CANCELLED in states:
        return Status.CANCELLED
    return states.pop() if len(states) == 1 else Status.PARTIALLY_SUCCEEDED


def tenant_end_status(totals: Totals, error: TenantError | None, partial: bool, cancelled: bool) -> Status:
    """Say how a tenant's part ends.

    ``error`` is what ended it early, ``partial`` says that seats were given out only in part, ``cancelled`` that it was
    asked to stop. A tenant with a failed user never succeeds; one whose users were all skipped does.
    """
    if cancelled:
        return Status.CANCELLED
    if error is not None:
        return Status.PARTIALLY_SUCCEEDED if totals.succeeded else Status.FAILED
    if totals.failed and not totals.succeeded and not totals.skipped:
        return Status.FAILED
    return Status.PARTIALLY_SUCCEEDED if totals.failed or partial else Status.SUCCEEDED


def close_totals(totals: Totals, cancelled: bool) -> Totals:
    """Count the users without an outcome as skipped, ``Cancelled``.

    ``cancelled`` says that the tenant ends before all its users were dealt with, because somebody asked or because of
    an error; without it the totals stay as they are.
    """
    if not cancelled or totals.pending <= 0:
        return totals
    return totals.plus({ResultCode.CANCELLED.value: totals.pending})


def settle(operation: Operation, at: datetime) -> Operation:
    """Bring an operation, read with all its tenants, in line with them; ``at`` is now.

    Sets ``started_at`` when its first tenant began and ``completed_at`` when the last one ended. A cancelled operation
    stays ``cancelling`` while a tenant works. One that rests says why, as its tenants do. One that has ended stays as
    it is.
    """
    if operation.status in ENDED:
        return operation
    status = operation_status(operation.tenants)
    if operation.status is Status.CANCELLING and status not in ENDED:
        status = Status.CANCELLING
    assert_transition(operation.status, status)
    began = [tenant.started_at for tenant in operation.tenants if tenant.started_at is not None]
    started_at = operation.started_at or min(began, default=None)
    if started_at is None and status is Status.RUNNING:
        started_at = at
    return replace(
        operation,
        status=status,
        status_reason=_reason(operation, status),
        started_at=started_at,
        completed_at=at if status in ENDED else operation.completed_at,
    )


def seen_in_part(operation: Operation, tenants: tuple[TenantPart, ...]) -> Operation:
    """The operation as somebody sees it who sees only these of its tenants: nothing said of the others is left."""
    seen = replace(operation, tenants=tenants)
    return replace(seen, status_reason=_why_at_rest(seen, seen.status)) if seen.status in RESTING else seen


def _why_at_rest(operation: Operation, status: Status) -> str | None:
    reasons = [part.rest_reason for part in operation.tenants if part.status is status and part.rest_reason]
    return "; ".join(dict.fromkeys(reasons)) or None


def _reason(operation: Operation, status: Status) -> str | None:
    """Why it is as it is: what its tenants rest for; nothing while it works and shall go on."""
    if status in RESTING:
        return _why_at_rest(operation, status)
    if status in ENDED | {Status.CANCELLING}:
        return None if operation.hold else operation.status_reason  # it ended before the pause took effect
    return f"Being paused by {operation.held_by.name}" if operation.held_by else None
