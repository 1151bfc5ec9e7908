"""From the CSVs of one request to the users that they name, each once with what its rows ask for.

A CSV is read twice, as a stream: ``names_in`` says which tenants, SKUs and service plans must be looked up, ``Merger``
then brings the rows together. Rows of one user and the same licence merge; rows that contradict each other are faults.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from shared.csv.gathering import Gathering, Met
from shared.csv.reading import read_csv
from shared.csv.rows import Column, CsvError, LineFault, Row
from shared.csv.sources import Source
from shared.domain.selection import RowLicence, Wish
from shared.errors import Problem

MAX_FAULTS = 100
"""So many faults are told, the others are counted: who has more has one mistake many times."""
MAX_TENANTS = 1_000
MAX_COPIES = 200_000
"""Users that rows without a tenant come to, where their target means many."""
MAX_SKUS = 1_000
"""So many names of SKUs, and of service plans beside one of them, are looked up: nobody sells as many."""
_WANTED_KEPT = 4_096
_NO_TENANT = (
    "The header has no column Tenant, and the request has no targets (with a CSV alone: no ?tenant=)"
    " that say whose users these are"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One CSV of a request, standing at ``pointer``."""

    pointer: str
    source: Source
    columns: frozenset[Column]
    tenants: tuple[str, ...] = ()
    """Ids of its target's tenants; empty where each row names its own."""
    excludes: bool = False
    """Its rows name users to leave out, and nothing else."""


@dataclass(frozen=True, slots=True)
class Names:
    """What rows name, as they spell it: tenants, and SKUs with their service plans."""

    tenants: dict[str, None] = field(default_factory=dict[str, None])
    skus: dict[str, set[str]] = field(default_factory=dict[str, set[str]])


type Licence = RowLicence | None
"""What a row asks for; None: what the request asks for."""


def names_in(sheets: Iterable[Sheet]) -> Names:
    """The names that must be looked up; faults are left to the second reading, and what is beyond the limits too."""
    names = Names()
    for sheet in sheets:
        try:
            for row in _rows(sheet):
                if isinstance(row, LineFault):
                    continue
                if row.tenant and len(names.tenants) < MAX_TENANTS:
                    names.tenants[row.tenant] = None
                if row.sku:
                    _note(names, row.sku, row.plans or ())
                for source in row.from_skus:
                    _note(names, source, ())
        except CsvError:
            continue
    return names


def _note(names: Names, sku: str, plans: Sequence[str]) -> None:
    if sku in names.skus or len(names.skus) < MAX_SKUS:
        beside = names.skus.setdefault(sku, set())
        if len(beside) < MAX_SKUS:
            beside.update(plans)


def _rows(sheet: Sheet) -> Iterable[Row | LineFault]:
    return read_csv(sheet.source.lines(), sheet.columns)


