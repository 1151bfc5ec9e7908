"""Users and what they hold, for the tests of planners: real SKUs by part number, service plans by name."""

from collections.abc import Iterable

from shared.catalogue import catalogue
from shared.domain.model import Assignment, Change, Decision, LicenceState, ServicePlan, Sku, User

GROUPS = {"g1": "Sales Department", "g2": "Everyone"}


def sku(name: str) -> Sku:
    """A SKU of Microsoft's list; free Teams, which is not in it, as the made-up ``TEAMS_FREE``."""
    if name == "TEAMS_FREE":
        return Sku("free-teams", name, (ServicePlan("4fa4026d-ce74-4962-a151-8e96d57ea8e4", name),))
    found = catalogue().find(name)
    assert found is not None, name
    return found


def tenant(*names: str) -> dict[str, Sku]:
    """The SKUs of a tenant by id."""
    return {each.id: each for each in map(sku, names)}


def ids(name: str, plans: Iterable[str]) -> frozenset[str]:
    """Ids of service plans of a SKU."""
    return frozenset(sku(name).id_of[plan.upper()] for plan in plans)


def off_in(state: LicenceState, name: str) -> set[str] | None:
    """Names of the service plans that are off in the direct licence; None where there is none."""
    held = state.direct(sku(name).id)
    return None if held is None else {sku(name).name_of[plan] for plan in held.disabled_plans}


def direct(name: str, *off: str) -> Assignment:
    """A direct assignment with these plans off."""
    return Assignment(sku(name).id, ids(name, off))


def inherited(name: str, *off: str, group: str = "g1", error: str | None = None) -> Assignment:
    """An assignment by a group with these plans off."""
    return Assignment(sku(name).id, ids(name, off), group, error)


def user(*holds: Assignment, location: str | None = "DE") -> User:
    """A user who holds this."""
    return User("u1", "ana@contoso.com", LicenceState(holds, location))


def change_of(decision: Decision) -> Change:
    """The change, which there must be."""
    assert decision.status == "change", decision
    assert decision.change is not None
    return decision.change


def moves_of(decision: Decision) -> tuple[set[str], set[str]]:
    """Part numbers of what the change adds and removes."""
    change = change_of(decision)
    names = {sku_id: each.part_number for sku_id, each in _all().items()}
    return {names.get(a.sku_id, a.sku_id) for a in change.add}, {names.get(s, s) for s in change.remove}


def _all() -> dict[str, Sku]:
    return tenant(
        *("SPE_E3", "SPE_E5", "SPE_F1", "M365_F1_COMM", "SPB", "O365_BUSINESS_PREMIUM", "EMS", "ENTERPRISEPACK"),
        *("STANDARDPACK", "EXCHANGESTANDARD", "EXCHANGEENTERPRISE", "POWER_BI_PRO", "MCOEV", "VISIOCLIENT"),
        *("THREAT_INTELLIGENCE", "PROJECTPROFESSIONAL", "TEAMS_FREE"),
    )


EVERYTHING = _all()
"""A tenant that has all of them."""
