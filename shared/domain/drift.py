"""Did anybody else change this user? Plan, live state and our own recent writes, compared.

Drift means that the direct assignments of the SKUs concerned, their disabled service plans, or the usage location are
not as planned. Other licences and what groups give do not matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from shared.domain.model import Change, LicenceState
from shared.domain.recent import RecentWrite

Position = Literal["before", "after", "drifted"]


def compare(change: Change, live: LicenceState) -> Position:
    """Say where a user stands with regard to a planned change.

    ``after``: it is already so, there is nothing to send (also when the change changes nothing). ``before``: send it.
    The change's own usage location with the licences still as before is ``before`` too: our first call got through and
    the second did not. ``drifted``: neither, somebody else was there.
    """
    return position(change.sku_ids, change.before, change.after, live)


def position(sku_ids: Iterable[str], before: LicenceState, after: LicenceState, live: LicenceState) -> Position:
    """Say where a user stands between two states, as ``compare`` does; only these SKUs count."""
    concerned = tuple(sku_ids)
    here, there, location = (state.usage_location or None for state in (before, after, live))
    licences = _direct(live, concerned)
    if licences == _direct(after, concerned) and location == there:
        return "after"
    if licences == _direct(before, concerned) and location in {here, there}:
        return "before"
    return "drifted"


def _direct(state: LicenceState, sku_ids: Iterable[str]) -> dict[str, frozenset[str] | None]:
    """Disabled service plans of the direct assignment of each SKU, None where there is none."""
    held = {a.sku_id: a.disabled_plans for a in state.assignments if a.group_id is None}
    return {sku_id: held.get(sku_id) for sku_id in sku_ids}


def overlay(live: LicenceState, writes: Sequence[RecentWrite]) -> LicenceState:
    """Correct a read that may be stale by what we know to have written to this user.

    ``writes`` are this user's, younger than the replication horizon; later ones win. A write counts for the direct
    assignments of its SKUs and for the usage location; Graph never empties that, so an after-state without one says
    nothing of it.
    """
    state: LicenceState = live
    for write in sorted(writes, key=lambda write: write.at):
        for sku_id in sorted(write.sku_ids):
            state = state.with_direct(sku_id, write.after.direct(sku_id))
        state = replace(state, usage_location=write.after.usage_location or state.usage_location)
    return state
