"""The table of routes: from a call to its handler and its cost."""

from collections.abc import Callable
from dataclasses import dataclass

from dev.simulator import exchange
from dev.simulator.calls import Call, Reply
from dev.simulator.company import get_by_ids, organization, subscribed_skus
from dev.simulator.errors import malformed
from dev.simulator.groups import get_group, list_groups, members
from dev.simulator.tenant import Tenant
from dev.simulator.users import (
    count_users,
    get_user,
    license_details,
    list_users,
    mailbox_settings,
    patch_user,
    post_assign,
    post_reprocess,
)

type Handler = Callable[[Tenant, Call, float], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """``cost`` in resource units before modifiers, 0 = not Graph's; ``writes`` = it changes the user in the URL."""

    handler: Handler
    cost: int = 1
    writes: bool = False


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
    ("GET", ("mailboxSettings",)): Route(mailbox_settings, 1),
    ("PATCH", ()): Route(patch_user, 1, writes=True),
    ("POST", ("assignLicense",)): Route(post_assign, 1, writes=True),
    ("POST", ("reprocessLicenseAssignment",)): Route(post_reprocess, 1, writes=True),
}
_EXCHANGE = Route(exchange.invoke, cost=0)
_MEMBERS = {"members": Route(members, 3), "transitiveMembers": Route(members, 5)}


def find_route(call: Call) -> Route:
    """The route of a call. ASSUMPTION: text and code for what is not served."""
    if call.cmdlet is not None:
        return _EXCHANGE
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
