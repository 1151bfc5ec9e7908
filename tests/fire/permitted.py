"""Whether what became of a user was asked for: each write by itself, and what the audit lays to an operation."""

from collections import defaultdict
from collections.abc import Iterator

from dev.api import Json
from dev.simulator.catalogue import find_product
from tests.fire.asking import Permit, covers
from tests.fire.evidence import Evidence, OfOperation
from tests.fire.replay import LOCATION, Delta, State, Write, audited, by_user, named, names, replay, shown, sides

NOTHING: frozenset[str] = frozenset()


def forbidden_writes(evidence: Evidence) -> Iterator[str]:
    """Writes, done or not, that no operation over that user could want."""
    for tenant in evidence.tenants:
        over = _operations_by_user(evidence, tenant.id)
        past: defaultdict[str, list[Delta]] = defaultdict(list)
        for write in replay(tenant.start, tenant.log).writes:
            if write.outside:
                continue
            why = [_why_not(operation, write, past[write.user]) for operation in over[write.user]]
            if why and all(why):
                yield f"{tenant.id} {write.user}: nobody asked for {shown(write.before.deltas(write.wanted))}: {why}"
            past[write.user] += write.deltas


def forbidden_deltas(evidence: Evidence) -> Iterator[str]:
    """Audit entries of a change that their operation did not ask for."""
    known = {operation.id: operation for operation in evidence.operations}
    for tenant in evidence.tenants:
        for user, entries in by_user(tenant.audit).items():
            for entry in entries:
                operation = known.get(entry["operationId"])
                if operation is None:
                    yield f"{tenant.id}: an audit entry of an operation that nobody started: {entry['operationId']}"
                    continue
                earlier = [each for each in entries if each["sequence"] < entry["sequence"]]
                why = _why_not_recorded(operation, entry, earlier)
                if why:
                    yield f"operation {operation.number} ({operation.kind}), {tenant.id} {user}: {why}"


def _operations_by_user(evidence: Evidence, tenant: str) -> dict[str, list[OfOperation]]:
    found: defaultdict[str, list[OfOperation]] = defaultdict(list)
    for operation in evidence.operations:
        for result in operation.results.get(tenant, []):
            found[result["userId"]].append(operation)
    return found


def _why_not(operation: OfOperation, write: Write, past: list[Delta]) -> str | None:
    """Why an operation cannot have wanted a write; None when it can."""
    if operation.kind == "revert":
        back = {delta.undone for delta in past}
        strange = {delta for delta in write.before.deltas(write.wanted) if delta not in back and delta.what != LOCATION}
        return f"not what was before: {shown(strange)}" if strange else None
    return _why_not_changed(operation.permit, write.before, write.wanted)


def _why_not_recorded(operation: OfOperation, entry: Json, earlier: list[Json]) -> str | None:
    if operation.kind == "revert":
        assert operation.parent
        undone = {d.undone for each in earlier if each["operationId"] == operation.parent.id for d in audited(each)}
        strange = audited(entry) - undone
        return f"a revert that does not undo: {shown(strange)}" if strange else None
    return _why_not_changed(operation.permit, *sides(entry))


def _why_not_changed(permit: Permit, before: State, after: State) -> str | None:
    for delta in before.deltas(after):
        if delta.what == LOCATION:
            if not permit.location:
                return f"the usage location became {delta.after}"
        elif delta.after is None:
            why = _why_not_gone(permit, delta.what, after)
            if why:
                return why
        elif isinstance(delta.before, frozenset) and isinstance(delta.after, frozenset):
            off, on = delta.after - delta.before, delta.before - delta.after
            if not covers(permit.off(delta.what), off - _carried(permit, delta.what, before)):
                return f"{named(delta.what)} lost {names(off)}"
            if not covers(permit.on(delta.what), on):
                return f"{named(delta.what)} had {names(on)} switched on"
        elif not covers(permit.add, [delta.what]):
            return f"{named(delta.what)} came"
        elif isinstance(delta.after, frozenset):
            lost = _carried(permit, delta.what, before) - delta.after - permit.on(delta.what)
            if lost:
                return f"{named(delta.what)} came with {names(lost)} on, which were off before"
    return None


def _why_not_gone(permit: Permit, sku: str, after: State) -> str | None:
    if covers(permit.remove, [sku]):
        return None
    targets = {move.target for move in permit.moves if move.source == sku}
    if not targets:
        return f"{named(sku)} went"
    return None if targets & after.licences.keys() else f"{named(sku)} went, and nothing came in its place"


def _carried(permit: Permit, target: str, before: State) -> frozenset[str]:
    """Service plans that must be off in a SKU, as they were off in every SKU that it takes the place of."""
    sources = [move for move in permit.moves if move.target == target and move.source in before.licences]
    if not sources or not all(move.keep for move in sources):
        return NOTHING
    product = find_product(target)
    inside = frozenset(plan.id for plan in product.plans) if product else NOTHING
    off: set[str] = set()
    for move in sources:
        off |= before.licences[move.source]
    for move in sources:  # on in one of them is on
        source = find_product(move.source)
        on = {plan.id for plan in source.plans} - before.licences[move.source] if source else set[str]()
        off -= on
    return frozenset(off & inside)
