"""``python -m dev.pictures``: go through the page on a demo world and write what it shows into docs/portal/."""

import argparse
import asyncio
import json
import re
import shutil
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from dev.pictures.steps import choose_group, choose_tenants, next_step
from dev.pictures.world import NEWCOMER, prepare, slow_writes
from dev.simulator.world import CONTOSO
from dev.stack import Stack
from dev.stack.stack import REPOSITORY

FOLDER = REPOSITORY / "docs" / "portal"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
TO_THE_TOP = "element => element.scrollIntoView({ block: 'start' })"
SECOND_MS = 1_000
"""What fades in has done so by then."""

type Picture = Callable[[str], Awaitable[None]]


async def main(folder: Path, width: int, height: int) -> int:
    """Make the pictures; 1 where the machine has no Chromium."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        print("There is no Chromium on PATH (Debian and Ubuntu: apt-get install chromium).", file=sys.stderr)
        return 1
    folder.mkdir(exist_ok=True)
    async with Stack(world="demo") as stack, async_playwright() as playwright:
        schedule = await prepare(stack)
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        size = {"width": width, "height": height}
        page = await browser.new_page(viewport=size, locale="en-GB", reduced_motion="reduce")  # pyright: ignore[reportArgumentType]
        stored = json.dumps(json.dumps({"kind": "key", "value": stack.api_key}))
        await page.add_init_script(f"sessionStorage.setItem('credential', {stored})")
        take = partial(_picture, page, folder)
        await _wizard(page, f"{stack.api_url}/api/portal", take, partial(slow_writes, stack))
        await _lists(page, f"{stack.api_url}/api/portal", take, schedule)
        await browser.close()
    return 0


async def _wizard(page: Page, root: str, take: Picture, slow: Callable[[float], Awaitable[None]]) -> None:
    """The five steps, and the way back."""
    await page.goto(f"{root}/new")
    await choose_tenants(page, "Contoso")
    await choose_group(page, "Sales Department")
    await expect(page.get_by_text("users selected now")).to_be_visible()
    await take("select")

    await next_step(page, "configure")
    await page.get_by_role("checkbox", name="Microsoft 365 E5").check()
    await page.get_by_role("button", name="Service plans of Microsoft 365 E5").click()
    await page.get_by_role("switch", name="YAMMER_ENTERPRISE").uncheck()
    await page.get_by_label("Set it").select_option("fromUserCountry")
    await page.get_by_label("Why it is done").fill("CHG-1234 Sales moves to E5")
    await page.get_by_role("switch", name="Try it on a few users first").check()
    await page.get_by_role("heading", name="Safety").evaluate(TO_THE_TOP)
    await take("configure-safety")
    await page.get_by_role("heading", name="Licences to assign").evaluate(TO_THE_TOP)
    await take("configure")

    await next_step(page, "review")
    await expect(page.get_by_role("list", name="Seats")).to_be_visible()
    await take("review")
    await page.get_by_role("heading", name="Each user").evaluate(TO_THE_TOP)
    await take("review-users")

    await next_step(page, "execute")
    await take("execute")
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name="Approve").wait_for()
    await slow(4.0)
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("progressbar", name="Users done")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"\([5-9]\d%\)$")).first).to_be_visible(timeout=30_000)
    await expect(page.get_by_text("time left").locator("xpath=preceding-sibling::*[1]")).not_to_have_text("–")
    await take("monitor")
    await slow(0.0)
    await page.get_by_role("button", name="Revert").click(timeout=120_000)
    await expect(page.get_by_role("table", name="Impact")).to_be_visible()
    await take("revert")
    await page.get_by_role("dialog").get_by_role("button", name="Revert").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Revert")
    await page.get_by_text("Ended").wait_for(timeout=120_000)


async def _lists(page: Page, root: str, take: Picture, schedule: str) -> None:
    """All other views."""
    await page.goto(f"{root}/operations")
    await expect(page.get_by_role("table", name="Operations")).to_be_visible()
    await take("operations")

    await page.goto(f"{root}/schedules")
    await expect(page.get_by_role("table", name="Schedules")).to_be_visible()
    await take("schedules")
    await page.goto(f"{root}/schedules/{schedule}")
    await expect(page.get_by_role("table", name="Runs")).to_be_visible()
    await take("schedule")
    await page.get_by_role("button", name="Edit").click()
    await take("schedule-edit")

    await page.goto(f"{root}/audit?tenant={CONTOSO}")
    await page.get_by_role("button", name="Check it").click()
    await expect(page.get_by_text("each as it was recorded")).to_be_visible()
    await take("audit")
    await page.get_by_role("button", name="Show before and after").first.click()
    await take("audit-entry")
    await page.goto(f"{root}/audit?view=verification")
    await page.get_by_role("button", name="Check all").click()
    await expect(page.get_by_text("Intact").first).to_be_visible()
    await take("audit-verification")

    await page.goto(f"{root}/reconciliation")
    await expect(page.get_by_role("table", name="Reconciliation")).to_be_visible()
    await take("reconciliation")

    await page.goto(f"{root}/tenants")
    await expect(page.get_by_role("table", name="Tenants")).to_be_visible()
    await take("tenants")
    await page.goto(f"{root}/tenants/new")
    await take("tenant-new")
    await page.goto(f"{root}/tenants/{NEWCOMER}")
    await page.get_by_role("button", name="Make a consent link").click()
    await expect(page.get_by_label("Link for the tenant's administrator")).to_be_visible()
    await take("tenant-consent")
    await page.goto(f"{root}/tenants/{CONTOSO}")
    await expect(page.get_by_role("table", name="Subscribed licences")).to_be_visible()
    await take("tenant")

    await page.goto(f"{root}/prices?tenant={CONTOSO}")
    await expect(page.get_by_role("table", name="Prices")).to_be_visible()
    await take("prices")


async def _picture(page: Page, folder: Path, name: str) -> None:
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(SECOND_MS)
    path = folder / f"{name}.png"
    await page.screenshot(path=path)
    print(f"{path} {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m dev.pictures", description="Pictures of the web page.")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    told = parser.parse_args()
    sys.exit(asyncio.run(main(told.folder, told.width, told.height)))
