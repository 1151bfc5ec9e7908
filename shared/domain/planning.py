"""What the planners of all kinds share: their protocol, and the way from a wished state to a decision.

A planner says what a user shall hold in the end (`Draft`); `settle` makes one change of it. Everything a user gains and
loses goes in that one change, so there is no moment without a licence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

from shared.domain.codes import ResultCode
from shared.domain.conflicts import EXCLUSIVE, resolve
from shared.domain.effects import WATCHED, warnings
from shared.domain.enabled import enabled_plans
from shared.domain.location import Place
from shared.domain.model import (
    AddLicence,
    Change,
    Conflict,
    Decision,
    DecisionStatus,
    LicenceState,
    OnConflict,
    SkippedLicence,
    Sku,
    User,
)
from shared.domain.selection import Wish

ASSIGNABLE_STATUSES: Final = frozenset({"Enabled", "Warning"})
"""Values of ``capabilityStatus`` under which new assignments are possible.
https://learn.microsoft.com/graph/api/resources/subscribedsku"""


class Planner(Protocol):
    """A request in one tenant that can decide on each of its users. Pure, and the same however often it is asked."""

    def for_wish(self, wish: Wish) -> Self:
        """The request for a user whose rows ask for something of their own."""
        ...

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """SKUs that it may concern for these users; the groups that give them are to be known by name."""
        ...

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """Why nobody in a tenant with these SKUs can be served, in a sentence; None when nothing stands against it."""
        ...

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide on one user; only asked where nothing makes it ``impossible``.

        Args:
            index: the user's place in the selection, from 0.
            user: the user with all assignments, direct and inherited.
            skus: the tenant's SKUs by id.
            group_names: display names by group id; a group without one is named by its id.
        """
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """What a user shall hold in the end, before conflicts and the usage location are looked at."""

    after: LicenceState
    touched: tuple[str, ...]
    """SKUs whose direct assignment may differ, each once, the first wanted first."""
    given_up: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """SKUs that go only because another comes, by that one's id: where it cannot come, they stay."""
    skipped: tuple[SkippedLicence, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the message."""


def settle(
    index: int,
    user: User,
    draft: Draft,
    skus: Mapping[str, Sku],
    *,
    place: Place,
    on_conflict: OnConflict = "skip",
    idle: tuple[DecisionStatus, ResultCode],
) -> Decision:
    """Make a decision of a draft; ``idle`` says what it is where nothing is left to change."""
    state = user.state
    after, skipped, notes, conflicts = draft.after, draft.skipped, draft.notes, ()
    was_on, on = enabled_plans(state, skus, WATCHED), enabled_plans(after, skus, WATCHED)
    if any(on.issuperset(pair) for pair in EXCLUSIVE):
        resolved = resolve(state, after, draft.touched, draft.given_up, skus, on_conflict)
        after, conflicts, on = resolved.after, resolved.conflicts, enabled_plans(resolved.after, skus, WATCHED)
        skipped += tuple(SkippedLicence(s, ResultCode.CONFLICTING_SERVICE_PLANS) for s in resolved.left_out)
        notes += tuple(_said(conflict) for conflict in conflicts)
        if resolved.left_out:
            idle = ("skipped", ResultCode.CONFLICTING_SERVICE_PLANS)

    add, remove = calls(state, after, draft.touched)
    if not add and not remove:
        return _idle(index, user, *idle, " ".join(notes) or None, conflicts, skipped)
    if add and place.code is None:
        lacking = f"The user has no usage location, which a licence needs; {place.trouble}."
        return _idle(index, user, "skipped", ResultCode.MISSING_USAGE_LOCATION, lacking, conflicts)
    setting = place.code if place.code != (state.usage_location or None) else None
    if setting is None:
        if place.trouble and place.code:
            notes += (f"The usage location stays {place.code}: {place.trouble}.",)
    else:
        after = replace(after, usage_location=setting)
    return Decision(
        index=index,
        user_id=user.id,
        user_principal_name=user.user_principal_name,
        status="change",
        message=" ".join(notes) or None,
        change=Change(add, remove, setting, before=state, after=after),
        skipped_licences=skipped,
        state=state,
        conflicts=conflicts,
        warnings=warnings(was_on, on),
    )


def calls(
    before: LicenceState, after: LicenceState, touched: Iterable[str]
) -> tuple[tuple[AddLicence, ...], tuple[str, ...]]:
    """What to send to come from one state to the other: only direct assignments are ever added or removed."""
    add: list[AddLicence] = []
    remove: list[str] = []
    for sku_id in touched:
        had, has = before.direct(sku_id), after.direct(sku_id)
        if has is None:
            if had is not None:
                remove.append(sku_id)
        elif had is None or had.disabled_plans != has.disabled_plans:
            add.append(AddLicence(sku_id, has.disabled_plans))
    return tuple(add), tuple(remove)


def unchanged(index: int, user: User, code: ResultCode, message: str | None = None) -> Decision:
    """Decide that there is nothing to do."""
    return _idle(index, user, "unchanged", code, message)


def skip(index: int, user: User, code: ResultCode, message: str | None = None) -> Decision:
    """Decide that what should be done is not allowed or cannot be done."""
    return _idle(index, user, "skipped", code, message)


def refused(index: int, user: User, why: str, barred: Iterable[str] = ()) -> Decision:
    """Decide on a user whose own row asks for what is impossible in the tenant; ``barred`` SKUs are given to nobody."""
    skipped = tuple(SkippedLicence(sku_id, ResultCode.SKU_NOT_FOUND) for sku_id in barred)
    return _idle(index, user, "skipped", ResultCode.SKU_NOT_FOUND, why, skipped=skipped)


def not_found(index: int, reference: str) -> Decision:
    """Decide on a user of a list or CSV who does not exist; ``reference`` is the name or id as it was given."""
    message = f"There is no user '{reference}' in this tenant."
    return Decision(index, "", reference, "skipped", code=ResultCode.USER_NOT_FOUND, message=message)


def missing_skus(sku_ids: Iterable[str], skus: Mapping[str, Sku]) -> tuple[str, ...]:
    """Ids of the SKUs that the tenant does not have, in their order."""
    return tuple(sku_id for sku_id in sku_ids if sku_id not in skus)


def unassignable(sku_ids: Iterable[str], skus: Mapping[str, Sku]) -> dict[str, str]:
    """Why a SKU cannot be assigned to anybody, by SKU id; SKUs must be there.

    Too few seats is another matter (`shared.domain.seats`): who holds the SKU needs none.
    """
    reasons: dict[str, str] = {}
    for sku in (skus[sku_id] for sku_id in sku_ids):
        if sku.applies_to != "User":
            reasons[sku.id] = f"{sku.part_number} applies to the whole {sku.applies_to.lower()}, not to single users."
        elif sku.status not in ASSIGNABLE_STATUSES:
            reasons[sku.id] = f"The subscription of {sku.part_number} is {sku.status}: it can no longer be assigned."
    return reasons


def given_to_nobody(sku_ids: Iterable[str], skus: Mapping[str, Sku]) -> tuple[str, ...]:
    """Those of the SKUs that nobody in the tenant can be given: it does not have them, or they are unassignable."""
    wanted = tuple(sku_ids)
    unfit = unassignable((sku_id for sku_id in wanted if sku_id in skus), skus)
    return tuple(sku_id for sku_id in wanted if sku_id not in skus or sku_id in unfit)


def cannot_assign(sku_ids: Iterable[str], skus: Mapping[str, Sku]) -> str | None:
    """Why these SKUs cannot be assigned in this tenant, in a sentence."""
    wanted = tuple(sku_ids)
    missing = missing_skus(wanted, skus)
    if missing:
        return f"The tenant has no subscription to {', '.join(missing)}."
    return " ".join(unassignable(wanted, skus).values()) or None


def unknown_plans(named: Iterable[tuple[str, frozenset[str]]], skus: Mapping[str, Sku]) -> tuple[tuple[str, str], ...]:
    """``(SKU id, plan id)`` of every named service plan that its SKU does not contain; of a SKU that is not there none.

    ``named`` are pairs of a SKU id and plan ids.
    """
    return tuple(
        (sku_id, plan_id)
        for sku_id, plan_ids in named
        if sku_id in skus
        for plan_id in sorted(plan_ids - skus[sku_id].plan_ids)
    )


def cannot_switch(named: Iterable[tuple[str, frozenset[str]]], skus: Mapping[str, Sku]) -> str | None:
    """Why these service plans (as in `unknown_plans`) cannot be switched in this tenant, in a sentence."""
    unknown = unknown_plans(named, skus)
    if not unknown:
        return None
    plans = ", ".join(f"{plan} of {skus[sku_id].part_number}" for sku_id, plan in unknown)
    return f"The tenant's SKU does not contain these plans: {plans}."


def name_of(sku_id: str, skus: Mapping[str, Sku]) -> str:
    """Part number of a SKU, its id where the tenant does not have it."""
    return skus[sku_id].part_number if sku_id in skus else sku_id


def givers(sku_id: str, state: LicenceState, group_names: Mapping[str, str]) -> str:
    """The groups that give a SKU, as ``group 'Sales' and 'Everyone'``."""
    group_ids = {assignment.group_id or "" for assignment in state.inherited(sku_id)}
    return f"group {' and '.join(sorted(f"'{group_names.get(group_id, group_id)}'" for group_id in group_ids))}"


def inherited_from(
    sku_id: str, state: LicenceState, skus: Mapping[str, Sku], group_names: Mapping[str, str], *, still: bool = False
) -> str:
    """The sentence that a SKU comes, or ``still`` comes, from these groups."""
    return f"{name_of(sku_id, skus)} is {'still ' if still else ''}inherited from {givers(sku_id, state, group_names)}."


def _said(conflict: Conflict) -> str:
    return f"{conflict.plans[0]} and {conflict.plans[1]} exclude each other."


def _idle(
    index: int,
    user: User,
    status: DecisionStatus,
    code: ResultCode,
    message: str | None,
    conflicts: tuple[Conflict, ...] = (),
    skipped: tuple[SkippedLicence, ...] = (),
) -> Decision:
    return Decision(
        index=index,
        user_id=user.id,
        user_principal_name=user.user_principal_name,
        status=status,
        code=code,
        message=message,
        skipped_licences=skipped,
        state=user.state,
        conflicts=conflicts,
    )
