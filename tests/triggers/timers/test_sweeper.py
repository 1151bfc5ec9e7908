"""The sweeper: whoever was left alone is taken up once, and rows of what is over go."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from shared import telemetry
from shared.contracts.names import RUN_OPERATION
from shared.domain.caller import SYSTEM
from shared.domain.operation import Operation, Status
from shared.domain.states import settle
from shared.domain.steering import cancel
from shared.errors import DependencyDown
from shared.services import Services
from shared.tables.due import Due
from tests.support.samples import operation, tenant_id
from tests.triggers.conftest import Api, assign_body
from triggers.timers.sweeper import bring_back, sweep

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Client:
    """Takes the place of the durable client; ``deaf_to`` names operations it cannot start."""

    deaf_to: set[str] = field(default_factory=set[str])
    started: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list[Any])

    async def start(self, name: str, instance_id: str, given: dict[str, Any]) -> None:
        """Start an orchestration."""
        if given["operation"] in self.deaf_to:
            raise DependencyDown("orchestrations", "the host does not answer")
        self.started.append((name, instance_id, given))


async def claimed(app: Services, operation_id: str, *tenants: int, left_alone: bool = True, **fields: Any) -> Operation:
    """An operation, of which nobody has heard for long."""
    claimed, stored = await app.operations.claim(operation(operation_id, tenants or (1,), **fields))
    assert claimed
    if left_alone:
        await forget(app, operation_id, *(tenants or (1,)))
    return stored


async def forget(app: Services, operation_id: str, *tenants: int) -> None:
    """Let the time of these tenants be past."""
    past = app.tables.now() - timedelta(seconds=1)
    for number in tenants:
        await app.due.move(operation_id, tenant_id(number), past)


async def watched(app: Services) -> set[tuple[str, str]]:
    """Whom somebody must look at one day."""
    return {(due.operation_id, due.tenant_id) for due in await app.due.past(app.tables.now() + timedelta(days=9))}


async def test_of_many_sweepers_one_takes_it_up(app: Services) -> None:
    """Trap 34: the epoch rises by one, and the orchestration is started once, under the new one, in its trace."""
    await claimed(app, "op1", 1, 2, trace=TRACE)
    clients = [Client() for _ in range(5)]

    brought_back = await asyncio.gather(*(sweep(app, client.start) for client in clients))

    assert sum(brought_back) == 1
    run = {"operation": "op1", "epoch": 2, "trace": TRACE}
    assert [start for client in clients for start in client.started] == [(RUN_OPERATION, "op1:2", run)]
    assert (await app.operations.read_op("op1")).epoch == 2


async def test_a_late_sweeper_leaves_alone_what_another_has_taken_up(app: Services) -> None:
    """Trap 34: it saw the rows past their time before the other moved them, and read the operation after that."""
    await claimed(app, "op1", 1, 2)
    client = Client()
    assert await sweep(app, client.start) == 1

    assert not await bring_back(app, client.start, "op1", {tenant_id(1), tenant_id(2)})

    assert len(client.started) == 1
    assert (await app.operations.read_op("op1")).epoch == 2


async def test_only_who_worked_and_was_left_alone_counts_as_stuck(
    app: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant whose hours begin is taken up as well, and nobody was lost; how late the sweeper comes is told."""
    counted, levels = list[str](), dict[str, float]()

    def count(name: str, **attributes: str) -> None:
        assert attributes == {"type": "assign"}
        counted.append(name)

    def level(name: str, value: float) -> None:
        levels[name] = value

    monkeypatch.setattr(telemetry, "count", count)
    monkeypatch.setattr(telemetry, "level", level)
    await claimed(app, "resting", 1)

    def rest(operation: Operation) -> Operation:
        parts = tuple(replace(part, status=Status.WAITING_FOR_WINDOW) for part in operation.tenants)
        return settle(replace(operation, tenants=parts), app.tables.now())

    await app.operations.change("resting", rest)
    assert await sweep(app, Client().start) == 1
    assert counted == []
    assert levels["queue.age"] >= 1

    await claimed(app, "op1", 1)
    assert await sweep(app, Client().start) == 1
    assert counted == ["operations.stuck"]
    await sweep(app, Client().start)
    assert levels["queue.age"] == 0


