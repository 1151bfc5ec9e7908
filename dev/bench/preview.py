"""A preview of very many users against the bare reading of the same pages."""

import asyncio
from time import monotonic

import httpx

from dev.bench.row import Row
from dev.stack import Stack
from dev.trial import E5, Tenant, Trial
from shared.graph.parse import USER_FIELDS

PAGE_MS = 1_000
CONDITION = "accountEnabled eq true"


async def preview(users: int = 100_000) -> Row:
    """Preview everyone by filter, a page of 999 taking a second; the same pages read by a client that does nothing."""
    async with Stack({"GRAPH_LIMIT_FACTOR": "1", "SIMULATOR_READ_MS": f"{PAGE_MS}"}) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        bare = await _read_pages(trial, tenant)
        body = {
            "operation": "assign",
            "targets": [{"tenant": tenant.domain, "users": {"filter": CONDITION}}],
            "licenses": [{"sku": E5}],
        }
        started = monotonic()
        found = await trial.api.call("POST", "/preview", json=body, headers={"Prefer": "wait=1"})
        async with asyncio.timeout(1_200):
            while found["status"] == "computing":
                await asyncio.sleep(0.5)
                found = await trial.api.call("GET", f"/previews/{found['id']}")
        seconds = monotonic() - started
    if found["status"] != "ready" or found["impact"]["usersSelected"] != users:
        raise AssertionError(f"the preview has not all users: {found}")
    figures = {"pages alone s": bare, "preview s": seconds, "ratio": seconds / bare}
    return Row(f"preview of {users:,} users, 1 s a page", figures, "≤ 1.3 of the pages alone", seconds / bare <= 1.3)


async def _read_pages(trial: Trial, tenant: Tenant) -> float:
    """Seconds to read all pages, one after the other."""
    token = {"Authorization": f"Bearer local.{tenant.id}"}
    options = {"$filter": CONDITION, "$select": USER_FIELDS, "$top": "999"}
    async with httpx.AsyncClient(headers=token, timeout=60) as http:
        started = monotonic()
        page = (await http.get(f"{trial.stack.simulator_url}/v1.0/users", params=options)).raise_for_status().json()
        read = len(page["value"])
        while following := page.get("@odata.nextLink"):
            page = (await http.get(following)).raise_for_status().json()
            read += len(page["value"])
        seconds = monotonic() - started
    if read != tenant.users:
        raise AssertionError(f"{read} users read, not {tenant.users}")
    return seconds
