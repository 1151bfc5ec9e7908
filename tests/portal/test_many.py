"""A review of very many users: the page stays at hand while it scrolls through all of them."""

import pytest
from playwright.async_api import expect

from dev.pictures.steps import choose_tenants, next_step
from dev.stack import Stack
from tests.portal.conftest import Portal
from tests.portal.steps import loaded, selected, tile

pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCH = """() => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((each) => each.duration)))
        .observe({ type: "longtask" });
}"""
SCROLL = """async (frame) => {
    const frames = [];
    let last = performance.now();
    for (let still = 0; still < 600; ) {
        const before = frame.scrollTop;
        frame.scrollTop += 4000;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
        still = frame.scrollTop === before ? still + 1 : 0;
    }
    frames.sort((one, other) => one - other);
    return { frames: frames.length, median: frames[frames.length >> 1], longest: frames.at(-1) };
}"""
"""Scrolls on as far as it goes; what is asked for meanwhile has ten seconds of frames to come."""


@pytest.mark.parametrize("number", [pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
async def test_a_review_of_very_many_users_scrolls(portal: Portal, stack: Stack, number: int) -> None:
    """Every row comes by, few are in the page at a time; how long the longest task took is printed."""
    page = portal.page
    spec = {"domains": ["huge.example"], "generate": {"users": number, "seed": 1}, "displayName": "Huge"}
    await loaded(stack, **spec)
    await portal.open("/new")
    await choose_tenants(page, "Huge")
    await page.get_by_role("radio", name="By a filter").check()
    await page.get_by_role("button", name="Write it by hand").click()
    await page.get_by_label("OData filter").fill("userType eq 'Member'")
    await expect(selected(page)).to_contain_text("users selected now", timeout=120_000)
    await next_step(page, "configure")
    await page.get_by_role("checkbox", name="Power BI").first.check()
    await next_step(page, "review")
    await expect(tile(page, "selected")).to_be_visible(timeout=400_000)
    everyone = int((await tile(page, "selected").inner_text()).replace(",", ""))

    table = page.get_by_role("table", name="What becomes of each user")
    await expect(table.get_by_role("row").nth(5)).to_be_visible()
    await page.evaluate(WATCH)
    frame = page.get_by_role("region", name="What becomes of each user, scrolls")
    found = await frame.evaluate(SCROLL)
    tasks: list[float] = await page.evaluate("window.longTasks")
    longest = ", ".join(f"{task:.0f}" for task in sorted(tasks, reverse=True)[:5])
    print(  # noqa: T201 - a profile to look at, which no assertion may hang on
        f"\n{everyone:,} rows scrolled in {found['frames']:,} frames, median {found['median']:.0f} ms;"
        f" {len(tasks)} tasks above 50 ms, the longest (ms): {longest or 'none'}"
    )
    await expect(page.get_by_text(f"{everyone:,} users", exact=True)).to_be_visible()
    await expect(table).to_have_attribute("aria-rowcount", str(everyone + 1))
    assert await table.get_by_role("row").count() < 100