async def test_who_is_looked_after_is_left_alone(app: Services) -> None:
    """Its time has not come; and after a sweep it has time again."""
    await claimed(app, "op1", left_alone=False)
    client = Client()
    assert await sweep(app, client.start) == 0
    await forget(app, "op1", 1)
    assert await sweep(app, client.start) == 1
    assert await sweep(app, client.start) == 0

    assert len(client.started) == 1
    assert await watched(app) == {("op1", tenant_id(1))}


async def test_rows_of_an_ended_operation_go(app: Services) -> None:
    """The host died between the end and the last row."""
    stored = await claimed(app, "op1", 1)

    def ended(now: Operation) -> Operation:
        parts = tuple(replace(part, status=Status.SUCCEEDED) for part in now.tenants)
        return settle(replace(now, tenants=parts), stored.created_at)

    await app.operations.change("op1", ended)
    client = Client()

    assert await sweep(app, client.start) == 0
    assert client.started == []
    assert await watched(app) == set()


async def test_only_the_open_tenants_are_watched_on(app: Services) -> None:
    """One tenant is done, the other was left alone."""
    await claimed(app, "op1", 1, 2)

    def one_ended(now: Operation) -> Operation:
        done = replace(now.tenants[0], status=Status.FAILED)
        return settle(replace(now, tenants=(done, *now.tenants[1:])), now.created_at)

    await app.operations.change("op1", one_ended)
    client = Client()

    assert await sweep(app, client.start) == 1
    assert await watched(app) == {("op1", tenant_id(2))}


async def test_a_claim_that_never_came_about_leaves_nothing(app: Services) -> None:
    """The ``due`` rows stand before the claim; the host died in between."""
    await app.tables.refresh_clock()
    past = app.tables.now() - timedelta(seconds=1)
    await app.due.move_all([Due("nothing", tenant_id(1), past), Due("nothing", tenant_id(2), past)])
    client = Client()

    assert await sweep(app, client.start) == 0
    assert await watched(app) == set()


async def test_a_host_that_died_right_after_the_claim_is_made_good(api: Api, registered: str) -> None:
    """The caller has its answer, nobody started the operation: the sweeper does."""
    api.takes_none = True
    claimed = (await api.send("POST", "assign", assign_body(registered))).json["id"]
    await api.app.due.move(claimed, registered, api.app.tables.now() - timedelta(seconds=1))
    client = Client()

    assert await sweep(api.app, client.start) == 1
    assert client.started == [(RUN_OPERATION, f"{claimed}:2", {"operation": claimed, "epoch": 2, "trace": None})]


async def test_an_operation_in_whose_tenants_nothing_can_be_done_ends_also_without_a_host(app: Services) -> None:
    """It was claimed with all of its tenants ended, and its orchestration was never started."""
    stored = operation("op1", (1, 2))
    failed = tuple(replace(part, status=Status.FAILED) for part in stored.tenants)
    await app.operations.claim(replace(stored, tenants=failed))
    await forget(app, "op1", 1, 2)
    client = Client()

    assert await sweep(app, client.start) == 0
    ended = await app.operations.get(SYSTEM, "op1")
    assert (ended.status, ended.completed_at is None) == (Status.FAILED, False)
    assert (client.started, await watched(app)) == ([], set())


async def test_a_cancelled_operation_that_was_left_alone_is_closed(app: Services) -> None:
    """Its new epoch settles what went out and ends it."""
    await claimed(app, "op1")
    await app.operations.change("op1", cancel)
    client = Client()

    assert await sweep(app, client.start) == 1
    assert (await app.operations.get(SYSTEM, "op1")).status is Status.CANCELLING


async def test_one_operation_that_cannot_be_started_keeps_no_other_waiting(app: Services) -> None:
    """It is tried again when its time has come once more."""
    for name in ("op1", "op2", "op3"):
        await claimed(app, name)
    client = Client(deaf_to={"op1", "op2"})

    await sweep(app, client.start)

    assert [given["operation"] for _, _, given in client.started] == ["op3"]
    await forget(app, "op1", 1)
    client.deaf_to.clear()
    await sweep(app, client.start)
    assert client.started[-1][1] == "op1:3"
