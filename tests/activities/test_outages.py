"""Graph goes away while an operation runs: nothing is lost or guessed, and when it is back the work goes on."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from activities.begin_operation import begin
from shared.contracts.work import OperationRun
from shared.services import Services, open_services
from tests.activities.conftest import QUICK
from tests.activities.driver import Engine
from tests.activities.parts import Part, new_part
from tests.support.azurite import Azurite
from tests.support.gate import Gate
from tests.support.simulator import Simulator

AWAY_SECONDS = 1.5


@pytest.fixture
async def gate(simulator: Simulator) -> AsyncIterator[Gate]:
    """The way to Graph."""
    gate = Gate(urlsplit(simulator.graph_url).port or 0, mark=b"assignLicense")
    await gate.open()
    yield gate
    gate.shut()


@pytest.fixture
async def behind(azurite: Azurite, gate: Gate) -> AsyncIterator[Services]:
    """Services that reach Graph through the gate only."""
    url = f"http://127.0.0.1:{gate.port}/v1.0"
    services = open_services(azurite.settings(GRAPH_BASE_URL=url, GRAPH_LIMIT_FACTOR="0", **QUICK))
    yield services
    await services.close()


async def run(part: Part) -> None:
    """Run the part to its end."""
    await begin(part.app, OperationRun(operation=part.run.operation, epoch=part.run.epoch))
    await asyncio.wait_for(Engine(part.app).run(part.run), 40)


async def test_graph_goes_while_licences_are_written(behind: Services, gate: Gate, simulator: Simulator) -> None:
    """Traps 20 and 21: connections break right after a write was sent and new ones are refused for a while."""
    part = await new_part(behind, simulator, 50)
    gate.shut_at = 2
    running = asyncio.create_task(run(part))
    await asyncio.wait_for(gate.was_shut.wait(), 20)
    await asyncio.sleep(AWAY_SECONDS)
    assert not running.done()
    assert (await part.row()).error is None
    await gate.open()
    await running

    assert await part.codes() == [None] * 50
    await part.assert_exact()


async def test_a_directory_out_of_reach_is_waited_for(behind: Services, gate: Gate, simulator: Simulator) -> None:
    """Trap 28: a refused connection ends no selection; each step says how long to wait, and asks again."""
    part = await new_part(behind, simulator, 3)
    await part.begin()
    gate.shut()
    resolved = await part.resolve()
    await gate.open()
    again = await part.resolve()
    gate.shut()
    planned = await part.plan()
    await gate.open()
    assert (await part.plan()).wait is None
    gate.shut()
    reserved = await part.reserve()
    await gate.open()

    for refused in (resolved, planned, reserved):
        assert refused.stop is None
        assert refused.wait
        assert "not reached" in refused.message or "was asked" in refused.message
    assert again.chunks == 1
    assert (await part.reserve()).stop is None
