"""The routes below ``/users``."""

import base64
import uuid

from dev.simulator import query
from dev.simulator.calls import Call, Reply
from dev.simulator.errors import no_mailbox, not_found
from dev.simulator.licensing import assign_license, parse_assign, reprocess
from dev.simulator.model import User, merge
from dev.simulator.patch import parse_patch
from dev.simulator.properties import USER
from dev.simulator.replies import (
    count_reply,
    json_reply,
    list_reply,
    one_reply,
    plans_json,
)
from dev.simulator.tenant import Tenant


def list_users(tenant: Tenant, call: Call, now: float) -> Reply:
    return list_reply(tenant, call, now, USER, tenant.users.scan, "users")


def count_users(tenant: Tenant, call: Call, now: float) -> Reply:
    def number() -> int:
        options = query.read_options(call)
        options.advanced = True  # the header is the whole condition here
        keep = query.predicate(options, USER, tenant)
        return sum(1 for _, user in tenant.users.scan(0, now, index=True) if keep is None or keep(user))

    return count_reply(call, number)


def _user(tenant: Tenant, call: Call, now: float) -> User:
    user = tenant.read_user(call.segments[1], now)
    if user is None:
        raise not_found(call.segments[1])
    return user


def get_user(tenant: Tenant, call: Call, now: float) -> Reply:
    return one_reply(tenant, call, _user(tenant, call, now), USER, "users")


def license_details(tenant: Tenant, call: Call, now: float) -> Reply:
    user = _user(tenant, call, now)
    value = [
        {
            "id": base64.urlsafe_b64encode(uuid.UUID(user.id).bytes + uuid.UUID(sku).bytes).decode().rstrip("="),
            "skuId": sku,
            "skuPartNumber": tenant.skus[sku].part_number,
            "servicePlans": plans_json(tenant.skus[sku], disabled),
        }
        for sku, disabled in merge(user.licences)
    ]
    return json_reply({"@odata.context": f"{call.root}/$metadata#users('{user.id}')/licenseDetails", "value": value})


def mailbox_settings(tenant: Tenant, call: Call, now: float) -> Reply:
    """Of the settings only ``userPurpose`` is played, whatever is selected."""
    user = _user(tenant, call, now)
    mailbox = tenant.mailbox_of(user)
    if mailbox is None:
        raise no_mailbox()
    context = f"{call.root}/$metadata#users('{user.id}')/mailboxSettings"
    return json_reply({"@odata.context": context, "userPurpose": mailbox.purpose})


def _written(tenant: Tenant, call: Call, now: float) -> str:
    user_id = tenant.user_id(call.segments[1])
    if user_id is None or tenant.users.read(user_id, now) is None:  # created just now: not there yet
        raise not_found(call.segments[1])
    return user_id


def _user_reply(tenant: Tenant, call: Call, user: User) -> Reply:
    """A captured answer shows the default properties only, never the licences."""
    context = {"@odata.context": f"{call.root}/$metadata#users/$entity"}
    return json_reply(context | query.render(user, query.shown(None, USER), tenant))


def post_assign(tenant: Tenant, call: Call, now: float) -> Reply:
    adds, removed = parse_assign(call.require_json())
    return _user_reply(tenant, call, assign_license(tenant, _written(tenant, call, now), adds, removed, now))


def post_reprocess(tenant: Tenant, call: Call, now: float) -> Reply:
    user_id = _written(tenant, call, now)
    problem = reprocess(tenant, user_id, now)
    if problem is not None:
        raise problem
    return _user_reply(tenant, call, tenant.users.current[user_id])


def patch_user(tenant: Tenant, call: Call, now: float) -> Reply:
    user_id = _written(tenant, call, now)
    changes = parse_patch(call.require_json(), tenant.users.current[user_id])
    if changes:
        tenant.change(user_id, now, **changes)
    return Reply(204)
