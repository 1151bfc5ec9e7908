"""``GET /reconciliation``: a month's seats and money by tenant and SKU, beside what Microsoft Graph counts."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import azure.functions as func

from shared.contracts.auditing import ReconciliationRow, UnreadTenant
from shared.contracts.responses import Page
from shared.contracts.routes import BASE, CURSOR, FORMAT, TENANT, TOP, Answer, Parameter, Route
from shared.csv.writing import RECONCILIATION_COLUMNS, csv_pieces, reconciliation_row
from shared.domain.advice import told
from shared.domain.caller import Caller, Role
from shared.domain.codes import ResultCode
from shared.domain.reconciliation import Month, Reconciliation, Row
from shared.domain.tenant import Tenant
from shared.errors import GraphError
from shared.refusals import code_of
from shared.services import Services
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from shared.tables.table import AFTER
from triggers.routes.audited import audited_tenant, audited_tenants, registered
from triggers.timers.counting import TENANTS_AT_ONCE, Reading, read_seats
from triggers.web.exports import LINKED, PREFER_LINK, csv_answer
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

router = Router()

type Place = tuple[str, str, str]
"""Where a page ends: tenant, part number and SKU id of its last row, or ``AFTER`` all rows of the tenant."""

PAGE_SECONDS = 60
"""After so long a page ends where it is, however few its rows: a link to the rest is better than no answer."""


@router.add(
    Route(
        name="reconcile",
        method="GET",
        path=f"{BASE}/reconciliation",
        summary="Seats and money added and removed by tenant, SKU and month, and what no audit entry explains.",
        role=Role.READ,
        parameters=(
            Parameter(
                "month",
                "A month in UTC, such as 2026-11; the current one unless told.",
                {"type": "string", "pattern": "^2[0-9]{3}-(0[1-9]|1[0-2])$"},
            ),
            TENANT,
            TOP,
            CURSOR,
            FORMAT,
            PREFER_LINK,
        ),
        answers=(
            Answer(200, "A page of rows; as CSV all of them.", Page[ReconciliationRow], types=("text/csv",)),
            *LINKED,
        ),
        problems={
            404: "The tenant is unknown, or outside the caller's grants.",
            409: "An audit entry cannot be read, as it is not what was recorded.",
        },
    )
)
async def reconcile(call: Call, app: Services) -> func.HttpResponse:
    """A page of rows as JSON, or all of them as CSV."""
    top = call.query.top()
    await app.tables.refresh_clock()
    now = app.tables.now()
    month, after = _place(call, call.query.month("month", now))
    tenant = await audited_tenant(call, app)
    if call.wants_csv():
        tenants = _by_tenant(app, call.caller, tenant, month, "")
        cells = (reconciliation_row(row) async for _, rows in tenants for row in rows)
        return await csv_answer(call, app, csv_pieces(RECONCILIATION_COLUMNS, cells), "reconciliation", str(month))
    return json_answer(await page(call, app, month, tenant, after, top))


async def page(
    call: Call, app: Services, month: Month, tenant: str | None, after: Place, top: int, seconds: float = PAGE_SECONDS
) -> Page[ReconciliationRow]:
    """At most ``top`` rows after a place, tenant by tenant and in each by part number.

    It begins with no further tenant after so many seconds.
    """
    end_at = monotonic() + seconds
    value: list[ReconciliationRow] = []
    done = after[1] == AFTER
    async for name, rows in _by_tenant(app, call.caller, tenant, month, after[0] + AFTER if done else after[0]):
        for row in rows:
            if _place_of(row) <= after:
                continue
            if len(value) == top:
                return Page(value=value, next_link=_link(call, month, _place_of(value[-1])))
            value.append(row)
        if monotonic() > end_at:
            return Page(value=value, next_link=_link(call, month, (name, AFTER, "")))
    return Page(value=value)


def _place(call: Call, month: Month) -> tuple[Month, Place]:
    """The month, and the place after which the page begins; a cursor keeps the month of its first page."""
    found = read_cursor(call.query.text("cursor"), 4)
    if found is None:
        return month, ("", "", "")
    named, *place = found
    try:
        begun = Month.parse(named)
    except ValueError:
        raise bad_cursor() from None
    if call.query.text("month") not in (None, named):
        raise bad_cursor()
    return begun, (place[0], place[1], place[2])


def _place_of(row: ReconciliationRow) -> Place:
    return row.tenant_id, row.sku or " ", row.sku_id or " "


def _link(call: Call, month: Month, place: Place) -> str | None:
    return next_link(call.url, make_cursor(str(month), *place))


async def _by_tenant(
    app: Services, caller: Caller, tenant: str | None, month: Month, resume: str
) -> AsyncIterator[tuple[str, list[ReconciliationRow]]]:
    """Each tenant with its rows, some tenants side by side; nobody in a month that has not begun."""
    if month.begin > app.tables.now():
        return
    known = await registered(app, caller)
    wanted = audited_tenants(app, caller, known, resume) if tenant is None else _one(tenant, resume)
    async for some in _groups(wanted, TENANTS_AT_ONCE):
        found = await asyncio.gather(*(_reconciled(app, caller, each, known.get(each), month) for each in some))
        for pair in zip(some, found, strict=True):
            yield pair


async def _one(tenant: str, resume: str) -> AsyncIterator[str]:
    if tenant >= resume:
        yield tenant


async def _groups(names: AsyncIterator[str], size: int) -> AsyncIterator[list[str]]:
    group: list[str] = []
    async for name in names:
        group.append(name)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


async def _reconciled(
    app: Services, caller: Caller, tenant_id: str, tenant: Tenant | None, month: Month
) -> list[ReconciliationRow]:
    """The rows of one tenant, also of one that cannot be read just now.

    Compared are the last count at or before the month's begin, or else the first one in it, and the last one at or
    before its end; in the current month what is read now, where it is settled.
    """
    reading, error = await _read(app, tenant)
    counts, live = app.counts, reading.count if reading else None
    first = await counts.at_or_before(caller, tenant_id, month.begin)
    first = first or await counts.first_between(caller, tenant_id, month.begin, month.end)
    current = app.tables.now() < month.end
    last = live if live and current else await counts.at_or_before(caller, tenant_id, month.end)
    between = (first.sequence, last.sequence) if first and last else None
    reconciling = Reconciliation(month, first, last)
    async for change in app.audit.seat_changes(caller, tenant_id, month.begin, month.end, between):
        reconciling.add(change)
    skus = reading.skus if reading else []
    consumed = {sku.id: sku.consumed for sku in skus} if reading else None
    rows = reconciling.rows(consumed, {sku.id: sku.part_number for sku in skus})
    shown = [_shown(tenant_id, month, row, error) for row in rows]
    return shown or ([_nothing(tenant_id, month, error)] if error and tenant else [])


async def _read(app: Services, tenant: Tenant | None) -> tuple[Reading | None, UnreadTenant | None]:
    if tenant is None:
        message = "The tenant is not registered any more."
        return None, UnreadTenant(code=ResultCode.TENANT_UNAVAILABLE, message=message)
    try:
        return await read_seats(app, tenant), None
    except GraphError as refused:
        code = code_of(refused)
        return None, UnreadTenant(code=code, message=told(code, str(refused)))


def _shown(tenant: str, month: Month, row: Row, error: UnreadTenant | None) -> ReconciliationRow:
    return ReconciliationRow(
        tenant_id=tenant,
        month=str(month),
        sku=row.sku,
        sku_id=row.sku_id,
        added=row.added,
        removed=row.removed,
        net=row.added - row.removed,
        consumed_now=row.consumed_now,
        unexplained=row.unexplained,
        monthly_change=None if row.monthly_change is None else float(row.monthly_change),
        currency=row.currency,
        error=error,
    )


def _nothing(tenant: str, month: Month, error: UnreadTenant) -> ReconciliationRow:
    """Could not be read, and nothing else is known: not the same as nothing to tell."""
    return ReconciliationRow(
        tenant_id=tenant,
        month=str(month),
        sku=None,
        sku_id=None,
        added=0,
        removed=0,
        net=0,
        consumed_now=None,
        unexplained=None,
        monthly_change=None,
        currency=None,
        error=error,
    )
