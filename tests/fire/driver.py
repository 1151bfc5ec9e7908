"""Play a script on the real stack: every step at its time, every operation nursed to its end."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import time
from typing import Any

import httpx

from dev.api import BASE, ENDED, Json
from dev.stack import Stack
from tests.fire.asking import Asked
from tests.fire.breaking import Breaker
from tests.fire.played import Life, Played
from tests.fire.script import HEAL_SECONDS, TIMES, Break, Fault, Outside, Script, Start, Steer, Step

PATIENCE_SECONDS = 90.0
"""From the last step: by then every operation must have ended."""
CALL_SECONDS = 40.0
"""How long somebody asks again whose host or storage is down."""
REST_SECONDS = 1.5
"""How long an operation rests before somebody sends it on."""
LAG_SECONDS = 2.5
"""Reads may be so much older."""
VERB = {"paused": "resume", "halted": "resume", "awaitingApproval": "approve", "waitingForWindow": "cancel"}
"""What sends an operation on that rests."""


class Refused(Exception):
    """The API said no for good; ``status`` 0: nobody answered."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@asynccontextmanager
async def stack_for(script: Script) -> AsyncGenerator[Stack]:
    """A stack for one script, whose storage outlives a restart."""
    with tempfile.TemporaryDirectory(prefix="fire-") as folder:
        env = {**TIMES, "LOCALHOST_DATA": folder}
        async with Stack(env, in_memory=False, hosts=script.hosts) as stack:
            yield stack


class Driver:
    """Plays one script on a stack of its own."""

    def __init__(self, script: Script, stack: Stack) -> None:
        self.script = script
        self.stack = stack
        self.played = Played()
        self.sim = httpx.AsyncClient(base_url=stack.simulator_url + "/_sim", timeout=60)
        self._http = httpx.AsyncClient(headers={"x-api-key": stack.api_key}, timeout=15)
        self._breaker = Breaker(stack, self.sim, script.world, self.played)

    async def close(self) -> None:
        """Close all connections."""
        await self.sim.aclose()
        await self._http.aclose()

    async def load(self) -> None:
        """Put the tenants into the simulator and register them."""
        for directory in self.script.world:
            (await self.sim.put(f"/tenants/{directory.id}", json=directory.spec)).raise_for_status()
            await self.call("PUT", f"/tenants/{directory.id}", json={"protectedUsers": [directory.protected]})
            self.played.groups[directory.id] = [(0.0, directory.groups)]

    async def play(self) -> None:
        """Do every step at its time, heal, and wait for every end."""
        nursing, healing = asyncio.create_task(self._nurse()), asyncio.create_task(self._heal())
        try:
            async with asyncio.TaskGroup() as steps:
                for at, step in self.script.steps:
                    steps.create_task(self._at(at, step))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while any(life.ended is None for life in self.played.lives.values()):
                        await asyncio.sleep(0.3)
        finally:
            for task in (nursing, healing):
                task.cancel()
            await asyncio.wait([nursing, healing])
        for task in (nursing, healing):
            if not task.cancelled():
                task.result()

    async def call(self, method: str, path: str, **options: Any) -> Json:
        """One call to a host that lives, again while none does or storage is down.

        Raises ``Refused`` for an answer that is final.
        """
        answer: httpx.Response | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CALL_SECONDS):
                while True:
                    answer = await self._try(method, path, **options)
                    if answer is not None and answer.status_code not in (429, 503):
                        break
                    await asyncio.sleep(0.25)
        if answer is None:
            raise Refused(0, f"{method} {path}: nobody answered within {CALL_SECONDS:g} s")
        if answer.status_code >= 500:
            self.played.wrong.append(f"{method} {path}: {answer.status_code} {answer.text}")
        if answer.is_error:
            raise Refused(answer.status_code, f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def _try(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        for host in self._breaker.answering:
            url = host.url + BASE + path.partition(BASE)[2] if path.startswith("http") else host.url + BASE + path
            with contextlib.suppress(httpx.TransportError):
                return await self._http.request(method, url, **options)
        return None

    async def pages(self, path: str, **parameters: str) -> list[Json]:
        """A whole list."""
        page = await self.call("GET", path, params={"top": "1000", **parameters})
        found = list(page["value"])
        while page["nextLink"]:
            page = await self.call("GET", page["nextLink"])
            found += page["value"]
        return found

    async def _at(self, at: float, step: Step) -> None:
        await asyncio.sleep(at)
        match step:
            case Start():
                await self._start(step.asked)
            case Steer():
                await self._steer(step)
            case Fault():
                (await self.sim.post("/faults", json=step.body)).raise_for_status()
            case Break():
                await self._breaker.fail(step)
            case Outside():
                await self._breaker.change(step)

    async def _heal(self) -> None:
        await asyncio.sleep(HEAL_SECONDS)
        (await self.sim.delete("/faults")).raise_for_status()

    # --- operations ---

    async def _start(self, asked: Asked) -> None:
        began = time()
        try:
            body = await (self._again(asked) if asked.parent is not None else self._fresh(asked))
        except Refused as refused:
            self.played.refused[asked.number] = str(refused)
            if refused.status in (400, 404):
                self.played.wrong.append(f"operation {asked.number} is not taken: {refused}")
            return
        self.played.lives[asked.number] = Life(asked, body, began)

    async def _fresh(self, asked: Asked) -> Json:
        key = {"Idempotency-Key": f"fire-{asked.number}"}
        if not asked.previewed:
            return await self.call("POST", f"/{asked.kind}", json=asked.body, headers=key)
        first = {"Idempotency-Key": f"preview-{asked.number}"}
        preview = await self.call("POST", "/preview", json={**asked.body, "operation": asked.kind}, headers=first)
        while preview["status"] == "computing":
            await asyncio.sleep(0.3)
            preview = await self.call("GET", f"/previews/{preview['id']}")
        return await self.call("POST", f"/{asked.kind}", json={"previewId": preview["id"]}, headers=key)

    async def _again(self, asked: Asked) -> Json:
        assert asked.parent is not None
        parent = await self._until(asked.parent)
        key = {"Idempotency-Key": f"fire-{asked.number}"}
        return await self.call("POST", f"/operations/{parent.body['id']}/{asked.kind}", headers=key)

    async def _until(self, number: int) -> Life:
        """The life of an operation that has ended. Raises ``Refused`` when it never began or does not end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while number not in self.played.refused:
                    life = self.played.lives.get(number)
                    if life and life.ended is not None:
                        return life
                    await asyncio.sleep(0.2)
        raise Refused(409, f"operation {number} is not there to be done again")

    async def _steer(self, steer: Steer) -> None:
        life = self.played.lives.get(steer.number)
        if life is None:
            return
        with contextlib.suppress(Refused):
            await self._say(life, steer.verb)

    async def _say(self, life: Life, verb: str) -> None:
        await self.call("POST", f"/operations/{life.body['id']}/{verb}")
        self.played.broken[verb] += 1

    async def _nurse(self) -> None:
        """Look at every operation that has not ended, and send on what rests."""
        resting: dict[int, float] = {}
        while True:
            await asyncio.sleep(0.3)
            for number, life in list(self.played.lives.items()):
                if life.ended is not None:
                    continue
                try:
                    life.body = await self.call("GET", f"/operations/{life.body['id']}")
                    status = life.body["status"]
                    if status in ENDED:
                        life.ended = time()
                    elif status not in VERB:
                        resting.pop(number, None)
                    elif time() - resting.setdefault(number, time()) > REST_SECONDS:
                        await self._say(life, VERB[status])
                except Refused:
                    continue  # it went on by itself, or nobody answers: the end is judged by the oracle
