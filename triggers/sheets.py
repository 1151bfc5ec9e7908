"""The users that a body names one by one, in CSVs and long lists: checked by line, looked up, stored as rows."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.selections import Selection, SkuName, Target, Targeted
from shared.csv.gathering import Gathering, Place
from shared.csv.merging import Merger, Names, Sheet, names_in
from shared.csv.rows import Column
from shared.csv.sources import Source, TextSource
from shared.domain.caller import Caller
from shared.domain.selection import ALL_SKUS, NamedUser
from shared.domain.tenant import Tenant
from shared.errors import RequestRejected
from shared.services import Services
from triggers.registry import find_tenants
from triggers.row_meanings import Meaning

INLINE_USERS = 1_000
"""A longer list of users is stored beside the request and read chunk by chunk."""
EXCLUSION_COLUMNS = frozenset({Column.USER, Column.TENANT})


class RowWriter(Protocol):
    """Where rows are kept."""

    async def write(self, rows: Iterable[NamedUser]) -> str:
        """Keep rows in their order; gives their name."""
        ...


@dataclass(frozen=True, slots=True)
class Sheets:
    """The CSVs of a body, and what their rows name."""

    sheets: tuple[Sheet, ...]
    names: Names
    tenants: Mapping[str, Tenant | str]
    """The tenant of each name that a row spells, or why there is none."""

    @property
    def sku_names(self) -> list[SkuName]:
        """The SKUs and service plans of the rows."""
        return [SkuName("", sku, tuple(plans)) for sku, plans in self.names.skus.items() if sku != ALL_SKUS]

    @property
    def named(self) -> list[Tenant]:
        """The tenants of the rows."""
        return [tenant for tenant in self.tenants.values() if isinstance(tenant, Tenant)]


async def survey(
    app: Services,
    caller: Caller,
    body: Targeted,
    tenants: Mapping[str, Tenant],
    columns: frozenset[Column],
    files: Mapping[str, Source] | None = None,
) -> Sheets:
    """The CSVs of a body, whose rows may have these columns; ``tenants`` are those of its targets, by name.

    ``files`` are those that do not stand in the body, by the pointer at which they count.
    """
    sheets = tuple(_sheets(body, tenants, columns, files or {}))
    names = await asyncio.to_thread(names_in, sheets)
    found = await find_tenants(app, caller, names.tenants)
    targeted = {tenant.id for tenant in tenants.values()}

    def usable(name: str, tenant: Tenant | str) -> Tenant | str:
        if body.targets and isinstance(tenant, Tenant) and tenant.id not in targeted:
            return f"{name} is none of the targets of this request"
        return tenant

    return Sheets(sheets, names, {name: usable(name, tenant) for name, tenant in found.items()})


def _sheets(
    body: Targeted, tenants: Mapping[str, Tenant], columns: frozenset[Column], files: Mapping[str, Source]
) -> list[Sheet]:
    found: list[Sheet] = []

    def sheet(pointer: str, csv: str | None, taken: frozenset[Column], tenant: str | None, *, excludes: bool) -> None:
        if csv is not None:
            found.append(Sheet(pointer, files.get(pointer) or TextSource(csv), taken, tenant, excludes))

    sheet("/csv", body.csv, columns, None, excludes=False)
    for n, target in enumerate(body.targets):
        tenant = tenants[target.tenant].id
        sheet(f"/targets/{n}/users/csv", target.users.csv, columns, tenant, excludes=False)
        if target.exclude:
            sheet(f"/targets/{n}/exclude/csv", target.exclude.csv, EXCLUSION_COLUMNS, tenant, excludes=True)
    return found


async def with_rows(sheets: Sheets, targets: Sequence[Target], meaning: Meaning, rows: RowWriter) -> tuple[Target, ...]:
    """The normalised ``targets`` with stored rows in place of CSVs and long lists; those of CSVs go first.

    ``meaning`` says what a row asks for. Raises ``RequestRejected`` (400) with the line of every fault.
    """
    tenants = {
        name: ("", found) if isinstance(found, str) else (found.id, None) for name, found in sheets.tenants.items()
    }
    with Gathering() as users:
        merger = Merger(users, tenants, meaning.of, meaning.requested)
        await asyncio.to_thread(merger.merge, sheets.sheets)
        if merger.problems:
            told, more = len(merger.problems), merger.faults - len(merger.problems)
            many = f": it has {merger.faults:,} faults, the first {told} are told" if more else ""
            raise RequestRejected(400, f"The CSV is not valid{many}. Nothing was started.", merger.problems, more)
        by_place = {place: await rows.write(users.users(place)) for place in users.places}
    if not targets:
        return tuple(Target(tenant=tenant, users=Selection(csv=name)) for (_, tenant), name in by_place.items())
    stored = [await _stored(n, target, sheets.sheets, by_place, rows) for n, target in enumerate(targets)]
    # The first selection that names a user counts, and a row says more than a list.
    by_rows = {n for n, target in enumerate(targets) if target.users.csv is not None}
    return tuple(stored[n] for n in sorted(range(len(stored)), key=lambda n: n not in by_rows))


async def _stored(
    n: int, target: Target, sheets: Sequence[Sheet], stored: Mapping[Place, str], rows: RowWriter
) -> Target:
    async def kept(selection: Selection, pointer: str) -> Selection:
        if selection.users is not None and len(selection.users) > INLINE_USERS:
            name = await rows.write([NamedUser(reference) for reference in selection.users])
            return Selection(csv=name)
        sheet = next((k for k, sheet in enumerate(sheets) if sheet.pointer == pointer), None)
        return selection if sheet is None else Selection(csv=stored[sheet, target.tenant])

    return target.model_copy(
        update={
            "users": await kept(target.users, f"/targets/{n}/users/csv"),
            "exclude": target.exclude and await kept(target.exclude, f"/targets/{n}/exclude/csv"),
        }
    )
