"""One operation, live: what is done with it, and what became of each user."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from dev.stack import Stack
from tests.portal.conftest import Opened, Portal
from tests.portal.people import HOSTILE, reader
from tests.portal.steps import REASON, loaded, tile

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _started(portal: Portal, stack: Stack, domain: str, *beside: dict[str, Any], **body: Any) -> dict[str, Any]:
    """An assign to twelve users, of whom one does not exist, and to other targets beside them."""
    people = [{"userPrincipalName": f"u{n}@{domain}", "displayName": HOSTILE, "usageLocation": "DE"} for n in range(11)]
    skus = [{"skuPartNumber": "SPE_E3", "enabled": 50}]
    tenant = await loaded(stack, displayName=HOSTILE, domains=[domain], skus=skus, users=people)
    users = [*(each["userPrincipalName"] for each in people), f"nobody@{domain}"]
    return await portal.api.assign(
        {
            "targets": [{"tenant": tenant, "users": {"users": users}}, *beside],
            "licenses": [{"sku": "SPE_E3"}],
            "reason": REASON,
            **body,
        }
    )


async def test_a_canary_is_approved_and_what_failed_is_grouped(portal: Portal, stack: Stack, tmp_path: Path) -> None:
    """The page shows by itself how it goes on in each tenant; errors say what to do, and what failed is tried again."""
    options = {"canary": {"users": 3, "approve": "manual"}}
    other = await loaded(stack, displayName="Without the group", domains=["without.example"])
    beside = {"tenant": other, "users": {"group": {"displayName": "Sales"}}}
    operation = await _started(portal, stack, "canary.example", beside, options=options)
    page = portal.page
    await portal.open(f"/operations/{operation['id']}")
    await expect(page.get_by_text("Awaiting approval").first).to_be_visible()
    await expect(tile(page, "succeeded")).to_have_text("3")
    tenants = page.get_by_role("table", name="How it goes in each tenant").get_by_role("row")
    going, stopped = tenants.filter(has_text="canary.example"), tenants.filter(has_text="without.example")
    await expect(going).to_contain_text("Awaiting approval")
    await expect(going).to_contain_text("4 of 12 users (33%)")
    await expect(stopped).to_contain_text("Without the group")
    await expect(stopped).to_contain_text("No such group")
    await expect(stopped.get_by_text("Failed", exact=True)).to_be_visible()
    assert await portal.violations() == []
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Partially succeeded").first).to_be_visible()  # without a reload
    await expect(tile(page, "succeeded")).to_have_text("11")
    await expect(going).to_contain_text("Partially succeeded")
    await expect(stopped).to_contain_text("No such group")
    audited = page.get_by_role("link", name="Audit entries")
    await expect(audited).to_have_attribute("href", f"/api/portal/audit?operation={operation['id']}")

    failed = page.get_by_role("region", name="What failed, and what to do")
    await expect(failed).to_contain_text("No such user: 1 user")
    await expect(failed).to_contain_text("Check the object id or principal name")
    results = page.get_by_role("table", name="Results")
    await expect(results.get_by_role("row")).to_have_count(13)
    await page.get_by_label("Result", exact=True).select_option("Failed")
    await expect(results.get_by_role("row")).to_have_count(2)
    await expect(results).to_contain_text("nobody@canary.example")
    await expect(page).to_have_url(re.compile("result=failed"))
    await expect(page.get_by_text(REASON)).to_be_visible()
    assert await page.locator("img").count() == 0
    assert await portal.violations() == []

    await page.get_by_label("Result", exact=True).select_option("All results")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Download CSV").click()
    file = tmp_path / "results.csv"
    await (await saving.value).save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        assert len(list(csv.DictReader(lines))) == 12

    await page.get_by_role("button", name="Retry what failed").click()
    await expect(page).not_to_have_url(re.compile(operation["id"]))
    await expect(page.get_by_role("link", name="What it follows from")).to_be_visible()
    await expect(tile(page, "failed")).to_have_text("1")


@pytest.mark.slow
async def test_an_operation_is_paused_resumed_and_cancelled(portal: Portal, stack: Stack) -> None:
    """Each verb is offered where it fits; cancelling asks once more."""
    window = {"days": ["monday"], "from": "00:00", "to": "00:01", "timeZone": "Pacific/Kiritimati"}
    operation = await _started(portal, stack, "paused.example", options={"window": window})
    page = portal.page
    await portal.open(f"/operations/{operation['id']}")
    await expect(page.get_by_text("Waiting for its hours").first).to_be_visible()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("Paused", exact=True).first).to_be_visible()
    assert await portal.violations() == []
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_text("Waiting for its hours").first).to_be_visible()

    await page.get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    assert await portal.violations() == []
    await dialog.get_by_role("button", name="Go back").click()
    await expect(dialog).to_have_count(0)
    await page.get_by_role("button", name="Cancel").click()
    await dialog.get_by_role("button", name="Cancel the operation").click()
    await expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()
    await expect(page.get_by_role("button", name="Pause")).to_have_count(0)


@pytest.mark.slow
async def test_a_reader_watches_and_does_nothing(opened: Opened, portal: Portal, stack: Stack) -> None:
    """No verb is offered; an operation that is not there is not an empty one."""
    operation = await _started(portal, stack, "read.example")
    async with opened(await reader(stack)) as watching:
        await watching.open(f"/operations/{operation['id']}")
        await expect(watching.page.get_by_text("Partially succeeded").first).to_be_visible()
        for verb in ("Retry what failed", "Revert"):
            await expect(watching.page.get_by_role("button", name=verb)).to_have_count(0)
        await watching.open("/operations/0b1c2d3e-0000-4000-8000-000000000000")
        await expect(watching.page.get_by_role("alert")).to_contain_text("Not Found")
