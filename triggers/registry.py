"""Tenants by what a caller writes: a GUID, a domain, or tags."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from shared.domain import nearest
from shared.domain.caller import SYSTEM, Caller
from shared.domain.tenant import Tenant
from shared.errors import NotFound, Problem, RequestRejected
from shared.services import Services
from shared.tables.tenants import TenantStore

PAGE = 1000
AT_ONCE = 16
"""Names looked up side by side."""
HINTS = 20
"""So many unknown names get the nearest ones beside them; a file may have thousands."""
NO_WILDCARDS = (
    "is not taken yet: many tenants at once need the guard `confirm`, which does not exist so far;"
    " name each tenant by its GUID or a verified domain"
)
MICROSOFTS = ".onmicrosoft.com"


class Unusable(NamedTuple):
    """Why a name stands for no tenant to work on, in a sentence fit for the caller.

    ``hidden``: the caller's grants are limited, and whether the tenant exists is not told.
    """

    why: Literal["hidden", "unknown", "disabled", "wildcard"]
    sentence: str


async def targets_of(app: Services, caller: Caller, names: tuple[str, ...]) -> dict[str, Tenant]:
    """The tenants that the targets of a body name, by that name.

    Raises ``RequestRejected`` (422) with a pointer and the nearest names for a tenant that is not registered or
    disabled, ``NotFound`` for one outside the caller's grants; to a caller with limited grants an unknown one looks the
    same.
    """
    looked_up = await _look_up(app, caller, names)
    for found in looked_up.values():
        if isinstance(found, Unusable) and found.why == "hidden":
            raise NotFound(found.sentence)
    problems = [
        Problem(f"/targets/{names.index(name)}/tenant", found.sentence)
        for name, found in looked_up.items()
        if isinstance(found, Unusable)
    ]
    if problems:
        raise RequestRejected(422, "The request names tenants that cannot be worked on.", problems)
    return {name: found for name, found in looked_up.items() if isinstance(found, Tenant)}


async def find_tenants(app: Services, caller: Caller, names: Iterable[str]) -> dict[str, Tenant | str]:
    """For each name the enabled tenant, or the sentence why there is none.

    To a caller with limited grants the sentence does not tell a foreign tenant from an unknown one.
    """
    looked_up = await _look_up(app, caller, names)
    return {name: found.sentence if isinstance(found, Unusable) else found for name, found in looked_up.items()}


async def nearest_tenants(app: Services, caller: Caller, name: str) -> list[str]:
    """Domains of at most three tenants that the caller sees and may have meant, the nearest first."""
    return _nearest(await _seen(app.tenants, caller), name)


async def enabled_tenants(app: Services, caller: Caller) -> list[Tenant]:
    """The tenants within the caller's grants that can be worked on."""
    return [tenant for tenant in await _seen(app.tenants, caller) if tenant.enabled]


async def _look_up(app: Services, caller: Caller, names: Iterable[str]) -> dict[str, Tenant | Unusable]:
    """The tenant of each name, or why there is none; the registry is read as a whole only where a name is unknown."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Tenant | Unusable | None:
        if name == "*" or name.startswith("tag:"):
            return Unusable("wildcard", f"{nearest.shortened(name)} {NO_WILDCARDS}")
        try:
            async with gate:
                tenant = await app.tenants.get(caller, name)
        except NotFound:
            return None
        return tenant if tenant.enabled else Unusable("disabled", _DISABLED.format(name=name))

    wanted = list(dict.fromkeys(names))
    found = dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))
    unknown = [name for name, tenant in found.items() if tenant is None]
    seen = await _seen(app.tenants, caller) if unknown else []
    hinted = unknown[:HINTS]
    near = await asyncio.to_thread(lambda: {name: _nearest(seen, name) for name in hinted})  # seconds, for many tenants
    return {name: tenant or _unknown(caller, name, near.get(name, ())) for name, tenant in found.items()}


_DISABLED = "{name} is disabled: an administrator of the app can enable it again, or leave it out"


def _unknown(caller: Caller, name: str, near: Sequence[str]) -> Unusable:
    """What is told of a name that leads nowhere; ``near`` are tenants of the caller, so it gives nothing away."""
    name = nearest.shortened(name)
    if caller.tenants is None:
        return Unusable("unknown", f"{name} is not registered{nearest.hint(near)}")
    return Unusable("hidden", f"There is no tenant {name} among those of this caller{nearest.hint(near)}")


def _nearest(seen: Iterable[Tenant], name: str) -> list[str]:
    """By any domain, display name or id; what Microsoft appends to domains would make all of them look alike."""
    candidates = (
        (tenant.domain, [text.removesuffix(MICROSOFTS) for text in (*tenant.domains, tenant.display_name, tenant.id)])
        for tenant in seen
    )
    return nearest.by_letters(name.strip().lower().removesuffix(MICROSOFTS), candidates)


async def _seen(tenants: TenantStore, caller: Caller) -> list[Tenant]:
    """Every registered tenant that the caller sees."""
    found: list[Tenant] = []
    cursor: str | None = None
    while True:
        page, cursor = await tenants.list(caller, top=PAGE, cursor=cursor)
        found += page
        if cursor is None:
            return found


async def tenants_with_tags(tenants: TenantStore, tags: frozenset[str]) -> frozenset[str]:
    """Ids of the registered tenants that bear one of these tags (case-insensitive)."""
    return frozenset(
        tenant.id for tenant in await _seen(tenants, SYSTEM) if tags & {tag.casefold() for tag in tenant.tags}
    )
