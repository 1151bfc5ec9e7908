"""Planner of assign: what one user shall get in addition to what is there, and why others get nothing.

Rules, in order:

1. A SKU held directly keeps its service plans; those named as disabled go off too, or exactly the enabled ones are on.
2. A SKU held only through groups is there already, unless ``enabled`` names a plan that all of those groups leave off:
   then it is assigned directly as well. ``disabled`` alone asks for no plan that is off, so it changes nothing there.
3. Anybody else gets the SKU as asked; an inherited assignment in error is not held.
4. Plan ids count within their SKU only, and plans of the company are not switched.
5. The usage location is set only for users whose licences change; who has none in the end is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from shared.domain.codes import ResultCode
from shared.domain.country import is_alpha2, iso_code
from shared.domain.model import (
    AddLicence,
    Assignment,
    Change,
    Decision,
    LicenceState,
    SkippedLicence,
    Sku,
    User,
)

ASSIGNABLE_STATUSES: Final = frozenset({"Enabled", "Warning"})
"""Values of ``capabilityStatus`` under which new assignments are possible.
https://learn.microsoft.com/graph/api/resources/subscribedsku"""


@dataclass(frozen=True, slots=True)
class WantedLicence:
    """A SKU to assign: ``disabled`` go off in addition, or exactly ``enabled`` are on; at most one is given."""

    sku_id: str
    disabled: frozenset[str] | None = None
    enabled: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Refuse a wish that says both."""
        if self.disabled is not None and self.enabled is not None:
            raise ValueError(f"SKU {self.sku_id} is wanted with disabled and with enabled service plans")


@dataclass(frozen=True, slots=True)
class UsageLocationRule:
    """Where ``usageLocation`` comes from, and whether one that is there is replaced."""

    value: str
    """ISO 3166 alpha-2, ``fromUserCountry`` or ``tenantDefault``."""
    mode: Literal["ifMissing", "always"]


@dataclass(frozen=True, slots=True)
class AssignRequest:
    """What shall be assigned to every selected user of one tenant."""

    licences: tuple[WantedLicence, ...]
    usage_location: UsageLocationRule | None = None
    default_usage_location: str | None = None
    """The tenant's own default, for ``tenantDefault``."""
    on_conflict: Literal["skip", "disableConflictingPlans"] = "skip"

    def __post_init__(self) -> None:
        """Refuse a SKU that stands twice: one call cannot add it twice."""
        sku_ids = [licence.sku_id for licence in self.licences]
        if len(set(sku_ids)) < len(sku_ids):
            raise ValueError(f"a SKU is wanted twice: {', '.join(sorted(sku_ids))}")


def missing_skus(request: AssignRequest, skus: Mapping[str, Sku]) -> tuple[str, ...]:
    """Ids of the wanted SKUs that the tenant does not have, in the request's order."""
    return tuple(wanted.sku_id for wanted in request.licences if wanted.sku_id not in skus)


def unknown_plans(request: AssignRequest, skus: Mapping[str, Sku]) -> tuple[tuple[str, str], ...]:
    """``(SKU id, plan id)`` of every named service plan that its SKU does not contain; SKUs must be there."""
    unknown: list[tuple[str, str]] = []
    for wanted in request.licences:
        known = {plan.id for plan in skus[wanted.sku_id].service_plans}
        named = (wanted.disabled or frozenset()) | (wanted.enabled or frozenset())
        unknown += [(wanted.sku_id, plan_id) for plan_id in sorted(named - known)]
    return tuple(unknown)


def unassignable(request: AssignRequest, skus: Mapping[str, Sku]) -> dict[str, str]:
    """Why a wanted SKU cannot be assigned to anybody, by SKU id; SKUs must be there.

    Too few seats is another matter (`shared.domain.seats`): who holds the SKU needs none.
    """
    reasons: dict[str, str] = {}
    for wanted in request.licences:
        sku = skus[wanted.sku_id]
        if sku.applies_to != "User":
            reasons[sku.id] = f"{sku.part_number} applies to the whole {sku.applies_to.lower()}, not to single users."
        elif sku.status not in ASSIGNABLE_STATUSES:
            reasons[sku.id] = f"The subscription of {sku.part_number} is {sku.status}: it can no longer be assigned."
    return reasons


def impossible(request: AssignRequest, skus: Mapping[str, Sku]) -> str | None:
    """Why nobody in this tenant can get what is wanted, in a sentence; None when nothing stands against it."""
    missing = missing_skus(request, skus)
    if missing:
        return f"The tenant has no subscription to {', '.join(missing)}."
    barred = unassignable(request, skus)
    if barred:
        return " ".join(barred.values())
    unknown = unknown_plans(request, skus)
    if unknown:
        plans = ", ".join(f"{plan} of {skus[sku_id].part_number}" for sku_id, plan in unknown)
        return f"The tenant's SKU does not contain these plans: {plans}."
    return None


def refused(index: int, user: User, why: str) -> Decision:
    """Decide on a user whose own row asks for what is impossible in the tenant."""
    decision = Decision(index, user.id, user.user_principal_name, "skipped", state=user.state)
    return replace(decision, code=ResultCode.SKU_NOT_FOUND, message=why)


