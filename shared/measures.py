"""What is counted of operations, from the change of a row that was written: once, whoever writes and however often."""

from shared.domain.codes import status_of
from shared.domain.operation import Operation, OperationKind, Status, Totals
from shared.telemetry import collects, count


def changed(before: Operation, after: Operation) -> None:
    """Count what became of an operation by this change; a preview changes nothing, and is not counted."""
    if not collects() or after.kind == "preview":
        return
    if before.completed_at is None and after.completed_at is not None:
        count("operations.ended", status=str(after.status), type=after.kind)
    known = {part.tenant_id: part for part in before.tenants}
    for part in after.tenants:
        earlier = known[part.tenant_id]
        if part.status is Status.HALTED and earlier.status is not Status.HALTED:
            count("operations.halted", tenant=part.tenant_id)
        users(after.kind, part.tenant_id, earlier.totals, part.totals)


def users(kind: OperationKind, tenant: str, before: Totals, after: Totals) -> None:
    """Count the users of a tenant who have come to an outcome by this change."""
    for code, number in after.by_code.items():
        grown = max(0, number - before.by_code.get(code, 0))
        if not code:
            count("users.changed", grown, kind=kind, tenant=tenant)
        elif status_of(code) == "failed":
            count("users.failed", grown, code=code, tenant=tenant)
