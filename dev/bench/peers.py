"""The peers' patterns and ours on the same work: how long, how many throttles, and who ends up wrong."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import httpx

from dev.bench.patterns import PATTERNS, SIDE_BY_SIDE, Peer
from dev.bench.row import Row
from dev.bench.scale import Scale, drain
from dev.stack import Stack
from dev.trial import E5, Tenant, Trial

SCALE = Scale(6)
PATIENCE = 3.5
"""Times our own time after which a pattern is stopped that sends side by side: it may never come through."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one of them came to."""

    seconds: float
    throttled: int
    wrong: int
    """Users without the licence at the end, and those who were told the opposite of the truth."""


async def peers(users: int = 4_000) -> Row:
    """Assign one SKU to everyone of a tenant whose burst is used up, in each of the ways of the field and in ours."""
    async with Stack(SCALE.environment) as stack, Trial(stack) as trial:
        ours = await _ours(trial, users)
        runs = {
            name: await _theirs(trial, users, name, PATIENCE * ours.seconds if name in SIDE_BY_SIDE else None)
            for name in PATTERNS
        }
    loop = runs["one call a user"].seconds / ours.seconds
    exact = [run.seconds / ours.seconds for run in runs.values() if not run.wrong]
    figures = {"ours s": ours.seconds, "ours 429s": ours.throttled, "ours wrong": ours.wrong}
    for name, run in runs.items():
        figures |= {f"{name} ÷ ours": run.seconds / ours.seconds}
        figures |= {f"{name} 429s": run.throttled, f"{name} wrong": run.wrong}
    name = f"{users:,} users, the patterns of the field and ours (x{SCALE.factor:g})"
    met = ours.wrong == 0 and loop >= 5 and min(exact) > 1
    return Row(name, figures, "≥ 5 times the loop, faster than all that end exact", met)


async def _ours(trial: Trial, users: int) -> Run:
    tenant = await trial.tenant(users)
    await drain(trial, [tenant])
    started = monotonic()
    operation = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=1_200, every=0.2)
    seconds = monotonic() - started
    results = await trial.assert_exact(operation, tenant)
    return await _judged(trial, tenant, seconds, {r["userId"] for r in results if r["status"] == "succeeded"})


async def _theirs(trial: Trial, users: int, name: str, longest: float | None) -> Run:
    tenant = await trial.tenant(users)
    state = await trial.state(tenant)
    sku_id = next(sku["skuId"] for sku in state["skus"] if sku["skuPartNumber"] == E5)
    await drain(trial, [tenant])
    base, token = f"{trial.stack.simulator_url}/v1.0", {"Authorization": f"Bearer local.{tenant.id}"}
    async with httpx.AsyncClient(base_url=base, headers=token, timeout=60) as http:
        peer = Peer(http, sku_id)
        started = monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await PATTERNS[name](peer, [user["id"] for user in state["users"]])
        seconds = monotonic() - started
    return await _judged(trial, tenant, seconds, peer.believed)


async def _judged(trial: Trial, tenant: Tenant, seconds: float, believed: set[str]) -> Run:
    state = await trial.state(tenant)
    sku_id = next(sku["skuId"] for sku in state["skus"] if sku["skuPartNumber"] == E5)
    everyone = {user["id"] for user in state["users"]}
    holders = {user["id"] for user in state["users"] if any(held["skuId"] == sku_id for held in user["direct"])}
    stats = (await trial.sim.get("/stats")).json()[tenant.id]
    return Run(seconds, stats["throttled"], len((everyone - holders) | (believed ^ holders)))
