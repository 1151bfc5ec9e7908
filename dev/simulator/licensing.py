"""
Licence changes: ``assignLicense``, its checks, and group-based licensing.

ASSUMPTION: the order in which the checks of ``assignLicense`` run is ours: payload shape, the user exists, removals
(held? direct?), SKU known, usage location, seats, mutually exclusive plans, dependencies; then all of it commits or
nothing.
"""

import re
from typing import Any

from dev.simulator import errors
from dev.simulator.clock import iso
from dev.simulator.errors import GraphError, bad_request
from dev.simulator.jsonshape import as_array, as_object
from dev.simulator.model import Assignment, Group, Licences, User, held_skus
from dev.simulator.tenant import Tenant

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
COUNTRY = re.compile(r"[A-Z]{2}")


def _guid(value: Any) -> str:
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise bad_request(errors.BAD_GUID)
    return value.lower()


def _array(payload: dict[str, Any], name: str) -> list[Any]:
    if payload.get(name) is None:
        raise bad_request(
            "One or more parameters of the operation 'assignLicense' are missing from the request payload. "
            f"The missing parameters are: {name}."
        )
    value = as_array(payload[name])
    if value is None:
        raise bad_request(f"The value of parameter '{name}' is not a collection.")  # ASSUMPTION: text
    return value


def parse_assign(body: Any) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """What to add (SKU to disabled plans) and what to remove, from the payload of assignLicense."""
    payload = as_object(body) or {}
    added, removed = _array(payload, "addLicenses"), [_guid(each) for each in _array(payload, "removeLicenses")]
    adds: dict[str, tuple[str, ...]] = {}
    for raw in added:
        entry = as_object(raw)
        if entry is None:
            raise bad_request("An entry of 'addLicenses' is not an object.")  # ASSUMPTION: text
        sku = _guid(entry.get("skuId"))
        if sku in adds:
            raise bad_request(f"License {sku} is specified more than once.")  # ASSUMPTION: status and text
        adds[sku] = tuple(sorted({_guid(plan) for plan in as_array(entry.get("disabledPlans")) or []}))
    if len(set(removed)) < len(removed) or not adds.keys().isdisjoint(removed):
        raise bad_request("The same license is specified more than once in the request.")  # ASSUMPTION
    return adds, removed


def without(licences: Licences, removed: list[str]) -> Licences:
    """The licences less some direct ones; refused when one is not held, or held through a group only."""
    for sku in removed:
        sources = [each for each in licences if each.sku_id == sku]
        if not sources:
            raise bad_request(errors.NOT_HELD)
        if all(each.group is not None for each in sources):
            raise bad_request(errors.INHERITED)
    return tuple(each for each in licences if each.group is not None or each.sku_id not in removed)


def check_usage_location(tenant: Tenant, user: User, now: float) -> None:
    """A direct assignment asks for a usage location, one that may still be judged missing right after it was set."""
    location = user.usage_location
    if tenant.settings.stale_usage_location:  # ASSUMPTION: licensing reads a replica like everyone else
        seen = tenant.users.read(user.id, now)
        location = seen.usage_location if seen is not None else None
    if location is None or location in tenant.settings.prohibited_usage_locations:
        raise bad_request(errors.INVALID_USAGE_LOCATION)


def check_plans(tenant: Tenant, licences: Licences) -> None:
    """ASSUMPTION: conflicts and dependencies are judged on the final set of enabled plans."""
    enabled = tenant.enabled_plans(licences)
    for one, other in tenant.settings.conflicts:
        if one in enabled and other in enabled:
            raise bad_request(f"License assignment failed because service plans {one}, {other} are mutually exclusive.")
    for plan, needed in tenant.settings.dependencies.items():
        if plan in enabled and not any(each in enabled for each in needed):
            raise bad_request(
                f"License assignment failed because service plan {plan} depends on the service plan(s) "
                f"{', '.join(needed)}"
            )


