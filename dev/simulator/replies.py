"""Shapes of answers that several routes share."""

from collections.abc import Callable, Iterator
from functools import partial

from dev.simulator import query
from dev.simulator.calls import Call, Reply
from dev.simulator.errors import Json, bad_request
from dev.simulator.model import Group, Member, Sku, User
from dev.simulator.properties import GROUP, USER, Resource
from dev.simulator.tenant import Tenant

COUNT_NEEDS_HEADER = "$count is not currently supported."


def json_reply(body: Json) -> Reply:
    return Reply(200, body, {"Content-Type": "application/json;odata.metadata=minimal"})


def context_of(call: Call, path: str, select: tuple[str, ...] | None) -> str:
    return f"{path}({','.join(select)})" if select else path


def one_reply[T](tenant: Tenant, call: Call, item: T, resource: Resource[T], path: str) -> Reply:
    options = query.read_options(call, paged=False)
    context = f"{call.root}/$metadata#{context_of(call, path, options.select)}/$entity"
    return json_reply({"@odata.context": context} | query.render(item, query.shown(options.select, resource), tenant))


def list_reply[T](
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
    return json_reply(query.collection(options, tenant, source, keep, show, context_of(call, path, options.select)))


def count_reply(call: Call, number: Callable[[], int]) -> Reply:
    if not call.eventual:
        raise bad_request(COUNT_NEEDS_HEADER)
    return Reply(200, str(number()), {"Content-Type": "text/plain"})


def plans_json(sku: Sku, disabled: tuple[str, ...]) -> list[Json]:
    return [
        {
            "servicePlanId": plan.id,
            "servicePlanName": plan.name,
            "provisioningStatus": "Disabled" if plan.id in disabled else "Success",
            "appliesTo": plan.applies_to,
        }
        for plan in sku.plans
    ]


def object_json(tenant: Tenant, item: User | Group | Member, select: tuple[str, ...] | None) -> Json:
    """A directory object among others: its type first, and of the selected properties those its type has."""
    if isinstance(item, Member):
        device = tenant.devices[item.id]
        return {"@odata.type": "#microsoft.graph.device", "id": device.id, "displayName": device.display_name}
    if isinstance(item, User):
        chosen = [USER.properties[n] for n in select or USER.default_names() if n in USER.properties]
        return {"@odata.type": USER.odata_type} | query.render(item, chosen, tenant)
    of_group = [GROUP.properties[n] for n in select or GROUP.default_names() if n in GROUP.properties]
    return {"@odata.type": GROUP.odata_type} | query.render(item, of_group, tenant)
