"""Who else waits: a small operation behind a large one, and two equal ones, in one tenant."""

import asyncio
from collections.abc import Awaitable, Callable
from statistics import median
from time import monotonic

from dev.api import Json
from dev.bench.row import Row
from dev.bench.scale import Scale, drain
from dev.stack import Stack
from dev.trial import E5, POWER_BI, Tenant, Trial

SCALE = Scale(5)


async def small_behind_large(small: int = 50, large: int = 20_000, times: int = 10) -> Row:
    """Small operations begun while a large one works at the limit, against the same ones alone: medians of ten."""
    async with Stack(SCALE.environment) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(large)
        alone = [await _small(trial, tenant, small, n) for n in range(times)]
        await drain(trial, [tenant])
        begun = await trial.assign(tenant)
        await _until_writing(trial, begun["id"])
        behind = [await _small(trial, tenant, small, n + times) for n in range(times)]
        during = await trial.api.operation(begun["id"])
        if during["completedAt"]:
            raise AssertionError("the large operation had ended before the small ones")
    ratio = median(behind) / median(alone)
    figures = {"alone s": median(alone), "behind s": median(behind), "longest behind s": max(behind), "ratio": ratio}
    name = f"{small} users begun behind {large:,}, one tenant (x{SCALE.factor:g}, median of {times})"
    return Row(name, figures, "≤ 1.5 of the time alone", ratio <= 1.5)


async def two_operations(users: int = 1_000) -> Row:
    """Two equal operations on one tenant at once: fair if they end together."""
    async with Stack({"GRAPH_LIMIT_FACTOR": "1"}) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        seconds = await asyncio.gather(
            *(_timed(lambda sku=sku: trial.assign(tenant, sku), trial) for sku in (E5, POWER_BI))
        )
    ratio = max(seconds) / min(seconds)
    figures = {"first s": seconds[0], "second s": seconds[1], "longer ÷ shorter": ratio}
    return Row(f"two operations of {users:,} users, one tenant", figures, "longer ÷ shorter ≤ 1.10", ratio <= 1.10)


async def _small(trial: Trial, tenant: Tenant, users: int, number: int) -> float:
    """Seconds of an operation over users that no other one of this row has."""
    first = number * users
    names = {"users": [f"user{n:05d}@{tenant.domain}" for n in range(first, first + users)]}
    return await _timed(lambda: trial.assign(tenant, POWER_BI, users=names), trial)


async def _until_writing(trial: Trial, operation_id: str, seconds: float = 300) -> None:
    """Wait until an operation has written its first hundreds."""
    async with asyncio.timeout(seconds):
        while (await trial.api.operation(operation_id))["progress"]["succeeded"] < 500:
            await asyncio.sleep(0.2)


async def _timed(start: Callable[[], Awaitable[Json]], trial: Trial) -> float:
    """Seconds from asking for an operation to its end, which must be a good one."""
    started = monotonic()
    operation = await trial.api.until_ended((await start())["id"], seconds=300, every=0.05)
    seconds = monotonic() - started
    if operation["status"] != "succeeded":
        raise AssertionError(f"operation {operation['id']} ended as {operation['status']}: {operation['errors']}")
    return seconds
