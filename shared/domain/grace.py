"""Planners of a remove with a grace: of its beginning, and of the removal once the grace is over.

Rules, in order:

1. The grace begins for whom the remove would take something from; it is noted which SKUs. Nothing goes yet.
2. Where service plans are switched off meanwhile, all those of these SKUs are, but for a mailbox that another SKU
   shall take over in the end; whose plans are off, or shall stay as they are, has nothing to be written.
3. When it is over, those SKUs go from those for whom it began, unless they are no longer selected or somebody has
   switched service plans on again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from shared.domain.codes import ResultCode
from shared.domain.model import Decision, Sku, User
from shared.domain.planning import name_of, skip
from shared.domain.remove import GraceRequest, RemoveRequest
from shared.domain.selection import Recorded, Wish


@dataclass(frozen=True, slots=True)
class BeginGrace:
    """What every selected user shall lose when the grace is over."""

    remove: RemoveRequest
    disable_plans: bool
    """Whether the service plans are switched off until then."""

    def for_wish(self, wish: Wish) -> Self:
        """The rows' SKUs, beside the request's own where a row names none."""
        return replace(self, remove=self.remove.for_wish(wish))

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """The SKUs of the remove."""
        return self.remove.sku_ids(users)

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """What makes the remove impossible now."""
        return self.remove.impossible(skus)

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide whether the grace begins for one user, and what is switched off (see ``Planner``)."""
        removal = self.remove.decide(index, user, skus, group_names)
        going = frozenset(removal.change.remove) if removal.change else frozenset[str]()
        if not going:
            return removal
        change = None
        if self.disable_plans:
            off = GraceRequest(going, self.remove.replace_with is not None).decide(index, user, skus, group_names)
            if off.status == "skipped":
                return off
            change = off.change
        # With its service plans off the mailbox is as good as without the licence: then it becomes a shared one before.
        converts = removal.convert_mailbox and change is not None
        return replace(removal, change=change, graced=tuple(sorted(going)), convert_mailbox=converts)


@dataclass(frozen=True, slots=True)
class AfterGrace:
    """What is taken from users whose grace is over; what that is, and how they were left, comes with their wish."""

    remove: RemoveRequest
    left: Recorded | None = None
    """How the grace left the user; None where it changed nothing."""
    selected: bool = True
    """Whether the user is still part of the selection."""

    def for_wish(self, wish: Wish) -> Self:
        """The request for a user whose grace began with this."""
        return replace(self, remove=self.remove.for_wish(wish), left=wish.undo, selected=wish.still_selected)

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """The SKUs of the remove."""
        return self.remove.sku_ids(users)

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """What makes the remove impossible now."""
        return self.remove.impossible(skus)

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide whether one user loses the licences (see ``Planner``)."""
        if not self.selected:
            why = "The user is no longer part of the selection, so the licences stay."
            return skip(index, user, ResultCode.DRIFTED, why)
        woken = self._switched_on(user, skus)
        if woken:
            why = f"Somebody has switched service plans of {', '.join(woken)} on again during the grace."
            return skip(index, user, ResultCode.DRIFTED, why)
        return self.remove.decide(index, user, skus, group_names)

    def _switched_on(self, user: User, skus: Mapping[str, Sku]) -> list[str]:
        """Part numbers of held SKUs with a service plan on that the grace left off."""
        found: list[str] = []
        for sku_id in sorted(self.left.sku_ids if self.left else ()):
            held, was, sku = user.state.direct(sku_id), self.left and self.left.after.direct(sku_id), skus.get(sku_id)
            if held and was and sku and (was.disabled_plans & sku.plan_ids) - held.disabled_plans:
                found.append(name_of(sku_id, skus))
        return found
