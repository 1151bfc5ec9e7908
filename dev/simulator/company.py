"""What concerns the tenant as a whole: subscriptions, the organization, objects by id."""

import uuid

from dev.simulator import query
from dev.simulator.calls import Call, Reply
from dev.simulator.errors import GraphError, Json, bad_request
from dev.simulator.jsonshape import as_array, as_object
from dev.simulator.licensing import GUID
from dev.simulator.model import Member, Sku, User
from dev.simulator.replies import (
    context_of,
    json_reply,
    object_json,
    plans_json,
)
from dev.simulator.tenant import Tenant

MAX_IDS = 1000


def subscribed_skus(tenant: Tenant, call: Call, now: float) -> Reply:
    if "$filter" in call.query:
        raise GraphError(400, "Request_UnsupportedQuery", "The specified filter is not supported.")  # ASSUMPTION: text
    consumed = tenant.consumed.read(now)
    select = query.read_options(call, paged=False).select
    value = [_sku_json(tenant, sku, consumed.get(sku.id, 0)) for sku in tenant.skus.values()]
    if select:
        value = [{name: each[name] for name in select if name in each} for each in value]
    return json_reply(
        {"@odata.context": f"{call.root}/$metadata#{context_of(call, 'subscribedSkus', select)}", "value": value}
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
        "servicePlans": plans_json(sku, ()),
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
    return json_reply(
        {"@odata.context": f"{call.root}/$metadata#{context_of(call, 'organization', select)}", "value": [value]}
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
            value.append(object_json(tenant, Member("device", key), select))
        elif item is not None and ("user" if isinstance(item, User) else "group") in types:
            shown = object_json(tenant, item, select)
            if not isinstance(item, User) and not tenant.settings.group_names:
                shown = {name: each if name in ("@odata.type", "id") else None for name, each in shown.items()}
            value.append(shown)
    return json_reply({"@odata.context": f"{call.root}/$metadata#directoryObjects", "value": value})
