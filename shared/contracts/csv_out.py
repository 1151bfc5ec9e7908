"""CSV that a spreadsheet can open without running what is in it (Trap 42)."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from pydantic import BaseModel

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

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


def safe(cell: object) -> str:
    """The text of a cell; one that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


async def write_csv(columns: Sequence[str], rows: AsyncIterator[Mapping[str, object]]) -> bytes:
    """A CSV with a header line (RFC 4180, UTF-8)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    async for row in rows:
        writer.writerow([safe(row[column]) for column in columns])
    return out.getvalue().encode()


def result_row(result: BaseModel) -> dict[str, object]:
    """One result as cells: lists separated by ``;``, plans as ``SKU: plan plan``."""
    told = result.model_dump(mode="json", by_alias=True)
    error = told["error"] or {}
    return told | {
        "code": error.get("code"),
        "message": error.get("message") or told["message"],
        "detail": error.get("detail"),
        "added": ";".join(told["added"]),
        "removed": ";".join(told["removed"]),
        "disabledPlans": ";".join(f"{sku}: {' '.join(plans)}" for sku, plans in told["disabledPlans"].items()),
        "skippedLicenses": ";".join(f"{each['sku']}: {each['code']}" for each in told["skippedLicenses"]),
    }


def audit_row(entry: BaseModel) -> dict[str, object]:
    """One audit entry as cells; a licence is ``SKU``, its disabled plans in brackets, and ``inherited`` where it is."""
    told = entry.model_dump(mode="json", by_alias=True)
    return told | {
        "actor": told["actor"]["id"],
        "licensesBefore": _licences(told["before"]["licenses"]),
        "licensesAfter": _licences(told["after"]["licenses"]),
        "usageLocationBefore": told["before"]["usageLocation"],
        "usageLocationAfter": told["after"]["usageLocation"],
        "seatChange": ";".join(f"{sku}: {change:+d}" for sku, change in told["seatChange"].items()),
        "price": ";".join(f"{sku}: {price}" for sku, price in told["price"].items()),
    }


def _licences(licences: Iterable[Mapping[str, object]]) -> str:
    return ";".join(_licence(each) for each in licences)


def _licence(licence: Mapping[str, object]) -> str:
    plans = licence["disabledPlans"]
    off = f" ({' '.join(map(str, plans))})" if isinstance(plans, list) and plans else ""
    return f"{licence['sku']}{off}{' inherited' if licence['inherited'] else ''}"
