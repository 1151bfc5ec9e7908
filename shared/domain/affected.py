"""How many users an operation may change: what the caller allows, and what must be confirmed."""

from typing import Final

from shared.domain.guards import Guards
from shared.domain.operation import OperationKind

UNCONFIRMED: Final = 100
"""So many users may lose licences, or be changed by what means all tenants, without anybody having said how many."""


def counts(guards: Guards, kind: OperationKind) -> bool:
    """Whether the affected users of all tenants must be known before the first write."""
    limits = (guards.max_users, guards.confirm, guards.max_changes)
    return kind == "remove" or guards.on_all or any(limit is not None for limit in limits)


def excess(guards: Guards, kind: OperationKind, affected: int) -> str | None:
    """Why an operation that affects so many users is refused, in a sentence; None where it may go on."""
    if guards.max_users is not None and affected > guards.max_users:
        return f"{affected} users would be changed, maxUsers allows {guards.max_users}"
    if guards.confirm is not None and affected != guards.confirm:
        return f"{affected} users would be changed, confirm says {guards.confirm}"
    unconfirmed = guards.confirm is None and not guards.confirmed
    if unconfirmed and (kind == "remove" or guards.on_all) and affected > UNCONFIRMED:
        what = "lose licences" if kind == "remove" else "be changed in all tenants"
        return f"{affected} users would {what}: more than {UNCONFIRMED} must be confirmed, with confirm {affected}"
    return None


def too_many(guards: Guards, affected: int) -> str | None:
    """Why an operation of a schedule that affects so many users is halted, in a sentence; None where it may go on."""
    if guards.max_changes is None or affected <= guards.max_changes:
        return None
    return f"{affected} users would be changed, the schedule's maxChangesPerRun leaves {guards.max_changes}"
