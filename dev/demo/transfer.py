"""Move a department from E3 to E5 with a canary, a pause, and the way back: ``python -m dev.demo.transfer``.

At the end licences and service plans of all users must be those of the beginning.
"""

import asyncio
import sys
from time import monotonic

import httpx
from rich.console import Console

from dev.api import Api, ApiError, Json
from dev.demo.following import follow
from dev.demo.picture import WIDTH
from dev.demo.prices import enter_prices
from dev.demo.tables import impact_table, outcome_table
from dev.stack import Stack, StackError

TENANT = "contoso.onmicrosoft.com"
GROUP = "Sales Department"
CANARY = 10


async def main(console: Console) -> int:
    """Run it; gives the exit code."""
    began = monotonic()
    console.print("Starting storage, the Graph simulator and the app …")
    async with Stack(world="demo") as stack, Api(stack.api_url, stack.api_key) as api:
        tenant = await api.register(TENANT)
        await enter_prices(api, tenant["tenantId"])
        before = await _held(stack, tenant["tenantId"])
        seats = {each["sku"]: each for each in await api.all(f"/tenants/{TENANT}/licenses")}
        there = await _there(console, api)
        back = await _back(console, api, there, seats)
        after = await _held(stack, tenant["tenantId"])
    same = before == after
    users = len(before)
    console.print(
        f"\nLicences and service plans of all {users} users are those of before."
        if same
        else f"\n[red]{sum(before[user] != after[user] for user in before)} of {users} users differ from before.[/red]"
    )
    console.print(f"Done after {monotonic() - began:.1f} s in all.")
    return 0 if same and there["progress"]["succeeded"] == back["progress"]["succeeded"] > CANARY else 1


async def _there(console: Console, api: Api) -> Json:
    """E3 to E5: preview, canary, approval, pause, resume, end."""
    body: Json = {
        "targets": [{"tenant": TENANT, "users": {"group": {"displayName": GROUP}}}],
        "transfers": [{"from": "SPE_E3", "to": "SPE_E5"}],
        "reason": "Demo: Sales moves from E3 to E5",
    }
    console.print(f'\nMoving the members of "{GROUP}" from E3 to E5: the review.')
    preview = await api.call("POST", "/preview", json={**body, "operation": "transfer"})
    console.print(impact_table(preview["impact"]))
    canary = {"users": CANARY, "approve": "manual"}
    begun = await api.call("POST", "/transfer", json={"previewId": preview["id"], "options": {"canary": canary}})
    operation = await _until(api, begun["id"], "awaitingApproval")
    console.print(f"Canary: {operation['progress']['succeeded']} users moved; the rest waits for a person.")
    await api.call("POST", f"/operations/{begun['id']}/approve")
    console.print("Approved, and paused right away.")
    await api.call("POST", f"/operations/{begun['id']}/pause")
    operation = await _until(api, begun["id"], "paused", "succeeded", "partiallySucceeded")
    console.print(f"{operation['status']}: {operation['progress']['succeeded']} users moved so far.")
    if operation["status"] == "paused":
        await api.call("POST", f"/operations/{begun['id']}/resume")
        console.print("Resumed.")
    operation = await follow(console, api, operation)
    console.print(outcome_table(operation))
    return operation


async def _back(console: Console, api: Api, there: Json, seats_before: dict[str, Json]) -> Json:
    """The way back, previewed as well."""
    console.print("\nReverting it, once Graph's own count of seats has caught up: the review of the way back.")
    moved = there["progress"]["succeeded"]
    for _ in range(30):
        seats = {each["sku"]: each for each in await api.all(f"/tenants/{TENANT}/licenses")}
        if seats["SPE_E5"]["assigned"] - seats_before["SPE_E5"]["assigned"] == moved:
            break
        await asyncio.sleep(0.5)
    asked = {"operation": "revert", "operationId": there["id"]}
    preview = await api.call("POST", "/preview", json=asked)
    console.print(impact_table(preview["impact"]))
    begun = await api.call("POST", f"/operations/{there['id']}/revert", json={"previewId": preview["id"]})
    operation = await follow(console, api, begun)
    console.print(outcome_table(operation))
    return operation


async def _until(api: Api, operation_id: str, *statuses: str) -> Json:
    """The operation once it has one of these statuses. Raises ``TimeoutError``."""
    async with asyncio.timeout(40):
        while True:
            operation = await api.operation(operation_id)
            if operation["status"] in statuses:
                return operation
            await asyncio.sleep(0.2)


async def _held(stack: Stack, tenant: str) -> dict[str, frozenset[tuple[str, frozenset[str]]]]:
    """What each user holds directly in truth: SKUs with the service plans that are off, by user."""
    async with httpx.AsyncClient(base_url=stack.simulator_url, timeout=30) as client:
        state = (await client.get(f"/_sim/tenants/{tenant}")).raise_for_status().json()
    return {
        user["userPrincipalName"]: frozenset(
            (held["skuId"], frozenset(held["disabledPlans"])) for held in user["direct"]
        )
        for user in state["users"]
    }


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(Console() if sys.stdout.isatty() else Console(width=WIDTH))))
    except (StackError, ApiError, TimeoutError) as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