def not_found(index: int, reference: str) -> Decision:
    """Decide on a user of a list or CSV who does not exist; ``reference`` is the name or id as it was given."""
    message = f"There is no user '{reference}' in this tenant."
    return Decision(index, "", reference, "skipped", code=ResultCode.USER_NOT_FOUND, message=message)


def plan_assign(
    request: AssignRequest, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]
) -> Decision:
    """Decide what one user gets.

    Args:
        request: what is wanted.
        index: the user's place in the selection, from 0.
        user: the user with all assignments, direct and inherited.
        skus: the tenant's SKUs by id; every wanted one is there.
        group_names: display names by group id; a group without one is named by its id.

    Raises:
        ValueError: a wanted SKU is not among ``skus``.
    """
    absent = missing_skus(request, skus)
    if absent:
        raise ValueError(f"not SKUs of this tenant: {', '.join(absent)}")
    state = user.state
    wishes = [(wanted, _wish(wanted, skus[wanted.sku_id], state)) for wanted in request.licences]
    adds = tuple(wish for _, wish in wishes if wish is not None)
    held = [skus[wanted.sku_id] for wanted, wish in wishes if wish is None]
    decision = Decision(index, user.id, user.user_principal_name, "unchanged", state=state)
    if not adds:
        return replace(decision, code=ResultCode.ALREADY_ASSIGNED, message=_sources(held, state, group_names))

    location, trouble = _usage_location(request, user)
    if location is None:
        message = f"The user has no usage location, which a licence needs; {trouble}."
        return replace(decision, status="skipped", code=ResultCode.MISSING_USAGE_LOCATION, message=message)
    return replace(
        decision,
        status="change",
        message=f"The usage location stays {location}: {trouble}." if trouble else None,
        change=_change(state, adds, location),
        skipped_licences=tuple(SkippedLicence(sku.id, ResultCode.ALREADY_ASSIGNED) for sku in held),
    )


def _wish(wanted: WantedLicence, sku: Sku, state: LicenceState) -> AddLicence | None:
    """What to send for one SKU; None when it is there as wanted."""
    plan_ids = sku.user_plan_ids
    direct = state.direct(sku.id)
    inherited = state.inherited(sku.id)
    if direct is None and inherited:
        missing = (wanted.enabled or frozenset[str]()) & plan_ids
        for assignment in inherited:
            missing &= assignment.disabled_plans
        if not missing:
            return None

    # A plan that has left the SKU would make Graph refuse the call; one of the company stays as it is.
    off = (direct.disabled_plans if direct else frozenset[str]()) & {plan.id for plan in sku.service_plans}
    if wanted.enabled is not None:
        wished = (plan_ids - wanted.enabled) | (off - plan_ids)
    else:
        wished = off | ((wanted.disabled or frozenset[str]()) & plan_ids)
    return None if direct and wished == off else AddLicence(sku.id, wished)


def _sources(skus: list[Sku], state: LicenceState, group_names: Mapping[str, str]) -> str | None:
    """Name the groups that alone give the SKUs; None when all are held directly."""
    sentences: list[str] = []
    for sku in skus:
        if state.direct(sku.id) is None:
            group_ids = {assignment.group_id or "" for assignment in state.inherited(sku.id)}
            names = sorted(f"'{group_names.get(group_id, group_id)}'" for group_id in group_ids)
            sentences.append(f"{sku.part_number} is inherited from group {' and '.join(names)}.")
    return " ".join(sentences) or None


def _change(state: LicenceState, adds: tuple[AddLicence, ...], location: str) -> Change:
    after = replace(state, usage_location=location)
    for add in adds:
        after = after.with_direct(add.sku_id, Assignment(add.sku_id, add.disabled_plans))
    setting = location if location != state.usage_location else None
    return Change(add=adds, remove=(), usage_location=setting, before=state, after=after)


def _usage_location(request: AssignRequest, user: User) -> tuple[str | None, str | None]:
    """The user's usage location in the end, and why the rule could not give it (None where it could or need not)."""
    present = user.state.usage_location or None
    rule = request.usage_location
    if rule is None:
        return present, None if present else "the request sets none"
    if present and rule.mode == "ifMissing":
        return present, None
    match rule.value:
        case "fromUserCountry":
            code, trouble = _from_country(user.country)
        case "tenantDefault":
            code, trouble = _from_code(request.default_usage_location, "the tenant's default")
        case value:
            code, trouble = _from_code(value, "the value asked for")
    return (code, None) if code else (present, trouble)


def _from_country(country: str | None) -> tuple[str | None, str]:
    if not country or not country.strip():
        return None, "the user's country is empty"
    return iso_code(country), f"country '{country.strip()}' is no ISO 3166 code"


def _from_code(value: str | None, what: str) -> tuple[str | None, str]:
    if not value:
        return None, f"{what} is empty"
    return value.upper() if is_alpha2(value) else None, f"{what}, '{value}', is no ISO 3166 code"
