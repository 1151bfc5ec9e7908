"""Schedules: the list, and one with its times, its history and what can be done with it."""

import re

import pytest
from playwright.async_api import expect

from dev.api import ApiError, Json
from dev.stack import Stack
from tests.portal.conftest import Opened, Portal
from tests.portal.people import HOSTILE, reader

pytestmark = pytest.mark.asyncio(loop_scope="session")

TENANT = "fabrikam.onmicrosoft.com"


async def scheduled(portal: Portal, name: str) -> Json:
    """A schedule that removes nothing of nobody, every Monday."""
    return await portal.api.call(
        "POST",
        "/schedules",
        json={
            "name": name,
            "operation": "remove",
            "request": {
                "targets": [{"tenant": TENANT, "users": {"users": [f"nobody@{TENANT}"]}}],
                "licenses": [{"sku": "SPE_E3"}],
            },
            "recurrence": {"frequency": "weekly", "daysOfWeek": ["monday"], "time": "02:00", "timeZone": "Asia/Tokyo"},
        },
    )


async def test_a_schedule_is_listed_edited_paused_enabled_and_deleted(portal: Portal) -> None:
    """Its five next times stand there while it is active, its name is text, and deleting it asks first."""
    schedule = await scheduled(portal, HOSTILE)
    page = portal.page
    await portal.open("/schedules")
    row = page.get_by_role("row").filter(has_text=HOSTILE)
    await expect(row).to_contain_text("Every week on Monday at 02:00 (Asia/Tokyo)")
    await expect(row).to_contain_text("Fabrikam")
    assert await page.locator("img").count() == 0
    assert await portal.violations() == []

    await row.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(f"/schedules/{schedule['id']}$"))
    await expect(page.get_by_role("heading", name=HOSTILE)).to_be_focused()
    await expect(page.get_by_role("listitem").filter(has_text=re.compile("^Sunday, .* at 17:00$"))).to_have_count(5)
    await expect(page.get_by_text("It has not run yet")).to_be_visible()
    assert await portal.violations() == []

    await page.get_by_role("button", name="Edit").click()
    editing = page.get_by_role("dialog", name="Edit the schedule")
    await expect(editing.get_by_role("button", name="Save")).to_be_disabled()
    await editing.get_by_role("checkbox", name="Fri").check()
    await editing.get_by_label("Changes a run at most").fill("7")
    assert await portal.violations() == []
    await editing.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Every week on Monday and Friday at 02:00")).to_be_visible()
    changed = await portal.api.call("GET", f"/schedules/{schedule['id']}")
    expected = schedule["recurrence"] | {"daysOfWeek": ["monday", "friday"]}
    assert (changed["recurrence"], changed["maxChangesPerRun"], changed["name"]) == (expected, 7, HOSTILE)

    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("It is paused. The next runs appear here")).to_be_visible()
    assert (await portal.api.call("GET", f"/schedules/{schedule['id']}"))["enabled"] is False
    await page.get_by_role("button", name="Enable").click()
    await expect(page.get_by_text("It is paused.")).to_have_count(0)

    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this schedule?")
    await expect(dialog).to_contain_text(HOSTILE)
    assert await portal.violations() == []
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    await page.get_by_role("button", name="Delete").click()
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile("/schedules$"))
    await expect(page.get_by_role("row").filter(has_text=HOSTILE)).to_have_count(0)
    with pytest.raises(ApiError, match="404"):
        await portal.api.call("GET", f"/schedules/{schedule['id']}")


@pytest.mark.slow
async def test_a_run_at_once_leads_to_its_operation_and_stands_in_the_history(portal: Portal) -> None:
    """The history links each run to its operation."""
    schedule = await scheduled(portal, "Run at once")
    page = portal.page
    await portal.open(f"/schedules/{schedule['id']}")
    await page.get_by_role("button", name="Run now").click()
    await page.get_by_role("dialog").get_by_role("button", name="Run now").click()
    await expect(page).to_have_url(re.compile("/operations/[0-9a-f-]{36}$"))
    operation = page.url.rpartition("/")[2]
    await portal.api.until_ended(operation, seconds=30)

    await page.go_back()
    run = page.get_by_role("table", name="Runs").get_by_role("row").filter(has_text=operation)
    await expect(run).to_contain_text("Failed")
    await expect(run.get_by_role("link")).to_have_attribute("href", f"/api/portal/operations/{operation}")


async def test_a_schedule_that_is_not_there_says_so_and_a_reader_may_only_look(opened: Opened, stack: Stack) -> None:
    """A link to one that was deleted is answered in the API's words."""
    async with opened(await reader(stack)) as portal:
        await portal.open("/schedules/00000000-0000-4000-8000-000000000000")
        await expect(portal.page.get_by_role("alert")).to_contain_text("Not Found")
        assert await portal.violations() == []

        schedule = await scheduled(portal, "Looked at")
        await portal.open(f"/schedules/{schedule['id']}")
        await expect(portal.page.get_by_role("heading", name="Looked at")).to_be_visible()
        await expect(portal.page.get_by_role("button", name="Delete")).to_have_count(0)