class Merger:
    """Brings the rows of sheets together.

    ``tenants`` gives for a row's tenant its id, or why there is none; ``licence`` what a row asks for, or why that
    cannot be; ``requested`` the request's own licences by SKU id, None for one that no row can ask for alike.
    ``users`` takes whom they name, and has them by sheet and tenant.
    """

    def __init__(
        self,
        users: Gathering,
        tenants: Mapping[str, tuple[str, str | None]],
        licence: Callable[[Row], Licence | str],
        requested: Mapping[str, Licence],
    ) -> None:
        self.problems: list[Problem] = []
        """What is wrong, sheet by sheet and line; no more than ``MAX_FAULTS``."""
        self.faults = 0
        """How much is wrong."""
        self._users = users
        self._tenants = tenants
        self._requested = requested
        self._sheets: Sequence[Sheet] = ()

        def wanted(sku: str | None, plans: tuple[str, ...] | None, from_skus: tuple[str, ...]) -> Licence | str:
            return licence(Row(0, "", None, sku, plans, from_skus))

        self._wanted = lru_cache(_WANTED_KEPT)(wanted)  # rows ask for few things, many times

    def merge(self, sheets: Sequence[Sheet]) -> None:
        """Read the sheets.

        A user whom two sheets of one tenant name stands with the first of them.
        """
        self._sheets = sheets
        given = {(tenant, sheet.excludes, sheet.source) for sheet in sheets for tenant in sheet.tenants}
        for n, sheet in enumerate(sheets):
            self._read(n, sheet, given)

    def _read(self, n: int, sheet: Sheet, given: set[tuple[str, bool, Source]]) -> None:
        for tenant in sheet.tenants:
            self._users.open((n, tenant))
        empty = True
        try:
            for row in _rows(sheet):
                empty = False
                if not sheet.tenants and isinstance(row, Row) and row.tenant is None:
                    self._complain(sheet, _NO_TENANT, 1)  # not once a row: the header lacks it
                    return
                fault = row.detail if isinstance(row, LineFault) else self._take(n, sheet, row, given)
                if fault:
                    self._complain(sheet, fault, row.line)
        except CsvError as error:
            self._complain(sheet, error.detail, error.line)
            return
        if empty:
            self._complain(sheet, "There is no row below the header", 1)

    def _complain(self, sheet: Sheet, fault: str, line: int) -> None:
        self.faults += 1
        if len(self.problems) < MAX_FAULTS:
            self.problems.append(Problem(sheet.pointer, fault, line))

    def _take(self, n: int, sheet: Sheet, row: Row, given: set[tuple[str, bool, Source]]) -> str | None:
        """Take a row; gives what is wrong with it."""
        if row.tenant is None:
            if len(sheet.tenants) > 1 and row.line > MAX_COPIES // len(sheet.tenants):
                return f"Its target means {len(sheet.tenants)} tenants: so many rows need a column Tenant"
            return next(filter(None, (self._put(n, sheet, row, tenant) for tenant in sheet.tenants)), None)
        tenant, fault = self._tenants.get(row.tenant, ("", f"The rows name more than {MAX_TENANTS} tenants"))
        if fault:
            return fault
        if sheet.tenants and tenant not in sheet.tenants:
            if (tenant, sheet.excludes, sheet.source) in given:
                return None  # it counts for the target of its own tenant
            return f"{row.tenant} is a target of this request, but this CSV does not stand with it"
        return self._put(n, sheet, row, tenant)

    def _put(self, n: int, sheet: Sheet, row: Row, tenant: str) -> str | None:
        """Take a row for a tenant; gives what is wrong with it."""
        if sheet.excludes:
            self._users.meet(f"{n} {tenant}", (n, tenant), row.line, row.user, Wish())
            return None
        licence = self._wanted(row.sku, row.plans, row.from_skus)
        if isinstance(licence, str):
            return licence
        own = Wish() if licence is None else Wish((licence,), with_request=False)
        met = self._users.meet(tenant, (n, tenant), row.line, row.user, own)
        return None if met is None else self._join(met, licence, sheet)

    def _join(self, met: Met, licence: Licence, sheet: Sheet) -> str | None:
        """Add what one more row of a user asks for; gives the contradiction where there is one."""
        wish = met.wish
        held: dict[str, Licence] = {each.sku_id: each for each in wish.licences}
        if wish.with_request:
            held.update(self._requested)
        wanted = self._requested if licence is None else {licence.sku_id: licence}
        if any(sku_id in held and not _alike(held[sku_id], each) for sku_id, each in wanted.items()):
            pointer = self._sheets[met.sheet].pointer
            file = "" if pointer == sheet.pointer else f" of {pointer}"
            stands = f"{met.reference} stands in line {met.line}{file} with the same SKU and other"
            if licence and licence.from_sku_ids:
                return f"{stands} sources: name all of them in one row, separated by semicolons"
            return f"{stands} service plans: leave one of the two rows"
        if licence is None:
            others = tuple(each for each in wish.licences if each.sku_id not in self._requested)
            wish = Wish(others, with_request=True)
        elif licence.sku_id not in held:
            wish = Wish((*wish.licences, licence), wish.with_request)
        self._users.join(met, wish)
        return None


def _alike(held: Licence, wanted: Licence) -> bool:
    return held is wanted or (held is not None and held == wanted)
