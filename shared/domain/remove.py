"""Planners of remove and of the grace before it: what one user shall lose.

Rules, in order:

1. Only direct assignments go. What a group gives as well is named; who holds nothing but that is left out.
2. A SKU that nobody in the tenant can be given any more can still be taken.
3. With ``replace_with``, who would lose the last mailbox plan gets that SKU in the same call, or keeps it.
4. With ``convert``, the licence of whoever would lose it goes only once the mailbox is a shared one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from shared.domain.codes import ResultCode
from shared.domain.effects import Warn
from shared.domain.enabled import enabled_plans
from shared.domain.location import place_of
from shared.domain.mailbox import MAILBOX_PLANS, mailbox_plan_ids
from shared.domain.model import Assignment, Decision, LicenceState, SkippedLicence, Sku, User
from shared.domain.planning import Draft, cannot_assign, inherited_from, name_of, settle, skip, unchanged
from shared.domain.selection import ALL_SKUS, Wish


@dataclass(frozen=True, slots=True)
class RemoveRequest:
    """What every selected user of one tenant shall lose."""

    licences: frozenset[str] | None
    """SKU ids; None is all that is held directly."""
    replace_with: str | None = None
    """A SKU with a mailbox plan."""
    convert: bool = False
    """Mailboxes become shared ones before their last plan goes."""

    def for_wish(self, wish: Wish) -> Self:
        """The rows' SKUs, beside the request's own where a row names none."""
        return replace(self, licences=_wished(self.licences, wish))

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """The SKUs to take, of all that the users hold where all shall go, and the one in their place."""
        concerned = _concerned(self.licences, users)
        return concerned | {self.replace_with} if self.replace_with else concerned

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """Why the replacement cannot be given; a SKU that the tenant does not have is merely held by nobody."""
        if self.replace_with is None:
            return None
        name = name_of(self.replace_with, skus)
        if self.licences and self.replace_with in self.licences:
            return f"{name} cannot be removed and take the place of what is removed at once."
        barred = cannot_assign((self.replace_with,), skus)
        if barred or mailbox_plan_ids(skus[self.replace_with]):
            return barred
        return f"{name} has no mailbox, so it cannot take the place of one."

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide what one user loses (see ``Planner``)."""
        state = user.state
        found = _find(self.licences, state)
        if not found.direct:
            return _nothing(index, user, found, skus, group_names)
        after = state
        for sku_id in found.direct:
            after = after.with_direct(sku_id, None)
        touched, given_up, kept = found.direct, dict[str, tuple[str, ...]](), ()
        if self.replace_with and _loses_mailbox(state, after, skus):
            after = _with_mailbox(self.replace_with, state, after, skus)
            touched = (self.replace_with, *(s for s in touched if s != self.replace_with))
            given_up[self.replace_with] = touched[1:]
            if state.direct(self.replace_with):
                kept = (f"{name_of(self.replace_with, skus)} stays: it keeps the mailbox.",)
        decision = settle(
            index,
            user,
            Draft(
                after, touched, given_up, found.skipped(self.licences), (*kept, *found.still(state, skus, group_names))
            ),
            skus,
            place=place_of(user, None, None),
            idle=("unchanged", ResultCode.LICENSE_NOT_ASSIGNED),
        )
        return _converting(decision) if self.convert else decision


