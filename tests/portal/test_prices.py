"""Prices: the default book, and those of tenants."""

import pytest
from playwright.async_api import expect

from dev.simulator.world import ADATUM
from dev.stack import Stack
from tests.portal.conftest import Opened, Portal
from tests.portal.people import reader

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_prices_are_changed_and_faults_stand_at_their_fields(portal: Portal) -> None:
    """What the page sees and what only the API knows stand both at the field; nothing is saved before all is right."""
    before = await portal.api.call("GET", "/prices")
    page = portal.page
    await portal.open("/prices")
    price = page.get_by_label("Price of SPE_E5", exact=True)
    await price.fill("57.123")
    await page.get_by_role("button", name="Save").click()
    await expect(price).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text("A price has at most two decimals, not 57.123").last).to_be_visible()
    assert await portal.violations() == []

    await price.fill("57.5")
    await page.get_by_role("button", name="Add a price").click()
    await page.get_by_label("SKU", exact=True).last.fill("SPE_E5")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("It has a price above.")).to_be_visible()
    await expect(page.get_by_text("Enter a price, 0 for what is free.")).to_be_visible()
    assert await portal.api.call("GET", "/prices") == before
    await page.get_by_role("button", name="Remove the price of SPE_E5", exact=True).last.click()

    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The prices were saved").last).to_be_visible()
    assert (await portal.api.call("GET", "/prices"))["default"]["monthly"]["SPE_E5"] == 57.5
    await portal.api.call("PUT", "/prices", json={"default": before["default"]})


@pytest.mark.slow
async def test_a_tenant_gets_prices_of_its_own_and_loses_them_again(portal: Portal) -> None:
    """They begin as a copy of the default ones, and a SKU that nobody knows is named at its row.

    The link that leads there names the tenant by its domain.
    """
    page = portal.page
    await portal.open("/prices?tenant=adatum.onmicrosoft.com")
    await page.get_by_role("button", name="Give it its own").click()
    await page.get_by_role("button", name="Add a price").click()
    await page.get_by_label("SKU", exact=True).last.fill("SPE_E55")
    await page.get_by_label("Price of SPE_E55", exact=True).fill("1")
    await page.get_by_label("Currency").fill("eur")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Price of SPE_E55", exact=True)).to_have_attribute("aria-invalid", "true")

    await page.get_by_role("button", name="Remove the price of SPE_E55").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Remove this book")).to_be_visible()
    assert (await portal.api.call("GET", "/prices"))["tenants"][ADATUM]["currency"] == "EUR"
    assert await portal.violations() == []

    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    await page.get_by_label("Price of SPE_E5", exact=True).fill("1")
    await page.get_by_role("button", name="Remove this book").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("A. Datum has no prices of its own")).to_be_visible()
    assert sent.count("PUT") == 1, "what was typed in and not saved is not sent with it"
    assert ADATUM not in (await portal.api.call("GET", "/prices"))["tenants"]
    assert await portal.violations() == []


async def test_a_reader_sees_prices_in_words_of_their_own_country(opened: Opened, stack: Stack) -> None:
    """Money is written as the user's locale writes it."""
    async with opened(await reader(stack), locale="de-DE") as portal:
        await portal.open("/prices")
        row = portal.page.get_by_role("row").filter(has_text="Microsoft_365_E3_(no_Teams)")
        await expect(row).to_contain_text("30,45\u00a0$")
        await expect(portal.page.get_by_role("button", name="Save")).to_have_count(0)
        assert await portal.violations() == []
