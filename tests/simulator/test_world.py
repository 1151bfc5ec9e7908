"""The demo world, and the process as it is started."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dev.simulator.engine import Engine
from dev.simulator.server import engine_from_environment
from dev.simulator.truth import user_state
from dev.simulator.world import ADATUM, CONTOSO, FABRIKAM, SALES_DEPARTMENT, load_world, world
from tests.simulator.harness import E5, Simulator, serving

TEAMS_FREE = "16ddbbfc-09ea-4de2-b1d7-312db6112d70"


@pytest.fixture
async def demo() -> AsyncIterator[Simulator]:
    """The demo world with Contoso's token."""
    async with serving() as running:
        load_world(running.engine)
        running.client.headers["Authorization"] = f"Bearer test.{CONTOSO}"
        yield running


def test_the_world_is_the_same_at_every_start() -> None:
    """Names, ids, licences and groups repeat; three tenants with fixed ids."""
    first, second = Engine(), Engine()
    load_world(first)
    load_world(second)

    assert list(first.tenants) == [CONTOSO, FABRIKAM, ADATUM]
    for name, tenant in first.tenants.items():
        ours = json.dumps([user_state(tenant, each) for each in tenant.users.current.values()])
        assert ours == json.dumps(
            [user_state(second.tenants[name], each) for each in second.tenants[name].users.current.values()]
        )
    assert world().keys() == first.tenants.keys()


async def test_the_sales_department_has_every_case_a_preview_shows(demo: Simulator) -> None:
    """Trap 29: nested groups, E5 direct and inherited, no location, conflict, guests, a disabled account, a device."""
    url = f"/groups/{SALES_DEPARTMENT}/transitiveMembers"
    users: list[dict[str, Any]] = (
        await demo.get(f"{url}/microsoft.graph.user", advanced=True, count="true", top="999", select="id")
    ).json()["value"]
    everything = (await demo.get(url, top="999")).json()["value"]
    state = await demo.state(CONTOSO)
    by_id = {each["id"]: each for each in state["users"].values()}
    people = [by_id[each["id"]] for each in users]
    members = [each for each in people if each["userType"] == "Member"]

    assert 240 <= len(users) <= 260
    assert any(each["@odata.type"] == "#microsoft.graph.device" for each in everything)
    assert sum(each["@odata.type"] == "#microsoft.graph.group" for each in everything) == 6
    assert 10 <= sum(any(own["skuId"] == E5 for own in each["direct"]) for each in people) <= 30
    assert sum(any(got["skuId"] == E5 for got in each["inherited"]) for each in people) >= 3
    assert 2 <= sum(each["usageLocation"] is None for each in members) <= 4
    assert sum(any(own["skuId"] == TEAMS_FREE for own in each["direct"]) for each in people) == 1
    assert sum(not each["accountEnabled"] for each in people) == 1
    assert sum(each["userType"] == "Guest" for each in people) >= 4
    e5 = state["skus"]["SPE_E5"]
    assert e5["enabled"] - e5["consumed"] >= len(users) - 20
    assert all(sku["consumed"] <= sku["enabled"] for sku in state["skus"].values())


@pytest.mark.parametrize(
    ("name", "value"), [("SIMULATOR_WORLD", "mars"), ("GRAPH_LIMIT_FACTOR", "-1"), ("SIMULATOR_READ_MS", "fast")]
)
def test_a_setting_that_makes_no_sense_stops_the_start(name: str, value: str) -> None:
    """Trap 5: no silent default for a value that was given."""
    with pytest.raises(ValueError, match=value):
        engine_from_environment({name: value})


async def test_the_process_prints_its_address_and_stops_when_told() -> None:
    """Port 0 picks a free port; SIGTERM ends it with exit code 0, even while an answer is held."""
    environment = {**os.environ, "SIMULATOR_PORT": "0", "SIMULATOR_WORLD": "none"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dev.simulator", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert line.startswith("simulator http://127.0.0.1:")
        async with httpx.AsyncClient(base_url=line.split()[1], timeout=10) as client:
            await client.post("/_sim/faults", json={"kind": "timeoutBeforeCommit", "scope": "request"})
            held = asyncio.create_task(client.get("/v1.0/users"))
            await asyncio.sleep(0.1)  # let it arrive; were it late, it would be refused, which ends the same
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)
            with pytest.raises(httpx.TransportError):
                await held
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
