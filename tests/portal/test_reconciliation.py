"""Reconciliation: a month's seats and money, as a table and as a chart."""

import re

import httpx
import pytest
from playwright.async_api import expect

from dev.simulator.world import FABRIKAM
from dev.stack import Stack
from tests.portal.conftest import Portal
from tests.portal.people import HOSTILE, newcomer

pytestmark = pytest.mark.asyncio(loop_scope="session")

MONTHS = re.compile(r"/reconciliation\?tenant=[0-9a-f-]+&month=\d{4}-\d\d$")


async def test_a_month_is_told_in_figures_and_in_a_chart(portal: Portal) -> None:
    """The chart says in words what it shows; the CSV has the same rows; the back button leads to the month before."""
    users = await portal.api.all(f"/tenants/{FABRIKAM}/users")
    sku = next(each["sku"] for each in await portal.api.all(f"/tenants/{FABRIKAM}/licenses") if each["available"])
    user = next(user for user in users if user["usageLocation"] and not user["licenses"])
    body = {"targets": [{"tenant": FABRIKAM, "users": {"users": [user["id"]]}}], "licenses": [{"sku": sku}]}
    operation = await portal.api.assign(body)
    await portal.api.until_ended(operation["id"], seconds=30)

    page = portal.page
    await portal.open(f"/reconciliation?tenant={FABRIKAM}")
    row = page.get_by_role("table", name="Reconciliation").get_by_role("row").filter(has_text=sku)
    await expect(row.get_by_role("cell").nth(2)).to_have_text("1")
    await expect(row.get_by_role("cell").nth(4)).to_have_text("+1")
    await expect(page.get_by_role("figure", name=f"Seats by SKU: {sku} 1 added, 0 removed.")).to_be_visible()
    await expect(page.locator("figure svg rect").first).to_be_visible()
    assert await portal.violations() == []

    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Download CSV").click()
    saved = await saving.value
    assert re.fullmatch(r"reconciliation-\d{4}-\d\d\.csv", saved.suggested_filename)
    assert (await saved.path()).read_text().startswith("tenantId,month,sku")

    await page.get_by_role("button", name="The month before").click()
    await expect(page).to_have_url(MONTHS)
    await expect(page.get_by_text("No seat was added or removed.")).to_be_visible()
    await page.go_back()
    await expect(row).to_be_visible()


@pytest.mark.slow
async def test_what_nobody_explains_is_named(portal: Portal, stack: Stack) -> None:
    """A seat that somebody takes elsewhere stands there by tenant and SKU."""
    domain = "wingtip.onmicrosoft.com"
    tenant = await newcomer(stack, domain, lagSeconds=[0, 0])
    await portal.api.register(tenant)
    async with httpx.AsyncClient(base_url=stack.simulator_url) as simulator:
        elsewhere = {"licenses": [{"skuId": "SPE_E3"}]}
        (await simulator.patch(f"/_sim/tenants/{tenant}/users/ana@{domain}", json=elsewhere)).raise_for_status()

    await portal.open(f"/reconciliation?tenant={tenant}")
    await expect(portal.page.get_by_text(f"{HOSTILE}, SPE_E3: +1")).to_be_visible()
    await expect(portal.page.get_by_text("No seat was added or removed.")).to_be_visible()
    assert await portal.page.locator("img").count() == 0
    assert await portal.violations() == []


async def test_a_month_that_is_none_is_refused(portal: Portal) -> None:
    """What stands in the address may be anything; the API says what is wrong with it."""
    await portal.open("/reconciliation?month=2026-13")

    await expect(portal.page.get_by_role("alert")).to_contain_text("month must be a month like 2026-11")
    assert await portal.violations() == []
