"""The users that a body names one by one, in CSVs and long lists: checked by line, looked up, stored as rows."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.selections import Selection, SkuName, Target, Targeted
from shared.csv.gathering import Gathering
from shared.csv.merging import Merger, Names, Sheet, names_in
from shared.csv.rows import Column
from shared.csv.sources import Source, TextSource
from shared.domain.caller import Caller
from shared.domain.selection import ALL_SKUS, NamedUser
from shared.domain.tenant import Tenant
from shared.errors import RequestRejected
from shared.services import Services
from triggers.requests.registry import find_tenants
from triggers.requests.row_meanings import Meaning

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
    origins: tuple[int, ...]
    """For each target of the normalised body the number of the one that it comes from."""

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
    tenants: Mapping[str, Sequence[Tenant]],
    columns: frozenset[Column],
    files: Mapping[str, Source] | None = None,
) -> Sheets:
    """The CSVs of a body, whose rows may have these columns; ``tenants`` are those of its targets, by name.

    ``files`` are those that do not stand in the body, by the pointer at which they count.
    """
    sheets = tuple(_sheets(body, tenants, columns, files or {}))
    names = await asyncio.to_thread(names_in, sheets)
    found = await find_tenants(app, caller, names.tenants)
    targeted = {tenant.id for each in tenants.values() for tenant in each}

    def usable(name: str, tenant: Tenant | str) -> Tenant | str:
        if body.targets and isinstance(tenant, Tenant) and tenant.id not in targeted:
            return f"{name} is none of the targets of this request"
        return tenant

    origins = tuple(n for n, target in enumerate(body.targets) for _ in tenants[target.tenant])
    return Sheets(sheets, names, {name: usable(name, tenant) for name, tenant in found.items()}, origins)


def _sheets(
    body: Targeted, tenants: Mapping[str, Sequence[Tenant]], columns: frozenset[Column], files: Mapping[str, Source]
) -> list[Sheet]:
    found: list[Sheet] = []

    def sheet(pointer: str, csv: str | None, taken: frozenset[Column], ids: tuple[str, ...], *, excludes: bool) -> None:
        if csv is not None:
            found.append(Sheet(pointer, files.get(pointer) or TextSource(csv), taken, ids, excludes))

    sheet("/csv", body.csv, columns, (), excludes=False)
    for n, target in enumerate(body.targets):
        ids = tuple(tenant.id for tenant in tenants[target.tenant])
        sheet(f"{_users(n)}/csv", target.users.csv, columns, ids, excludes=False)
        if target.exclude:
            sheet(f"{_exclude(n)}/csv", target.exclude.csv, EXCLUSION_COLUMNS, ids, excludes=True)
    return found


async def with_rows(sheets: Sheets, targets: Sequence[Target], meaning: Meaning, rows: RowWriter) -> tuple[Target, ...]:
    """The normalised ``targets`` with stored rows in place of CSVs and long lists; those of CSVs go first.

    Where one target means many tenants, those of which no CSV names anybody are left out. ``meaning`` says what a row
    asks for. Raises ``RequestRejected`` (400) with the line of every fault.
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
        filled = {place for place in users.places if next(users.users(place), None)}
    if not targets:
        return tuple(Target(tenant=tenant, users=Selection(csv=name)) for (_, tenant), name in by_place.items())
    times = Counter(sheets.origins)
    numbers = {sheet.pointer: number for number, sheet in enumerate(sheets.sheets)}

    def rowless(n: int, target: Target) -> bool:
        return (
            times[n] > 1 and target.users.csv is not None and (numbers[f"{_users(n)}/csv"], target.tenant) not in filled
        )

    given = list(zip(sheets.origins, targets, strict=True))
    concerned = {target.tenant for n, target in given if not rowless(n, target)}
    # What one target of a tenant excludes is excluded from all of them, so each of a tenant that is concerned stays.
    named = [(n, target) for n, target in given if target.tenant in concerned]
    # The first selection that names a user counts, and a row says more than a list.
    named.sort(key=lambda each: each[1].users.csv is None)
    lists = await _long_lists(named, times, rows)

    def kept(pointer: str, tenant: str, selection: Selection) -> Selection:
        if pointer in lists:
            return Selection(csv=lists[pointer])
        return selection if selection.csv is None else Selection(csv=by_place[numbers[f"{pointer}/csv"], tenant])

    return tuple(
        target.model_copy(
            update={
                "users": kept(_users(n), target.tenant, target.users),
                "exclude": target.exclude and kept(_exclude(n), target.tenant, target.exclude),
            }
        )
        for n, target in named
    )


def _users(n: int) -> str:
    return f"/targets/{n}/users"


def _exclude(n: int) -> str:
    return f"/targets/{n}/exclude"


async def _long_lists(
    targets: Iterable[tuple[int, Target]], times: Mapping[int, int], rows: RowWriter
) -> Mapping[str, str]:
    """The names of stored lists by where they stand; one that many tenants share counts for each of them."""
    lists: dict[str, tuple[str, ...]] = {}
    for n, target in targets:
        for pointer, selection in ((_users(n), target.users), (_exclude(n), target.exclude)):
            if selection and selection.users and len(selection.users) * times[n] > INLINE_USERS:
                lists[pointer] = selection.users
    return {pointer: await rows.write([NamedUser(user) for user in users]) for pointer, users in lists.items()}
