"""The words of the field as frozen types: SKUs, service plans, users and what they hold.

All ids are lower-case GUID strings as Graph prints them. A *direct* assignment has no group; an *inherited* one names
the group it comes from. https://learn.microsoft.com/graph/api/resources/licenseassignmentstate
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One service of a SKU; a plan that applies to the company cannot be switched per user."""

    id: str
    name: str
    applies_to: Literal["User", "Company"] = "User"


@dataclass(frozen=True)
class Sku:
    """A product a tenant subscribes to, with its seats (``subscribedSku`` of Graph).

    There are few of them and many users, so what is asked of one for each user is worked out once; hence no slots.
    """

    id: str
    part_number: str
    service_plans: tuple[ServicePlan, ...] = ()
    name: str = ""
    enabled: int = 0
    warning: int = 0
    suspended: int = 0
    consumed: int = 0
    status: str = "Enabled"
    applies_to: str = "User"

    @property
    def available(self) -> int:
        """Seats that can be given out: enabled + warning - consumed; negative when over-allocated."""
        return self.enabled + self.warning - self.consumed

    @cached_property
    def user_plan_ids(self) -> frozenset[str]:
        """Ids of the service plans that can be switched per user."""
        return frozenset(plan.id for plan in self.service_plans if plan.applies_to == "User")

    @cached_property
    def plan_ids(self) -> frozenset[str]:
        """Ids of all service plans."""
        return frozenset(plan.id for plan in self.service_plans)

    @cached_property
    def name_of(self) -> Mapping[str, str]:
        """Names of the service plans by id, in capitals: Microsoft prints ``Deskless`` and ``DESKLESS``."""
        return {plan.id: plan.name.upper() for plan in self.service_plans}

    @cached_property
    def id_of(self) -> Mapping[str, str]:
        """Ids of the service plans by name, in capitals."""
        return {plan.name.upper(): plan.id for plan in self.service_plans}

    def plan_names(self, plan_ids: Iterable[str]) -> list[str]:
        """Names of the given plans, sorted; an id that the SKU does not know stays as it is."""
        names = {plan.id: plan.name for plan in self.service_plans}
        return sorted(names.get(plan_id, plan_id) for plan_id in plan_ids)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One SKU a user holds from one source; ``group_id`` is None for a direct assignment."""

    sku_id: str
    disabled_plans: frozenset[str] = frozenset()
    group_id: str | None = None
    error: str | None = None
    """Graph's error of an inherited assignment that is not in force (``CountViolation`` …)."""


@dataclass(frozen=True, slots=True)
class LicenceState:
    """What a user holds and where the services may be used: the thing that is planned, compared and recorded."""

    assignments: tuple[Assignment, ...] = ()
    usage_location: str | None = None

    def direct(self, sku_id: str) -> Assignment | None:
        """The direct assignment of a SKU."""
        return next((a for a in self.assignments if a.sku_id == sku_id and a.group_id is None), None)

    def inherited(self, sku_id: str) -> tuple[Assignment, ...]:
        """The assignments of a SKU by groups that are in force."""
        return tuple(a for a in self.assignments if a.sku_id == sku_id and a.group_id is not None and not a.error)

    def holds(self, sku_id: str) -> bool:
        """Whether the user takes a seat of the SKU, from whatever source."""
        return any(a.sku_id == sku_id and not a.error for a in self.assignments)

    def with_direct(self, sku_id: str, assignment: Assignment | None) -> "LicenceState":
        """This state with another direct assignment of a SKU, in its place or at the end; None takes it away."""
        held = self.assignments
        place = next((i for i, a in enumerate(held) if a.sku_id == sku_id and a.group_id is None), len(held))
        new = () if assignment is None else (assignment,)
        return LicenceState(held[:place] + new + held[place + 1 :], self.usage_location)


@dataclass(frozen=True, slots=True)
class User:
    """A user of the directory as the planner sees it."""

    id: str
    user_principal_name: str
    state: LicenceState = field(default_factory=LicenceState)
    display_name: str = ""
    country: str | None = None
    account_enabled: bool = True
    guest: bool = False
    department: str | None = None


@dataclass(frozen=True, slots=True)
class AddLicence:
    """A SKU to assign with the full set of plans that shall be off."""

    sku_id: str
    disabled_plans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """What one user shall get, in one ``assignLicense`` call, and the states before and after it.

    ``usage_location`` is set by a call of its own before; None means that it stays as it is.
    """

    add: tuple[AddLicence, ...]
    remove: tuple[str, ...]
    usage_location: str | None
    before: LicenceState
    after: LicenceState

    @property
    def sku_ids(self) -> frozenset[str]:
        """The SKUs concerned: only they (and the usage location) count for drift."""
        return frozenset(licence.sku_id for licence in self.add) | frozenset(self.remove)

    def seat_change(self) -> dict[str, int]:
        """Seats taken (+1) and freed (-1) by SKU id; a SKU also held by inheritance moves no seat."""
        change = {s: int(self.after.holds(s)) - int(self.before.holds(s)) for s in sorted(self.sku_ids)}
        return {sku_id: delta for sku_id, delta in change.items() if delta}


@dataclass(frozen=True, slots=True)
class SkippedLicence:
    """A licence that was left out of a user's change, and why."""

    sku_id: str
    code: str


OnConflict = Literal["skip", "disableConflictingPlans"]
"""Leave out the licence that brings the conflict in, or switch the conflicting plan off in it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two service plans, by name, that exclude each other and would both be on, and what was done about it."""

    plans: tuple[str, str]
    resolution: OnConflict


DecisionStatus = Literal["change", "unchanged", "skipped"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The planner's word on one user; exactly one a selected user, nothing is dropped.

    ``change``: ``change`` and ``graced`` say what. ``unchanged``: there is nothing to do.
    ``skipped``: ``code`` says why not.
    ``index`` numbers the users of a tenant in selection order, from 0.
    """

    index: int
    user_id: str
    user_principal_name: str
    status: DecisionStatus
    code: str | None = None
    message: str | None = None
    change: Change | None = None
    skipped_licences: tuple[SkippedLicence, ...] = ()
    state: LicenceState = field(default_factory=LicenceState)
    """What the user held when planned."""
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the change does beside what was asked: values of ``shared.domain.effects.Warn``."""
    not_reverted: tuple[str, ...] = ()
    """What a revert cannot bring back: ``usageLocation`` that was empty once."""
    graced: tuple[str, ...] = ()
    """SKUs that the user loses when the grace is over, which begins now; ``change`` is None where it writes nothing."""
    convert_mailbox: bool = False
    """The change takes the last mailbox plan, so it goes out only once the mailbox is a shared one."""
    wave: int = 0
    """Changes of a wave wait until those of all lower ones are settled, as they need the seats that those free."""
