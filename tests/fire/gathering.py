"""Gather the evidence of a script that was played."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from dev.api import Json
from dev.stack import Stack
from dev.stack.settings import LOCAL_DEFAULTS
from shared.domain.seats import expired
from shared.settings import read_settings
from shared.tables.audit import AuditStore
from shared.tables.client import Tables
from shared.tables.due import DueStore
from shared.tables.results import ResultStore
from shared.tables.seats import SeatStore
from tests.fire.asking import Permit
from tests.fire.driver import LAG_SECONDS, Driver
from tests.fire.evidence import Evidence, OfOperation, OfTenant
from tests.fire.played import Life
from tests.fire.script import TIMES
from tests.fire.world import Directory

HORIZON_SECONDS = float(LOCAL_DEFAULTS["REPLICATION_HORIZON_SECONDS"])
SETTLE_SECONDS = HORIZON_SECONDS + 3
"""Within so long after the last end no reservation holds a seat."""

SWEPT_SECONDS = float(TIMES["HEARTBEAT_STALE_SECONDS"]) + 4
"""Within so long the sweeper has found who is past the time."""


@asynccontextmanager
async def tables_of(stack: Stack) -> AsyncGenerator[Tables]:
    """The tables of a stack."""
    environment = {
        "AzureWebJobsStorage": stack.storage,
        "GRAPH_BASE_URL": stack.simulator_url,
        "GRAPH_CREDENTIAL": "static:local",
    }
    tables = Tables.open(read_settings(environment))
    try:
        yield tables
    finally:
        await tables.close()


async def start_states(driver: Driver) -> dict[str, Json]:
    """The tenants as the simulator has loaded them."""
    return {directory.id: await _state(driver, directory) for directory in driver.script.world}


async def gather(driver: Driver, starts: dict[str, Json]) -> Evidence:
    """Everything that the oracle asks for, once nothing moves any more."""
    async with tables_of(driver.stack) as tables:
        due = await _due(tables, {life.body["id"] for life in driver.played.lives.values()})
        operations: dict[int, OfOperation] = {}
        for number, life in sorted(driver.played.lives.items()):
            operations[number] = await _operation(driver, tables, life, operations, due)
        tenants = [await _tenant(driver, tables, each, starts[each.id]) for each in driver.script.world]
    return Evidence(tenants, list(operations.values()), driver.script.freezes)


async def _due(tables: Tables, operations: set[str]) -> set[str]:
    """Which of these the sweeper still looks for, once it has had the time to look after who died at the very end."""
    left = operations
    for _ in range(int(SWEPT_SECONDS / 0.5)):
        left = operations & await DueStore(tables).operations()
        if not left:
            break
        await asyncio.sleep(0.5)
    return left


async def _state(driver: Driver, directory: Directory) -> Json:
    return (await driver.sim.get(f"/tenants/{directory.id}")).raise_for_status().json()


async def _tenant(driver: Driver, tables: Tables, directory: Directory, start: Json) -> OfTenant:
    reserved = await _reserved(tables, directory)
    chain = await driver.call("GET", "/audit/verify", params={"tenant": directory.id})
    text = (await driver.sim.get("/requests", params={"tenant": directory.id})).raise_for_status().text
    return OfTenant(
        id=directory.id,
        start=start,
        end=await _state(driver, directory),
        log=[json.loads(line) for line in text.splitlines()],
        audit=await driver.pages("/audit", tenant=directory.id),
        chain=chain,
        reserved=reserved,
    )


async def _reserved(tables: Tables, directory: Directory) -> list[str]:
    """Reservations that hold a seat still, once they have had their time; the rows of others go with the next one."""
    left: list[str] = []
    for _ in range(int(SETTLE_SECONDS / 0.5)):
        await tables.refresh_clock()
        now = tables.now().timestamp()
        reservations, _ = await SeatStore(tables).read(directory.id)
        left = [f"{r.operation_id} {r.sku_id}" for r in reservations if not expired(r, now, HORIZON_SECONDS)]
        if not left:
            break
        await asyncio.sleep(0.5)
    return left


async def _operation(
    driver: Driver, tables: Tables, life: Life, known: dict[int, OfOperation], due: set[str]
) -> OfOperation:
    asked, op = life.asked, life.body["id"]
    parts = [part["tenantId"] for part in life.body["tenants"]]
    results = {part: await driver.pages(f"/operations/{op}/results", tenant=part) for part in parts}
    unmarked: list[str] = []
    for part in parts:
        there = await AuditStore(tables).marks(part, op)
        summaries = await ResultStore(tables).summaries(op, part)
        unmarked += [mark for summary in summaries for mark in summary.marks if mark not in there]
    parent = known.get(asked.parent) if asked.parent is not None else None
    may, must = _selected(driver, life) if parent is None else (None, None)
    permit = parent.permit if parent else asked.permit
    return OfOperation(
        number=asked.number,
        body=await driver.call("GET", f"/operations/{op}"),
        permit=permit if asked.kind != "revert" else Permit(),
        results=results,
        may=may,
        must=must,
        parent=parent,
        unmarked=unmarked,
        due=op in due,
    )


def _selected(driver: Driver, life: Life) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Who was selected at some moment of an operation's life, and who at every one."""
    may: dict[str, frozenset[str]] = {}
    must: dict[str, frozenset[str]] = {}
    for picked in life.asked.picked:
        directory = driver.script.world[picked.tenant]
        history = driver.played.groups[directory.id]
        ends = [*(at for at, _ in history[1:]), float("inf")]
        sets = [
            picked.matches(directory, groups)
            for (at, groups), until in zip(history, ends, strict=True)
            if at <= (life.ended or float("inf")) and until >= life.began - LAG_SECONDS
        ]
        may[directory.id] = frozenset[str]().union(*sets)
        must[directory.id] = sets[0].intersection(*sets[1:])
    return may, must
