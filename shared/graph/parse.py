"""Graph's JSON as our types, without the SDK's typed models, which cost milliseconds a user.

Nothing is guessed: what a plan depends on and is missing raises ``Unreadable``.
"""

import json
from collections.abc import Iterable
from typing import Any, cast

from shared.domain.model import Assignment, LicenceState, ServicePlan, Sku, User
from shared.graph.model import Group, Organization

type Json = dict[str, Any]

USER_FIELDS = (
    "id,userPrincipalName,displayName,accountEnabled,userType,department,country,usageLocation,"
    "assignedLicenses,licenseAssignmentStates"
)
SKU_FIELDS = "skuId,skuPartNumber,servicePlans,prepaidUnits,consumedUnits,capabilityStatus,appliesTo"
GROUP_FIELDS = "id,displayName,groupTypes"
ORGANIZATION_FIELDS = "id,displayName,verifiedDomains"

_NO_ERROR = {None, "", "None"}


class Unreadable(ValueError):
    """An answer of Graph lacks what must be in it; the text names the thing and the property."""


def parse_json(content: bytes, what: str) -> Json:
    """The JSON object that an answer holds."""
    try:
        value = json.loads(content)
    except ValueError as error:
        raise Unreadable(f"{what} is not JSON: {error}") from error
    return json_object(value, what)


def json_object(value: object, what: str) -> Json:
    """``value`` as a JSON object."""
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not a JSON object")
    return cast(Json, value)


def objects(parent: Json, name: str, what: str) -> list[Json]:
    """The JSON objects of a list property that must be there."""
    value = parent.get(name)
    if not isinstance(value, list):
        raise Unreadable(f"{what} has no list {name}")
    return [json_object(item, f"{name} of {what}") for item in cast(list[object], value)]


def user(source: Json) -> User:
    """A user with all ``USER_FIELDS``.

    Raises ``Unreadable`` when a property is missing, as for an app that may list members but not read users.
    """
    what = f"user {source.get('id')}"
    return User(
        id=_text(source, "id", what).lower(),
        user_principal_name=_text(source, "userPrincipalName", f"{what} (is User.Read.All granted?)"),
        state=LicenceState(_assignments(source, what), source.get("usageLocation") or None),
        display_name=source.get("displayName") or "",
        department=source.get("department") or None,
        country=source.get("country") or None,
        account_enabled=source.get("accountEnabled") is not False,
        guest=source.get("userType") == "Guest",
    )


def _assignments(source: Json, what: str) -> tuple[Assignment, ...]:
    assigned = {_text(licence, "skuId", what).lower() for licence in objects(source, "assignedLicenses", what)}
    states = objects(source, "licenseAssignmentStates", what) if source.get("licenseAssignmentStates") else []
    found = [_assignment(state, what) for state in states]
    # Without a state nobody knows whether the licence is direct and which plans are off.
    if unexplained := assigned - {assignment.sku_id for assignment in found}:
        raise Unreadable(f"{what} holds {', '.join(sorted(unexplained))}, but licenseAssignmentStates does not say how")
    return tuple(sorted(found, key=lambda a: (a.sku_id, a.group_id or "")))


def _assignment(state: Json, what: str) -> Assignment:
    error = state.get("error")
    in_force = error in _NO_ERROR or state.get("state") == "ActiveWithError"
    return Assignment(
        sku_id=_text(state, "skuId", what).lower(),
        disabled_plans=frozenset(
            str(plan).lower() for plan in cast(Iterable[object], state.get("disabledPlans") or ())
        ),
        group_id=(state.get("assignedByGroup") or "").lower() or None,
        error=None if in_force else str(error),
    )


def sku(source: Json) -> Sku:
    """A ``subscribedSku``."""
    what = f"SKU {source.get('skuPartNumber') or source.get('skuId')}"
    units = json_object(source.get("prepaidUnits"), f"prepaidUnits of {what}")
    return Sku(
        id=_text(source, "skuId", what).lower(),
        part_number=_text(source, "skuPartNumber", what),
        service_plans=tuple(
            ServicePlan(
                _text(plan, "servicePlanId", what).lower(),
                _text(plan, "servicePlanName", what),
                "User" if plan.get("appliesTo") == "User" else "Company",
            )
            for plan in objects(source, "servicePlans", what)
        ),
        enabled=_number(units, "enabled", what),
        warning=_number(units, "warning", what),
        suspended=_number(units, "suspended", what),
        consumed=_number(source, "consumedUnits", what),
        status=_text(source, "capabilityStatus", what),
        applies_to=_text(source, "appliesTo", what),
    )


def organization(source: Json) -> Organization:
    """The tenant itself; all its ``verifiedDomains`` are verified, one is the default."""
    what = f"organization {source.get('id')}"
    domains = sorted(objects(source, "verifiedDomains", what), key=lambda domain: domain.get("isDefault") is not True)
    return Organization(
        tenant_id=_text(source, "id", what).lower(),
        display_name=source.get("displayName") or "",
        domains=tuple(_text(domain, "name", what).lower() for domain in domains),
    )


def group(source: Json) -> Group:
    """A group with all ``GROUP_FIELDS``."""
    what = f"group {source.get('id')}"
    types = cast(list[object], source.get("groupTypes") or [])
    return Group(_text(source, "id", what).lower(), _text(source, "displayName", what), "DynamicMembership" in types)


def names(sources: Iterable[Json]) -> dict[str, str]:
    """Display names of directory objects by id, of those that came with one."""
    shown = ((_text(source, "id", "an object").lower(), source.get("displayName")) for source in sources)
    return {key: name for key, name in shown if isinstance(name, str) and name}


def _text(source: Json, name: str, what: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{what} has no {name}")
    return value


def _number(source: Json, name: str, what: str) -> int:
    value = source.get(name)
    if not isinstance(value, int):
        raise Unreadable(f"{what} has no number {name}")
    return value
