"""
The objects of a directory: plain values, replaced as a whole by a write and never changed in place.

A user keeps licences per source, as the service does: one ``Assignment`` per (SKU, source), where the source is the
user itself or a group. What Graph shows as ``assignedLicenses`` is derived from them by ``merge``.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

HOLDING_STATES = frozenset({"Active", "ActiveWithError"})


class ServicePlan(NamedTuple):
    """A part of a SKU that can be switched off per user."""

    id: str
    name: str
    applies_to: str = "User"


class Assignment(NamedTuple):
    """One licence from one source; ``group`` is None for a direct one. ``disabled`` is sorted."""

    sku_id: str
    disabled: tuple[str, ...] = ()
    group: str | None = None
    state: str = "Active"
    error: str | None = None
    updated: str = "2026-01-05T08:00:00Z"

    @property
    def holds(self) -> bool:
        """True when it takes a seat and gives its service plans."""
        return self.state in HOLDING_STATES


type Licences = tuple[Assignment, ...]
type Merged = tuple[tuple[str, tuple[str, ...]], ...]


@lru_cache(maxsize=16_384)
def merge(licences: Licences) -> Merged:
    """
    ``assignedLicenses``: (SKU, disabled plans) once per SKU.

    ASSUMPTION: a plan that any source enables stays enabled, so the disabled lists are intersected.
    """
    effective: dict[str, tuple[str, ...]] = {}
    for each in licences:
        if each.holds:
            before = effective.get(each.sku_id)
            both = each.disabled if before is None else tuple(plan for plan in before if plan in each.disabled)
            effective[each.sku_id] = both
    return tuple(effective.items())


def held_skus(licences: Licences) -> frozenset[str]:
    """The SKUs that take a seat of this user."""
    return frozenset(sku for sku, _ in merge(licences))


@dataclass(slots=True)
class Sku:
    """A subscription of a tenant with its seats."""

    id: str
    part_number: str
    plans: tuple[ServicePlan, ...]
    enabled: int = 0
    warning: int = 0
    suspended: int = 0
    locked_out: int = 0
    capability_status: str = "Enabled"
    applies_to: str = "User"
    plan_ids: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.plan_ids = frozenset(plan.id for plan in self.plans)

    @property
    def seats(self) -> int:
        """Seats that can be assigned. ASSUMPTION: those in the grace period (warning) count, suspended ones never."""
        return self.enabled + self.warning if self.capability_status in ("Enabled", "Warning") else 0


class Mailbox(NamedTuple):
    """What Exchange keeps of a user; ``purpose`` in Graph's words. It is there only as ``Tenant.mailbox_of`` says."""

    purpose: str = "user"
    size_gb: float = 1.0
    archive: bool = False
    hold: bool = False
    in_place_holds: tuple[str, ...] = ()
    converts: bool = True
    made: bool = True


USUAL_MAILBOX = Mailbox()


@dataclass(slots=True)
class User:
    """A user; attributes are Graph's properties in snake case."""

    id: str
    user_principal_name: str
    display_name: str
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    mail_nickname: str | None = None
    job_title: str | None = None
    department: str | None = None
    company_name: str | None = None
    office_location: str | None = None
    employee_id: str | None = None
    employee_type: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    usage_location: str | None = None
    preferred_language: str | None = None
    mobile_phone: str | None = None
    user_type: str | None = "Member"
    account_enabled: bool = True
    external_user_state: str | None = None
    on_premises_sync_enabled: bool | None = None
    created_date_time: str = "2024-01-15T09:00:00Z"
    last_sign_in: str | None = None
    business_phones: tuple[str, ...] = ()
    other_mails: tuple[str, ...] = ()
    proxy_addresses: tuple[str, ...] = ()
    extension_attributes: tuple[str | None, ...] = ()
    licences: Licences = ()
    mailbox: Mailbox = USUAL_MAILBOX


type MemberKind = Literal["user", "group", "device"]


class Member(NamedTuple):
    """A reference from a group."""

    kind: MemberKind
    id: str


@dataclass(slots=True)
class Device:
    """An opaque member of a group."""

    id: str
    display_name: str


@dataclass(slots=True)
class Group:
    """A group with direct members in order; ``licences`` are what it hands on to its direct user members."""

    id: str
    display_name: str
    description: str | None = None
    mail: str | None = None
    mail_nickname: str | None = None
    mail_enabled: bool = False
    security_enabled: bool = True
    visibility: str | None = None
    membership_rule: str | None = None
    created_date_time: str = "2024-01-15T09:00:00Z"
    group_types: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    licences: Merged = ()
    processing_state: str = "ProcessingComplete"
