"""The directory's routes: from a call to its handler and its cost."""

import base64
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dev.simulator import query
from dev.simulator.calls import Call, Reply
from dev.simulator.errors import GraphError, Json, advanced_only, bad_request, malformed, not_found
from dev.simulator.jsonshape import as_array, as_object
from dev.simulator.licensing import GUID, assign_license, parse_assign, reprocess
from dev.simulator.model import Group, Member, Sku, User, merge
from dev.simulator.patch import parse_patch
from dev.simulator.properties import GROUP, USER, Resource
from dev.simulator.tenant import Tenant

type Handler = Callable[[Tenant, Call, float], Reply]

CASTS = {
    "microsoft.graph.user": "user",
    "graph.user": "user",
    "microsoft.graph.group": "group",
    "graph.group": "group",
    "microsoft.graph.device": "device",
    "graph.device": "device",
}
COUNT_NEEDS_HEADER = "$count is not currently supported."
MAX_IDS = 1000


@dataclass(frozen=True, slots=True)
class Route:
    """``cost`` in resource units before modifiers; ``writes`` = it changes the user in the URL."""

    handler: Handler
    cost: int = 1
    writes: bool = False


def _json(body: Json) -> Reply:
    return Reply(200, body, {"Content-Type": "application/json;odata.metadata=minimal"})


def _context(call: Call, path: str, select: tuple[str, ...] | None) -> str:
    return f"{path}({','.join(select)})" if select else path


def _one[T](tenant: Tenant, call: Call, item: T, resource: Resource[T], path: str) -> Reply:
    options = query.read_options(call, paged=False)
    context = f"{call.root}/$metadata#{_context(call, path, options.select)}/$entity"
    return _json({"@odata.context": context} | query.render(item, query.shown(options.select, resource), tenant))


def _list[T](
    tenant: Tenant,
    call: Call,
    now: float,
    resource: Resource[T],
    scan: Callable[..., Iterator[tuple[int, T]]],
    path: str,
) -> Reply:
    options = query.read_options(call)
    keep = query.predicate(options, resource, tenant)
    properties = query.shown(options.select, resource)
    source = query.sorted_source(options, resource, tenant, lambda start: scan(start, now, index=options.index))
    show = partial(query.render, properties=properties, tenant=tenant)
    return _json(query.collection(options, tenant, source, keep, show, _context(call, path, options.select)))


def _count(call: Call, number: Callable[[], int]) -> Reply:
    if not call.eventual:
        raise bad_request(COUNT_NEEDS_HEADER)
    return Reply(200, str(number()), {"Content-Type": "text/plain"})


# --- users ---


def list_users(tenant: Tenant, call: Call, now: float) -> Reply:
    return _list(tenant, call, now, USER, tenant.users.scan, "users")


def count_users(tenant: Tenant, call: Call, now: float) -> Reply:
    def number() -> int:
        options = query.read_options(call)
        options.advanced = True  # the header is the whole condition here
        keep = query.predicate(options, USER, tenant)
        return sum(1 for _, user in tenant.users.scan(0, now, index=True) if keep is None or keep(user))

    return _count(call, number)


def _user(tenant: Tenant, call: Call, now: float) -> User:
    user = tenant.read_user(call.segments[1], now)
    if user is None:
        raise not_found(call.segments[1])
    return user


def get_user(tenant: Tenant, call: Call, now: float) -> Reply:
    return _one(tenant, call, _user(tenant, call, now), USER, "users")


def _plan_json(sku: Sku, disabled: tuple[str, ...]) -> list[Json]:
    return [
        {
            "servicePlanId": plan.id,
            "servicePlanName": plan.name,
            "provisioningStatus": "Disabled" if plan.id in disabled else "Success",
            "appliesTo": plan.applies_to,
        }
        for plan in sku.plans
    ]


