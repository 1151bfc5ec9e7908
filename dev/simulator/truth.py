"""The state as the truth has it, as ``GET /_sim/tenants/{tenant}`` answers."""

from collections.abc import Iterator
from typing import Any

from dev.simulator.model import Group, Mailbox, Sku, User
from dev.simulator.spec import SpecError
from dev.simulator.tenant import Tenant


def user_state(tenant: Tenant, user: User) -> dict[str, Any]:
    """A user with its licences per source, and its mailbox if it has one."""
    own = [each for each in user.licences if each.group is None]
    mailbox = tenant.mailbox_of(user)
    inherited = [each for each in user.licences if each.group is not None]
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "displayName": user.display_name,
        "department": user.department,
        "country": user.country,
        "usageLocation": user.usage_location,
        "userType": user.user_type,
        "accountEnabled": user.account_enabled,
        "mailbox": None if mailbox is None else _mailbox_state(mailbox),
        "direct": [{"skuId": each.sku_id, "disabledPlans": list(each.disabled)} for each in own],
        "inherited": [
            {
                "skuId": each.sku_id,
                "groupId": each.group,
                "disabledPlans": list(each.disabled),
                "state": each.state,
                "error": each.error,
            }
            for each in inherited
        ],
    }


def _mailbox_state(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "purpose": mailbox.purpose,
        "sizeGb": mailbox.size_gb,
        "archive": mailbox.archive,
        "hold": mailbox.hold,
    }


def sku_state(tenant: Tenant, sku: Sku) -> dict[str, Any]:
    """A subscription with the seats taken in truth."""
    return {
        "skuId": sku.id,
        "skuPartNumber": sku.part_number,
        "enabled": sku.enabled,
        "warning": sku.warning,
        "suspended": sku.suspended,
        "lockedOut": sku.locked_out,
        "capabilityStatus": sku.capability_status,
        "consumed": tenant.consumed.current.get(sku.id, 0),
    }


def group_state(group: Group) -> dict[str, Any]:
    """A group with its direct members."""
    return {
        "id": group.id,
        "displayName": group.display_name,
        "membershipRule": group.membership_rule,
        "licenses": [{"skuId": sku, "disabledPlans": list(off)} for sku, off in group.licences],
        "members": [{"type": each.kind, "id": each.id} for each in group.members],
    }


def selected_users(tenant: Tenant, references: list[str] | None) -> Iterator[User]:
    """All users in truth, or those referred to; SpecError for one that is not there."""
    if references is None:
        yield from tenant.users.current.values()
        return
    for each in references:
        user_id = tenant.user_id(each)
        if user_id is None:
            raise SpecError(f"users: {each!r} is not in tenant {tenant.id}")
        yield tenant.users.current[user_id]
