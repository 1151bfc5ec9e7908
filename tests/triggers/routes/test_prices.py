"""Prices over HTTP: read and written in one shape, refused by name, within the caller's grants."""

from typing import Any

import pytest

from shared.prices import built_in
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import ADMIN, FOREIGN, GOLD_ADMIN, OPERATOR, READER, Api

EURO: dict[str, Any] = {"currency": "EUR", "monthly": {"SPE_E3": 9.75, "SPE_E5": 57.5}, "asOf": "2026-09-01"}
POUND: dict[str, Any] = {"currency": "GBP", "monthly": {"SPE_E5": 49.1}, "asOf": None}


async def test_before_anybody_entered_prices_the_built_in_ones_are_shown(api: Api) -> None:
    """With the day from which they hold."""
    answer = await api.send("GET", "prices", key=READER)

    assert answer.status == 200
    assert answer.json["tenants"] == {}
    assert answer.json["default"] == {
        "currency": "USD",
        "monthly": {sku: float(price) for sku, price in built_in().monthly.items()},
        "asOf": "2026-07-01",
    }


async def test_what_is_put_is_what_is_read(api: Api, registered: str) -> None:
    """GET and PUT alike: what was read can be sent back; what is absent stays."""
    first = await api.send("PUT", "prices", {"default": EURO, "tenants": {registered: POUND}})
    read = await api.send("GET", "prices")
    again = await api.send("PUT", "prices", read.json)
    default = await api.send("PUT", "prices", {"default": POUND})
    gone = await api.send("PUT", "prices", {"tenants": {}})

    assert first.status == again.status == 200
    assert first.json == read.json == again.json == {"default": EURO, "tenants": {registered: POUND}}
    assert default.json == {"default": POUND, "tenants": {registered: POUND}}
    assert gone.json == {"default": POUND, "tenants": {}}


async def test_names_become_ids_and_part_numbers(api: Api, registered: str) -> None:
    """A tenant by its domain, a SKU by its product name; an own SKU of a tenant is known, too."""
    monthly = {"microsoft 365 e5": 57.5, "05e9a617-0261-4cee-bb44-138d3ef5d965": 0}
    answer = await api.send("PUT", "prices", {"tenants": {"Contoso.com": {"currency": "EUR", "monthly": monthly}}})

    assert answer.json["tenants"] == {
        registered: {"currency": "EUR", "monthly": {"SPE_E3": 0.0, "SPE_E5": 57.5}, "asOf": None}
    }


async def test_a_sku_that_only_a_tenant_knows_can_be_priced(api: Api, simulator: Simulator) -> None:
    """The catalogue ends somewhere; what a tenant of the caller subscribes to has its part number there."""
    own = {"skuPartNumber": "CONTOSO_SPECIAL", "skuId": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "servicePlans": []}
    tenant = simulator.load(domains=["special.example"], skus=[{**own, "enabled": 5}])
    await api.send("PUT", f"tenants/{tenant.id}", {})
    book = {"currency": "USD", "monthly": {"CONTOSO_SPECIAL": 1.25}}
    answer = await api.send("PUT", "prices", {"default": book, "tenants": {tenant.id: book}})

    assert answer.status == 200
    assert answer.json["default"]["monthly"] == answer.json["tenants"][tenant.id]["monthly"] == book["monthly"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"default": EURO | {"currency": "eur"}}, "/default/currency"),
        ({"default": EURO | {"currency": "EURO"}}, "/default/currency"),
        ({"default": {"currency": "EUR"}}, "/default/monthly"),
        ({"default": EURO | {"monthly": {"SPE_E5": -1}}}, "/default/monthly/SPE_E5"),
        ({"default": EURO | {"monthly": {"SPE_E5": 57.505}}}, "/default/monthly/SPE_E5"),
        ({"default": EURO | {"monthly": {"SPE_E5": "57.50"}}}, "/default/monthly/SPE_E5"),
        ({"default": EURO | {"monthly": {"SPE_E5": None}}}, "/default/monthly/SPE_E5"),
        ({"default": EURO | {"monthly": {"A/B~C": 1e-9}}}, "/default/monthly/A~1B~0C"),
        ({"default": EURO | {"asOf": "last year"}}, "/default/asOf"),
        ({"default": EURO | {"asOf": "86400"}}, "/default/asOf"),
        ({"tenants": {"contoso.com": EURO | {"yearly": {}}}}, "/tenants/contoso.com/yearly"),
        ({"prices": EURO}, "/prices"),
    ],
)
async def test_a_wrong_book_is_refused_with_its_place(
    api: Api, registered: str, body: dict[str, Any], pointer: str
) -> None:
    """400, and nothing is stored."""
    answer = await api.send("PUT", "prices", body)

    assert answer.status == 400
    assert list(answer.pointers) == [pointer]
    assert (await api.send("GET", "prices")).json["default"]["asOf"] == "2026-07-01"


