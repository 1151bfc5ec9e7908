"""One stack with the sample app for the whole folder, and a client that speaks its routes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from dev.stack import Host, Stack

SAMPLE_APP = Path(__file__).parent / "sample_app"
SETTINGS = {"TICK_SCHEDULE": "* * * * * *", "LOCALHOST_FUNCTION_KEY": "open sesame"}
ENDED = {"Completed", "Failed", "Terminated"}
INSTANCES = "/runtime/webhooks/durabletask/instances"
LONG_CHILD_SECONDS = 31
_PATIENCE_SECONDS = 20.0


async def wait_until(
    what: Callable[[], Awaitable[Any]], *, description: str, seconds: float = _PATIENCE_SECONDS
) -> Any:
    """Ask until the answer is true, and return it; fails with the description when that takes too long."""
    end = time.monotonic() + seconds
    while not (answer := await what()):
        assert time.monotonic() < end, f"still not: {description}"
        await asyncio.sleep(0.05)
    return answer


@dataclass
class Sample:
    """The sample app on one host."""

    host: Host
    http: httpx.AsyncClient
    long_parent: "asyncio.Task[dict[str, Any]] | None" = None
    """Waits for the parent of a child that runs for long: by the last test the host may have forgotten it."""

    async def start(self, name: str, value: Any = None, *, instance_id: str | None = None) -> str:
        """Start an orchestrator; returns the instance id."""
        params = {"id": instance_id} if instance_id else {}
        answer = await self.http.post(f"/api/start/{name}", json=value, params=params)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    async def status(self, instance_id: str) -> dict[str, Any]:
        """The status JSON of an instance."""
        answer = await self.http.get(f"{INSTANCES}/{instance_id}")
        return {"runtimeStatus": None} if answer.status_code == 404 else answer.json()  # it may be started soon

    async def post(self, instance_id: str, action: str, body: Any = None) -> int:
        """Steer an instance; returns the HTTP status."""
        return (await self.http.post(f"{INSTANCES}/{instance_id}/{action}", json=body)).status_code

    async def until(self, instance_id: str, *states: str, seconds: float = _PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until the instance is in one of these states (ended, unless told); returns its status."""

        async def reached() -> dict[str, Any] | None:
            status = await self.status(instance_id)
            return status if status["runtimeStatus"] in (states or ENDED) else None

        return await wait_until(reached, description=f"{instance_id} in {states or ENDED}", seconds=seconds)

    async def run(self, name: str, value: Any = None) -> dict[str, Any]:
        """Start an orchestrator and wait for its end."""
        return await self.until(await self.start(name, value))

    async def until_waiting(self, instance_id: str) -> None:
        """Wait until the orchestrator says that it waits."""

        async def waits() -> bool:
            return (await self.status(instance_id)).get("customStatus") == "waiting"

        await wait_until(waits, description=f"{instance_id} waits for its event")

    async def seen(self, what: str) -> list[Any]:
        """What a timer or blob function noted."""
        return (await self.http.get(f"/api/seen/{what}")).json()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack() -> AsyncIterator[Stack]:
    """Azurite and one host with the sample app; no simulator."""
    async with Stack(env=SETTINGS, simulator=False, app_dir=SAMPLE_APP) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sample(stack: Stack) -> AsyncIterator[Sample]:
    """The sample app on the shared host; a child that runs for long is started beside the tests, the last awaits it."""
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=30) as http:
        sample = Sample(stack.hosts[0], http)
        child = {"name": "race", "input": LONG_CHILD_SECONDS, "id": "long-child"}
        await sample.start("parent", child, instance_id="long-parent")

        async def awaited() -> dict[str, Any]:
            await asyncio.sleep(LONG_CHILD_SECONDS)
            return await sample.until("long-parent")

        sample.long_parent = asyncio.create_task(awaited())
        yield sample
        sample.long_parent.cancel()
