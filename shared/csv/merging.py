"""From the CSVs of one request to the users that they name, each once with what its rows ask for.

A CSV is read twice, as a stream: ``names_in`` says which tenants, SKUs and service plans must be looked up, ``Merger``
then brings the rows together. Rows of one user and the same licence merge; rows that contradict each other are faults.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from shared.csv.reading import read_csv
from shared.csv.rows import Column, CsvError, LineFault, Row
from shared.domain.selection import NamedUser, RowLicence, Wish
from shared.errors import Problem

MAX_FAULTS = 100
"""So many faults are told: who has more has one mistake many times."""
MAX_TENANTS = 1_000
MAX_COPIES = 200_000
"""Users that rows without a tenant come to, where their target means many."""
_NO_TENANT = (
    "The header has no column Tenant, and the request has no targets (with a CSV alone: no ?tenant=)"
    " that say whose users these are"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One CSV of a request, standing at ``pointer``."""

    pointer: str
    text: str
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


@dataclass(slots=True)
class _Merged:
    """A user so far."""

    reference: str
    pointer: str
    line: int
    licences: tuple[RowLicence, ...] = ()
    with_request: bool = True
    rows: int = 1


type Licence = RowLicence | None
"""What a row asks for; None: what the request asks for."""
type Place = tuple[int, str]
"""Number of a sheet, and id of a tenant."""


def names_in(sheets: Iterable[Sheet]) -> Names:
    """The names that must be looked up; faults are left to the second reading, tenants beyond ``MAX_TENANTS`` too."""
    names = Names()
    for sheet in sheets:
        try:
            for row in _rows(sheet):
                if isinstance(row, LineFault):
                    continue
                if row.tenant and len(names.tenants) < MAX_TENANTS:
                    names.tenants[row.tenant] = None
                if row.sku:
                    names.skus.setdefault(row.sku, set()).update(row.plans or ())
                for source in row.from_skus:
                    names.skus.setdefault(source, set())
        except CsvError:
            continue
    return names


def _rows(sheet: Sheet) -> Iterable[Row | LineFault]:
    return read_csv(StringIO(sheet.text, newline=""), sheet.columns)