def license_details(tenant: Tenant, call: Call, now: float) -> Reply:
    user = _user(tenant, call, now)
    value = [
        {
            "id": base64.urlsafe_b64encode(uuid.UUID(user.id).bytes + uuid.UUID(sku).bytes).decode().rstrip("="),
            "skuId": sku,
            "skuPartNumber": tenant.skus[sku].part_number,
            "servicePlans": _plan_json(tenant.skus[sku], disabled),
        }
        for sku, disabled in merge(user.licences)
    ]
    return _json({"@odata.context": f"{call.root}/$metadata#users('{user.id}')/licenseDetails", "value": value})


def _written(tenant: Tenant, call: Call) -> str:
    user_id = tenant.user_id(call.segments[1])
    if user_id is None:
        raise not_found(call.segments[1])
    return user_id


def _user_reply(tenant: Tenant, call: Call, user: User) -> Reply:
    """A captured answer shows the default properties only, never the licences."""
    context = {"@odata.context": f"{call.root}/$metadata#users/$entity"}
    return _json(context | query.render(user, query.shown(None, USER), tenant))


def post_assign(tenant: Tenant, call: Call, now: float) -> Reply:
    adds, removed = parse_assign(call.require_json())
    return _user_reply(tenant, call, assign_license(tenant, _written(tenant, call), adds, removed, now))


def post_reprocess(tenant: Tenant, call: Call, now: float) -> Reply:
    user_id = _written(tenant, call)
    problem = reprocess(tenant, user_id, now)
    if problem is not None:
        raise problem
    return _user_reply(tenant, call, tenant.users.current[user_id])


def patch_user(tenant: Tenant, call: Call, now: float) -> Reply:
    user_id = _written(tenant, call)
    changes = parse_patch(call.require_json(), tenant.users.current[user_id])
    if changes:
        tenant.change(user_id, now, **changes)
    return Reply(204)


# --- groups ---


def list_groups(tenant: Tenant, call: Call, now: float) -> Reply:
    return _list(tenant, call, now, GROUP, tenant.groups.scan, "groups")


def _group(tenant: Tenant, call: Call, now: float) -> Group:
    group = tenant.groups.read(call.segments[1].lower(), now)
    if group is None:
        raise not_found(call.segments[1])
    return group


def get_group(tenant: Tenant, call: Call, now: float) -> Reply:
    return _one(tenant, call, _group(tenant, call, now), GROUP, "groups")


def _resolve(tenant: Tenant, member: Member, now: float, *, index: bool) -> User | Group | None:
    if member.kind == "user":
        return tenant.users.read(member.id, now, index=index)
    return tenant.groups.read(member.id, now, index=index) if member.kind == "group" else None


def _object_json(tenant: Tenant, item: User | Group | Member, select: tuple[str, ...] | None) -> Json:
    """A directory object among others: its type first, and of the selected properties those its type has."""
    if isinstance(item, Member):
        device = tenant.devices[item.id]
        return {"@odata.type": "#microsoft.graph.device", "id": device.id, "displayName": device.display_name}
    if isinstance(item, User):
        chosen = [USER.properties[n] for n in select or USER.default_names() if n in USER.properties]
        return {"@odata.type": USER.odata_type} | query.render(item, chosen, tenant)
    of_group = [GROUP.properties[n] for n in select or GROUP.default_names() if n in GROUP.properties]
    return {"@odata.type": GROUP.odata_type} | query.render(item, of_group, tenant)


