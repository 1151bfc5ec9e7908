"""Microsoft's list of products, their SKUs and service plans: read, and believed only where it looks like one.

https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference links it; it is one CSV with a row a
service plan of each SKU.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.catalogue import Catalogue, catalogue, is_guid
from shared.csv.decoding import Undecodable, decode
from shared.domain.model import ServicePlan, Sku
from shared.errors import LicenceError

NAME, PART_NUMBER, SKU_ID = "Product_Display_Name", "String_Id", "GUID"
PLAN_NAME, PLAN_ID = "Service_Plan_Name", "Service_Plan_Id"
COLUMNS = (NAME, PART_NUMBER, SKU_ID, PLAN_NAME, PLAN_ID)
FEWEST_ROWS = 300
WELL_KNOWN = 10
"""So many of the SKUs that are built in must be in it, under their ids."""
BAD_ROWS = 0.01
"""Up to this share of rows may be broken, and is left out: a slip of the pen, not another file."""
SHRINKS = 0.1
"""It may lose this share of its rows from one time to the next."""


class NotTheList(LicenceError):
    """What was read cannot be Microsoft's list; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductList:
    """The list as it was read from ``source`` at ``read_at``; ``etag`` is the source's own, for asking again."""

    source: str
    etag: str | None
    read_at: datetime
    rows: int
    skus: tuple[Sku, ...]


def read_list(content: bytes) -> tuple[tuple[Sku, ...], int]:
    """The SKUs of the list with their names and service plans, and how many rows it has.

    A SKU that stands under two names keeps the first. Raises ``NotTheList``.
    """
    try:
        reader = csv.DictReader(io.StringIO(decode(content), newline=""))
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise NotTheList(f"it has no column {missing[0]}")
        rows = list(reader)
    except (Undecodable, csv.Error) as error:
        raise NotTheList(f"it is no CSV: {error}") from error
    good = [clean for row in rows if (clean := _clean(row))]
    if len(good) < FEWEST_ROWS:
        raise NotTheList(f"it has {len(good)} rows of service plans, at least {FEWEST_ROWS} are expected")
    if len(rows) - len(good) > BAD_ROWS * len(rows):
        raise NotTheList(f"{len(rows) - len(good)} of its {len(rows)} rows lack a name or an id")
    skus = _skus(good)
    known = sum(1 for sku in skus if catalogue().find(sku.id))
    if known < WELL_KNOWN:
        raise NotTheList(f"it has {known} of the well-known SKUs, at least {WELL_KNOWN} are expected")
    return skus, len(good)


def check_against(before: ProductList | None, rows: int) -> None:
    """Raise ``NotTheList`` where the list has lost too many rows since the last time."""
    if before is not None and rows < before.rows * (1 - SHRINKS):
        raise NotTheList(f"it has shrunk from {before.rows} rows to {rows}")


def with_built_in(skus: Iterable[Sku]) -> Catalogue:
    """A catalogue of the list; what it lacks is as built in."""
    return catalogue().with_skus(skus)


def _clean(row: Mapping[str, str | None]) -> dict[str, str] | None:
    """The cells that count, without spaces around them; None where one is missing or an id is none."""
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    return cells if all(cells.values()) and is_guid(cells[SKU_ID]) and is_guid(cells[PLAN_ID]) else None


def _skus(rows: Iterable[Mapping[str, str]]) -> tuple[Sku, ...]:
    found: dict[str, Sku] = {}
    plans: dict[str, dict[str, ServicePlan]] = {}
    for row in rows:
        sku_id, plan_id = row[SKU_ID].lower(), row[PLAN_ID].lower()
        found.setdefault(sku_id, Sku(sku_id, row[PART_NUMBER], name=row[NAME]))
        plans.setdefault(sku_id, {}).setdefault(plan_id, ServicePlan(plan_id, row[PLAN_NAME]))
    return tuple(replace(sku, service_plans=tuple(plans[sku.id].values())) for sku in found.values())
