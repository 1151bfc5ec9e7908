"""The JSON a tenant is loaded from: what ``PUT /_sim/tenants/{tenant}`` takes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """Camel case on the wire, nothing unknown."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class LicenceSpec(Wire):
    """A licence; ``skuId`` may be the part number too, ``disabledPlans`` may be plan names."""

    sku_id: str
    disabled_plans: list[str] = []


class PlanSpec(Wire):
    """A service plan of a SKU that the catalogue does not know."""

    service_plan_id: str
    service_plan_name: str
    applies_to: str = "User"


class SkuSpec(Wire):
    """A subscription; id and plans come from the catalogue where it knows the part number or the id."""

    sku_part_number: str | None = None
    sku_id: str | None = None
    enabled: int = 0
    warning: int = 0
    suspended: int = 0
    locked_out: int = 0
    capability_status: str = "Enabled"
    applies_to: str = "User"
    service_plans: list[PlanSpec] | None = None


class MailboxSpec(Wire):
    """A user's mailbox, there while a plan that brings one is enabled, or without a licence if it is no ``user``'s.

    ``hold`` is a litigation hold. With ``converts`` false Exchange takes a conversion and it never shows, with ``made``
    false there is no mailbox whatever the licence, as when it was never made or is on the premises.
    """

    purpose: Literal["user", "shared", "room", "equipment", "linked", "others"] = "user"
    size_gb: float = Field(default=1.0, ge=0)
    archive: bool = False
    hold: bool = False
    in_place_holds: list[str] = []
    converts: bool = True
    made: bool = True


class UserSpec(Wire):
    """A user; ``id`` is derived from the userPrincipalName when absent."""

    user_principal_name: str
    id: str | None = None
    display_name: str | None = None
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
    business_phones: list[str] = []
    other_mails: list[str] = []
    proxy_addresses: list[str] = []
    extension_attributes: list[str | None] = []
    licenses: list[LicenceSpec] = []
    mailbox: MailboxSpec = MailboxSpec()


class DeviceSpec(Wire):
    """An opaque member of a group."""

    id: str
    display_name: str = "Device"


class GroupSpec(Wire):
    """A group; members are ids or userPrincipalNames of users, ids or names of groups, ids of devices."""

    display_name: str
    id: str | None = None
    description: str | None = None
    mail: str | None = None
    membership_rule: str | None = None
    created_date_time: str = "2024-01-15T09:00:00Z"
    members: list[str] = []
    licenses: list[LicenceSpec] = []


class GenerateSpec(Wire):
    """A made-up directory: ``groups`` flat groups of equal size, ``licensed`` = share of users who hold something."""

    users: int = Field(ge=0, le=1_000_000)
    seed: int = 1
    groups: int = Field(default=10, ge=0, le=1000)
    licensed: float = Field(default=0.6, ge=0, le=1)
    missing_usage_location: float = Field(default=0.01, ge=0, le=1)
    guests: float = Field(default=0.02, ge=0, le=1)
    disabled: float = Field(default=0.02, ge=0, le=1)


class TenantSpec(Wire):
    """A whole tenant."""

    display_name: str = "Simulated"
    domains: list[str] = ["simulated.onmicrosoft.com"]
    country_letter_code: str = "US"
    consent: bool = True
    group_names: bool = True
    lag_seconds: tuple[float, float] = (0.0, 1.5)
    stale_usage_location: bool = True
    stale_seats: bool = False
    reprocess_seconds: float = 0.5
    prohibited_usage_locations: list[str] = []
    seed: int = 1
    skus: list[SkuSpec] = []
    users: list[UserSpec] = []
    groups: list[GroupSpec] = []
    devices: list[DeviceSpec] = []
    conflicts: list[tuple[str, str]] | None = None
    dependencies: dict[str, list[str]] | None = None
    generate: GenerateSpec | None = None


class SpecError(ValueError):
    """A tenant that cannot be loaded; the text names what and where."""
