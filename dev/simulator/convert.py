"""From the parts of a specification to the objects of a directory."""

import uuid
from typing import Any

from dev.simulator.catalogue import find_product, products
from dev.simulator.model import Assignment, Device, Group, Licences, Mailbox, Member, Merged, ServicePlan, Sku, User
from dev.simulator.spec import DeviceSpec, GroupSpec, LicenceSpec, MailboxSpec, SkuSpec, SpecError, TenantSpec, UserSpec
from dev.simulator.tenant import Settings, Tenant, default_conflicts, default_dependencies


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
        group_names=spec.group_names,
        lag_seconds=spec.lag_seconds,
        stale_usage_location=spec.stale_usage_location,
        stale_seats=spec.stale_seats,
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


def mailbox_of(spec: MailboxSpec) -> Mailbox:
    """A mailbox of the model."""
    holds = tuple(spec.in_place_holds)
    return Mailbox(spec.purpose, spec.size_gb, spec.archive, spec.hold, holds, spec.converts, spec.made)


def user_of(tenant: Tenant, spec: UserSpec) -> User:
    """A user of the model."""
    values: dict[str, Any] = spec.model_dump(exclude={"id", "display_name", "licenses", "mailbox"})
    for name in ("business_phones", "other_mails", "proxy_addresses", "extension_attributes"):
        values[name] = tuple(values[name])
    upn = spec.user_principal_name
    return User(
        id=(spec.id or str(uuid.uuid5(uuid.UUID(tenant.id), upn.lower()))).lower(),
        display_name=spec.display_name or upn.partition("@")[0],
        licences=direct(licences_of(tenant, spec.licenses, f"users/{upn}")),
        mailbox=mailbox_of(spec.mailbox),
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
