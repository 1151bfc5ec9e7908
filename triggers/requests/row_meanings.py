"""What a row of a CSV asks for, which depends on the operation: in ids, or a sentence that says what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shared.catalogue import Catalogue, plan_of, unknown_plan
from shared.contracts.operation_body import Licence, OperationBody
from shared.contracts.requests import ModifyBody, PlannedKind, RemoveBody, TransferBody
from shared.csv.rows import Row
from shared.domain.model import Sku
from shared.domain.selection import ALL_SKUS, RowLicence

type Asked = RowLicence | str | None
"""What a row asks for, what is wrong with it, or None: it asks for what the request does."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """How rows are read, and the request's own licences by SKU id that rows may contradict.

    None among these stands for one that no row can ask for alike.
    """

    of: Callable[[Row], Asked]
    requested: Mapping[str, RowLicence | None] = field(default_factory=dict[str, RowLicence | None])


def users_alone(row: Row) -> None:
    """No row asks for anything."""


USERS_ALONE = Meaning(users_alone)


def meaning_of(kind: PlannedKind, request: OperationBody, known: Catalogue) -> Meaning:
    """How the rows of a normalised request are read."""
    reader = _Reader(known)
    match kind:
        case "assign":
            requested = {each.sku: _as_row(each) for each in request.licences}
            return Meaning(lambda row: reader.assign(row, request.licences), requested)
        case "remove":
            named = isinstance(request, RemoveBody) and bool(request.licenses)
            return Meaning(lambda row: reader.remove(row, named=named))
        case "modify":
            named = isinstance(request, ModifyBody) and bool(request.licenses or request.add or request.swap)
            return Meaning(lambda row: reader.modify(row, named=named))
        case "transfer":
            named = isinstance(request, TransferBody) and bool(request.transfers)
            return Meaning(lambda row: reader.transfer(row, named=named))


def _as_row(licence: Licence) -> RowLicence | None:
    """A licence of the request as a row would ask for it; no row can ask for enabled service plans."""
    if licence.enabled_plans is not None:
        return None
    plans = licence.disabled_plans
    return RowLicence(licence.sku, None if plans is None else frozenset(plans))


HINTS = 20
"""So many unknown names get the nearest ones beside them; the rows of a file may have a million."""
NOTHING_NAMED = "LicenseSKU is empty, and the request names nothing that would stand in for it"


@dataclass(slots=True)
class _Reader:
    known: Catalogue
    hinted: int = 0

    def assign(self, row: Row, licences: tuple[Licence, ...]) -> Asked:
        if row.sku is None and licences and row.plans is None:
            return None
        if row.sku is None and len(licences) > 1:
            return f"LicenseSKU is empty: the request has {len(licences)} SKUs, say whose service plans these are"
        name = row.sku or next((licence.sku for licence in licences), None)
        if name is None:
            return NOTHING_NAMED
        sku = self._sku(name)
        if isinstance(sku, str):
            return sku
        plans = self._plans(sku, row)
        return plans if isinstance(plans, str) else RowLicence(sku.id, plans)

    def remove(self, row: Row, *, named: bool) -> Asked:
        if row.sku is None:
            return None if named else NOTHING_NAMED
        if row.sku == ALL_SKUS:
            return RowLicence(ALL_SKUS)
        sku = self._sku(row.sku)
        return sku if isinstance(sku, str) else RowLicence(sku.id)

    def modify(self, row: Row, *, named: bool) -> Asked:
        if row.sku is None and row.plans is None:
            return None if named else NOTHING_NAMED
        if row.sku is None:
            return "LicenseSKU is empty: say whose service plans these are"
        sku = self._sku(row.sku)
        if isinstance(sku, str):
            return sku
        plans = self._plans(sku, row)
        if plans is None:
            return "DisabledPlans is empty: name all service plans of the SKU that shall be off"
        return plans if isinstance(plans, str) else RowLicence(sku.id, plans)

    def transfer(self, row: Row, *, named: bool) -> Asked:
        if row.sku is None and not row.from_skus:
            return None if named else NOTHING_NAMED
        if row.sku is None or not row.from_skus:
            return "A transfer needs both FromSKU and LicenseSKU"
        target = self._sku(row.sku)
        if isinstance(target, str):
            return target
        sources: dict[str, None] = {}
        for name in row.from_skus:
            source = self._sku(name)
            if isinstance(source, str):
                return source
            if source.id == target.id:
                return f"FromSKU and LicenseSKU are both {target.part_number or target.id}"
            sources[source.id] = None
        return RowLicence(target.id, from_sku_ids=tuple(sources))

    def _sku(self, name: str) -> Sku | str:
        found = self.known.named(name, hints=self.hinted < HINTS)
        self.hinted += isinstance(found, str)
        return found

    def _plans(self, sku: Sku, row: Row) -> frozenset[str] | str | None:
        """Ids of the service plans that a row names; None where it names none."""
        if row.plans is None:
            return None
        plans: set[str] = set()
        for name in row.plans:
            plan = plan_of(sku, name)
            if plan is None:
                self.hinted += 1
                return unknown_plan(sku, name, hints=self.hinted <= HINTS)
            plans.add(plan.id)
        return frozenset(plans)