def members(tenant: Tenant, call: Call, now: float) -> Reply:
    """``members`` and ``transitiveMembers``, cast or not, counted or listed."""
    rest = list(call.segments[3:])
    cast = CASTS.get(rest.pop(0)) if rest and rest[0] in CASTS else None
    counting = rest == ["$count"]
    if rest and not counting:
        raise malformed(f"Resource not found for the segment '{rest[0]}'.")
    options = query.read_options(call)
    if counting and not call.eventual:
        raise bad_request(COUNT_NEEDS_HEADER)
    if counting:
        options.advanced = True
    if not options.advanced and cast is not None:
        raise advanced_only("cast")  # ASSUMPTION: the operator's name; the condition is documented
    group = _group(tenant, call, now)
    index = options.index
    deep = call.segments[2] == "transitiveMembers"
    found = list(tenant.transitive(group, now, index=index)) if deep else list(group.members)
    if cast is not None:
        found = [member for member in found if member.kind == cast]
    if cast == "user":
        return _member_users(tenant, call, now, options, found, counting=counting)
    if "$filter" in call.query or "$search" in call.query:
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            "The specified filter to the reference property query is currently not supported.",
        )
    if counting:
        return _count(call, lambda: len(found))

    def source(start: int) -> Iterator[tuple[int, User | Group | Member]]:
        for position in range(start, len(found)):
            member = found[position]
            item = member if member.kind == "device" else _resolve(tenant, member, now, index=index)
            if item is not None:
                yield position, item

    return _json(
        query.collection(
            options, tenant, source, None, lambda item: _object_json(tenant, item, options.select), "directoryObjects"
        )
    )


def _member_users(
    tenant: Tenant, call: Call, now: float, options: query.Options, found: list[Member], *, counting: bool
) -> Reply:
    keep = query.predicate(options, USER, tenant)

    def source(start: int) -> Iterator[tuple[int, User]]:
        for position in range(start, len(found)):
            user = tenant.users.read(found[position].id, now, index=options.index)
            if user is not None:
                yield position, user

    if counting:
        return _count(call, lambda: sum(1 for _, user in source(0) if keep is None or keep(user)))
    show = partial(query.render, properties=query.shown(options.select, USER), tenant=tenant)
    ordered = query.sorted_source(options, USER, tenant, source)
    return _json(query.collection(options, tenant, ordered, keep, show, _context(call, "users", options.select)))


# --- the rest ---


def subscribed_skus(tenant: Tenant, call: Call, now: float) -> Reply:
    if "$filter" in call.query:
        raise GraphError(400, "Request_UnsupportedQuery", "The specified filter is not supported.")  # ASSUMPTION: text
    consumed = tenant.consumed.read(now)
    select = query.read_options(call, paged=False).select
    value = [_sku_json(tenant, sku, consumed.get(sku.id, 0)) for sku in tenant.skus.values()]
    if select:
        value = [{name: each[name] for name in select if name in each} for each in value]
    return _json(
        {"@odata.context": f"{call.root}/$metadata#{_context(call, 'subscribedSkus', select)}", "value": value}
    )


def _sku_json(tenant: Tenant, sku: Sku, consumed: int) -> Json:
    return {
        "accountName": tenant.settings.display_name,
        "accountId": tenant.id,
        "appliesTo": sku.applies_to,
        "capabilityStatus": sku.capability_status,
        "consumedUnits": consumed,
        "id": f"{tenant.id}_{sku.id}",
        "skuId": sku.id,
        "skuPartNumber": sku.part_number,
        "subscriptionIds": [str(uuid.uuid5(uuid.UUID(tenant.id), sku.id))],
        "prepaidUnits": {
            "enabled": sku.enabled,
            "suspended": sku.suspended,
            "warning": sku.warning,
            "lockedOut": sku.locked_out,
        },
        "servicePlans": _plan_json(sku, ()),
    }


def organization(tenant: Tenant, call: Call, now: float) -> Reply:
    del now
    settings = tenant.settings
    domains = [
        {
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": number == 0,
            "isInitial": name.endswith(".onmicrosoft.com"),
            "name": name,
            "type": "Managed",
        }
        for number, name in enumerate(settings.domains)
    ]
    value: Json = {
        "id": tenant.id,
        "displayName": settings.display_name,
        "countryLetterCode": settings.country,
        "tenantType": "AAD",
        "verifiedDomains": domains,
        "assignedPlans": [],
    }
    select = query.read_options(call, paged=False).select
    if select:
        value = {name: value.get(name) for name in select}
    return _json(
        {"@odata.context": f"{call.root}/$metadata#{_context(call, 'organization', select)}", "value": [value]}
    )


