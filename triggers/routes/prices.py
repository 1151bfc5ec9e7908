"""The price books: what a seat costs a month, by default and in each tenant."""

import asyncio
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import azure.functions as func

from shared.catalogue import Catalogue
from shared.contracts import review
from shared.contracts.price_body import BookBody, PricesBody
from shared.contracts.responses import PricesResource
from shared.contracts.routes import BASE, Answer, Route
from shared.contracts.selections import SkuName
from shared.domain import nearest
from shared.domain.caller import Role
from shared.domain.prices import PriceBook
from shared.domain.tenant import Tenant
from shared.errors import NotFound, Problem, RequestRejected
from shared.services import Services
from shared.tables.prices import Prices
from triggers.requests.registry import enabled_tenants, nearest_tenants
from triggers.requests.skus import HINTS, catalogue_for
from triggers.web.bodies import pointer
from triggers.web.http import Call, json_answer
from triggers.web.router import Router

router = Router()

PRICES = f"{BASE}/prices"
AT_ONCE = 8
"""Tenants whose SKUs are looked up side by side."""


@router.add(
    Route(
        name="get_prices",
        method="GET",
        path=PRICES,
        summary="The default price book and those of tenants.",
        role=Role.READ,
        answers=(Answer(200, "The default book, and those of the tenants that the caller sees.", PricesResource),),
    )
)
async def get_prices(call: Call, app: Services) -> func.HttpResponse:
    """The books that the caller sees; before anybody entered prices, the built-in list prices."""
    return await _as_they_are(call, app)


@router.add(
    Route(
        name="put_prices",
        method="PUT",
        path=PRICES,
        summary="Enter prices: the default book, those of tenants, or both; what is absent stays as it is.",
        role=Role.ADMIN,
        body=PricesBody,
        answers=(Answer(200, "The books as they are now.", PricesResource),),
        problems={
            409: "Somebody else changed a book at the same time.",
            422: "The body names a tenant that is not registered, or a SKU that nobody knows, with the nearest ones.",
        },
    )
)
async def put_prices(call: Call, app: Services) -> func.HttpResponse:
    """Put books in place of those that are stored; names of tenants and SKUs become ids and part numbers."""
    body = call.parsed(PricesBody)
    before = await app.prices.read(call.caller)
    problems: list[Problem] = []
    given = body.tenants or {}
    owners = await _owners(call, app, before, given, problems)
    entries = [_Entry(("tenants", name), given[name], [owner]) for name, owner in owners.items()]
    if body.default:
        entries.append(_Entry(("default",), body.default, await enabled_tenants(app, call.caller)))
    books = await _books(app, entries, problems)
    if problems:
        raise RequestRejected(422, "The body names what is not known, or names it twice.", problems)
    default = books.pop() if body.default else None
    by_tenant = {owner.id: book for owner, book in zip(owners.values(), books, strict=True)}
    await app.prices.write(call.caller, before, default, None if body.tenants is None else by_tenant)
    return await _as_they_are(call, app)


async def _as_they_are(call: Call, app: Services) -> func.HttpResponse:
    books = await app.prices.read(call.caller)
    return json_answer(review.prices(books.default, books.tenants))


class _Entry(NamedTuple):
    """A book of the body, where it stands, and the tenants whose SKUs it may name beside those of the catalogue."""

    place: tuple[str, ...]
    body: BookBody
    tenants: list[Tenant]

    @property
    def names(self) -> list[SkuName]:
        """The SKUs that it names."""
        return [SkuName(pointer(*self.place, "monthly", name), name) for name in self.body.monthly]


async def _owners(
    call: Call, app: Services, before: Prices, names: Iterable[str], problems: list[Problem]
) -> dict[str, Tenant]:
    """The tenant of each name; what is unknown or named twice goes to ``problems``.

    A tenant that left the registry may keep its book, so that what was read can be sent back. Raises ``NotFound`` when
    a caller with limited grants names another tenant than its own.
    """
    owners: dict[str, Tenant] = {}
    first: dict[str, str] = {}
    for name in names:
        try:
            owner = await app.tenants.get(call.caller, name)
        except NotFound:
            if name not in before.tenants:
                near = await nearest_tenants(app, call.caller, name) if len(problems) < HINTS else ()
                short, hint = nearest.shortened(name), nearest.hint(near)
                if call.caller.tenants is not None:
                    raise NotFound(f"there is no tenant {short} among those of this caller{hint}") from None
                problems.append(Problem(pointer("tenants", name), f"{short} is not registered{hint}"))
                continue
            owner = Tenant(id=name, enabled=False)
        if first.setdefault(owner.id, name) != name:
            twice = f"{name} is the tenant of {pointer('tenants', first[owner.id])} again"
            problems.append(Problem(pointer("tenants", name), twice))
        owners[name] = owner
    return owners


async def _books(app: Services, entries: Sequence[_Entry], problems: list[Problem]) -> list[PriceBook]:
    """The books by part numbers; a SKU that is not known or named twice goes to ``problems``."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def known_to(entry: _Entry) -> Catalogue:
        async with gate:
            return await catalogue_for(app, entry.names, [tenant for tenant in entry.tenants if tenant.enabled])

    known = await asyncio.gather(*map(known_to, entries))
    return [_book(*each, problems) for each in zip(entries, known, strict=True)]


def _book(entry: _Entry, known: Catalogue, problems: list[Problem]) -> PriceBook:
    monthly: dict[str, Decimal] = {}
    first: dict[str, str] = {}
    for each in entry.names:
        sku = known.named(each.name, hints=len(problems) < HINTS)
        if isinstance(sku, str):
            problems.append(Problem(each.pointer, sku))
        elif not sku.part_number:
            problems.append(Problem(each.pointer, f"{each.name} is the id of no known SKU: name it by its part number"))
        elif (where := first.setdefault(sku.part_number, each.pointer)) != each.pointer:
            problems.append(Problem(each.pointer, f"{each.name} is the SKU of {where} again"))
        else:
            monthly[sku.part_number] = Decimal(repr(entry.body.monthly[each.name]))
    return PriceBook(entry.body.currency, monthly, entry.body.as_of)
