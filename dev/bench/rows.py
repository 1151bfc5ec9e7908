"""The rows of the bench: each runs on a stack of its own, checks that the end is exact, and gives its figures."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from dev.api import Json
from dev.bench.memory import peak_memory
from dev.stack import Stack
from dev.trial import E5, POWER_BI, Trial

MEGABYTE = 1024 * 1024
UNLIMITED = {"GRAPH_LIMIT_FACTOR": "0"}
LIMITED = {"GRAPH_LIMIT_FACTOR": "1"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the bench: its figures by name, and what they should be."""

    name: str
    figures: dict[str, float]
    goal: str
    met: bool


async def ten_thousand_users(users: int = 10_000) -> Row:
    """One operation without limits and latency: what the engine itself costs."""
    async with Stack(UNLIMITED) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        async with peak_memory(stack.hosts[0].pid) as memory:
            started = monotonic()
            operation = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=900, every=1)
            seconds = monotonic() - started
        await trial.assert_exact(operation, tenant)
        await trial.assert_single_flight(tenant)
    peak = memory.peak / MEGABYTE
    figures = {"users": users, "seconds": seconds, "users/s": users / seconds, "host peak MB": peak}
    return Row(f"{users:,} users, one tenant, no limits", figures, "exact, host ≤ 400 MB", peak <= 400)


async def two_operations(users: int = 1_000) -> Row:
    """Two equal operations on one tenant at once: fair if they end together."""
    async with Stack(LIMITED) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        seconds = await asyncio.gather(
            *(_timed(lambda sku=sku: trial.assign(tenant, sku), trial) for sku in (E5, POWER_BI))
        )
    ratio = max(seconds) / min(seconds)
    figures = {"first s": seconds[0], "second s": seconds[1], "longer ÷ shorter": ratio}
    return Row(f"two operations of {users:,} users, one tenant", figures, "longer ÷ shorter ≤ 1.10", ratio <= 1.10)


async def small_behind_large(small: int = 50, large: int = 5_000, head_start: float = 5.0) -> Row:
    """A small operation begun while a large one works, against the same one alone."""
    alone = await _small(small, 0, 0.0)
    behind = await _small(small, large, head_start)
    figures = {"alone s": alone, "behind s": behind, "longer by s": behind - alone}
    name = f"{small} users begun {head_start:g} s after {large:,}, one tenant"
    return Row(name, figures, "longer by ≤ 4 s", behind - alone <= 4)


async def _small(small: int, large: int, head_start: float) -> float:
    async with Stack(LIMITED) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(max(small, large))
        if large:
            await trial.assign(tenant)
            await asyncio.sleep(head_start)
        names = {"users": [f"user{n:05d}@{tenant.domain}" for n in range(small)]}
        return await _timed(lambda: trial.assign(tenant, POWER_BI, users=names), trial)


async def _timed(start: Callable[[], Awaitable[Json]], trial: Trial) -> float:
    """Seconds from asking for an operation to its end, which must be a good one."""
    started = monotonic()
    operation = await trial.api.until_ended((await start())["id"], seconds=300, every=0.1)
    seconds = monotonic() - started
    if operation["status"] != "succeeded":
        raise AssertionError(f"operation {operation['id']} ended as {operation['status']}: {operation['errors']}")
    return seconds


ROWS: dict[str, Callable[..., Any]] = {
    "users": ten_thousand_users,
    "two": two_operations,
    "small": small_behind_large,
}
