"""The JSON a tenant is loaded from, and back: what ``PUT`` takes and ``GET`` answers on ``/_sim/tenants/{tenant}``."""

import uuid
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from dev.simulator.catalogue import find_product, products
from dev.simulator.model import Assignment, Device, Group, Licences, Member, Merged, ServicePlan, Sku, User
from dev.simulator.tenant import Settings, Tenant, default_conflicts, default_dependencies


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
    lag_seconds: tuple[float, float] = (0.0, 1.5)
    stale_usage_location: bool = True
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


def settings_of(spec: TenantSpec) -> Settings:
    """The settings of a tenant."""
    low, high = spec.lag_seconds
    if not 0 <= low <= high:
        raise SpecError(f"lagSeconds: expected 0 <= min <= max, got {spec.lag_seconds}")
    return Settings(
        display_name=spec.display_name,
        domains=tuple(spec.domains),
        country=spec.country_letter_code,
        consent=spec.consent,
        lag_seconds=spec.lag_seconds,
        stale_usage_location=spec.stale_usage_location,
        reprocess_seconds=spec.reprocess_seconds,
        prohibited_usage_locations=frozenset(spec.prohibited_usage_locations),
        conflicts=default_conflicts() if spec.conflicts is None else spec.conflicts,
        dependencies=default_dependencies()
        if spec.dependencies is None
        else {plan: tuple(needs) for plan, needs in spec.dependencies.items()},
    )


def sku_of(spec: SkuSpec) -> Sku:
    """A subscription with the catalogue's facts."""
    product = find_product(spec.sku_part_number or spec.sku_id or "")
    plans = tuple(ServicePlan(p.service_plan_id, p.service_plan_name, p.applies_to) for p in spec.service_plans or ())
    sku_id = spec.sku_id or (product.sku_id if product else None)
    part_number = spec.sku_part_number or (product.part_number if product else None)
    if sku_id is None or part_number is None:
        raise SpecError(
            f"skus: {spec.sku_part_number or spec.sku_id!r} is not in the catalogue; "
            "give skuId, skuPartNumber and servicePlans"
        )
    if spec.service_plans is None and product is not None:
        plans = product.plans
    return Sku(
        sku_id.lower(), part_number, plans, spec.enabled, spec.warning, spec.suspended, spec.locked_out,
        spec.capability_status, spec.applies_to,
    )  # fmt: skip


def licences_of(tenant: Tenant, specs: list[LicenceSpec], where: str) -> Merged:
    """(SKU, disabled plans) of what a spec lists; SpecError for a SKU or plan the tenant does not have."""
    by_part = {sku.part_number: sku for sku in tenant.skus.values()}
    result: list[tuple[str, tuple[str, ...]]] = []
    for spec in specs:
        sku = by_part.get(spec.sku_id) or tenant.skus.get(spec.sku_id.lower())
        if sku is None:
            raise SpecError(f"{where}: the tenant has no SKU {spec.sku_id!r}")
        names = {plan.name: plan.id for plan in sku.plans}
        disabled = tuple(sorted({names.get(each, each) for each in spec.disabled_plans}))
        if not sku.plan_ids.issuperset(disabled):
            raise SpecError(f"{where}: {set(disabled) - sku.plan_ids} is not part of {sku.part_number}")
        result.append((sku.id, disabled))
    return tuple(result)


def direct(merged: Merged) -> Licences:
    """Direct assignments."""
    return tuple(Assignment(sku, disabled) for sku, disabled in merged)


def user_of(tenant: Tenant, spec: UserSpec) -> User:
    """A user of the model."""
    values: dict[str, Any] = spec.model_dump(exclude={"id", "display_name", "licenses"})
    for name in ("business_phones", "other_mails", "proxy_addresses", "extension_attributes"):
        values[name] = tuple(values[name])
    upn = spec.user_principal_name
    return User(
        id=(spec.id or str(uuid.uuid5(uuid.UUID(tenant.id), upn.lower()))).lower(),
        display_name=spec.display_name or upn.partition("@")[0],
        licences=direct(licences_of(tenant, spec.licenses, f"users/{upn}")),
        **values,
    )