def get_by_ids(tenant: Tenant, call: Call, now: float) -> Reply:
    payload = as_object(call.require_json()) or {}
    wanted = as_array(payload.get("ids"))
    if wanted is None:
        raise bad_request(
            "One or more parameters of the operation 'getByIds' are missing from the request payload. "
            "The missing parameters are: ids."
        )
    if len(wanted) > MAX_IDS:  # ASSUMPTION: text
        raise bad_request(f"Too many ids were specified: {len(wanted)}. The maximum is {MAX_IDS}.")
    for each in wanted:
        if not isinstance(each, str) or not GUID.fullmatch(each):
            raise bad_request(f"Invalid object identifier '{each}'.")
    types = set(as_array(payload.get("types")) or ("user", "group", "device"))
    select = query.read_options(call, paged=False).select
    value: list[Json] = []
    for key in dict.fromkeys(each.lower() for each in wanted):  # unknown ids are simply absent (ASSUMPTION)
        item = tenant.users.read(key, now) or tenant.groups.read(key, now)
        if item is None and key in tenant.devices and "device" in types:
            value.append(_object_json(tenant, Member("device", key), select))
        elif item is not None and ("user" if isinstance(item, User) else "group") in types:
            value.append(_object_json(tenant, item, select))
    return _json({"@odata.context": f"{call.root}/$metadata#directoryObjects", "value": value})


_FIXED: dict[tuple[str, tuple[str, ...]], Route] = {
    ("GET", ("users",)): Route(list_users, 2),
    ("GET", ("users", "$count")): Route(count_users, 1),
    ("GET", ("groups",)): Route(list_groups, 1),
    ("GET", ("subscribedSkus",)): Route(subscribed_skus, 3),
    ("GET", ("organization",)): Route(organization, 1),
    ("POST", ("directoryObjects", "getByIds")): Route(get_by_ids, 5),
}
_OF_USER: dict[tuple[str, tuple[str, ...]], Route] = {
    ("GET", ()): Route(get_user, 1),
    ("GET", ("licenseDetails",)): Route(license_details, 2),
    ("PATCH", ()): Route(patch_user, 1, writes=True),
    ("POST", ("assignLicense",)): Route(post_assign, 1, writes=True),
    ("POST", ("reprocessLicenseAssignment",)): Route(post_reprocess, 1, writes=True),
}
_MEMBERS = {"members": Route(members, 3), "transitiveMembers": Route(members, 5)}


def find_route(call: Call) -> Route:
    """The route of a call. ASSUMPTION: text and code for what is not served."""
    segments = call.segments
    route = _FIXED.get((call.method, segments))
    if route is None and len(segments) > 1 and segments[0] == "users":
        rest = tuple(each.removeprefix("microsoft.graph.") for each in segments[2:])
        route = _OF_USER.get((call.method, rest))
    if route is None and call.method == "GET" and segments[:1] == ("groups",) and len(segments) > 1:
        route = Route(get_group) if len(segments) == 2 else _MEMBERS.get(segments[2])
    if route is None:
        raise malformed(f"Resource not found for the segment '{segments[-1] if segments else ''}'.")
    return route


def resource_units(route: Route, call: Call) -> int:
    """The cost after modifiers: a selection and a small page save one unit each, at least 1 is charged."""
    cost = route.cost
    if route.handler is get_by_ids:
        return 2 if "$select" in call.query else cost
    if "$select" in call.query:
        cost -= 1
    top = call.query.get("$top", "")
    if top.isdigit() and int(top) < 20:
        cost -= 1
    return max(cost, 1)
