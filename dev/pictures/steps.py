"""Steps through the wizard, as its user takes them."""

from playwright.async_api import Page, expect


async def choose_tenants(page: Page, *names: str) -> None:
    """Tick tenants in the list."""
    await page.get_by_role("combobox", name="Tenants").click()
    for name in names:
        await page.get_by_role("menuitemcheckbox", name=name).click()
    await page.keyboard.press("Escape")


async def choose_group(page: Page, name: str) -> None:
    """Search a group and tick it."""
    await page.get_by_label("Search groups").fill(name)
    await page.get_by_role("list", name="Groups found").get_by_role("checkbox", name=name).check()


async def next_step(page: Page, name: str) -> None:
    """Go on to a step."""
    await page.get_by_role("button", name=f"Next: {name}").click()
    await expect(page.locator("li[aria-current=step]")).to_contain_text(name.capitalize())
