"""A stack with tenants, and the truth about them: results, directory and audit must tell the same."""

import json
import uuid
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Any, Self

import httpx

from dev.api import Api, Json
from dev.stack import Stack

E5, POWER_BI = "SPE_E5", "POWER_BI_PRO"
EVERYONE = "Everyone"
EARLY_SECONDS = 0.05
"""A client's timer may ring so much before the server's."""


@dataclass(frozen=True)
class Tenant:
    """A tenant in the simulator, registered with the app."""

    id: str
    domain: str
    users: int


def new_domain() -> str:
    """A domain that no other tenant has."""
    return f"t{uuid.uuid4().hex[:8]}.example.com"


class Trial:
    """Loads tenants, runs operations, and compares what each side says."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.api = Api(stack.api_url, stack.api_key)
        self.sim = httpx.AsyncClient(base_url=stack.simulator_url + "/_sim", timeout=60)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.api.__aexit__(kind, error, traceback)
        await self.sim.aclose()

    async def tenant(self, users: int, *, seats: int | None = None, location: str | None = "DE", **more: Any) -> Tenant:
        """A new tenant with so many users without licences, all in the group "Everyone"."""
        name = new_domain()
        people = [{"userPrincipalName": f"user{n:05d}@{name}", "usageLocation": location} for n in range(users)]
        skus = [{"skuPartNumber": sku, "enabled": seats if seats is not None else users} for sku in (E5, POWER_BI)]
        everyone = {"displayName": EVERYONE, "members": [person["userPrincipalName"] for person in people]}
        return await self.load(name, {"skus": skus, "users": people, "groups": [everyone], **more})

    async def load(self, domain: str, spec: Json) -> Tenant:
        """A new tenant as ``spec`` has it: what the simulator's ``PUT /_sim/tenants/{tenant}`` takes."""
        tenant = Tenant(str(uuid.uuid4()), domain, len(spec["users"]))
        spec = {"displayName": domain, "domains": [domain], **spec}
        (await self.sim.put(f"/tenants/{tenant.id}", json=spec)).raise_for_status()
        await self.api.register(tenant.id)
        return tenant

    async def fault(self, **fault: Any) -> None:
        """Break something."""
        (await self.sim.post("/faults", json=fault)).raise_for_status()

    async def heal(self) -> None:
        """Break nothing any more."""
        (await self.sim.delete("/faults")).raise_for_status()

    async def assign(self, tenant: Tenant, sku: str = E5, **body: Any) -> Json:
        """Assign a SKU to everyone in the tenant."""
        users = body.pop("users", {"group": {"displayName": EVERYONE}})
        target = {"tenant": tenant.domain, "users": users}
        return await self.api.assign({"targets": [target], "licenses": [{"sku": sku}], **body})

    async def state(self, tenant: Tenant) -> Json:
        """The tenant as it is in truth."""
        return (await self.sim.get(f"/tenants/{tenant.id}")).raise_for_status().json()

    async def writes(self, tenant: Tenant) -> dict[str, list[Json]]:
        """Every write that reached the directory, by user, in the order in which they began."""
        text = (await self.sim.get("/requests", params={"tenant": tenant.id})).raise_for_status().text
        by_user: defaultdict[str, list[Json]] = defaultdict(list)
        for line in map(json.loads, text.splitlines()):
            path = line["url"].partition("?")[0].strip("/").split("/")
            if line["method"] in ("POST", "PATCH") and path[0] == "users":
                by_user[path[1]].append(line)
        for lines in by_user.values():
            lines.sort(key=lambda line: line["start"])
        return by_user

    async def assert_single_flight(self, tenant: Tenant) -> None:
        """Never two writes at once for a user, and none before its ``Retry-After``."""
        for user, lines in (await self.writes(tenant)).items():
            for earlier, later in pairwise(lines):
                assert earlier["end"] <= later["start"], f"two writes at once for {user}: {earlier} {later}"
                wait = float(earlier["retryAfter"] or 0)
                early = earlier["end"] + wait - later["start"]
                assert early <= EARLY_SECONDS, f"{user} was sent {early:.2f} s before its Retry-After"

    async def assert_exact(self, operation: Json, tenant: Tenant, sku: str = E5) -> list[Json]:
        """Results = directory = audit, and the counts add up; gives the results."""
        results = await self.api.all(f"/operations/{operation['id']}/results", tenant=tenant.id)
        audit = await self.api.all("/audit", operation=operation["id"], tenant=tenant.id)
        state = await self.state(tenant)
        sku_id = next(s["skuId"] for s in state["skus"] if s["skuPartNumber"] == sku)
        holders = {user["id"] for user in state["users"] if any(held["skuId"] == sku_id for held in user["direct"])}
        succeeded = {result["userId"] for result in results if result["status"] == "succeeded"}
        audited = [entry["userId"] for entry in audit]
        assert succeeded == holders, f"{len(succeeded ^ holders)} users differ between results and directory"
        assert sorted(audited) == sorted(succeeded), "the audit is not what succeeded, each once"
        assert len(results) == tenant.users
        progress = operation["progress"]
        assert progress["total"] == tenant.users
        counts = {name: sum(r["status"] == name for r in results) for name in ("succeeded", "skipped", "failed")}
        assert {name: progress[name] for name in counts} == counts
        assert progress["pending"] == 0
        consumed = next(s["consumed"] for s in state["skus"] if s["skuPartNumber"] == sku)
        assert consumed == len(holders)
        return results
