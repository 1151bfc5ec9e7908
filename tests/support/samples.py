"""Domain values that tests of stores fill in."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.audit import AuditEntry, MarkedEntries
from shared.domain.model import AddLicence, Assignment, Change, Decision, LicenceState
from shared.domain.operation import Actor, Operation, Outcome, Status, TenantPart
from shared.domain.schedule import Schedule

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
E5, E3 = "06ebc4ee-1bb5-47dd-8120-11a08a9b4d64", "05e9a617-0261-4cee-bb44-138d3ef5d965"
PLANS = frozenset({"7547a3fe-08ee-4ccb-b430-5077c5041653", "0feaeb32-d00e-4d66-bd5a-43b5b83db82c"})
BEFORE = LicenceState((Assignment(E3, PLANS), Assignment(E3, group_id="sales", error="CountViolation")), "DE")
AFTER = LicenceState((Assignment(E5, PLANS),), "DE")


def tenant_id(number: int) -> str:
    """The id of the ``number``-th tenant."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def part(operation_id: str, number: int, **fields: Any) -> TenantPart:
    """A queued part of the ``number``-th tenant."""
    return TenantPart(operation_id=operation_id, tenant_id=tenant_id(number), domain=f"t{number}.example.com", **fields)


def operation(operation_id: str, tenants: Iterable[int] = (1,), **fields: Any) -> Operation:
    """A queued assign operation over these tenants."""
    given: dict[str, Any] = {
        "kind": "assign",
        "status": Status.QUEUED,
        "created_at": NOON,
        "created_by": Actor("ana", "Ana"),
        "request_sha": "a" * 64,
        "body_sha": "b" * 64,
    }
    parts = tuple(part(operation_id, number) for number in tenants)
    return Operation(id=operation_id, tenants=parts, **(given | fields))


def schedule(**fields: Any) -> Schedule:
    """A schedule of the first tenant that is due at noon."""
    given: dict[str, Any] = {
        "id": "s1",
        "name": "Grace",
        "kind": "remove",
        "request_sha": "a" * 64,
        "run_at": NOON,
        "tenants": (tenant_id(1),),
        "created_by": Actor("ana", "Ana"),
        "created_at": NOON - timedelta(days=30),
        "done_until": NOON - timedelta(days=30),
    }
    return Schedule(**(given | fields))


def outcome(index: int, mark: str = "0.1.0", code: str | None = None, **fields: Any) -> Outcome:
    """An outcome of the ``index``-th user."""
    return Outcome(
        index=index,
        user_id=f"user-{index}",
        user_principal_name=f"user{index}@example.com",
        code=code,
        mark=mark,
        completed_at=NOON,
        **fields,
    )


def decision(index: int, *, change: bool = True, location: str | None = None) -> Decision:
    """A decision to swap E3 for E5, or one that leaves the user alone."""
    swap = Change((AddLicence(E5, PLANS),), (E3,), location, BEFORE, AFTER)
    return Decision(
        index=index,
        user_id=f"{index:08x}-1111-4111-8111-111111111111",
        user_principal_name=f"user{index}@example.com",
        status="change" if change else "unchanged",
        code=None if change else "AlreadyAssigned",
        change=swap if change else None,
        state=BEFORE,
    )


def audit_entry(tenant: str, number: int, *, operation_id: str = "op1", at: datetime | None = None) -> AuditEntry:
    """An entry that waits for its place in the chain."""
    return AuditEntry(
        tenant_id=tenant,
        at=at or NOON + timedelta(seconds=number),
        actor=Actor("ana", "Ana"),
        operation_id=operation_id,
        user_id=f"user-{number}",
        user_principal_name=f"User{number}@example.com",
        before=BEFORE,
        after=AFTER,
        seat_change={"SPE_E5": 1, "SPE_E3": -1},
        price={"SPE_E5": 57.5},
        currency="EUR",
        request_id="r-1",
        reason="Umzug nach Köln",
        part_numbers={E5: "SPE_E5", E3: "SPE_E3"},
    )


def marked(tenant: str, mark: str, numbers: Iterable[int], *, operation_id: str = "op1") -> MarkedEntries:
    """The entries of one write."""
    return MarkedEntries(operation_id, mark, tuple(audit_entry(tenant, n, operation_id=operation_id) for n in numbers))
