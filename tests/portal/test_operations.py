"""The list of operations."""

import re

import pytest
from playwright.async_api import Route, expect

from tests.portal.conftest import Portal
from tests.portal.people import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTS = re.compile(r"/bulk-licenses/operations\?")


async def test_operations_are_listed_filtered_and_linked(portal: Portal) -> None:
    """Filters stand in the address, so that the back button undoes them; names of others are text and nothing else."""
    done = await portal.api.assign(
        {
            "targets": [
                {"tenant": "fabrikam.onmicrosoft.com", "users": {"users": ["nobody@fabrikam.onmicrosoft.com"]}}
            ],
            "licenses": [{"sku": "SPE_E5"}],
            "reason": HOSTILE,
        }
    )
    page = portal.page
    await portal.open("/operations")
    link = page.locator(f"a[href='/api/portal/operations/{done['id']}']")
    row = page.get_by_role("row").filter(has=link, has_text=HOSTILE)
    await expect(row).to_contain_text("Fabrikam")
    await expect(row).to_contain_text("Failed")
    assert await page.locator("img").count() == 0
    assert await portal.violations() == []

    await page.get_by_label("Status").select_option("Cancelling")
    await expect(page.get_by_text("No operation matches these filters")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"\?status=cancelling$"))
    assert await portal.violations() == []

    await page.go_back()
    await expect(row).to_be_visible()
    await page.get_by_label("Tenant").select_option(label="Contoso")
    await expect(row).to_have_count(0)


async def test_a_list_that_cannot_be_read_is_not_an_empty_one(portal: Portal) -> None:
    """What the API says stands there, with a way to ask again."""
    page = portal.page

    async def down(route: Route) -> None:
        body = {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": "Tables are down.",
            "instance": "",
        }
        await route.fulfill(status=503, json=body, content_type="application/problem+json")

    await page.route(LISTS, down)
    await portal.open("/operations")

    await expect(page.get_by_role("alert")).to_contain_text("Tables are down.")
    await expect(page.get_by_text("Nothing was done yet")).to_have_count(0)
    await page.unroute(LISTS)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("table", name="Operations")).to_be_visible()
