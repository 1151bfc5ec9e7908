"""Tenants by what a caller writes: a GUID, a domain, or tags."""

import asyncio
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from shared.contracts.selections import EVERY_TENANT, MAX_MEANT
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
TAG = "tag:"
MICROSOFTS = ".onmicrosoft.com"
ALIKE = 0.8


class Unusable(NamedTuple):
    """Why a name stands for no tenant to work on, in a sentence fit for the caller.

    ``hidden``: the caller's grants are limited, and whether the tenant exists is not told.
    """

    why: Literal["hidden", "unknown", "disabled", "many", "none"]
    sentence: str


async def targets_of(app: Services, caller: Caller, names: tuple[str, ...]) -> dict[str, list[Tenant]]:
    """The tenants that the targets of a body mean now, by the name that stands in the body.

    ``*`` means every enabled tenant within the caller's grants, ``tag:…`` those of them with that tag; any other name
    means one tenant. Raises ``RequestRejected`` (422) with a pointer and the nearest names for a tenant that is not
    registered or disabled, for a name that means no tenant, and where it comes to too many targets; ``NotFound`` for a
    tenant outside the caller's grants; to a caller with limited grants an unknown one looks the same.
    """
    found: dict[str, list[Tenant] | Unusable] = {
        name: [each] if isinstance(each, Tenant) else each
        for name, each in (await _look_up(app, caller, [name for name in names if not means_many(name)])).items()
    }
    many = [name for name in dict.fromkeys(names) if means_many(name)]
    seen = await _seen(app.tenants, caller) if many else []
    found |= {name: _meant(name, seen) for name in many}
    for each in found.values():
        if isinstance(each, Unusable) and each.why == "hidden":
            raise NotFound(each.sentence)
    problems = [
        Problem(f"/targets/{names.index(name)}/tenant", each.sentence)
        for name, each in found.items()
        if isinstance(each, Unusable)
    ]
    if problems:
        raise RequestRejected(422, "The request names tenants that cannot be worked on.", problems)
    tenants = {name: each for name, each in found.items() if isinstance(each, list)}
    if (targets := sum(len(tenants[name]) for name in names)) > MAX_MEANT:
        problem = Problem("/targets", f"They come to {targets}, one for each tenant that they mean")
        raise RequestRejected(422, f"A request comes to at most {MAX_MEANT} targets.", [problem])
    return tenants


def distinct(*tenants: Iterable[Tenant]) -> list[Tenant]:
    """The tenants of all of these, each once, in the order in which they come first."""
    return list({tenant.id: tenant for some in tenants for tenant in some}.values())


def means_many(name: str) -> bool:
    """Whether a name stands for all tenants, or for those with a tag."""
    return name == EVERY_TENANT or name.lower().startswith(TAG)


def _meant(name: str, seen: Iterable[Tenant]) -> list[Tenant] | Unusable:
    """The enabled tenants among those ``seen`` that ``*`` or ``tag:…`` stands for."""
    enabled = [tenant for tenant in seen if tenant.enabled]
    if name == EVERY_TENANT:
        return enabled or Unusable("none", "* means no tenant: none of this caller's is registered and enabled")
    tag = name[len(TAG) :].strip().casefold()
    found = [tenant for tenant in enabled if tag in map(str.casefold, tenant.tags)]
    if found:
        return found
    tags = {each.casefold(): each for tenant in enabled for each in tenant.tags}
    near = nearest.by_letters(tag, [(TAG + tags[each], [each]) for each in sorted(tags)])
    sentence = f"{nearest.shortened(name)} means no tenant: no enabled one of this caller's has the tag"
    return Unusable("none", sentence + nearest.hint(near))


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
        if means_many(name):
            sentence = f"{nearest.shortened(name)} means many tenants: name one by its GUID or a verified domain"
            return Unusable("many", sentence)
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
        (tenant.domain, [_own_part(text) for text in (*tenant.domains, tenant.display_name, tenant.id)])
        for tenant in seen
    )
    return nearest.by_letters(_own_part(name.strip().lower()), candidates)


def _own_part(name: str) -> str:
    """A domain without what Microsoft appends, be it misspelt."""
    own, dot, rest = name.partition(".")
    return own if dot and SequenceMatcher(None, dot + rest, MICROSOFTS).ratio() > ALIKE else name


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