def group_id(tenant: Tenant, spec: GroupSpec) -> str:
    """The id of a group, derived from its name when none is given."""
    return (spec.id or str(uuid.uuid5(uuid.UUID(tenant.id), f"group/{spec.display_name}"))).lower()


def find_member(tenant: Tenant, reference: str, groups: dict[str, str]) -> Member:
    """What a member reference points to; ``groups`` = name to id. SpecError when it points nowhere."""
    user_id = tenant.user_id(reference)
    if user_id is not None:
        return Member("user", user_id)
    if reference in groups or reference.lower() in groups.values():
        return Member("group", groups.get(reference, reference.lower()))
    if reference.lower() in tenant.devices:
        return Member("device", reference.lower())
    raise SpecError(f"members: {reference!r} is no user, group or device of the tenant")


def group_of(tenant: Tenant, spec: GroupSpec, groups: dict[str, str]) -> Group:
    """A group of the model."""
    return Group(
        id=group_id(tenant, spec),
        display_name=spec.display_name,
        description=spec.description,
        mail=spec.mail,
        mail_nickname="".join(c for c in spec.display_name if c.isalnum()),
        mail_enabled=spec.mail is not None,
        membership_rule=spec.membership_rule,
        created_date_time=spec.created_date_time,
        group_types=("DynamicMembership",) if spec.membership_rule else (),
        members=tuple(dict.fromkeys(find_member(tenant, each, groups) for each in spec.members)),
        licences=licences_of(tenant, spec.licenses, f"groups/{spec.display_name}"),
    )


def all_products() -> list[SkuSpec]:
    """One subscription of everything the catalogue has, with plenty of seats: the default of a generated tenant."""
    return [SkuSpec(sku_part_number=name, enabled=1_000_000) for name in products()]


def device_of(spec: DeviceSpec) -> Device:
    """A device of the model."""
    return Device(spec.id.lower(), spec.display_name)


# --- the state, as the truth has it ---


def user_state(user: User) -> dict[str, Any]:
    """A user with its licences per source."""
    own = [each for each in user.licences if each.group is None]
    inherited = [each for each in user.licences if each.group is not None]
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "displayName": user.display_name,
        "department": user.department,
        "country": user.country,
        "usageLocation": user.usage_location,
        "userType": user.user_type,
        "accountEnabled": user.account_enabled,
        "direct": [{"skuId": each.sku_id, "disabledPlans": list(each.disabled)} for each in own],
        "inherited": [
            {
                "skuId": each.sku_id,
                "groupId": each.group,
                "disabledPlans": list(each.disabled),
                "state": each.state,
                "error": each.error,
            }
            for each in inherited
        ],
    }


def sku_state(tenant: Tenant, sku: Sku) -> dict[str, Any]:
    """A subscription with the seats taken in truth."""
    return {
        "skuId": sku.id,
        "skuPartNumber": sku.part_number,
        "enabled": sku.enabled,
        "warning": sku.warning,
        "suspended": sku.suspended,
        "lockedOut": sku.locked_out,
        "capabilityStatus": sku.capability_status,
        "consumed": tenant.consumed.current.get(sku.id, 0),
    }


def group_state(group: Group) -> dict[str, Any]:
    """A group with its direct members."""
    return {
        "id": group.id,
        "displayName": group.display_name,
        "membershipRule": group.membership_rule,
        "licenses": [{"skuId": sku, "disabledPlans": list(off)} for sku, off in group.licences],
        "members": [{"type": each.kind, "id": each.id} for each in group.members],
    }


def selected_users(tenant: Tenant, references: list[str] | None) -> Iterator[User]:
    """All users in truth, or those referred to; SpecError for one that is not there."""
    if references is None:
        yield from tenant.users.current.values()
        return
    for each in references:
        user_id = tenant.user_id(each)
        if user_id is None:
            raise SpecError(f"users: {each!r} is not in tenant {tenant.id}")
        yield tenant.users.current[user_id]
