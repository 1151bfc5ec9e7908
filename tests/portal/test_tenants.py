"""Tenants: the list, onboarding, settings, and taking one out."""

import re

import httpx
import pytest
from playwright.async_api import expect

from dev.api import ApiError
from dev.stack import Stack
from tests.portal.conftest import Opened, Portal
from tests.portal.people import HOSTILE, newcomer, reader

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_tenant_is_brought_on_board_by_its_administrator(portal: Portal, stack: Stack) -> None:
    """Registered by its id, it lacks consent; the link gives it, and the page then knows its name and licences."""
    tenant = await newcomer(stack, "northwind.onmicrosoft.com", consent=False)
    page = portal.page
    await portal.open("/tenants")
    await page.get_by_role("button", name="Add a tenant").click()
    await expect(page.get_by_role("heading", name="Add a tenant")).to_be_focused()
    name = page.get_by_label("Tenant id or domain")
    await name.fill("no tenant")
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_role("alert").first).to_contain_text("The path names no tenant.")
    await expect(page.get_by_text("no tenant is neither a GUID nor a domain").last).to_be_visible()
    assert await portal.violations() == []

    await name.fill(tenant)
    await page.get_by_label("Tags").fill("new, gold")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"/tenants/{tenant}$"))
    await expect(page.get_by_text("Missing", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Make a consent link").click()
    link = await page.get_by_label("Link for the tenant's administrator").input_value()
    assert await portal.violations() == []
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_text("The link was copied").last).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == link

    async with httpx.AsyncClient(follow_redirects=True) as administrator:
        assert (await administrator.get(link)).status_code == 200
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    await expect(page.get_by_role("table", name="Subscribed licences")).to_contain_text("SPE_E3")
    assert (await portal.api.call("GET", f"/tenants/{tenant}"))["tags"] == ["new", "gold"]
    assert await page.locator("img").count() == 0
    assert await portal.violations() == []


async def test_settings_are_saved_and_faults_stand_at_their_fields(portal: Portal, stack: Stack) -> None:
    """Only what was changed is sent; taking the tenant out asks for its domain."""
    domain = "tailspin.onmicrosoft.com"
    tenant = await newcomer(stack, domain)
    await portal.api.register(tenant, tags=["keep"])
    page = portal.page
    await portal.open(f"/tenants/{domain}")
    await expect(page).to_have_url(re.compile(f"/tenants/{tenant}$"))
    location = page.get_by_label("Default usage location")
    await location.fill("1!")
    await page.get_by_role("button", name="Save").click()
    await expect(location).to_have_attribute("aria-invalid", "true")
    assert await portal.violations() == []

    await portal.api.register(tenant, tags=["meanwhile"])
    await location.fill("de")
    await page.get_by_role("button", name="Save").click()
    await expect(location).to_have_value("DE")
    stored = await portal.api.call("GET", f"/tenants/{tenant}")
    assert (stored["defaultUsageLocation"], stored["tags"]) == ("DE", ["meanwhile"])

    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(f"Type {domain} to confirm").fill("tailspin")
    await expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    assert await portal.violations() == []
    await dialog.get_by_label(f"Type {domain} to confirm").fill(domain)
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile("/tenants$"))
    with pytest.raises(ApiError, match="404"):
        await portal.api.call("GET", f"/tenants/{tenant}")


@pytest.mark.slow
async def test_tenants_are_searched_and_a_reader_may_only_look(opened: Opened, stack: Stack) -> None:
    """The search stands in the address; a reader has neither form nor buttons."""
    async with opened(await reader(stack)) as portal:
        page = portal.page
        await portal.open("/tenants?q=fabri")
        await expect(page.get_by_role("row")).to_have_count(2)
        await expect(page.get_by_role("button", name="Add a tenant")).to_have_count(0)
        assert await portal.violations() == []

        await page.get_by_role("link", name="Fabrikam").click()
        await expect(page.get_by_role("table", name="Subscribed licences")).to_be_visible()
        await expect(page.get_by_role("button", name="Delete")).to_have_count(0)
        await expect(page.get_by_role("button", name="Save")).to_have_count(0)
        assert await portal.violations() == []
