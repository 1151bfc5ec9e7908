"""What follows from a state: put down once, wherever the host dies that wrote the state."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

from activities.begin_operation import begin
from activities.end_tenant import end
from activities.rest_tenant import rest
from shared.contracts.work import OperationRun, Stop, TenantEnd, TenantRest
from shared.domain.codes import ResultCode
from shared.domain.follow_up import FollowUp
from shared.domain.notify import Event, Notify
from shared.domain.operation import Operation, Phase, Status
from shared.domain.steering import resume
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.cutting import cut_off
from tests.activities.parts import Part, another, body_of, claim, register, world
from tests.support.simulator import Simulator
from triggers.timers.sweeper import sweep

TOLD = Notify("https://hooks.example.com/x", get_args(Event))
REFUSED = Stop(code=ResultCode.TENANT_UNAVAILABLE, message="no answer")
HALTING = Stop(code="halting", message="12 of 25 users failed")
AT_ONCE, STRIDE = 6, 3


async def told(part: Part) -> list[FollowUp]:
    """What is to follow from the operation."""
    return await part.app.outbox.of(part.run.operation)


async def starts_nothing(name: str, instance_id: str, given: dict[str, Any]) -> None:
    """Take the place of the durable client."""


async def swept(part: Part) -> None:
    """Let the sweeper come by after the time of the part is over."""
    operation, tenant = part.run.operation, part.run.tenant
    watched = await part.app.due.past(part.app.tables.now() + timedelta(hours=1), operation)
    if watched:
        await part.app.due.move(operation, tenant, part.app.tables.now() - timedelta(seconds=1))
    await sweep(part.app, starts_nothing)


async def dies_anywhere(
    part: Part, body: Callable[[Part], Coroutine[Any, Any, None]], reached: Callable[[Operation], bool]
) -> None:
    """Cut the activity off at each of its waits: where the state was reached, the sweeper puts down what follows."""

    async def one(wait: int) -> tuple[bool, bool]:
        own = await another(part.app, part.tenant)
        await own.begin()
        cut = await cut_off(body(own), wait)
        late = reached(await own.operation()) and not await told(own)
        await swept(own)
        if len(await told(own)) != reached(await own.operation()):  # a write that was under way landed meanwhile
            await swept(own)
        assert len(await told(own)) == reached(await own.operation())
        return cut, late

    wait, cut, late = 1, True, 0
    while cut:
        waits = range(wait, wait + AT_ONCE * STRIDE, STRIDE)
        found = await asyncio.gather(*map(one, waits))
        cut, late = all(each for each, _ in found), late + sum(each for _, each in found)
        wait = waits.stop
    assert late > 0


async def test_an_end_is_followed_up_wherever_the_host_dies(part_of: MakePart) -> None:
    """Between the state and its follow-up stands the row that says who must be looked at."""
    part = await part_of(1, registry={"notify": TOLD})

    async def ended(own: Part) -> None:
        await end(own.app, TenantEnd(**own.fields, stop=REFUSED))

    await dies_anywhere(part, ended, lambda operation: operation.completed_at is not None)


async def test_a_halt_is_followed_up_wherever_the_host_dies(part_of: MakePart) -> None:
    """Nobody would look at a halted tenant for days."""
    part = await part_of(1, registry={"notify": TOLD})

    async def halted(own: Part) -> None:
        await rest(own.app, TenantRest(**own.fields, stop=HALTING))

    await dies_anywhere(part, halted, lambda operation: operation.status is Status.HALTED)


async def test_an_activity_that_runs_again_puts_nothing_down_a_second_time(part_of: MakePart) -> None:
    """The engine delivers at least once, and the sweeper comes by."""
    part = await part_of(1, registry={"notify": TOLD})
    await part.begin()
    work = TenantRest(**part.fields, stop=HALTING)
    await asyncio.gather(rest(part.app, work), rest(part.app, work))
    await swept(part)
    assert [(item.event, item.about) for item in await told(part)] == [("halted", part.tenant.id)]

    again = (await part.app.operations.change(part.run.operation, lambda o: resume(o, part.app.tables.now()))).epoch
    second = replace(part, run=part.run.model_copy(update={"epoch": again}))
    await second.begin()
    await rest(part.app, TenantRest(**second.fields, stop=HALTING))
    assert [item.event for item in await told(part)] == ["halted", "halted"]

    await part.app.operations.change(part.run.operation, lambda o: resume(o, part.app.tables.now()))
    last = second.later_epoch()
    await asyncio.gather(last.end(REFUSED), last.end(REFUSED))
    assert [item.event for item in await told(part)] == ["completed", "halted", "halted"]


async def test_each_tenant_hears_what_it_wants_to_hear(app: Services, simulator: Simulator) -> None:
    """Of a halt only the halted one, of the end all of them; the schedule hears of everything."""
    worlds = [simulator.load(**world(1)) for _ in range(3)]
    for tenant, notify in zip(worlds, (TOLD, TOLD, Notify(TOLD.url, ("halted",))), strict=True):
        await register(app, tenant, notify=notify)
    targets = [{"tenant": tenant.id, "users": {"group": {"displayName": "Everyone"}}} for tenant in worlds]
    one, two, three = await claim(app, worlds, body_of(worlds[0].id, targets=targets))
    await app.operations.change(one.run.operation, lambda operation: replace(operation, notify=TOLD))
    await one.begin()
    await rest(app, TenantRest(**one.fields, stop=HALTING))
    assert await told(one) == []
    await two.end(REFUSED)
    await three.end(REFUSED)
    assert {(item.event, item.about) for item in await told(one)} == {("halted", "schedule"), ("halted", one.tenant.id)}

    await app.operations.change(one.run.operation, lambda o: resume(o, app.tables.now()))
    await one.later_epoch().end(REFUSED)
    assert {item.about for item in await told(one) if item.event == "completed"} == {
        "schedule",
        one.tenant.id,
        two.tenant.id,
    }


async def test_an_operation_that_is_over_before_it_begins_is_followed_up(part_of: MakePart) -> None:
    """It executes a preview of which no tenant could be planned; and a preview itself is followed by nothing."""
    part = await part_of(1, registry={"notify": TOLD})

    def over(operation: Operation) -> Operation:
        parts = tuple(replace(each, status=Status.FAILED, phase=Phase.DONE) for each in operation.tenants)
        return replace(operation, tenants=parts)

    await part.app.operations.change(part.run.operation, over)
    await begin(part.app, OperationRun(operation=part.run.operation, epoch=1))
    assert [item.event for item in await told(part)] == ["completed"]

    preview = await another(part.app, part.tenant)
    await part.app.operations.change(preview.run.operation, lambda o: replace(o, kind="preview"))
    await preview.begin()
    await preview.end(REFUSED)
    assert await told(preview) == []


async def test_a_receipt_follows_the_end_of_what_a_drop_has_started(part_of: MakePart) -> None:
    """However it ended, once, and not before; of any other operation nobody waits for one."""
    part = await part_of(1)
    await part.app.operations.change(part.run.operation, lambda o: replace(o, drop="assign/contoso.com/list.csv"))
    await part.begin()
    await rest(part.app, TenantRest(**part.fields, stop=HALTING))
    assert await told(part) == []
    await part.app.operations.change(part.run.operation, lambda o: resume(o, part.app.tables.now()))
    last = part.later_epoch()
    await asyncio.gather(last.end(REFUSED), last.end(REFUSED))
    assert [(item.kind, item.event) for item in await told(part)] == [("receipt", "completed")]

    other = await another(part.app, part.tenant)
    await other.begin()
    await other.end(REFUSED)
    assert await told(other) == []
