"""What the SKU names of a request stand for: by the catalogue first, else by what the named tenants subscribe to."""

import asyncio
from collections.abc import Mapping, Sequence

from shared.catalogue import AmbiguousSku, Catalogue, catalogue, find_plan, is_guid
from shared.contracts.selections import SkuName
from shared.domain.model import ServicePlan, Sku
from shared.domain.tenant import Tenant
from shared.errors import Denied, DependencyDown, GraphError, Problem, RequestRejected
from shared.services import Services

TENANTS_AT_ONCE = 8


async def resolve_skus(app: Services, names: Sequence[SkuName], tenants: Sequence[Tenant]) -> Mapping[str, Sku]:
    """The SKU of each name in a body.

    A GUID that nobody knows stands for itself: planning tells whether the tenant has it. Raises ``RequestRejected``
    (422) with the nearest part numbers for what is unknown or ambiguous, and ``DependencyDown`` when no tenant could be
    asked.
    """
    known = catalogue()
    if not all(_settled(known, wanted) for wanted in names):
        known = known.with_skus(await _live_skus(app, tenants))
    found: dict[str, Sku] = {}
    problems: list[Problem] = []
    for pointer, name, _ in names:
        try:
            sku = known.find(name)
        except AmbiguousSku as ambiguous:
            problems.append(Problem(pointer, str(ambiguous)))
            continue
        if sku is None and is_guid(name):
            sku = Sku(name.lower(), "")
        if sku is None:
            near = known.nearest(name)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            problems.append(Problem(pointer, f"{name} is no known SKU{hint}"))
        else:
            found[name] = sku
    if problems:
        raise RequestRejected(422, "The request names SKUs that are not known.", problems)
    return found


def plan_of(sku: Sku, text: str) -> ServicePlan | None:
    """The service plan a text stands for; of a SKU that nobody knows any plan id is taken."""
    if not sku.service_plans and is_guid(text):
        return ServicePlan(text.lower(), text.lower())
    return find_plan(sku, text)


def _settled(known: Catalogue, wanted: SkuName) -> bool:
    """Whether the catalogue alone says what the SKU and its plans are; an ambiguous name is settled, it is refused."""
    try:
        sku = known.find(wanted.name)
    except AmbiguousSku:
        return True
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
