"""The routes below ``/groups``: groups and their members, direct or deep."""

from collections.abc import Iterator, Sequence
from functools import partial

from dev.simulator import query
from dev.simulator.calls import Call, Reply
from dev.simulator.errors import GraphError, advanced_only, bad_request, malformed, not_found
from dev.simulator.model import Group, Member, User
from dev.simulator.properties import GROUP, USER
from dev.simulator.replies import (
    COUNT_NEEDS_HEADER,
    context_of,
    count_reply,
    json_reply,
    list_reply,
    object_json,
    one_reply,
)
from dev.simulator.tenant import Tenant

CASTS = {
    "microsoft.graph.user": "user",
    "graph.user": "user",
    "microsoft.graph.group": "group",
    "graph.group": "group",
    "microsoft.graph.device": "device",
    "graph.device": "device",
}


def list_groups(tenant: Tenant, call: Call, now: float) -> Reply:
    return list_reply(tenant, call, now, GROUP, tenant.groups.scan, "groups")


def _group(tenant: Tenant, call: Call, now: float) -> Group:
    group = tenant.groups.read(call.segments[1].lower(), now)
    if group is None:
        raise not_found(call.segments[1])
    return group


def get_group(tenant: Tenant, call: Call, now: float) -> Reply:
    return one_reply(tenant, call, _group(tenant, call, now), GROUP, "groups")


def _resolve(tenant: Tenant, member: Member, now: float, *, index: bool) -> User | Group | None:
    if member.kind == "user":
        return tenant.users.read(member.id, now, index=index)
    return tenant.groups.read(member.id, now, index=index) if member.kind == "group" else None


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

    def expand() -> list[Member]:
        every = tenant.transitive(group, now, index=index) if deep else group.members
        return [member for member in every if cast is None or member.kind == cast]

    found = query.remembered(options, tenant, "members", expand)
    if cast == "user":
        return _member_users(tenant, call, now, options, found, counting=counting)
    if "$filter" in call.query or "$search" in call.query:
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            "The specified filter to the reference property query is currently not supported.",
        )
    if counting:
        return count_reply(call, lambda: len(found))

    def source(start: int) -> Iterator[tuple[int, User | Group | Member]]:
        for position in range(start, len(found)):
            member = found[position]
            item = member if member.kind == "device" else _resolve(tenant, member, now, index=index)
            if item is not None:
                yield position, item

    return json_reply(
        query.collection(
            options, tenant, source, None, lambda item: object_json(tenant, item, options.select), "directoryObjects"
        )
    )


def _member_users(
    tenant: Tenant, call: Call, now: float, options: query.Options, found: Sequence[Member], *, counting: bool
) -> Reply:
    keep = query.predicate(options, USER, tenant)

    def source(start: int) -> Iterator[tuple[int, User]]:
        for position in range(start, len(found)):
            user = tenant.users.read(found[position].id, now, index=options.index)
            if user is not None:
                yield position, user

    if counting:
        return count_reply(call, lambda: sum(1 for _, user in source(0) if keep is None or keep(user)))
    show = partial(query.render, properties=query.shown(options.select, USER), tenant=tenant)
    ordered = query.sorted_source(options, USER, tenant, source)
    return json_reply(query.collection(options, tenant, ordered, keep, show, context_of(call, "users", options.select)))