async def test_what_is_not_known_is_refused_with_the_nearest_names(api: Api, registered: str) -> None:
    """422 with a pointer to each: SKU, id of no SKU, tenant, and what is named twice; nothing is stored."""
    monthly = {"SPE_E55": 1, "SPE_E5": 2, "Microsoft 365 E5": 3, FOREIGN: 4}
    answer = await api.send(
        "PUT",
        "prices",
        {
            "default": EURO | {"monthly": monthly},
            "tenants": {"contosso.com": POUND, registered: POUND, "contoso.com": POUND},
        },
    )

    assert answer.status == 422
    assert set(answer.pointers) == {
        "/default/monthly/SPE_E55",
        "/default/monthly/Microsoft 365 E5",
        f"/default/monthly/{FOREIGN}",
        "/tenants/contosso.com",
        "/tenants/contoso.com",
    }
    assert "SPE_E5 (Microsoft 365 E5)" in answer.pointers["/default/monthly/SPE_E55"]
    assert "contoso.com" in answer.pointers["/tenants/contosso.com"].partition("nearest")[2]
    assert (await api.send("GET", "prices")).json["tenants"] == {}


async def test_prices_need_an_administrator(api: Api) -> None:
    """Everybody may read them."""
    for key in (READER, OPERATOR):
        assert (await api.send("PUT", "prices", {"default": EURO}, key=key)).status == 403
    assert (await api.send("GET", "prices", key=None)).status == 401


async def test_an_administrator_of_some_tenants_has_their_books_only(
    api: Api, registered: str, simulator: Simulator
) -> None:
    """Invariant 12: other tenants do not exist, their books stay; the default one is theirs to read."""
    other = simulator.load(domains=["other.example"])
    await api.send("PUT", f"tenants/{other.id}", {})
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    await api.send("PUT", "prices", {"default": EURO, "tenants": {registered: POUND, other.id: POUND}}, key=ADMIN)

    seen = await api.send("GET", "prices", key=GOLD_ADMIN)
    foreign = await api.send("PUT", "prices", {"tenants": {"other.example": EURO}}, key=GOLD_ADMIN)
    unknown = await api.send("PUT", "prices", {"tenants": {"nobody.example": EURO}}, key=GOLD_ADMIN)
    default = await api.send("PUT", "prices", {"default": POUND}, key=GOLD_ADMIN)
    own = await api.send("PUT", "prices", {"default": EURO, "tenants": {}}, key=GOLD_ADMIN)

    assert seen.json == {"default": EURO, "tenants": {registered: POUND}}
    assert foreign.status == unknown.status == 404
    assert foreign.json["detail"].replace("other.example", "nobody.example") == unknown.json["detail"]
    assert default.status == 403
    assert own.json == {"default": EURO, "tenants": {}}
    assert (await api.send("GET", "prices")).json == {"default": EURO, "tenants": {other.id: POUND}}


async def test_a_licence_shows_the_price_that_counts_for_its_tenant(api: Api, registered: str) -> None:
    """By the tenant's own book where it has one; without a price there is no currency either (Trap 15)."""
    await api.send("PUT", "prices", {"default": EURO})
    default = await api.send("GET", f"tenants/{registered}/licenses")
    await api.send("PUT", "prices", {"tenants": {registered: POUND}})
    own = await api.send("GET", f"tenants/{registered}/licenses")

    assert [(each["price"], each["currency"]) for each in default.json["value"]] == [(9.75, "EUR"), (57.5, "EUR")]
    assert [(each["price"], each["currency"]) for each in own.json["value"]] == [(None, None), (49.1, "GBP")]


async def test_a_sku_that_cannot_be_looked_up_is_not_called_unknown(
    api: Api, registered: str, contoso: SimulatedTenant
) -> None:
    """Trap 28: Graph does not answer, so nobody can say whether there is such a SKU: come back later."""
    contoso.fault("GET /subscribedSkus", "503")
    answer = await api.send("PUT", "prices", {"default": EURO | {"monthly": {"BRAND_NEW_PRODUCT": 1}}})

    assert answer.status == 503
    assert answer.headers["Retry-After"]
