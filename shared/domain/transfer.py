"""Planner of transfer: who holds the one gets the other in its place, in one call.

Rules, in order:

1. Of a move's sources those held directly go; the target comes. Sources that are not held are ignored.
2. The target's service plans that were switched off in the sources stay off: by name, else by a known equivalent. With
   several sources a plan is off only where every source that has it has it off.
3. A target that is held already, directly or by inheritance, keeps its own service plans.
4. What a group gives cannot be taken: a source that is inherited only stays, and the message names the group.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from shared.domain.codes import ResultCode
from shared.domain.equivalents import EQUIVALENTS
from shared.domain.location import UsageLocationRule, place_of
from shared.domain.model import Assignment, Decision, LicenceState, OnConflict, SkippedLicence, Sku, User
from shared.domain.planning import Draft, cannot_assign, inherited_from, name_of, settle, skip, unchanged
from shared.domain.selection import Wish


@dataclass(frozen=True, slots=True)
class Move:
    """From any of the ``sources`` to the ``target``, with the choice of service plans or without."""

    sources: tuple[str, ...]
    target: str
    keep_disabled: bool = True


@dataclass(frozen=True)
class TransferRequest:
    """What every selected user of one tenant shall be moved from and to."""

    moves: tuple[Move, ...]
    usage_location: UsageLocationRule | None = None
    default_usage_location: str | None = None
    on_conflict: OnConflict = "skip"

    @cached_property
    def _merged(self) -> tuple[Move, ...]:
        return merged(self.moves)

    def for_wish(self, wish: Wish) -> Self:
        """The rows' moves, beside the request's own where a row names none; they keep the choice of service plans."""
        own = tuple(Move(each.from_sku_ids, each.sku_id) for each in wish.licences)
        return replace(self, moves=(*self.moves, *own) if wish.with_request else own)

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """Sources and targets, whoever the users are."""
        return frozenset(sku_id for move in self.moves for sku_id in (*move.sources, move.target))

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """Why nobody in this tenant can be moved; a source that the tenant does not have is merely held by nobody."""
        return contradiction(self.moves, skus) or cannot_assign((move.target for move in self._merged), skus)

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide what one user is moved from and to (see ``Planner``)."""
        state = user.state
        moved = move_all(self._merged, state, skus)
        notes = [inherited_from(s, state, skus, group_names, still=bool(moved.touched)) for s in moved.inherited]
        if not moved.touched:
            if notes:
                return skip(index, user, ResultCode.INHERITED_FROM_GROUP, " ".join(notes))
            return unchanged(index, user, ResultCode.LICENSE_NOT_ASSIGNED)
        return settle(
            index,
            user,
            Draft(
                moved.after,
                moved.touched,
                moved.given_up,
                tuple(SkippedLicence(s, ResultCode.INHERITED_FROM_GROUP) for s in moved.inherited_only(state)),
                tuple(notes),
            ),
            skus,
            place=place_of(user, self.usage_location, self.default_usage_location),
            on_conflict=self.on_conflict,
            idle=("unchanged", ResultCode.ALREADY_ASSIGNED),
        )


def merged(moves: Iterable[Move]) -> tuple[Move, ...]:
    """The moves with those to the same target, with the same choice of service plans, as one."""
    together: dict[tuple[str, bool], tuple[str, ...]] = {}
    for move in moves:
        key = (move.target, move.keep_disabled)
        together[key] = tuple(dict.fromkeys(together.get(key, ()) + move.sources))
    return tuple(Move(sources, target, keep) for (target, keep), sources in together.items())


def contradiction(moves: Iterable[Move], skus: Mapping[str, Sku]) -> str | None:
    """Why these moves cannot stand beside each other, in a sentence."""
    together = merged(moves)
    targets = [move.target for move in together]
    both = sorted(name_of(s, skus) for s in {s for move in together for s in move.sources} & set(targets))
    if both:
        return f"{', '.join(both)} cannot be moved from and moved to at once."
    twice = sorted({name_of(target, skus) for target in targets if targets.count(target) > 1})
    return f"The disabled plans of {', '.join(twice)} cannot be kept and not be kept at once." if twice else None


@dataclass(frozen=True, slots=True)
class Moved:
    """What moves make of a user's state; nothing is ``touched`` where none of them applies."""

    after: LicenceState
    touched: tuple[str, ...]
    given_up: Mapping[str, tuple[str, ...]]
    inherited: tuple[str, ...]
    """Sources that a group gives and goes on to give."""

    def inherited_only(self, before: LicenceState) -> tuple[str, ...]:
        """Those of them that are not held directly as well."""
        return tuple(sku_id for sku_id in self.inherited if before.direct(sku_id) is None)


def move_all(moves: Sequence[Move], state: LicenceState, skus: Mapping[str, Sku]) -> Moved:
    """Make all moves that apply to a user; ``moves`` are ``merged``, and every target is among ``skus``."""
    after = state
    touched: dict[str, None] = {}
    given_up: dict[str, tuple[str, ...]] = {}
    inherited: dict[str, None] = {}
    for move in moves:
        inherited.update((sku_id, None) for sku_id in move.sources if state.inherited(sku_id))
        held = [direct for sku_id in move.sources if (direct := state.direct(sku_id)) is not None]
        if not held:
            continue
        if not state.holds(move.target):
            off = carried_over(held, skus[move.target], skus) if move.keep_disabled else frozenset[str]()
            after = after.with_direct(move.target, Assignment(move.target, off))
            touched[move.target] = None
            given_up[move.target] = tuple(direct.sku_id for direct in held)
        for direct in held:
            after = after.with_direct(direct.sku_id, None)
            touched[direct.sku_id] = None
    return Moved(after, tuple(touched), given_up, tuple(inherited))


def carried_over(held: Sequence[Assignment], target: Sku, skus: Mapping[str, Sku]) -> frozenset[str]:
    """Ids of the target's service plans that stay off for who held these licences."""
    off = {plan_id for licence in held for plan_id in _echoes(licence, target, skus)}
    return frozenset(plan_id for plan_id in off if all(_lacks(each, plan_id, target, skus) for each in held))


def _echoes(licence: Assignment, target: Sku, skus: Mapping[str, Sku]) -> frozenset[str]:
    """The target's plans that a switched off plan of a licence may stand for."""
    source = skus.get(licence.sku_id)
    if source is None:
        # Nothing tells the names of a SKU that the tenant no longer has; a plan's id is the same in all SKUs.
        return licence.disabled_plans & target.user_plan_ids
    names = {source.name_of[plan_id] for plan_id in licence.disabled_plans if plan_id in source.name_of}
    candidates = names.union(*(EQUIVALENTS.get(name, ()) for name in names))
    return frozenset(target.id_of[name] for name in candidates if name in target.id_of) & target.user_plan_ids


def _lacks(licence: Assignment, plan_id: str, target: Sku, skus: Mapping[str, Sku]) -> bool:
    """Whether a licence does not give the service of one of the target's plans: switched off in it, or not in it."""
    source = skus.get(licence.sku_id)
    if source is None:
        return True
    name = target.name_of[plan_id]
    same = {name} if name in source.id_of else EQUIVALENTS.get(name, frozenset()) & source.id_of.keys()
    return all(source.id_of[each] in licence.disabled_plans for each in same)
