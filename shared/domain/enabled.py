"""Which service plans are on for a user, by name, over everything the user holds."""

from collections.abc import Mapping, Set

from shared.domain.model import LicenceState, Sku


def enabled_plans(state: LicenceState, skus: Mapping[str, Sku], among: Set[str]) -> frozenset[str]:
    """Those of the plans ``among`` (names in capitals) that some licence in force has on, inherited ones included.

    A licence whose SKU the tenant does not know any more counts for nothing: its plans have no names.
    """
    on: set[str] = set()
    for assignment in state.assignments:
        sku = skus.get(assignment.sku_id)
        if sku is not None and not assignment.error:
            off = {sku.name_of.get(plan_id) for plan_id in assignment.disabled_plans}
            on |= (among & sku.id_of.keys()) - off
    return frozenset(on)
