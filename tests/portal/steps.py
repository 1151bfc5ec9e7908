"""What tests of the wizard look at, and tenants to go through it with."""

import uuid
from typing import Any

import httpx
from playwright.async_api import Locator, Page

from dev.stack import Stack, register_tenants

SALES = "Sales Department"
REASON = "<svg onload=alert(2)>CHG-7</svg>"
"""A reason that runs where a page reads it as HTML."""


async def choose_csv(page: Page, name: str, text: str) -> None:
    """Choose a CSV file."""
    await page.get_by_role("radio", name="CSV file").check()
    file: Any = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    await page.set_input_files("input[type=file]", file)


def selected(page: Page) -> Locator:
    """The panel that counts who is selected."""
    return page.get_by_role("region", name="Selected users")


def tile(page: Page, label: str) -> Locator:
    """The number above a label."""
    return page.get_by_text(label, exact=True).locator("xpath=preceding-sibling::*[1]")


async def loaded(stack: Stack, **spec: Any) -> str:
    """A registered tenant of its own: its id."""
    tenant = str(uuid.uuid4())
    async with httpx.AsyncClient(base_url=stack.simulator_url, timeout=120) as simulator:
        (await simulator.put(f"/_sim/tenants/{tenant}", json={"lagSeconds": [0, 0], **spec})).raise_for_status()
    await register_tenants(stack.api_url, stack.api_key, [tenant])
    return tenant
