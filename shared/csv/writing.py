"""CSV that a spreadsheet can open without running what is in it (Trap 42)."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence

from shared.contracts.auditing import ReconciliationRow
from shared.contracts.preview import PreviewUser
from shared.contracts.responses import AuditEntryBody, HeldLicence, ResultBody
from shared.csv.guard import safe

PIECE_BYTES = 64 * 1024

RESULT_COLUMNS = (
    "tenantId",
    "userId",
    "userPrincipalName",
    "status",
    "code",
    "added",
    "removed",
    "disabledPlans",
    "usageLocationSet",
    "skippedLicenses",
    "message",
    "detail",
    "attempts",
    "completedAt",
)
AUDIT_COLUMNS = (
    "tenantId",
    "sequence",
    "at",
    "actor",
    "operationId",
    "userId",
    "userPrincipalName",
    "action",
    "licensesBefore",
    "licensesAfter",
    "usageLocationBefore",
    "usageLocationAfter",
    "seatChange",
    "price",
    "currency",
    "requestId",
    "reason",
    "previousHash",
    "hash",
)
PREVIEW_COLUMNS = (
    "tenantId",
    "userId",
    "userPrincipalName",
    "status",
    "code",
    "message",
    "add",
    "remove",
    "disabledPlans",
    "usageLocation",
    "licensesBefore",
    "licensesAfter",
    "warnings",
)
RECONCILIATION_COLUMNS = (
    "tenantId",
    "month",
    "sku",
    "skuId",
    "added",
    "removed",
    "net",
    "consumedNow",
    "unexplained",
    "monthlyChange",
    "currency",
    "error",
)


async def csv_pieces(columns: Sequence[str], rows: AsyncIterator[Mapping[str, object]]) -> AsyncIterator[bytes]:
    """A CSV with a header line (RFC 4180, UTF-8), in pieces of at least ``PIECE_BYTES`` but for the last."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    async for row in rows:
        writer.writerow([safe(row[column]) for column in columns])
        if out.tell() >= PIECE_BYTES:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    if out.tell():
        yield out.getvalue().encode()


def result_row(result: ResultBody) -> Mapping[str, object]:
    """One result as cells: lists separated by ``;``, plans as ``SKU: plan plan``."""
    error = result.error
    return {
        **result.model_dump(mode="json", by_alias=True),
        "code": error.code if error else None,
        "message": error.message if error else result.message,
        "detail": error.detail if error else None,
        "added": ";".join(result.added),
        "removed": ";".join(result.removed),
        "disabledPlans": ";".join(f"{sku}: {' '.join(plans)}" for sku, plans in result.disabled_plans.items()),
        "skippedLicenses": ";".join(f"{each.sku}: {each.code}" for each in result.skipped_licenses),
    }


def audit_row(entry: AuditEntryBody) -> Mapping[str, object]:
    """One audit entry as cells; a licence is its SKU, the disabled plans in brackets, and ``inherited`` where it is."""
    return {
        **entry.model_dump(mode="json", by_alias=True),
        "actor": entry.actor.id,
        "licensesBefore": ";".join(map(_licence, entry.before.licenses)),
        "licensesAfter": ";".join(map(_licence, entry.after.licenses)),
        "usageLocationBefore": entry.before.usage_location,
        "usageLocationAfter": entry.after.usage_location,
        "seatChange": ";".join(f"{sku}: {change:+d}" for sku, change in entry.seat_change.items()),
        "price": ";".join(f"{sku}: {price}" for sku, price in entry.price.items()),
    }


def reconciliation_row(row: ReconciliationRow) -> Mapping[str, object]:
    """One row of a reconciliation as cells; what is not known is empty, and the error its text."""
    return {**row.model_dump(mode="json", by_alias=True), "error": row.error.message if row.error else None}


def _licence(licence: HeldLicence) -> str:
    off = f" ({' '.join(licence.disabled_plans)})" if licence.disabled_plans else ""
    return f"{licence.sku}{off}{' inherited' if licence.inherited else ''}"


def preview_row(user: PreviewUser) -> Mapping[str, object]:
    """What would become of one user as cells."""
    return {
        **user.model_dump(mode="json", by_alias=True),
        "add": ";".join(each.sku for each in user.add),
        "remove": ";".join(user.remove),
        "disabledPlans": ";".join(
            f"{each.sku}: {' '.join(each.disabled_plans)}" for each in user.add if each.disabled_plans
        ),
        "licensesBefore": ";".join(map(_licence, user.before.licenses)),
        "licensesAfter": ";".join(map(_licence, user.after.licenses)),
        "warnings": ";".join(user.warnings),
    }
