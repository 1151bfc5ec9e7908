"""What the SKU names of a request stand for: by the catalogue first, else by what the named tenants subscribe to."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from shared.catalogue import AmbiguousSku, Catalogue, find_plan, is_guid
from shared.contracts.selections import SkuName
from shared.domain.model import Sku
from shared.domain.tenant import Tenant
from shared.errors import Denied, DependencyDown, GraphError, Problem, RequestRejected
from shared.services import Services

TENANTS_AT_ONCE = 8
HINTS = 20
"""So many unknown names get the nearest ones beside them; a thousand targets may each have another one."""


async def catalogue_for(app: Services, names: Sequence[SkuName], tenants: Sequence[Tenant]) -> Catalogue:
    """What is known of SKUs: the catalogue, and where it does not settle all ``names``, what the tenants subscribe to.

    Raises ``DependencyDown`` when no tenant could be asked.
    """
    known = app.products.known
    if all(_settled(known, wanted) for wanted in names):
        return known
    return known.with_skus(await _live_skus(app, tenants))


def skus_of(known: Catalogue, names: Iterable[SkuName]) -> Mapping[str, Sku]:
    """The SKU of each name in a body.

    Raises ``RequestRejected`` (422) with the nearest part numbers for what is unknown or ambiguous.
    """
    skus: dict[str, Sku] = {}
    problems: list[Problem] = []
    for each in names:
        found = known.named(each.name, hints=len(problems) < HINTS)
        if isinstance(found, Sku):
            skus[each.name] = found
        else:
            problems.append(Problem(each.pointer, found))
    if problems:
        raise RequestRejected(422, "The request names SKUs that are not known.", problems)
    return skus


def _settled(known: Catalogue, wanted: SkuName) -> bool:
    """Whether the catalogue alone says what the SKU and its plans are; of several of one name the tenants tell."""
    try:
        sku = known.find(wanted.name)
    except AmbiguousSku:
        return False
    if sku is None:
        return is_guid(wanted.name) and all(map(is_guid, wanted.plans))
    return all(find_plan(sku, plan) for plan in wanted.plans)


async def _live_skus(app: Services, tenants: Sequence[Tenant]) -> list[Sku]:
    """What the tenants subscribe to; tenants that cannot be read are left out as long as one answers.

    Raises ``DependencyDown`` when none answered and waiting may help. Where consent is missing everywhere it will not:
    then nothing more is known than the catalogue says.
    """
    gate = asyncio.Semaphore(TENANTS_AT_ONCE)

    async def read(tenant: Tenant) -> list[Sku] | GraphError:
        async with gate:
            try:
                return await app.directory(tenant.id, tenant.credential).skus()
            except GraphError as error:
                return error

    answers = await asyncio.gather(*map(read, tenants))
    lists = [answer for answer in answers if isinstance(answer, list)]
    failures = [answer for answer in answers if isinstance(answer, GraphError)]
    waits = [failure for failure in failures if not isinstance(failure, Denied)]
    if not lists and waits:
        raise DependencyDown("graph", f"The SKUs of the tenants cannot be read: {waits[0]}")
    return [sku for skus in lists for sku in skus]
