"""Planner of modify: some service plans, some licences; what is not named stays as it is.

Rules, in order:

1. Swaps are moves (`shared.domain.transfer`) that keep the choice of service plans.
2. Licences to add follow the rules of assign, on what the swaps leave.
3. Edits switch service plans of what is then held directly, also of what a swap or an addition has just brought.
4. The licence of a group cannot be edited. Who holds it only so is left out, and the message names the group.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from shared.domain.assign import WantedLicence, check_once, wished_plans
from shared.domain.codes import ResultCode
from shared.domain.location import UsageLocationRule, place_of
from shared.domain.model import (
    Assignment,
    Decision,
    DecisionStatus,
    LicenceState,
    OnConflict,
    SkippedLicence,
    Sku,
    User,
)
from shared.domain.planning import Draft, cannot_assign, cannot_switch, inherited_from, name_of, settle
from shared.domain.selection import Wish
from shared.domain.transfer import Move, Moved, contradiction, merged, move_all


@dataclass(frozen=True, slots=True)
class PlanEdit:
    """Service plans of a held SKU to switch on and off, or ``exactly`` those that shall be off."""

    sku_id: str
    enable: frozenset[str] = frozenset()
    disable: frozenset[str] = frozenset()
    exactly: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Refuse an edit that contradicts itself."""
        if self.enable & self.disable or (self.exactly is not None and self.enable | self.disable):
            raise ValueError(f"the edit of SKU {self.sku_id} contradicts itself")

    @property
    def named_plans(self) -> tuple[str, frozenset[str]]:
        """The SKU with the service plans that are named of it."""
        return self.sku_id, self.enable | self.disable | (self.exactly or frozenset())

    def applied(self, off: frozenset[str], sku: Sku) -> frozenset[str]:
        """All service plans that shall be off where these are; plans of the company are not switched."""
        off &= sku.plan_ids  # a plan that has left the SKU would make Graph refuse the call
        if self.exactly is not None:
            return (self.exactly & sku.user_plan_ids) | (off - sku.user_plan_ids)
        return (off - (self.enable & sku.user_plan_ids)) | (self.disable & sku.user_plan_ids)


@dataclass(frozen=True, slots=True)
class Swap:
    """Who holds the one directly gets the other in its place."""

    from_id: str
    to_id: str


@dataclass(frozen=True)
class ModifyRequest:
    """What shall be changed for every selected user of one tenant."""

    edits: tuple[PlanEdit, ...] = ()
    add: tuple[WantedLicence, ...] = ()
    swaps: tuple[Swap, ...] = ()
    usage_location: UsageLocationRule | None = None
    default_usage_location: str | None = None
    on_conflict: OnConflict = "skip"

    def __post_init__(self) -> None:
        """Refuse a SKU that is added twice or edited twice."""
        check_once(self.add)
        edited = [edit.sku_id for edit in self.edits]
        if len(set(edited)) < len(edited):
            raise ValueError(f"a SKU is edited twice: {', '.join(sorted(edited))}")

    @cached_property
    def _moves(self) -> tuple[Move, ...]:
        return merged(Move((swap.from_id,), swap.to_id) for swap in self.swaps)

    def for_wish(self, wish: Wish) -> Self:
        """The rows' sets of disabled plans, beside the request where a row names none; for their SKUs they win."""
        own = tuple(PlanEdit(each.sku_id, exactly=each.disabled_plans) for each in wish.licences)
        if not wish.with_request:
            return replace(self, edits=own, add=(), swaps=())
        named = {edit.sku_id for edit in own}
        return replace(self, edits=(*(edit for edit in self.edits if edit.sku_id not in named), *own))

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """All SKUs that are named, whoever the users are."""
        swapped = {sku_id for swap in self.swaps for sku_id in (swap.from_id, swap.to_id)}
        return frozenset(each.sku_id for each in (*self.edits, *self.add)) | swapped

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """Why nobody in this tenant can be served; a SKU to edit or to swap from may be missing: nobody holds it."""
        leaving = sorted(name_of(swap.from_id, skus) for swap in self.swaps if swap.from_id in self._added)
        if leaving:
            return f"{', '.join(leaving)} cannot be added and swapped for another at once."
        return (
            contradiction(self._moves, skus)
            or cannot_assign(dict.fromkeys([*self._added, *(move.target for move in self._moves)]), skus)
            or cannot_switch((each.named_plans for each in (*self.add, *self.edits)), skus)
        )

    @cached_property
    def _added(self) -> tuple[str, ...]:
        return tuple(wanted.sku_id for wanted in self.add)

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide what changes for one user (see ``Planner``)."""
        state = user.state
        moved = move_all(self._moves, state, skus)
        after = moved.after
        touched = dict.fromkeys(moved.touched)
        held: list[str] = []
        for wanted in self.add:
            wished = wished_plans(wanted, skus[wanted.sku_id], after)
            if wished is None:
                held.append(wanted.sku_id)
            else:
                after = after.with_direct(wanted.sku_id, Assignment(wanted.sku_id, wished))
                touched[wanted.sku_id] = None
        for edit in self.edits:
            sku, direct = skus.get(edit.sku_id), after.direct(edit.sku_id)
            if (
                sku
                and direct
                and (off := edit.applied(direct.disabled_plans, sku)) != direct.disabled_plans & sku.plan_ids
            ):
                after = after.with_direct(edit.sku_id, Assignment(edit.sku_id, off))
                touched[edit.sku_id] = None

        given = self._given(state, after, moved)
        only_given = [s for s in (*held, *given) if after.direct(s) is None and state.direct(s) is None]
        notes = [inherited_from(s, state, skus, group_names) for s in only_given]
        notes += [inherited_from(s, state, skus, group_names, still=True) for s in given if s not in only_given]
        if any(edit.sku_id in given for edit in self.edits):
            notes.append("Service plans of an inherited licence are changed on its group.")
        return settle(
            index,
            user,
            Draft(
                after,
                tuple(touched),
                moved.given_up,
                tuple(
                    [SkippedLicence(s, ResultCode.ALREADY_ASSIGNED) for s in held if s not in touched]
                    + [SkippedLicence(s, ResultCode.INHERITED_FROM_GROUP) for s in given if s in only_given]
                ),
                tuple(notes),
            ),
            skus,
            place=place_of(user, self.usage_location, self.default_usage_location),
            on_conflict=self.on_conflict,
            idle=self._idle(after, given),
        )

    def _given(self, state: LicenceState, after: LicenceState, moved: Moved) -> tuple[str, ...]:
        """SKUs to swap from or to edit that a group gives, and that stay as the group gives them."""
        edited = [e.sku_id for e in self.edits if after.direct(e.sku_id) is None and state.inherited(e.sku_id)]
        return tuple(dict.fromkeys([*moved.inherited, *edited]))

    def _idle(self, after: LicenceState, given: tuple[str, ...]) -> tuple[DecisionStatus, ResultCode]:
        """What it means that nothing changes: it is so already, a group gives it, or the user holds none of it."""
        if self.add or any(after.direct(edit.sku_id) for edit in self.edits):
            return "unchanged", ResultCode.ALREADY_ASSIGNED
        if given:
            return "skipped", ResultCode.INHERITED_FROM_GROUP
        return "unchanged", ResultCode.LICENSE_NOT_ASSIGNED
