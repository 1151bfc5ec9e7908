"""A new operation: select, configure, review, execute."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from dev.pictures.steps import choose_group, choose_tenants, next_step
from dev.stack import Stack
from tests.portal.conftest import Portal
from tests.portal.people import HOSTILE
from tests.portal.steps import REASON, SALES, choose_csv, loaded, selected, tile

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("group", ["Sales Japan", pytest.param(SALES, marks=pytest.mark.slow)])
async def test_a_group_is_assigned_watched_and_reverted(portal: Portal, group: str) -> None:
    """From the group to everyone having what they had before, with each step free of faults that axe finds."""
    page = portal.page
    await portal.open("/new")
    await choose_tenants(page, "Contoso")
    await choose_group(page, group)
    chosen = page.get_by_role("list", name="Chosen groups")
    await expect(chosen).to_contain_text(re.compile(r"\d+ users"))
    await expect(selected(page)).to_contain_text("users selected now")
    assert await portal.violations() == []

    await next_step(page, "configure")
    await page.get_by_role("checkbox", name="Microsoft 365 E5").check()
    await page.get_by_role("button", name="Service plans of Microsoft 365 E5").click()
    await page.get_by_role("switch", name="YAMMER_ENTERPRISE").uncheck()
    await page.get_by_label("Set it").select_option("fromUserCountry")
    await page.get_by_label("Why it is done").fill(REASON)
    assert await portal.violations() == []

    await next_step(page, "review")
    changed = int(await tile(page, "will be changed").inner_text())
    everyone = int(await tile(page, "selected").inner_text())
    assert 0 < changed <= everyone
    row = page.get_by_role("table", name="Impact").get_by_role("row").nth(1)
    before, after, change = [int(await row.get_by_role("cell").nth(n).inner_text()) for n in (1, 2, 3)]
    assert 0 < change == after - before <= changed  # who has it already may lose a service and takes no seat
    await expect(page.get_by_role("list", name="Seats")).to_contain_text(f"{before} → {after} of 300 seats")
    plan = page.get_by_role("table", name="What becomes of each user")
    await page.get_by_label("What happens").select_option("Will be changed")
    await expect(plan).to_contain_text("SPE_E5 without YAMMER_ENTERPRISE")
    first = await plan.get_by_role("row").nth(1).get_by_role("cell").first.inner_text()
    await page.get_by_label("Search sign-in names").fill(first.upper())
    await expect(plan.get_by_role("row")).to_have_count(2)
    assert await portal.violations() == []

    await next_step(page, "execute")
    await expect(page.get_by_text(f"{changed} users will be changed, of {everyone} users selected")).to_be_visible()
    assert await portal.violations() == []
    await page.get_by_role("button", name="Start").click()
    await expect(page).to_have_url(re.compile(r"/operations/[\w-]+$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Assign")
    await expect(page.get_by_text(REASON)).to_be_visible()
    await page.get_by_role("button", name="Revert").click(timeout=60_000)  # once it has ended, without a reload
    await expect(tile(page, "succeeded")).to_have_text(str(changed))

    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(f"{changed} users of {changed} will have again what they had before.")
    assert await portal.violations() == []
    await dialog.get_by_role("button", name=f"Revert {changed} users").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Revert")
    await expect(page.get_by_role("link", name="What it follows from")).to_be_visible()
    await expect(page.get_by_text("Ended")).to_be_visible(timeout=60_000)
    await expect(tile(page, "succeeded")).to_have_text(str(changed))
    assert await portal.violations() == []


async def test_a_step_is_left_only_with_what_it_needs(portal: Portal) -> None:
    """What is missing is named, and goes as soon as it is there; what the API refuses stands in its own words.

    A reload and the back button keep what was told; starting over forgets it.
    """
    page = portal.page
    await portal.open("/new")
    await page.get_by_role("button", name="Next: configure").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Choose the tenants whose users are meant.")
    await choose_tenants(page, "Contoso", "Fabrikam")
    await expect(alert).to_contain_text("Choose at least one group.")
    await choose_group(page, SALES)
    await expect(alert).to_contain_text("Nobody is chosen in Fabrikam")

    await page.get_by_role("radio", name="By a filter").check()
    await page.get_by_role("button", name="Add a condition").click()
    await page.get_by_label("Value of condition 1").fill("Sales")
    await expect(page.get_by_text("department eq 'Sales'")).to_be_visible()
    await expect(alert).to_have_count(0)
    await expect(selected(page)).to_contain_text("254")
    assert await portal.violations() == []
    await page.get_by_role("button", name="Write it by hand").click()
    await page.get_by_label("OData filter").fill("departmnt eq 'Sales'")
    await expect(selected(page)).to_contain_text("Could not find a property named 'departmnt'")
    await expect(selected(page)).to_contain_text("counted in 0 of 2 tenants")
    await page.get_by_role("button", name="Back to the conditions").click()

    await next_step(page, "configure")
    await page.get_by_role("button", name="Next: review").click()
    await expect(alert).to_contain_text("Choose at least one licence to assign.")
    await page.get_by_role("radio", name="Transfer").check()
    await page.get_by_role("button", name="Add a move").click()
    await expect(alert).to_contain_text("A move needs the licences it comes from and the one it goes to.")
    await page.get_by_role("radio", name="Recurring").check()
    await expect(alert).to_contain_text("Give the schedule a name.")
    assert await portal.violations() == []

    await page.reload()
    await expect(page.get_by_text("Your draft is back as you left it.")).to_be_visible()
    await expect(page.get_by_role("radio", name="Recurring")).to_be_checked()
    await page.go_back()
    await expect(page.get_by_label("Value of condition 1")).to_have_value("Sales")
    assert await portal.violations() == []
    await page.get_by_role("button", name="Start over").click()
    await expect(page.get_by_label("Value of condition 1")).to_have_count(0)
    assert "draft" not in await page.evaluate("Object.keys(sessionStorage)")


async def test_a_csv_is_checked_line_by_line_before_it_is_sent(portal: Portal) -> None:
    """Each bad line stands there as it is in the file, whatever is written in it; a good file needs no licence."""
    page = portal.page
    await portal.open("/new")
    await choose_tenants(page, "Contoso")
    header, good = "UserPrincipalName,LicenseSKU", "rosa.huang@contoso.onmicrosoft.com,POWER_BI_PRO"
    await choose_csv(page, f"{HOSTILE}.csv", "\n".join([header, good, "nobody,SPE_E5", f'"{HOSTILE}",SPE_E5']))

    lines = page.get_by_role("region", name="Lines with faults")
    await expect(lines.get_by_role("row")).to_have_count(3)
    await expect(lines.get_by_role("row").nth(1)).to_contain_text("3")
    await expect(lines).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(page.get_by_text(f"{HOSTILE}.csv")).to_be_visible()
    assert await page.locator("img").count() == 0
    await page.get_by_role("button", name="Next: configure").click()
    await expect(page.get_by_role("alert")).to_contain_text("The selection is refused")
    assert await portal.violations() == []

    await choose_csv(page, "good.csv", f"{header}\n{good}")
    await expect(page.get_by_text("Every line can be read.")).to_be_visible()
    await next_step(page, "configure")
    await next_step(page, "review")
    await expect(tile(page, "will be changed")).to_have_text("1")


async def test_names_of_a_directory_are_text(portal: Portal, stack: Stack) -> None:
    """Tenants, groups and users may be called what they like: it is shown as it is written, and nothing runs."""
    await loaded(
        stack,
        displayName=f"{HOSTILE} Ltd",
        domains=["hostile.example"],
        users=[{"userPrincipalName": "ana@hostile.example", "displayName": f"Ana {HOSTILE}"}],
        groups=[{"displayName": f"Friends of {HOSTILE}", "members": ["ana@hostile.example"]}],
    )
    page = portal.page
    await portal.open("/new")
    await choose_tenants(page, f"{HOSTILE} Ltd")
    found = page.get_by_role("list", name="Groups found")
    await found.get_by_role("checkbox", name=f"Friends of {HOSTILE}").check()
    await expect(page.get_by_role("list", name="Chosen groups")).to_contain_text(HOSTILE)
    await expect(selected(page)).to_contain_text(f"Ana {HOSTILE}")
    await page.get_by_role("radio", name="People one by one").check()
    await expect(page.get_by_role("checkbox", name=f"Ana {HOSTILE}")).to_be_visible()
    assert await page.locator("img").count() == 0
    assert await portal.violations() == []


@pytest.mark.slow
async def test_a_list_is_pasted_and_a_workbook_is_no_csv(portal: Portal) -> None:
    """People go to the tenants of their domains; who cannot be placed is named by line."""
    page = portal.page
    await portal.open("/new")
    await choose_tenants(page, "Contoso", "Fabrikam")
    await choose_csv(page, "book.xlsx", "PK\x03\x04\x00\x00")
    await expect(page.get_by_role("alert")).to_contain_text("book.xlsx is no CSV")

    await page.get_by_role("radio", name="People one by one").check()
    await page.get_by_label("Or paste a list").fill("rosa.huang@contoso.onmicrosoft.com\nwho\nana@elsewhere.com")
    await page.get_by_role("button", name="Add the list").click()
    bad = page.get_by_role("list", name="Lines that were not added")
    await expect(bad).to_contain_text("Line 2: “who” is neither a sign-in name nor an object id.")
    await expect(bad).to_contain_text("Line 3")
    await page.get_by_label("Search users").fill("Petra Benali")
    await page.get_by_role("checkbox", name="Petra Benali").check()
    await expect(selected(page)).to_contain_text("2users selected now")
    assert await portal.violations() == []

    await page.get_by_role("switch", name="Exclude some of them").check()
    await page.get_by_role("radiogroup", name="How they are chosen").get_by_label("By a filter").check()
    await page.get_by_role("button", name="Add a condition").click()
    await page.get_by_label("Property of condition 1").select_option("displayName")
    await page.get_by_label("Value of condition 1").fill("Petra Benali")
    await expect(selected(page)).to_contain_text("1 user excluded: Named as an exclusion")


@pytest.mark.slow
async def test_what_needs_it_is_confirmed_by_its_number(portal: Portal, stack: Stack) -> None:
    """More than a hundred users lose a licence only where that number was typed."""
    people: list[dict[str, Any]] = [
        {"userPrincipalName": f"u{n}@many.example", "department": "Left", "licenses": [{"skuId": "SPE_E3"}]}
        for n in range(101)
    ]
    skus = [{"skuPartNumber": "SPE_E3", "enabled": 200}]
    await loaded(stack, displayName="Many", domains=["many.example"], skus=skus, users=people)
    page = portal.page
    await portal.open("/new")
    await choose_tenants(page, "Many")
    await page.get_by_role("radio", name="By a filter").check()
    await page.get_by_label("And who holds").select_option("SPE_E3")
    await expect(selected(page)).to_contain_text("101")
    await next_step(page, "configure")
    await page.get_by_role("radio", name="Remove licences").check()
    await page.get_by_role("radio", name="All that are assigned directly").check()
    await next_step(page, "review")
    await expect(tile(page, "will be changed")).to_have_text("101")
    await next_step(page, "execute")

    start = page.get_by_role("button", name="Start")
    await expect(start).to_be_disabled()
    typed = page.get_by_label("Type 101 to change 101 users")
    await typed.fill("100")
    await expect(page.get_by_text("That is not 101.")).to_be_visible()
    await expect(start).to_be_disabled()
    assert await portal.violations() == []
    await typed.fill("101")
    await start.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Remove")
    await expect(page.get_by_text("Ended")).to_be_visible(timeout=60_000)
    await expect(tile(page, "succeeded")).to_have_text("101")


@pytest.mark.slow
async def test_an_operation_comes_again_by_schedule(portal: Portal) -> None:
    """What shall recur is reviewed as it would be done now, and kept as a schedule."""
    page = portal.page
    await portal.open("/new")
    await choose_tenants(page, "All tenants")
    await page.get_by_label("Display name of the group").fill(SALES)
    await next_step(page, "configure")
    await page.get_by_role("checkbox", name="Power BI Pro").check()
    await page.get_by_role("radio", name="Recurring").check()
    await page.get_by_label("Name of the schedule").fill("Newcomers")
    await page.get_by_label("Take back what this schedule gave").check()
    await page.get_by_label("Changes a run at most").fill("50")
    await next_step(page, "review")
    await expect(page.get_by_role("alert").first).to_contain_text("No such group")
    await expect(page.get_by_text("Each run finds its users anew.", exact=False)).to_be_visible()
    await next_step(page, "execute")
    await page.get_by_role("button", name="Schedule", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/schedules/[\w-]+$"))

    found = [each async for each in portal.api.pages("/schedules") if each["name"] == "Newcomers"]
    assert [(each["removeLeavers"], each["maxChangesPerRun"]) for each in found] == [(True, 50)]
