"""Planner of revert: what an operation did to a user is undone, where nobody has changed it since.

Rules, in order:

1. Only the direct assignments of the SKUs that the operation concerned count, their disabled plans, and the usage
   location. They come back as they were before it, in one call.
2. A user who looks otherwise than the operation left it was changed by somebody else, and is left alone.
3. A usage location that was empty cannot be emptied again; the decision says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from shared.domain.codes import ResultCode
from shared.domain.drift import position
from shared.domain.effects import WATCHED, warnings
from shared.domain.enabled import enabled_plans
from shared.domain.model import Change, Decision, LicenceState, Sku, User
from shared.domain.planning import calls, cannot_assign, given_to_nobody, refused, skip, unchanged
from shared.domain.selection import Recorded, Wish

USAGE_LOCATION = "usageLocation"
"""What may not come back, in ``Decision.not_reverted``."""


@dataclass(frozen=True, slots=True)
class RevertRequest:
    """Undo what was recorded of each user; what that is comes with the user's wish."""

    undo: Recorded | None = None

    def for_wish(self, wish: Wish) -> Self:
        """The request for a user of whom this was recorded."""
        return replace(self, undo=wish.undo)

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """The SKUs that the operation concerned."""
        return self.undo.sku_ids if self.undo else frozenset()

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """Nothing stands against all users at once: each has a record of their own."""
        return None

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide what one user gets back and gives back (see ``Planner``).

        Raises:
            ValueError: nothing is recorded of this user.
        """
        undo = self.undo
        if undo is None:
            raise ValueError(f"nothing is recorded of user {user.id} that could be undone")
        state = user.state
        was_set = undo.after.usage_location or None
        location = undo.before.usage_location or was_set
        lost = (USAGE_LOCATION,) if location != (undo.before.usage_location or None) else ()
        goal = replace(undo.before, usage_location=location)
        match position(undo.sku_ids, undo.after, goal, state):
            case "after":
                return replace(unchanged(index, user, ResultCode.ALREADY_ASSIGNED), not_reverted=lost)
            case "drifted":
                return skip(index, user, ResultCode.DRIFTED)
            case "before":
                after = _restored(goal, undo.sku_ids, state, skus)

        add, remove = calls(state, after, sorted(undo.sku_ids))
        setting = after.usage_location if after.usage_location != (state.usage_location or None) else None
        if not add and not remove and setting is None:
            return replace(unchanged(index, user, ResultCode.ALREADY_ASSIGNED), not_reverted=lost)
        coming = [each.sku_id for each in add if state.direct(each.sku_id) is None]
        why_not = cannot_assign(coming, skus)
        if why_not:
            return refused(index, user, why_not, given_to_nobody(coming, skus))
        if add and after.usage_location is None:
            lacking = "The user has no usage location, which a licence needs; a revert sets only what was there."
            return skip(index, user, ResultCode.MISSING_USAGE_LOCATION, lacking)
        return Decision(
            index=index,
            user_id=user.id,
            user_principal_name=user.user_principal_name,
            status="change",
            change=Change(add, remove, setting, before=state, after=after),
            state=state,
            warnings=warnings(enabled_plans(state, skus, WATCHED), enabled_plans(after, skus, WATCHED)),
            not_reverted=lost,
        )


def _restored(goal: LicenceState, sku_ids: Iterable[str], state: LicenceState, skus: Mapping[str, Sku]) -> LicenceState:
    """The user's state with the recorded direct assignments and usage location back in place."""
    after = replace(state, usage_location=goal.usage_location)
    for sku_id in sorted(sku_ids):
        direct, sku = goal.direct(sku_id), skus.get(sku_id)
        if direct and sku:
            # A plan that has left the SKU since would make Graph refuse the call.
            direct = replace(direct, disabled_plans=direct.disabled_plans & sku.plan_ids)
        after = after.with_direct(sku_id, direct)
    return after
