"""Planner of assign: what one user shall get in addition to what is there, and why others get nothing.

Rules, in order:

1. A SKU held directly keeps its service plans; those named as disabled go off too, or exactly the enabled ones are on.
2. A SKU held only through groups is there already, unless ``enabled`` names a plan that all of those groups leave off:
   then it is assigned directly as well. ``disabled`` alone asks for no plan that is off, so it changes nothing there.
3. Anybody else gets the SKU as asked; an inherited assignment in error is not held.
4. Plan ids count within their SKU only, and plans of the company are not switched.
5. A licence that would conflict with what the user holds is left out, or the plan in it switched off, as asked.
6. The usage location is set only for users whose licences change; who has none in the end is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from shared.domain.codes import ResultCode
from shared.domain.location import UsageLocationRule, place_of
from shared.domain.model import Assignment, Decision, LicenceState, OnConflict, SkippedLicence, Sku, User
from shared.domain.planning import Draft, cannot_assign, cannot_switch, inherited_from, missing_skus, settle, unchanged
from shared.domain.selection import Wish


@dataclass(frozen=True, slots=True)
class WantedLicence:
    """A SKU to assign: ``disabled`` go off in addition, or exactly ``enabled`` are on; at most one is given."""

    sku_id: str
    disabled: frozenset[str] | None = None
    enabled: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Refuse a wish that says both."""
        if self.disabled is not None and self.enabled is not None:
            raise ValueError(f"SKU {self.sku_id} is wanted with disabled and with enabled service plans")

    @property
    def named_plans(self) -> tuple[str, frozenset[str]]:
        """The SKU with the service plans that are named of it."""
        return self.sku_id, (self.disabled or frozenset()) | (self.enabled or frozenset())


def check_once(licences: Iterable[WantedLicence]) -> None:
    """Refuse (``ValueError``) a SKU that is wanted twice: one call cannot add it twice."""
    sku_ids = [licence.sku_id for licence in licences]
    if len(set(sku_ids)) < len(sku_ids):
        raise ValueError(f"a SKU is wanted twice: {', '.join(sorted(sku_ids))}")


@dataclass(frozen=True, slots=True)
class AssignRequest:
    """What shall be assigned to every selected user of one tenant."""

    licences: tuple[WantedLicence, ...]
    usage_location: UsageLocationRule | None = None
    default_usage_location: str | None = None
    """The tenant's own default, for ``tenantDefault``."""
    on_conflict: OnConflict = "skip"

    def __post_init__(self) -> None:
        """Refuse a SKU that stands twice."""
        check_once(self.licences)

    def for_wish(self, wish: Wish) -> Self:
        """The rows' SKUs, beside the request's own where a row names none; a SKU stands once: the reader sees to it."""
        own = tuple(WantedLicence(each.sku_id, each.disabled_plans) for each in wish.licences)
        return replace(self, licences=(*self.licences, *own) if wish.with_request else own)

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """The wanted SKUs, whoever the users are."""
        return frozenset(licence.sku_id for licence in self.licences)

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """Why nobody in this tenant can get what is wanted, in a sentence; None when nothing stands against it."""
        wanted = [licence.sku_id for licence in self.licences]
        return cannot_assign(wanted, skus) or cannot_switch((each.named_plans for each in self.licences), skus)

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide what one user gets (see ``Planner``).

        Raises:
            ValueError: a wanted SKU is not among ``skus``.
        """
        absent = missing_skus((licence.sku_id for licence in self.licences), skus)
        if absent:
            raise ValueError(f"not SKUs of this tenant: {', '.join(absent)}")
        state = user.state
        after = state
        touched: list[str] = []
        held: list[str] = []
        for wanted in self.licences:
            wished = wished_plans(wanted, skus[wanted.sku_id], state)
            if wished is None:
                held.append(wanted.sku_id)
            else:
                touched.append(wanted.sku_id)
                after = after.with_direct(wanted.sku_id, Assignment(wanted.sku_id, wished))
        if not touched:
            sources = [inherited_from(s, state, skus, group_names) for s in held if state.direct(s) is None]
            return unchanged(index, user, ResultCode.ALREADY_ASSIGNED, " ".join(sources) or None)
        return settle(
            index,
            user,
            Draft(after, tuple(touched), skipped=tuple(SkippedLicence(s, ResultCode.ALREADY_ASSIGNED) for s in held)),
            skus,
            place=place_of(user, self.usage_location, self.default_usage_location),
            on_conflict=self.on_conflict,
            idle=("unchanged", ResultCode.ALREADY_ASSIGNED),
        )


def wished_plans(wanted: WantedLicence, sku: Sku, state: LicenceState) -> frozenset[str] | None:
    """All service plans that shall be off in one SKU; None when it is there as wanted."""
    plan_ids = sku.user_plan_ids
    direct = state.direct(sku.id)
    inherited = state.inherited(sku.id)
    if direct is None and inherited:
        missing = (wanted.enabled or frozenset[str]()) & plan_ids
        for assignment in inherited:
            missing &= assignment.disabled_plans
        if not missing:
            return None

    # A plan that has left the SKU would make Graph refuse the call; one of the company stays as it is.
    off = (direct.disabled_plans if direct else frozenset[str]()) & sku.plan_ids
    if wanted.enabled is not None:
        wished = (plan_ids - wanted.enabled) | (off - plan_ids)
    else:
        wished = off | ((wanted.disabled or frozenset[str]()) & plan_ids)
    return None if direct and wished == off else wished