class Merger:
    """Brings the rows of sheets together.

    ``tenants`` gives for a row's tenant its id, or why there is none; ``licence`` what a row asks for, or why that
    cannot be; ``requested`` the request's own licences by SKU id, None for one that no row can ask for alike.
    """

    def __init__(
        self,
        tenants: Mapping[str, tuple[str, str | None]],
        licence: Callable[[Row], Licence | str],
        requested: Mapping[str, Licence],
    ) -> None:
        self.problems: list[Problem] = []
        self._tenants = tenants
        self._licence = licence
        self._requested = requested
        self._users: dict[tuple[str, str], _Merged] = {}
        self._places: dict[Place, dict[str, _Merged]] = {}
        self._licences: dict[tuple[str | None, tuple[str, ...] | None, tuple[str, ...]], Licence | str] = {}

    def merge(self, sheets: Sequence[Sheet]) -> dict[Place, list[NamedUser]]:
        """The users by sheet and tenant, in their order; what is wrong goes to ``problems``, sheet by sheet and line.

        A user whom two sheets of one tenant name stands with the first of them.
        """
        given = {(tenant, sheet.excludes, sheet.text) for sheet in sheets for tenant in sheet.tenants}
        for n, sheet in enumerate(sheets):
            if len(self.problems) < MAX_FAULTS:
                self._read(n, sheet, given)
        return {
            place: [NamedUser(m.reference, _wish(m), m.rows) for m in users.values()]
            for place, users in self._places.items()
        }

    def _read(self, n: int, sheet: Sheet, given: set[tuple[str, bool, str]]) -> None:
        self._places |= {(n, tenant): {} for tenant in sheet.tenants}
        empty = True
        try:
            for row in _rows(sheet):
                empty = False
                if not sheet.tenants and isinstance(row, Row) and row.tenant is None:
                    self.problems.append(Problem(sheet.pointer, _NO_TENANT, 1))  # not once a row: the header lacks it
                    return
                fault = row.detail if isinstance(row, LineFault) else self._take(n, sheet, row, given)
                if fault:
                    self.problems.append(Problem(sheet.pointer, fault, row.line))
                    if len(self.problems) >= MAX_FAULTS:
                        return
        except CsvError as error:
            self.problems.append(Problem(sheet.pointer, error.detail, error.line))
            return
        if empty:
            self.problems.append(Problem(sheet.pointer, "There is no row below the header", 1))

    def _take(self, n: int, sheet: Sheet, row: Row, given: set[tuple[str, bool, str]]) -> str | None:
        """Take a row; gives what is wrong with it."""
        if row.tenant is None:
            if len(sheet.tenants) > 1 and row.line > MAX_COPIES // len(sheet.tenants):
                return f"Its target means {len(sheet.tenants)} tenants: so many rows need a column Tenant"
            return next(filter(None, (self._put(n, sheet, row, tenant) for tenant in sheet.tenants)), None)
        tenant, fault = self._tenants.get(row.tenant, ("", f"The rows name more than {MAX_TENANTS} tenants"))
        if fault:
            return fault
        if sheet.tenants and tenant not in sheet.tenants:
            if (tenant, sheet.excludes, sheet.text) in given:
                return None  # it counts for the target of its own tenant
            return f"{row.tenant} is a target of this request, but this CSV does not stand with it"
        return self._put(n, sheet, row, tenant)

    def _put(self, n: int, sheet: Sheet, row: Row, tenant: str) -> str | None:
        """Take a row for a tenant; gives what is wrong with it."""
        key = row.user.casefold()
        place = self._places.setdefault((n, tenant), {})
        if sheet.excludes:
            place.setdefault(key, _Merged(row.user, sheet.pointer, row.line))
            return None
        licence = self._wanted(row)
        if isinstance(licence, str):
            return licence
        merged = self._users.get((tenant, key))
        if merged is None:
            own = () if licence is None else (licence,)
            merged = _Merged(row.user, sheet.pointer, row.line, own, with_request=licence is None)
            self._users[tenant, key] = place[key] = merged
            return None
        return self._join(merged, licence, sheet)

    def _wanted(self, row: Row) -> Licence | str:
        key = (row.sku, row.plans, row.from_skus)
        if key not in self._licences:
            self._licences[key] = self._licence(row)
        return self._licences[key]

    def _join(self, merged: _Merged, licence: Licence, sheet: Sheet) -> str | None:
        """Add what one more row of a user asks for; gives the contradiction where there is one."""
        held: dict[str, Licence] = {each.sku_id: each for each in merged.licences}
        if merged.with_request:
            held.update(self._requested)
        wanted = self._requested if licence is None else {licence.sku_id: licence}
        if any(sku_id in held and not _alike(held[sku_id], each) for sku_id, each in wanted.items()):
            file = "" if merged.pointer == sheet.pointer else f" of {merged.pointer}"
            stands = f"{merged.reference} stands in line {merged.line}{file} with the same SKU and other"
            if licence and licence.from_sku_ids:
                return f"{stands} sources: name all of them in one row, separated by semicolons"
            return f"{stands} service plans: leave one of the two rows"
        merged.rows += 1
        if licence is None:
            merged.with_request = True
            merged.licences = tuple(each for each in merged.licences if each.sku_id not in self._requested)
        elif licence.sku_id not in held:
            merged.licences = (*merged.licences, licence)
        return None


def _alike(held: Licence, wanted: Licence) -> bool:
    return held is wanted or (held is not None and held == wanted)


def _wish(merged: _Merged) -> Wish:
    return Wish(merged.licences, merged.with_request)
