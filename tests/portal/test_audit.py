"""The audit: its entries, and whether they are what was recorded."""

import re
from dataclasses import replace

import pytest
from playwright.async_api import Route, expect

from dev.api import Json
from dev.simulator.world import ADATUM
from dev.stack import Stack
from shared.settings import read_settings
from shared.tables.audit_rows import entry_key
from shared.tables.client import Tables
from shared.tables.table import Write
from tests.portal.conftest import Opened, Portal

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKUP = "<svg onload=alert(1)> & 'audited'"
VERIFY = re.compile(r"/audit/verify\?")


async def changed(portal: Portal, reason: str) -> Json:
    """An audit entry of one of A. Datum's users, who got or lost a licence."""
    users = await portal.api.all(f"/tenants/{ADATUM}/users")
    licences = [each for each in await portal.api.all(f"/tenants/{ADATUM}/licenses") if each["available"] > 0]
    sku, user = next(
        (licence["sku"], user)
        for licence in licences
        for user in users
        if user["usageLocation"] and licence["sku"] not in [held["sku"] for held in user["licenses"]]
    )
    body = {
        "targets": [{"tenant": ADATUM, "users": {"users": [user["id"]]}}],
        "licenses": [{"sku": sku}],
        "reason": reason,
    }
    operation = await portal.api.assign(body)
    await portal.api.until_ended(operation["id"], seconds=30)
    [entry] = await portal.api.all("/audit", operation=operation["id"])
    return entry


async def test_entries_are_found_read_and_saved(portal: Portal) -> None:
    """Filters stand in the address; an entry shows what was held before and after; the CSV has the same entries."""
    entry = await changed(portal, MARKUP)
    [sku] = entry["seatChange"]
    page = portal.page
    await portal.open("/audit")
    await page.get_by_label("Operation", exact=True).fill(entry["operationId"])
    await page.get_by_label("From", exact=True).fill("2026-11-02")
    await page.get_by_label("To", exact=True).fill("2026-11-01")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_text("This day is before the first one.")).to_be_visible()
    await expect(page).to_have_url(re.compile("/audit$"))
    assert await portal.violations() == []

    await page.get_by_label("From", exact=True).fill("2020-01-01")
    await page.get_by_label("To", exact=True).fill("")
    await page.get_by_role("button", name="Apply").click()
    await expect(page).to_have_url(re.compile(f"operation={entry['operationId']}"))
    row = page.get_by_role("row").filter(has_text=MARKUP)
    await expect(row).to_contain_text(f"{sku} added")
    assert await page.locator("svg[onload]").count() == 0
    assert await portal.violations() == []

    show = row.get_by_role("button", name=f"Show before and after of entry {entry['sequence']}")
    await show.click()
    drawer = page.get_by_role("dialog", name=f"Entry {entry['sequence']}")
    licence = drawer.get_by_role("row").filter(has_text=sku)
    await expect(licence).to_contain_text("Not held")
    await expect(licence).to_contain_text("Added")
    await expect(drawer).to_contain_text(entry["hash"])
    assert await portal.violations() == []
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)
    await expect(show).to_be_focused()

    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Download CSV").click()
    saved = await saving.value
    assert saved.suggested_filename == "audit.csv"
    header, *lines = (await saved.path()).read_text().splitlines()
    assert header.startswith("tenantId,sequence,at")
    assert [line.split(",")[4] for line in lines] == [entry["operationId"]]


@pytest.mark.slow
async def test_a_check_goes_on_until_it_is_done(portal: Portal) -> None:
    """A chain too long for one request is checked part by part, and nobody is told a verdict before the last."""
    entry = await changed(portal, "To be checked")
    parts: list[str] = []

    async def cut(route: Route) -> None:
        parts.append(route.request.url)
        if "cursor=" in route.request.url:
            await route.continue_(url=re.sub(r"&?cursor=\w+", "", route.request.url))
            return
        answer = await route.fetch()
        found = await answer.json() | {"status": "unfinished", "nextLink": f"{route.request.url}&cursor=abc"}
        await route.fulfill(response=answer, json=found)

    page = portal.page
    await page.route(VERIFY, cut)
    await portal.open(f"/audit?tenant={ADATUM}")
    await expect(page.get_by_text("Not checked yet.")).to_be_visible()
    await page.get_by_role("button", name="Check it").click()

    await expect(page.get_by_text(re.compile(f"{entry['sequence']} entr(y|ies), each as"))).to_be_visible()
    assert len(parts) == 2
    assert await portal.violations() == []


@pytest.mark.slow
async def test_a_chain_that_was_tampered_with_is_named(opened: Opened, stack: Stack) -> None:
    """Of all tenants, the one with a forged entry is broken from that entry on."""
    async with opened() as portal:
        entry = await changed(portal, "To be forged")
        settings = {"AzureWebJobsStorage": stack.storage, "GRAPH_CREDENTIAL": "static:test"}
        tables = Tables.open(read_settings({**settings, "GRAPH_BASE_URL": stack.simulator_url}))
        row = await tables.table("audit").get(ADATUM, entry_key(entry["sequence"]))
        assert row
        await tables.table("audit").write(Write("upsert", replace(row, values={**row.values, "reason": "forged"})))

        await portal.open("/audit?view=verification")
        await portal.page.get_by_role("button", name="Check all").click()
        broken = portal.page.get_by_role("row").filter(has_text="Broken")
        await expect(broken).to_contain_text(f"From entry {entry['sequence']} on it is not what was recorded")
        for sound in ("Contoso", "Fabrikam"):
            row_of = portal.page.get_by_role("row").filter(has=portal.page.get_by_role("link", name=sound))
            await expect(row_of).to_contain_text(re.compile("Intact|Empty"))
        assert await portal.violations() == []

        await tables.table("audit").write(Write("upsert", row))
        await tables.close()
