"""A simulator served in this process, with a clock that stands still, and a client for one tenant."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from dev.simulator.clock import Clock, ManualClock
from dev.simulator.engine import Engine, Latency
from dev.simulator.server import start

TENANT = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"
PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
TEAMS_FREE = "16ddbbfc-09ea-4de2-b1d7-312db6112d70"
SWAY = "a23b959c-7ce8-4e57-9140-b90eb88a9e97"
YAMMER = "7547a3fe-08ee-4ccb-b430-5077c5041653"
ADVANCED = {"ConsistencyLevel": "eventual"}


@dataclass
class Simulator:
    """The engine behind the server, its clock, and a client that sends the tenant's token."""

    engine: Engine
    clock: ManualClock
    client: httpx.AsyncClient

    async def load(self, tenant: str = TENANT, **spec: Any) -> dict[str, Any]:
        """Put a tenant; no lag unless told."""
        response = await self.client.put(f"/_sim/tenants/{tenant}", json={"lagSeconds": [0, 0], **spec})
        assert response.status_code == 200, response.text
        return response.json()

    async def get(self, url: str, *, advanced: bool = False, **params: str) -> httpx.Response:
        """GET below /v1.0; keyword arguments are query options without their dollar sign."""
        query = {f"${name}": value for name, value in params.items()}
        return await self.client.get(f"/v1.0{url}", params=query or None, headers=ADVANCED if advanced else None)

    async def assign(self, user: str, add: list[Any] | None = None, remove: list[str] | None = None) -> httpx.Response:
        """assignLicense; ``add`` holds SKU ids or (SKU id, disabled plans)."""
        pairs = [each if isinstance(each, tuple) else (each, []) for each in add or []]
        body = {"addLicenses": [{"skuId": s, "disabledPlans": p} for s, p in pairs], "removeLicenses": remove or []}
        return await self.client.post(f"/v1.0/users/{user}/assignLicense", json=body)

    async def batch(self, *items: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Answers of a batch by id; items without an id are numbered from 1."""
        numbered = [{"id": str(n), **item} for n, item in enumerate(items, 1)]
        response = await self.client.post("/v1.0/$batch", json={"requests": numbered})
        assert response.status_code == 200, response.text
        return {each["id"]: each for each in response.json()["responses"]}

    async def state(self, tenant: str = TENANT) -> dict[str, Any]:
        """The true state, users by the part of their name before the at sign."""
        found = (await self.client.get(f"/_sim/tenants/{tenant}")).json()
        found["users"] = {each["userPrincipalName"].partition("@")[0]: each for each in found["users"]}
        found["skus"] = {each["skuPartNumber"]: each for each in found["skus"]}
        return found

    async def direct(self, name: str) -> dict[str, list[str]]:
        """A user's direct licences: SKU to disabled plans."""
        user = (await self.state())["users"][name]
        return {each["skuId"]: each["disabledPlans"] for each in user["direct"]}


def person(name: str, **values: Any) -> dict[str, Any]:
    """A user spec with a usage location."""
    return {
        "userPrincipalName": f"{name}@contoso.example",
        "displayName": name.title(),
        "usageLocation": "CH",
        **values,
    }


def assign_item(user: str, sku: str, **more: Any) -> dict[str, Any]:
    """A batch item that adds one SKU."""
    body = {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []}
    headers = {"Content-Type": "application/json"}
    return {"method": "POST", "url": f"/users/{user}/assignLicense", "headers": headers, "body": body, **more}


def error_of(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of an error."""
    error = response.json()["error"]
    return response.status_code, error["code"], error["message"]


@asynccontextmanager
async def serving(
    limit_factor: float = 0, latency: Latency | None = None, clock: Clock | None = None
) -> AsyncGenerator[Simulator]:
    """Serve an empty simulator; limits are off unless told."""
    manual = ManualClock()
    engine = Engine(clock or manual, limit_factor, latency)
    runner, address = await start(engine)
    headers = {"Authorization": f"Bearer test.{TENANT}"}
    try:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=10) as client:
            yield Simulator(engine, manual, client)
    finally:
        await runner.cleanup()
