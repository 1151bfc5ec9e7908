"""What the views show besides the wizard: operations, schedules, a tenant without consent, a seat taken elsewhere."""

from datetime import UTC, datetime, timedelta

import httpx

from dev.api import Api, Json
from dev.demo.prices import enter_prices
from dev.simulator.world import CONTOSO, FABRIKAM
from dev.stack import Stack, loaded_tenants, register_tenants

NEWCOMER = "11111111-2222-4333-8444-555555555555"
"""A tenant whose administrator has not consented yet."""
SECONDS = 120


async def prepare(stack: Stack) -> str:
    """Bring it about; the id of the schedule that has run already."""
    await register_tenants(stack.api_url, stack.api_key, await loaded_tenants(stack.simulator_url))
    async with Api(stack.api_url, stack.api_key) as api:
        await enter_prices(api, CONTOSO)
        await api.register(NEWCOMER, tags=["new"])
        await api.register(CONTOSO, tags=["gold"], protectedUsers=["rosa.huang@contoso.onmicrosoft.com"])
        await _done(api, "assign", CONTOSO, "Sales Department", "POWER_BI_PRO", "CHG-1230 Power BI for Sales")
        await _done(api, "assign", FABRIKAM, "No Such Group", "POWER_BI_PRO", "CHG-1231 Trial of Power BI")
        await _done(api, "remove", CONTOSO, "Sales Japan", "POWER_BI_PRO", "CHG-1232 Sales Japan uses its own")
        schedule = await _scheduled(api)
    await _taken_elsewhere(stack)
    return schedule


async def slow_writes(stack: Stack, seconds: float) -> None:
    """Let every write in Contoso take so long from now on, so that it can be seen."""
    async with httpx.AsyncClient(base_url=f"{stack.simulator_url}/_sim") as simulator:
        (await simulator.delete("/faults")).raise_for_status()
        if seconds:
            fault = {"match": "assignLicense", "kind": "delay", "seconds": seconds, "tenant": CONTOSO}
            (await simulator.post("/faults", json=fault)).raise_for_status()


async def _done(api: Api, kind: str, tenant: str, group: str, sku: str, reason: str) -> None:
    users = {"group": {"displayName": group}}
    body = {"targets": [{"tenant": tenant, "users": users}], "licenses": [{"sku": sku}], "reason": reason}
    await api.until_ended((await api.call("POST", f"/{kind}", json=body))["id"], seconds=SECONDS)


async def _scheduled(api: Api) -> str:
    weekly: Json = {
        "name": "New joiners in Sales",
        "operation": "assign",
        "request": {
            "targets": [{"tenant": CONTOSO, "users": {"group": {"displayName": "Sales Department"}}}],
            "licenses": [{"sku": "PROJECTPROFESSIONAL"}],
            "options": {"onInsufficientLicenses": "partial"},
        },
        "recurrence": {
            "frequency": "weekly",
            "daysOfWeek": ["monday", "thursday"],
            "time": "02:00",
            "timeZone": "Europe/Berlin",
        },
        "removeLeavers": True,
        "maxChangesPerRun": 500,
    }
    once: Json = {
        "name": "Leavers give back E3",
        "operation": "remove",
        "request": {
            "targets": [{"tenant": FABRIKAM, "users": {"filter": "accountEnabled eq false", "licensed": "SPE_E3"}}],
            "licenses": [{"sku": "SPE_E3"}],
        },
        "runAt": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
    }
    schedule = await api.call("POST", "/schedules", json=weekly)
    await api.call("POST", "/schedules", json=once)
    run = await api.call("POST", f"/schedules/{schedule['id']}/run")
    await api.until_ended(run["id"], seconds=SECONDS)
    return schedule["id"]


async def _taken_elsewhere(stack: Stack) -> None:
    """Somebody gives a licence of Fabrikam by hand: the reconciliation cannot explain its seat."""
    async with Api(stack.api_url, stack.api_key) as api:
        users = await api.all(f"/tenants/{FABRIKAM}/users")
        await api.all("/reconciliation", tenant=FABRIKAM)  # the month's first count
    name = next(user["userPrincipalName"] for user in users if user["usageLocation"] and not user["licenses"])
    async with httpx.AsyncClient(base_url=stack.simulator_url) as simulator:
        given = {"licenses": [{"skuId": "EXCHANGESTANDARD"}]}
        (await simulator.patch(f"/_sim/tenants/{FABRIKAM}/users/{name}", json=given)).raise_for_status()
