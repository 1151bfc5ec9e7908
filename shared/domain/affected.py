"""How many users an operation may change: what the caller allows, and what must be confirmed."""

from typing import Final

from shared.domain.guards import Guards
from shared.domain.operation import OperationKind

UNCONFIRMED: Final = 100
"""So many users may lose licences without anybody having said how many there are."""


def counts(guards: Guards, kind: OperationKind) -> bool:
    """Whether the affected users of all tenants must be known before the first write."""
    limits = (guards.max_users, guards.confirm, guards.max_changes)
    return kind == "remove" or any(limit is not None for limit in limits)


def excess(guards: Guards, kind: OperationKind, affected: int) -> str | None:
    """Why an operation that affects so many users is refused, in a sentence; None where it may go on."""
    if guards.max_users is not None and affected > guards.max_users:
        return f"{affected} users would be changed, maxUsers allows {guards.max_users}"
    if guards.confirm is not None and affected != guards.confirm:
        return f"{affected} users would be changed, confirm says {guards.confirm}"
    unconfirmed = guards.confirm is None and not guards.confirmed
    if unconfirmed and kind == "remove" and affected > UNCONFIRMED:
        return (
            f"{affected} users would lose licences: more than {UNCONFIRMED} must be confirmed, with confirm {affected}"
        )
    return None


def too_many(guards: Guards, affected: int) -> str | None:
    """Why an operation of a schedule that affects so many users is halted, in a sentence; None where it may go on."""
    if guards.max_changes is None or affected <= guards.max_changes:
        return None
    return f"{affected} users would be changed, the schedule's maxChangesPerRun leaves {guards.max_changes}"
