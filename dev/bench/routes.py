"""How soon the routes answer that a page asks while an operation runs."""

import asyncio
from statistics import quantiles
from time import monotonic

from dev.api import Api
from dev.bench.row import Row
from dev.bench.scale import Scale, drain
from dev.stack import Stack
from dev.trial import Trial

SCALE = Scale(6)
SECONDS = 20.0
PAUSE = 1.0
"""A page that shows an operation live asks once a second."""


async def routes(callers: int = 50, users: int = 8_000) -> Row:
    """Status and list by turns, for fifty callers while an operation works: one a second each, then without a pause."""
    async with Stack(SCALE.environment) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        await drain(trial, [tenant])
        begun = await trial.assign(tenant)
        while (await trial.api.operation(begun["id"]))["progress"]["succeeded"] < 200:
            await asyncio.sleep(0.2)
        paths = {"status": f"/operations/{begun['id']}", "list": "/operations"}
        live, hard = await _ask(stack, paths, callers, PAUSE), await _ask(stack, paths, callers, 0.0)
        if (await trial.api.operation(begun["id"]))["completedAt"]:
            raise AssertionError("the operation had ended before the last question")
    figures: dict[str, float] = {}
    for name, times in live.items():
        figures |= {f"{name} p50 ms": _percentile(times, 50), f"{name} p99 ms": _percentile(times, 99)}
    together = [each for times in hard.values() for each in times]
    figures |= {"no pause: requests/s": len(together) / SECONDS, "no pause: p99 ms": _percentile(together, 99)}
    worst = max(_percentile(times, 99) for times in live.values())
    name = f"{callers} callers, each once a second, while an operation runs"
    return Row(name, figures, "p99 ≤ 250 ms", worst <= 250)


async def _ask(stack: Stack, paths: dict[str, str], callers: int, pause: float) -> dict[str, list[float]]:
    """Milliseconds of each answer, by route."""
    times: dict[str, list[float]] = {name: [] for name in paths}
    end = monotonic() + SECONDS

    async def caller(number: int) -> None:
        async with Api(stack.api_url, stack.api_key) as api:
            await asyncio.sleep(pause * number / callers)
            while monotonic() < end:
                for name, path in paths.items():
                    started = monotonic()
                    await api.call("GET", path)
                    times[name].append(1000 * (monotonic() - started))
                    await asyncio.sleep(max(0.0, pause - (monotonic() - started)))

    await asyncio.gather(*(caller(number) for number in range(callers)))
    return times


def _percentile(times: list[float], percent: int) -> float:
    return quantiles(times, n=100)[percent - 1]
