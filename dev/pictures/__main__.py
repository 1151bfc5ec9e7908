"""``python -m dev.pictures``: go through the wizard on a demo tenant and write what it shows into docs/portal/."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

from playwright.async_api import Page, ViewportSize, async_playwright, expect

from dev.api import Api
from dev.demo.prices import enter_prices
from dev.pictures.steps import choose_group, choose_tenants, next_step
from dev.simulator.world import CONTOSO
from dev.stack import Stack, loaded_tenants, register_tenants
from dev.stack.stack import REPOSITORY

FOLDER = REPOSITORY / "docs" / "portal"
SIZE: ViewportSize = {"width": 1280, "height": 800}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
TO_THE_TOP = "element => element.scrollIntoView({ block: 'start' })"
SECOND_MS = 1_000
"""What fades in has done so by then."""


async def main() -> int:
    """Make the pictures; 1 where the machine has no Chromium."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        print("There is no Chromium on PATH (Debian and Ubuntu: apt-get install chromium).", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    async with Stack(world="demo") as stack, async_playwright() as playwright:
        await register_tenants(stack.api_url, stack.api_key, await loaded_tenants(stack.simulator_url))
        async with Api(stack.api_url, stack.api_key) as api:
            await enter_prices(api, CONTOSO)
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport=SIZE, locale="en-GB", reduced_motion="reduce")
        stored = json.dumps(json.dumps({"kind": "key", "value": stack.api_key}))
        await page.add_init_script(f"sessionStorage.setItem('credential', {stored})")
        await _wizard(page, stack.api_url)
        await browser.close()
    return 0


async def _wizard(page: Page, root: str) -> None:
    await page.goto(f"{root}/api/portal/new")
    await choose_tenants(page, "Contoso")
    await choose_group(page, "Sales Department")
    await expect(page.get_by_text("users selected now")).to_be_visible()
    await _picture(page, "select")

    await next_step(page, "configure")
    await page.get_by_role("checkbox", name="Microsoft 365 E5").check()
    await page.get_by_role("button", name="Services of Microsoft 365 E5").click()
    await page.get_by_role("switch", name="YAMMER_ENTERPRISE").uncheck()
    await page.get_by_label("Set it").select_option("fromUserCountry")
    await page.get_by_label("Why it is done").fill("CHG-1234 Sales moves to E5")
    await page.get_by_role("switch", name="Try it on a few users first").check()
    await page.get_by_role("heading", name="Licences to assign").evaluate(TO_THE_TOP)
    await _picture(page, "configure")

    await next_step(page, "review")
    await expect(page.get_by_role("list", name="Seats")).to_be_visible()
    await _picture(page, "review")
    await page.get_by_role("heading", name="Each user").evaluate(TO_THE_TOP)
    await _picture(page, "review-users")

    await next_step(page, "execute")
    await _picture(page, "execute")
    await page.get_by_role("button", name="Start it").click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("progressbar", name="Users done")).to_be_visible()
    await expect(page.get_by_text("time left").locator("xpath=preceding-sibling::*[1]")).not_to_have_text("–")
    await _picture(page, "monitor")
    await page.get_by_role("button", name="Revert").click(timeout=120_000)
    await expect(page.get_by_role("table", name="Impact")).to_be_visible()
    await _picture(page, "revert")


async def _picture(page: Page, name: str) -> None:
    await page.wait_for_timeout(SECOND_MS)
    path: Path = FOLDER / f"{name}.png"
    await page.screenshot(path=path)
    print(f"{path.relative_to(REPOSITORY)} {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
