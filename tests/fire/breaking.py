"""Break the stack, and change tenants from outside, as a script says."""

import asyncio
from time import time

import httpx

from dev.api import Json
from dev.stack import Host, Stack
from tests.fire.played import Played
from tests.fire.script import TIMES, Break, Outside
from tests.fire.world import Directory


class Breaker:
    """Does the breakages of a script to a stack, and notes what was done."""

    def __init__(self, stack: Stack, sim: httpx.AsyncClient, world: tuple[Directory, ...], played: Played) -> None:
        self._stack = stack
        self._sim = sim
        self._world = world
        self._played = played
        self._frozen: set[int] = set()

    @property
    def answering(self) -> list[Host]:
        """Hosts that have come up, live and do not stand still."""
        return [host for host in self._serving if host.pid not in self._frozen]

    async def fail(self, step: Break) -> None:
        """Let a host or storage fail."""
        match step.what:
            case "kill":
                await (await self._pick(step)).kill()
                self._played.broken["kill"] += 1
                await asyncio.sleep(step.seconds)
                await self._stack.start_host()
            case "lose" if len(self._serving) > 1:
                await (await self._pick(step)).kill()
                self._played.broken["lose"] += 1
            case "storage":
                self._played.broken["storage"] += 1
                await self._stack.stop_azurite()
                await asyncio.sleep(step.seconds)
                await self._stack.start_azurite_again()
            case "freeze":
                await self._freeze(await self._pick(step), float(TIMES["TURN_LEASE_SECONDS"]) + step.seconds)
            case _:
                pass  # the only host is not lost for good

    async def change(self, step: Outside) -> None:
        """Be somebody else who changes a tenant."""
        self._played.broken[step.what] += 1
        if step.what == "members":
            await self._move(step)
            return
        for upn in step.users:
            await self._give(self._world[step.tenant].id, upn, step.sku, instead=step.what == "user")

    @property
    def _serving(self) -> list[Host]:
        return [host for host in self._stack.hosts if host.returncode is None and host.url]

    async def _pick(self, step: Break) -> Host:
        while not self._serving:  # one is just coming up again
            await asyncio.sleep(0.1)
        return self._serving[step.host % len(self._serving)]

    async def _freeze(self, host: Host, seconds: float) -> None:
        self._played.broken["freeze"] += 1
        self._frozen.add(host.pid)
        host.freeze()
        await asyncio.sleep(seconds)
        host.thaw()
        self._frozen.discard(host.pid)

    async def _give(self, tenant: str, upn: str, sku: str, *, instead: bool) -> None:
        """Give a user a licence, besides or in place of all others."""
        state = (await self._sim.get(f"/tenants/{tenant}", params={"users": upn})).raise_for_status().json()
        [user] = state["users"]
        names = {each["skuId"]: each["skuPartNumber"] for each in state["skus"]}
        held: list[Json] = [] if instead else [each for each in user["direct"] if names[each["skuId"]] != sku]
        change = {"licenses": [*held, {"skuId": sku}], "usageLocation": user["usageLocation"] or "DE"}
        (await self._sim.patch(f"/tenants/{tenant}/users/{upn}", json=change)).raise_for_status()

    async def _move(self, step: Outside) -> None:
        """Take who is in the group out of it, and put in who is not."""
        tenant = self._world[step.tenant].id
        state = (await self._sim.get(f"/tenants/{tenant}")).raise_for_status().json()
        group = next(each["id"] for each in state["groups"] if each["displayName"] == step.group)
        history = self._played.groups[tenant]
        members = history[-1][1][step.group]
        add = [upn for upn in step.users if upn not in members]
        remove = [upn for upn in step.users if upn in members]
        # Noted before it happens: from then on either may be seen.
        history.append((time(), {**history[-1][1], step.group: [*(m for m in members if m not in remove), *add]}))
        path = f"/tenants/{tenant}/groups/{group}/members"
        (await self._sim.post(path, json={"add": add, "remove": remove})).raise_for_status()
