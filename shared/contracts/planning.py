"""From the stored request to what the planners take."""

from dataclasses import replace

from shared.contracts.requests import AssignBody
from shared.domain.assign import AssignRequest, UsageLocationRule, WantedLicence
from shared.domain.selection import Wish
from shared.domain.tenant import Tenant


def assign_request(body: AssignBody, tenant: Tenant) -> AssignRequest:
    """What a normalised assign request asks for in one tenant."""
    location = body.usage_location
    return AssignRequest(
        licences=tuple(
            WantedLicence(
                sku_id=licence.sku,
                disabled=None if licence.disabled_plans is None else frozenset(licence.disabled_plans),
                enabled=None if licence.enabled_plans is None else frozenset(licence.enabled_plans),
            )
            for licence in body.licenses
        ),
        usage_location=UsageLocationRule(location.value, location.mode) if location else None,
        default_usage_location=tenant.default_usage_location,
        on_conflict=body.options.on_conflict,
    )


def for_wish(request: AssignRequest, wish: Wish) -> AssignRequest:
    """The request for a user whose rows ask for something of their own; a SKU stands once (the reader sees to it)."""
    own = tuple(WantedLicence(each.sku_id, each.disabled_plans) for each in wish.licences)
    return replace(request, licences=(*request.licences, *own) if wish.with_request else own)
