"""Plans made of seat moves."""

from shared.domain.model import AddLicence, Assignment, Change, Decision, LicenceState, Sku


def sku(sku_id: str, free: int) -> Sku:
    """A SKU with so many free seats."""
    return Sku(sku_id, sku_id.upper(), enabled=100, consumed=100 - free)


def decision(index: int, takes: str = "", frees: str = "", *, group: str | None = None) -> Decision:
    """A user who takes and frees these SKUs (one letter each); with a group, the taken ones are inherited already."""
    before = tuple(Assignment(s) for s in frees) + (
        tuple(Assignment(s, group_id=group) for s in takes) if group else ()
    )
    after = tuple(a for a in before if a.group_id) + tuple(Assignment(s) for s in takes)
    change = Change(
        tuple(AddLicence(s) for s in takes), tuple(frees), None, LicenceState(before, "DE"), LicenceState(after, "DE")
    )
    return Decision(index, f"u{index}", f"u{index}@x", "change", change=change)


def unchanged(index: int) -> Decision:
    """A user with nothing to do."""
    return Decision(index, f"u{index}", f"u{index}@x", "unchanged", code="AlreadyAssigned")


def plan(*moves: str) -> list[Decision]:
    """Users written as ``takes<frees``, for example ``a`` (takes a), ``a<b`` (a swap), ``<b`` (a removal), ``-``."""
    return [
        unchanged(i) if move == "-" else decision(i, *(move.split("<") if "<" in move else (move,)))
        for i, move in enumerate(moves)
    ]


def statuses(decisions: tuple[Decision, ...]) -> str:
    """One letter a user: ``c``hange, ``u``nchanged, ``s``kipped."""
    return "".join(d.status[0] for d in decisions)