def assign_license(
    tenant: Tenant, user_id: str, adds: dict[str, tuple[str, ...]], removed: list[str], now: float
) -> User:
    """Apply a parsed ``assignLicense``; GraphError leaves everything as it was."""
    user = tenant.users.current[user_id]
    licences = without(user.licences, removed)
    for sku_id, disabled in adds.items():
        sku = tenant.skus.get(sku_id)
        if sku is None or sku.applies_to != "User":
            raise bad_request(f"License {sku_id} does not correspond to a valid company License.")
        if not sku.plan_ids.issuperset(disabled):
            unknown = next(plan for plan in disabled if plan not in sku.plan_ids)
            raise bad_request(f"Service plan {unknown} is not part of license {sku_id}.")  # ASSUMPTION
    if adds:
        check_usage_location(tenant, user, now)
    held = held_skus(user.licences)
    for sku_id in adds:
        if sku_id not in held and tenant.free_seats(sku_id, now) < 1:
            raise bad_request(f"Subscription with SKU {sku_id} does not have any available licenses.")
    kept = tuple(each for each in licences if each.group is not None or each.sku_id not in adds)
    stamp = iso(now)
    direct = {each.sku_id: each for each in licences if each.group is None}
    final = kept + tuple(
        direct[sku] if sku in direct and direct[sku].disabled == disabled else Assignment(sku, disabled, updated=stamp)
        for sku, disabled in adds.items()
    )
    check_plans(tenant, final)
    return tenant.change(user_id, now, licences=final) if set(final) != set(user.licences) else user


# --- group-based licensing ---

_VIOLATIONS = (
    ("does not have any available", "CountViolation"),
    ("mutually exclusive", "MutuallyExclusiveViolation"),
    ("depends on the service plan", "DependencyViolation"),
    ("invalid usage location", "ProhibitedInUsageLocationViolation"),
)


def _violation(error: GraphError) -> str:
    return next((name for text, name in _VIOLATIONS if text in error.message), "Other")


def _obstacle(tenant: Tenant, user: User, base: Licences, wanted: Assignment) -> GraphError | None:
    """What stands against one product of a group, service plans aside."""
    location = user.usage_location or tenant.settings.country  # the directory's own, where the user has none
    if location in tenant.settings.prohibited_usage_locations:
        return bad_request(errors.INVALID_USAGE_LOCATION)
    if wanted.sku_id not in held_skus(user.licences + base) and tenant.free_seats(wanted.sku_id) < 1:
        return bad_request(f"Subscription with SKU {wanted.sku_id} does not have any available licenses.")
    return None


def _plan_problem(tenant: Tenant, licences: Licences) -> GraphError | None:
    try:
        check_plans(tenant, licences)
    except GraphError as error:
        return error
    return None


def _apply_group(
    tenant: Tenant, user: User, base: Licences, group: Group, stamp: str
) -> tuple[Licences, GraphError | None]:
    """All products of a group or none: a failing one carries its error, its siblings ``Other``."""
    before = {each.sku_id: each for each in user.licences if each.group == group.id and each.state == "Active"}
    wanted = tuple(
        before[sku] if sku in before and before[sku].disabled == off else Assignment(sku, off, group.id, updated=stamp)
        for sku, off in group.licences
    )
    failures: dict[str, GraphError] = {}
    for each in wanted:
        problem = _obstacle(tenant, user, base, each)
        if problem is not None:
            failures[each.sku_id] = problem
    if not failures and _plan_problem(tenant, base + wanted) is not None:
        for each in wanted:  # which of them is it?
            problem = _plan_problem(tenant, (*base, each))
            if problem is not None:
                failures[each.sku_id] = problem
    if not failures:
        return base + wanted, None
    failed = tuple(
        each._replace(
            state="Error",
            error=_violation(failures[each.sku_id]) if each.sku_id in failures else "Other",
            updated=stamp,
        )
        for each in wanted
    )
    return base + failed, next(iter(failures.values()))


def reprocess(tenant: Tenant, user_id: str, now: float) -> GraphError | None:
    """
    Bring a user's inherited licences in line with its groups; the first problem is returned, not raised.

    An inherited licence whose loss would break a direct one lingers as ``ActiveWithError``/``DependencyViolation``.
    """
    user = tenant.users.current[user_id]
    stamp = iso(now)
    problem: GraphError | None = None
    final: Licences = tuple(each for each in user.licences if each.group is None)
    for group in tenant.licensing_groups(user_id):
        final, failed = _apply_group(tenant, user, final, group, stamp)
        problem = problem or failed
    kept = {(each.sku_id, each.group) for each in final}
    gone = [each for each in user.licences if each.group and each.holds and (each.sku_id, each.group) not in kept]
    broken = _plan_problem(tenant, final) if gone else None
    if broken is not None and _violation(broken) == "DependencyViolation":
        final += tuple(
            each._replace(state="ActiveWithError", error="DependencyViolation", updated=stamp) for each in gone
        )
        problem = problem or broken
    if set(final) != set(user.licences):
        tenant.change(user_id, now, licences=final)
    return problem


def catch_up(tenant: Tenant, now: float) -> None:
    """Do the group-based licensing that has come due."""
    for user_id in tenant.due_reprocessing(now):
        reprocess(tenant, user_id, now)
