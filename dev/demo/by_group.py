"""Microsoft 365 E5 with Power BI Pro for the members of the nested group "Sales Department", reviewed first."""

import asyncio
from collections import Counter

from rich.console import Console

from dev.api import Api, Json
from dev.demo.following import follow
from dev.demo.tables import audit_table, impact_table, outcome_table, reasons_table, seats_table

GROUP = "Sales Department"
SKUS = ("SPE_E5", "POWER_BI_PRO")
AUDIT_SHOWN = 5


async def assign_to_group(console: Console, api: Api, tenant: str) -> bool:
    """Review, execute, follow, and show what it left; gives whether it ended as the review said."""
    before = await _seats(api, tenant)
    console.print(f'\nAssigning {" and ".join(before[sku]["name"] for sku in SKUS)} to the members of "{GROUP}".')
    body: Json = {
        "targets": [{"tenant": tenant, "users": {"group": {"displayName": GROUP}}}],
        "licenses": [{"sku": sku} for sku in SKUS],
        "reason": "Demo: Sales moves to E5",
    }
    preview = await api.call("POST", "/preview", json={**body, "operation": "assign"})
    console.print(impact_table(preview["impact"]))
    console.print("Nothing is changed yet. Executing exactly this preview.")
    operation = await follow(console, api, await api.assign({"previewId": preview["id"], "reason": body["reason"]}))
    results = await api.all(f"/operations/{operation['id']}/results")
    audit = await api.all("/audit", operation=operation["id"])
    after = await _seats_after(api, tenant, before, audit)
    console.print(outcome_table(operation))
    console.print(reasons_table(results))
    console.print(seats_table(SKUS, before, after))
    console.print(audit_table(audit, AUDIT_SHOWN))
    console.print(f"Operation {operation['id']}: {operation['status']}.")
    said = {each["sku"]: each["after"] for each in preview["impact"]["licenses"]}
    as_said = all(after[sku]["assigned"] == said[sku] for sku in SKUS)
    if not as_said:
        console.print("[red]The seats are not what the preview said.[/red]")
    ended_well = operation["status"] in ("succeeded", "partiallySucceeded")
    return ended_well and as_said and len(audit) == operation["progress"]["succeeded"]


async def _seats(api: Api, tenant: str) -> dict[str, Json]:
    return {licence["sku"]: licence for licence in await api.all(f"/tenants/{tenant}/licenses")}


async def _seats_after(api: Api, tenant: str, before: dict[str, Json], audit: list[Json]) -> dict[str, Json]:
    """The seats once Graph's own count, which lags behind writes, shows what the audit says, or after 15 s."""
    taken = Counter[str]()
    for entry in audit:
        taken.update(entry["seatChange"])
    for _ in range(30):
        after = await _seats(api, tenant)
        if all(after[sku]["assigned"] - before[sku]["assigned"] == taken[sku] for sku in SKUS):
            return after
        await asyncio.sleep(0.5)
    return await _seats(api, tenant)
