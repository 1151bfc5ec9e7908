"""Build a tenant from its specification."""

import random

from dev.simulator.convert import all_products, device_of, group_id, group_of, settings_of, sku_of, user_of
from dev.simulator.generate import generate_users
from dev.simulator.licensing import reprocess
from dev.simulator.model import Group, Member
from dev.simulator.spec import GenerateSpec, SpecError, TenantSpec
from dev.simulator.tenant import Tenant


def build_tenant(tenant_id: str, spec: TenantSpec, now: float) -> Tenant:
    """The tenant of a specification, with its group licences applied; SpecError names what is wrong."""
    settings = settings_of(spec)
    quick = settings.lag_seconds
    settings.lag_seconds = (0.0, 0.0)  # what is loaded was always there
    tenant = Tenant(tenant_id, settings, spec.seed)
    for sku_spec in spec.skus or (all_products() if spec.generate else []):
        sku = sku_of(sku_spec)
        tenant.skus[sku.id] = sku
    tenant.devices = {device.id: device for device in map(device_of, spec.devices)}
    try:
        if spec.generate is not None:
            _generate(tenant, spec.generate)
        for user in spec.users:
            tenant.load_user(user_of(tenant, user))
        _load_groups(tenant, spec)
    except ValueError as error:
        raise SpecError(str(error)) from error
    for group in tenant.groups.current.values():
        if group.licences:
            for member in group.members:
                if member.kind == "user":
                    reprocess(tenant, member.id, now)
    settings.lag_seconds = quick
    return tenant


def _load_groups(tenant: Tenant, spec: TenantSpec) -> None:
    names = {each.display_name: group_id(tenant, each) for each in spec.groups}
    for each in spec.groups:
        tenant.load_group(group_of(tenant, each, names))


def _generate(tenant: Tenant, spec: GenerateSpec) -> None:
    rng = random.Random(f"generate/{spec.seed}")
    ids: list[str] = []
    for user in generate_users(spec, tenant.settings.domains[0], list(tenant.skus.values()), rng):
        tenant.load_user(user)
        ids.append(user.id)
    for number in range(spec.groups):
        members = tuple(Member("user", each) for each in ids[number :: spec.groups])
        identifier = f"{rng.getrandbits(32):08x}-0000-4000-8000-{number:012d}"
        tenant.load_group(Group(identifier, f"Generated group {number + 1}", members=members))
