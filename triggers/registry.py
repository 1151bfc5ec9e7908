"""Tenants by what a caller writes: a GUID, a domain, or tags."""

from shared.domain.caller import SYSTEM, Caller
from shared.domain.tenant import Tenant
from shared.errors import NotFound, Problem, RequestRejected
from shared.services import Services
from shared.tables.tenants import TenantStore

PAGE = 1000
NO_WILDCARDS = (
    "is not taken yet: many tenants at once need the guard `confirm`, which does not exist so far;"
    " name each tenant by its GUID or a verified domain"
)


async def tenants_with_tags(tenants: TenantStore, tags: frozenset[str]) -> frozenset[str]:
    """Ids of the registered tenants that bear one of these tags (case-insensitive)."""
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page, cursor = await tenants.list(SYSTEM, top=PAGE, cursor=cursor)
        found |= {tenant.id for tenant in page if tags & {tag.casefold() for tag in tenant.tags}}
        if cursor is None:
            return frozenset(found)


async def targets_of(app: Services, caller: Caller, names: tuple[str, ...]) -> dict[str, Tenant]:
    """The tenants that the targets of a body name, by that name.

    Raises ``RequestRejected`` (422) with a pointer for a tenant that is not registered or disabled, ``NotFound`` for
    one outside the caller's grants; to a caller with limited grants an unknown one looks the same.
    """
    found: dict[str, Tenant] = {}
    problems: list[Problem] = []
    for n, name in enumerate(names):
        pointer = f"/targets/{n}/tenant"
        if name in found:
            continue
        if name == "*" or name.startswith("tag:"):
            problems.append(Problem(pointer, f"{name} {NO_WILDCARDS}"))
            continue
        try:
            tenant = await app.tenants.get(caller, name)
        except NotFound:
            if caller.tenants is not None:
                raise
            problems.append(Problem(pointer, f"{name} is not registered"))
            continue
        if not tenant.enabled:
            problems.append(Problem(pointer, f"{name} is disabled"))
        found[name] = tenant
    if problems:
        raise RequestRejected(422, "The request names tenants that cannot be worked on.", problems)
    return found
