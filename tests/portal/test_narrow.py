"""Every view on a tablet and on a phone: what is too wide goes on in the next line, or scrolls in its own frame."""

from typing import Any

import pytest
from playwright.async_api import expect

from dev.api import Api
from dev.pictures.steps import choose_group, choose_tenants, next_step
from dev.simulator.world import CONTOSO
from dev.stack import Stack
from tests.portal.conftest import Opened, Portal
from tests.portal.people import newcomer

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDTHS = (768, 390)
HEIGHT = 844
LONG = "Aktiengesellschaftsbeteiligungsverwaltungs" * 4
SIDEWAYS = """async () => {
    // A search box keeps the button that empties it out of sight until there is something in it.
    const frames = "section[tabindex='0'], [role=listbox], pre[tabindex='0'], .fui-SearchBox";
    const isOut = (each) => {
        const { right, width } = each.getBoundingClientRect();
        return width > 1 && right > innerWidth + 1 && !each.parentElement.closest(frames);
    };
    const isWide = (each) => each.scrollWidth > each.clientWidth;
    let found;
    // A chart is drawn anew some frames after its frame has become narrower.
    for (let n = 0; n < 120; n++) {
        const main = document.querySelector("main");
        found = [document.scrollingElement, main].filter(isWide).concat([...main.querySelectorAll("*")].filter(isOut));
        if (found.length === 0) break;
        await new Promise(requestAnimationFrame);
    }
    return found.slice(0, 5).map((each) => each.outerHTML.slice(0, 160));
}"""
"""What is wider than the screen: the page itself, its main part, and what sticks out of that unseen."""


async def _fits(portal: Portal) -> None:
    """Nothing goes out of sight sideways, at either width, and axe finds no fault."""
    for width in WIDTHS:
        await portal.page.set_viewport_size({"width": width, "height": HEIGHT})
        found = await portal.page.evaluate(SIDEWAYS)
        assert found == [], f"{portal.page.url} at {width}"
    assert await portal.violations() == []


async def _scheduled(api: Api, tenant: str) -> str:
    body: dict[str, Any] = {
        "name": LONG,
        "operation": "remove",
        "request": {
            "targets": [{"tenant": tenant, "users": {"users": ["nobody@long.example"]}}],
            "licenses": [{"sku": "SPE_E3"}],
        },
        "recurrence": {"frequency": "daily", "time": "02:00", "timeZone": "America/Argentina/ComodRivadavia"},
    }
    return (await api.call("POST", "/schedules", json=body))["id"]


async def test_each_view_fits_a_narrow_screen(opened: Opened, stack: Stack) -> None:
    """Also with names that have no place to break, of a tenant, a schedule and a reason."""
    tenant = await newcomer(stack, "long.example", displayName=LONG)
    async with opened(viewport={"width": WIDTHS[0], "height": HEIGHT}) as portal:
        await portal.api.register(tenant, tags=[LONG[:60]])
        schedule = await _scheduled(portal.api, tenant)
        body = {
            "targets": [{"tenant": each, "users": {"users": ["nobody@long.example"]}} for each in (tenant, CONTOSO)],
            "licenses": [{"sku": "SPE_E3"}],
            "reason": LONG,
        }
        operation = await portal.api.assign(body)
        await portal.api.until_ended(operation["id"], seconds=30)

        views: dict[str, Any] = {
            "/operations": "table",
            f"/operations/{operation['id']}": "table",
            "/schedules": "table",
            f"/schedules/{schedule}": "list",
            "/audit": "textbox",
            "/audit?view=verification": "table",
            "/reconciliation": "table",
            "/tenants": "table",
            "/tenants/new": "textbox",
            f"/tenants/{tenant}": "table",
            f"/prices?tenant={CONTOSO}": "button",
        }
        for path, there in views.items():
            await portal.open(path)
            await portal.page.locator("main").get_by_role(there).first.wait_for()
            await _fits(portal)

        # The navigation is folded, and there when it is asked for.
        link = portal.page.get_by_role("link", name="Schedules")
        await expect(link).to_have_count(0)
        await portal.page.get_by_role("button", name="Navigation").click()
        await expect(link).to_be_visible()
        assert await portal.violations() == []


async def test_the_wizard_fits_a_narrow_screen(opened: Opened) -> None:
    """Each of its steps, with all that can be unfolded in them."""
    async with opened(viewport={"width": WIDTHS[0], "height": HEIGHT}) as portal:
        page = portal.page
        await portal.open("/new")
        await choose_tenants(page, "Contoso")
        await choose_group(page, "Sales Japan")
        await _fits(portal)
        await next_step(page, "configure")
        await page.get_by_role("checkbox", name="Microsoft 365 E5").check()
        await page.get_by_role("button", name="Service plans of Microsoft 365 E5").click()
        for switch in ("Try it on a few users first", "Stop when too many fail", "Work only within certain hours"):
            await page.get_by_role("switch", name=switch).check()
        await page.get_by_role("radio", name="Recurring").check()
        await page.get_by_label("Name of the schedule").fill(LONG)
        await _fits(portal)
        await next_step(page, "review")
        await expect(page.get_by_role("table", name="What becomes of each user")).to_be_visible()
        await _fits(portal)
        await next_step(page, "execute")
        await _fits(portal)
