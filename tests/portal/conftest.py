"""The web page in a real Chromium on the real stack: its demo tenants, and a signed-in page for each test."""

import json
import shutil
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    async_playwright,
    expect,
)

from dev.api import Api
from dev.stack import Stack, loaded_tenants, register_tenants
from dev.stack.stack import REPOSITORY

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
AXE = REPOSITORY / "portal" / "node_modules" / "axe-core" / "axe.min.js"
SENTINELS = "[data-tabster-dummy]"
"""Empty elements by which Fluent UI hands the focus on where it would leave a part of the page; nobody hears them."""
AT_REST = """async () => {
    const look = ({ offset, computedOffset, easing, composite, ...frame }) => JSON.stringify(frame);
    const alters = ({ effect }) => new Set(effect.getKeyframes().map(look)).size > 1;
    const ends = ({ effect, playState }) => playState === "running" && effect.getComputedTiming().endTime < Infinity;
    for (;;) {
        const moving = document.getAnimations().filter((each) => ends(each) && alters(each));
        if (moving.length === 0) return;
        await Promise.allSettled(moving.map((each) => each.finished));
    }
}"""
"""Waits until nothing fades or moves. Spinners go on for ever; a toast is timed by an animation that alters nothing."""
FAULTS = """async (sentinels) => {
    const { violations } = await axe.run({ exclude: [[sentinels]] }, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}"""
"""What axe finds; all that it looked at would take longer to bring over than to find."""
PATIENCE_MS = 20_000
"""Of a machine that is busy with other tests."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Portal:
    """The page as one user has it open; ``faults`` is what the browser complained of."""

    page: Page
    root: str
    api: Api
    faults: list[str] = field(default_factory=list[str])

    async def open(self, path: str = "") -> None:
        """Go to a view by its address, and wait until its heading is there."""
        await self.page.goto(f"{self.root}/api/portal{path}")
        await self.page.get_by_role("heading", level=1).wait_for()

    async def violations(self) -> list[str]:
        """What axe finds wrong with the view at rest, of WCAG 2.2 at level AA and of its best practices."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text())
        # What is still fading in has not yet the contrast that axe looks for.
        await self.page.evaluate(AT_REST)
        return await self.page.evaluate(FAULTS, SENTINELS)

    def watch(self) -> None:
        """Note errors of scripts, what the Content-Security-Policy stopped, and what runs or leaves the app."""

        def said(message: ConsoleMessage) -> None:
            # A refusal of the API is a line of the console too; what the page makes of it is what a test looks at.
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.faults.append(message.text)

        def asked(request: Request) -> None:
            if not request.url.startswith((self.root, "blob:")):
                self.faults.append(f"asked of somebody else: {request.url}")

        async def ran(dialog: Dialog) -> None:
            self.faults.append(f"a name or reason ran as a script: {dialog.message}")
            await dialog.dismiss()

        self.page.on("dialog", ran)
        self.page.on("console", said)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", asked)


def chromium() -> str:
    """The machine's Chromium; skips the test where there is none."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("no Chromium on PATH: the web page is not tested (Debian and Ubuntu: apt-get install chromium)")
    return found


@pytest.fixture(scope="session")
def built() -> None:
    """The page as its sources are now."""
    subprocess.run(["sh", "dev/tools/portal.sh", "build"], cwd=REPOSITORY, check=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(built: None) -> AsyncIterator[Browser]:
    """One browser a test run."""
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(browser: Browser) -> AsyncIterator[Stack]:
    """One stack a test run, with the demo tenants registered."""
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}, world="demo", issuer=True) as stack:
        await register_tenants(stack.api_url, stack.api_key, await loaded_tenants(stack.simulator_url))
        yield stack


async def _context(browser: Browser, credential: dict[str, str], **options: Any) -> BrowserContext:
    """A browser of its own: signed in with ``credential``, in no way where that is empty."""
    settings: dict[str, Any] = {
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "reduced_motion": "reduce",
    }
    context = await browser.new_context(**(settings | options))
    context.set_default_timeout(PATIENCE_MS)
    if credential:
        stored = json.dumps(json.dumps(credential))
        await context.add_init_script(f"sessionStorage.setItem('credential', {stored})")
    return context


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def administrator(browser: Browser, stack: Stack) -> BrowserContext:
    """The administrator's browser: its tabs share the page's files and nothing else, as a draft is a tab's own."""
    return await _context(browser, {"kind": "key", "value": stack.api_key})


type Opened = Callable[..., AbstractAsyncContextManager[Portal]]


@pytest.fixture
def opened(browser: Browser, administrator: BrowserContext, stack: Stack) -> Opened:
    """Opens the page in a new tab: of the administrator's browser, or of one with a ``credential`` or options."""

    @asynccontextmanager
    async def open_page(credential: dict[str, str] | None = None, **options: Any) -> AsyncGenerator[Portal]:
        context = administrator
        if credential is not None or options:
            key = {"kind": "key", "value": stack.api_key}
            context = await _context(browser, key if credential is None else credential, **options)
        async with Api(stack.api_url, stack.api_key) as api:
            portal = Portal(await context.new_page(), stack.api_url, api)
            portal.watch()
            yield portal
        await (portal.page.close() if context is administrator else context.close())
        assert portal.faults == []

    return open_page


@pytest_asyncio.fixture(loop_scope="session")
async def portal(opened: Opened) -> AsyncIterator[Portal]:
    """The page, signed in as the administrator."""
    async with opened() as portal:
        yield portal