@dataclass(frozen=True, slots=True)
class GraceRequest:
    """What every selected user shall soon lose: until then all its service plans are off and the licence stays."""

    licences: frozenset[str] | None
    """SKU ids; None is all that is held directly."""
    keep_mailbox: bool = False
    """The mailbox shall outlive the licences: where no other one carries it, its service plan stays as it is."""

    def for_wish(self, wish: Wish) -> Self:
        """The rows' SKUs, beside the request's own where a row names none."""
        return replace(self, licences=_wished(self.licences, wish))

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """The SKUs to take, of all that the users hold where all shall go."""
        return _concerned(self.licences, users)

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """Nothing stands against it: a SKU that the tenant does not have is merely held by nobody."""
        return None

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide what is switched off for one user (see ``Planner``)."""
        state = user.state
        found = _find(self.licences, state)
        if not found.direct:
            return _nothing(index, user, found, skus, group_names)
        after = _dark(found.direct, state, skus)
        if self.keep_mailbox and _loses_mailbox(state, after, skus):
            after = _dark(found.direct, state, skus, but_mailboxes=True)
        return settle(
            index,
            user,
            Draft(after, found.direct, {}, found.skipped(self.licences), found.still(state, skus, group_names)),
            skus,
            place=place_of(user, None, None),
            idle=("unchanged", ResultCode.ALREADY_ASSIGNED),
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """The SKUs to take that a user holds, in the order of the user's own assignments."""

    direct: tuple[str, ...]
    inherited: tuple[str, ...]

    def skipped(self, asked: frozenset[str] | None) -> tuple[SkippedLicence, ...]:
        """What was asked by name and cannot be taken from this user."""
        only = [s for s in self.inherited if s not in self.direct] if asked is not None else []
        absent = sorted((asked or frozenset()).difference(self.direct, self.inherited))
        return tuple(
            [SkippedLicence(s, ResultCode.INHERITED_FROM_GROUP) for s in only]
            + [SkippedLicence(s, ResultCode.LICENSE_NOT_ASSIGNED) for s in absent]
        )

    def still(self, state: LicenceState, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> tuple[str, ...]:
        """Sentences that name the groups which go on giving a SKU."""
        return tuple(inherited_from(s, state, skus, group_names, still=True) for s in self.inherited)


def _find(asked: frozenset[str] | None, state: LicenceState) -> _Found:
    held = [a for a in state.assignments if asked is None or a.sku_id in asked]
    return _Found(
        tuple(a.sku_id for a in held if a.group_id is None),
        tuple(dict.fromkeys(a.sku_id for a in held if a.group_id is not None and not a.error)),
    )


def _nothing(
    index: int, user: User, found: _Found, skus: Mapping[str, Sku], group_names: Mapping[str, str]
) -> Decision:
    if not found.inherited:
        return unchanged(index, user, ResultCode.LICENSE_NOT_ASSIGNED)
    sources = [inherited_from(s, user.state, skus, group_names) for s in found.inherited]
    return skip(index, user, ResultCode.INHERITED_FROM_GROUP, " ".join(sources))


def _wished(asked: frozenset[str] | None, wish: Wish) -> frozenset[str] | None:
    own = frozenset(each.sku_id for each in wish.licences)
    if ALL_SKUS in own or (wish.with_request and asked is None):
        return None
    return own | asked if wish.with_request and asked is not None else own


def _concerned(asked: frozenset[str] | None, users: Iterable[User]) -> frozenset[str]:
    return asked if asked is not None else frozenset(a.sku_id for user in users for a in user.state.assignments)


def _converting(decision: Decision) -> Decision:
    """No mailbox is lost where the licence waits for its conversion."""
    if Warn.MAILBOX_LOSS not in decision.warnings:
        return decision
    left = tuple(warning for warning in decision.warnings if warning != Warn.MAILBOX_LOSS)
    return replace(decision, convert_mailbox=True, warnings=left)


def _dark(
    sku_ids: Iterable[str], state: LicenceState, skus: Mapping[str, Sku], *, but_mailboxes: bool = False
) -> LicenceState:
    """The state with the service plans of these direct licences off, those that carry a mailbox left out if asked."""
    after = state
    for sku_id in sku_ids:
        direct, sku = state.direct(sku_id), skus.get(sku_id)
        if direct is None or sku is None:
            continue
        going = sku.user_plan_ids - mailbox_plan_ids(sku) if but_mailboxes else sku.user_plan_ids
        if not going <= direct.disabled_plans:
            after = after.with_direct(sku_id, Assignment(sku_id, (direct.disabled_plans & sku.plan_ids) | going))
    return after


def _loses_mailbox(before: LicenceState, after: LicenceState, skus: Mapping[str, Sku]) -> bool:
    return bool(enabled_plans(before, skus, MAILBOX_PLANS)) and not enabled_plans(after, skus, MAILBOX_PLANS)


def _with_mailbox(sku_id: str, before: LicenceState, after: LicenceState, skus: Mapping[str, Sku]) -> LicenceState:
    """The state with a SKU whose mailbox plans are on: as it was held, else with all its service plans."""
    held = before.direct(sku_id)
    held_off = held.disabled_plans & skus[sku_id].plan_ids if held else frozenset[str]()
    return after.with_direct(sku_id, Assignment(sku_id, held_off - mailbox_plan_ids(skus[sku_id])))
