"""How scripts and portals of the field assign licences, each written as it is found there, against the same simulator.

None of them reads a user before it writes, keeps a plan, or could go on after a crash: pacing alone is compared.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

import httpx

TRIES = 3
"""Times that those try who do not try for ever."""
AT_ONCE = 16
"""Batches in flight of those who do not pace."""


@dataclass(slots=True)
class Peer:
    """One client of a tenant: what it sends, and whom it believes to have done."""

    http: httpx.AsyncClient
    sku_id: str
    believed: set[str] = field(default_factory=set[str])

    def body(self) -> dict[str, Any]:
        """The body of an ``assignLicense`` call."""
        return {"addLicenses": [{"skuId": self.sku_id, "disabledPlans": []}], "removeLicenses": []}

    async def one(self, user: str) -> tuple[int, float]:
        """Status and ``Retry-After`` of one call."""
        answer = await self.http.post(f"/users/{user}/assignLicense", json=self.body())
        if answer.is_success:
            self.believed.add(user)
        return answer.status_code, float(answer.headers.get("Retry-After", 0))

    async def many(self, users: Sequence[str]) -> dict[str, tuple[int, float]]:
        """The same for each of at most 20 users, in one ``$batch``."""
        url = "/users/{}/assignLicense"
        headers = {"Content-Type": "application/json"}
        items = [
            {"id": user, "method": "POST", "url": url.format(user), "headers": headers, "body": self.body()}
            for user in users
        ]
        answer = await self.http.post("/$batch", json={"requests": items})
        answer.raise_for_status()
        found = {
            item["id"]: (item["status"], float(item["headers"].get("Retry-After", 0)))
            for item in answer.json()["responses"]
        }
        self.believed.update(user for user, (status, _) in found.items() if status == 200)
        return found


async def loop(peer: Peer, users: Sequence[str]) -> None:
    """One call after the other; a throttled one is sent again after its Retry-After."""
    for user in users:
        while (answer := await peer.one(user))[0] == 429:
            await asyncio.sleep(answer[1])


async def batches_in_a_row(peer: Peer, users: Sequence[str]) -> None:
    """Batches of 20 one after the other; the throttled items of each again after the longest Retry-After."""
    for some in batched(users, 20, strict=False):
        await _until_through(peer, some)


async def whole_batches_again(peer: Peer, users: Sequence[str]) -> None:
    """Four batches side by side; one with a throttled item is sent again as a whole, at most three times in all."""
    gate = asyncio.Semaphore(4)

    async def send(some: Sequence[str]) -> None:
        async with gate:
            for _ in range(TRIES):
                waits = [wait for status, wait in (await peer.many(some)).values() if status == 429]
                if not waits:
                    return
                await asyncio.sleep(max(waits))

    await asyncio.gather(*(send(some) for some in batched(users, 20, strict=False)))


async def unpaced(peer: Peer, users: Sequence[str]) -> None:
    """Sixteen batches side by side; throttled items again after their Retry-After, at most three times in all."""
    await _side_by_side(peer, users, TRIES)


async def unpaced_for_ever(peer: Peer, users: Sequence[str]) -> None:
    """Sixteen batches side by side; throttled items again after their Retry-After until they are through."""
    await _side_by_side(peer, users, None)


async def _side_by_side(peer: Peer, users: Sequence[str], tries: int | None) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def send(some: Sequence[str]) -> None:
        async with gate:
            await _until_through(peer, some, tries)

    await asyncio.gather(*(send(some) for some in batched(users, 20, strict=False)))


async def _until_through(peer: Peer, users: Sequence[str], tries: int | None = None) -> None:
    left, tried = list(users), 0
    while left and tried != tries:
        answers = await peer.many(left)
        tried += 1
        left = [user for user, (status, _) in answers.items() if status == 429]
        if left:
            await asyncio.sleep(max(answers[user][1] for user in left))


PATTERNS: dict[str, Callable[[Peer, Sequence[str]], Awaitable[None]]] = {
    "one call a user": loop,
    "batches in a row": batches_in_a_row,
    "whole batches again": whole_batches_again,
    "unpaced, 3 tries": unpaced,
    "unpaced, for ever": unpaced_for_ever,
}
SIDE_BY_SIDE = frozenset({"whole batches again", "unpaced, 3 tries", "unpaced, for ever"})
