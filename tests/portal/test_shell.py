"""What all views share: signing in, the navigation, deep links, and how little is loaded."""

import re

import pytest
from playwright.async_api import Response, expect

from dev.stack import Stack
from tests.portal.conftest import Opened, Portal
from tests.portal.people import reader

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY: dict[str, str] = {}
FIRST_LOAD_BYTES = 400_000


async def test_who_is_not_signed_in_is_asked_and_then_led_to_where_they_wanted(opened: Opened, stack: Stack) -> None:
    """A wrong key is refused in the API's words, the right one opens the very view; signing out forgets it."""
    async with opened(NOBODY) as portal:
        page = portal.page
        await portal.open("/operations?status=failed")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await portal.violations() == []

        await page.get_by_label("API key or access token").fill("wrong")
        await page.get_by_role("button", name="Sign in with it").click()
        await expect(page.get_by_role("alert")).to_contain_text("Unauthorized")

        await page.get_by_label("API key or access token").fill(stack.api_key)
        await page.get_by_role("button", name="Sign in with it").click()
        await expect(page.get_by_role("heading", name="Operations")).to_be_visible()
        await expect(page.get_by_label("Status")).to_have_value("failed")

        await page.get_by_role("button", name="Signed in as localhost").click()
        await page.get_by_role("menuitem", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)") == "{}{}"


async def test_a_reader_signs_in_with_a_token_and_is_offered_what_a_reader_may(opened: Opened, stack: Stack) -> None:
    """What a role may not do is not in the navigation either; the API refuses it in any case."""
    token = (await reader(stack))["value"]
    async with opened(NOBODY) as portal:
        page = portal.page
        await portal.open()
        await page.get_by_label("API key or access token").fill(token)
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("button", name="Signed in as Rob Reader")).to_be_visible()
        await expect(page.get_by_role("link", name="Audit")).to_be_visible()
        await expect(page.get_by_role("link", name="New operation")).to_have_count(0)
        await expect(page.get_by_role("button", name="New operation")).to_have_count(0)


async def test_a_link_that_leads_nowhere_says_so_and_leads_back(portal: Portal) -> None:
    """The page answers to every address below its own, and knows which of them are views."""
    await portal.open("/no/such/view")

    await expect(portal.page.get_by_role("heading", name="There is no such page")).to_be_visible()
    assert await portal.violations() == []
    await portal.page.get_by_role("link", name="Go to the operations").click()
    await expect(portal.page).to_have_url(re.compile("/api/portal/operations$"))


async def test_the_dark_theme_is_readable_too(opened: Opened) -> None:
    """Who prefers dark gets it, with the contrasts that axe asks for."""
    async with opened(color_scheme="dark") as portal:
        await portal.open("/operations")
        await expect(portal.page.get_by_role("heading", name="Operations")).to_be_visible()

        assert await portal.violations() == []


async def test_the_view_stays_to_be_seen_behind_what_opens_above_it(portal: Portal) -> None:
    """A menu, like a dialog, covers what it needs; the rest can be seen, and what is seen can be clicked."""
    await portal.open("/operations")
    await portal.page.get_by_role("button", name="Signed in as").click()
    await expect(portal.page.get_by_role("menuitem", name="Sign out")).to_be_visible()

    at = "[[20, 20], [120, 400], [720, 600]].map(([x, y]) => document.elementFromPoint(x, y).closest('#root') !== null)"
    assert await portal.page.evaluate(at) == [True, True, True]


async def test_the_first_view_loads_little(portal: Portal) -> None:
    """All files that the first view asks for, as they come over the wire, are below 400 kB together."""
    sizes: dict[str, int] = {}

    def note(answer: Response) -> None:
        if "/api/portal" in answer.url:
            sizes[answer.url] = int(answer.headers["content-length"])

    portal.page.on("response", note)
    await portal.open("/operations")
    await expect(portal.page.get_by_role("heading", name="Operations")).to_be_visible()

    assert len(sizes) > 2
    assert sum(sizes.values()) < FIRST_LOAD_BYTES
