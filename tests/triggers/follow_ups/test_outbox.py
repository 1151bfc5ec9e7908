"""The outbox: what is put down is done, again after a failure, and on another host when one dies."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from shared.domain.caller import SYSTEM
from shared.domain.follow_up import FollowUp, FollowUpKind
from shared.domain.notify import Notify
from shared.domain.operation import Operation, Phase, Status
from shared.domain.states import settle
from shared.domain.tenant import Tenant
from shared.errors import DependencyDown
from shared.services import Services
from tests.support.samples import NOON, operation, tenant_id
from tests.triggers.conftest import OPERATOR, Api
from triggers.follow_ups.outbox import Handler, run_outbox
from triggers.timers.sweeper import sweep

HOUR = timedelta(hours=1)


@dataclass
class Doer:
    """Notes what it was given to do, and does what is to happen then."""

    happens: Callable[[FollowUp], Awaitable[None]] | None = None
    done: list[FollowUp] = field(default_factory=list[FollowUp])

    async def run(self, app: Services, item: FollowUp) -> None:
        """Do one."""
        self.done.append(item)
        if self.happens:
            await self.happens(item)

    def handlers(self, seconds: float = 5, patience: timedelta | None = HOUR) -> dict[FollowUpKind, Handler]:
        """This one for all kinds."""
        return {"notification": Handler(self.run, seconds, patience)}


async def put_down(app: Services, *numbers: int) -> None:
    """Put down that these tenants are to be notified."""
    await app.tables.refresh_clock()
    now = app.tables.now()
    for number in numbers or (1,):
        await app.outbox.add(
            FollowUp(
                operation_id="op1",
                kind="notification",
                about=tenant_id(number),
                event="completed",
                since=NOON,
                created_at=now,
            )
        )


async def let_time_pass(app: Services) -> timedelta:
    """Make what is open due; gives for how long the first one would have waited."""
    (entry, *_) = await app.outbox.due_before(app.tables.now() + timedelta(days=1), 10)
    waited = entry.at - app.tables.now()
    await app.outbox.move(entry, app.tables.now() - timedelta(seconds=1))
    return waited


async def state(app: Services) -> list[tuple[str, int, str | None]]:
    """How far the follow-ups are."""
    return [(item.state, item.tries, item.error) for item in await app.outbox.of("op1")]


async def test_what_is_put_down_is_done_once(app: Services) -> None:
    """Of several hosts each one does some of it."""
    await put_down(app, *range(1, 6))
    doers = [Doer() for _ in range(3)]

    tries = await asyncio.gather(*(run_outbox(app, doer.handlers()) for doer in doers))

    assert sum(tries) == 5
    assert sorted(item.about for doer in doers for item in doer.done) == [tenant_id(n) for n in range(1, 6)]
    assert await state(app) == [("done", 1, None)] * 5
    assert await run_outbox(app, doers[0].handlers()) == 0


async def test_a_failure_is_told_and_tried_again(app: Services) -> None:
    """Within ten seconds; a fault of ours is not told in its own words."""
    faults: list[Exception] = [DependencyDown("webhook", "It answered 500"), KeyError("a secret")]

    async def fails(item: FollowUp) -> None:
        if faults:
            raise faults.pop(0)

    await put_down(app)
    doer = Doer(fails)
    assert await run_outbox(app, doer.handlers()) == 1
    assert await state(app) == [("open", 1, "It answered 500")]
    assert timedelta() < await let_time_pass(app) < timedelta(seconds=10)
    assert await run_outbox(app, doer.handlers()) == 1
    ((_, _, told),) = await state(app)
    assert told is not None
    assert "secret" not in told
    await let_time_pass(app)
    assert await run_outbox(app, doer.handlers()) == 1
    assert await state(app) == [("done", 3, None)]


async def test_one_that_hangs_is_given_up_and_keeps_no_other(app: Services) -> None:
    """Its try ends, and counts as failed."""

    async def hangs(item: FollowUp) -> None:
        if item.about == tenant_id(1):
            await asyncio.Event().wait()

    await put_down(app, 1, 2)
    assert await run_outbox(app, Doer(hangs).handlers(seconds=0.2)) == 2
    assert [(how, tries) for how, tries, _ in await state(app)] == [("open", 1), ("done", 1)]


async def test_when_patience_is_over_it_has_failed(app: Services) -> None:
    """It stays to be seen, and nobody looks at it again."""

    async def fails(item: FollowUp) -> None:
        raise DependencyDown("webhook", "It answered 500")

    await put_down(app)
    doer = Doer(fails)
    await run_outbox(app, doer.handlers(patience=timedelta()))
    assert await state(app) == [("failed", 1, "It answered 500")]
    assert await app.outbox.due_before(app.tables.now() + timedelta(days=1), 10) == []


async def test_a_host_that_dies_while_it_does_it_is_followed_by_another(app: Services) -> None:
    """Nobody else has it until a try must be over; then it is done again."""
    begun = asyncio.Event()

    async def dies(item: FollowUp) -> None:
        begun.set()
        await asyncio.Event().wait()

    await put_down(app)
    dying = asyncio.create_task(run_outbox(app, Doer(dies).handlers()))
    await begun.wait()
    other = Doer()
    assert await run_outbox(app, other.handlers()) == 0
    dying.cancel()
    await asyncio.wait([dying])
    assert await let_time_pass(app) > timedelta(seconds=5)
    assert await run_outbox(app, other.handlers()) == 1
    assert await state(app) == [("done", 1, None)]


async def test_what_comes_due_while_another_is_done_does_not_wait_for_it(app: Services) -> None:
    """A webhook that is slow to answer holds up no other."""
    second = asyncio.Event()

    async def waits_for_the_second(item: FollowUp) -> None:
        if item.about == tenant_id(1):
            await put_down(app, 2)
            await second.wait()
        else:
            second.set()

    await put_down(app, 1)
    assert await run_outbox(app, Doer(waits_for_the_second).handlers()) == 2
    assert [how for how, *_ in await state(app)] == ["done", "done"]


async def test_what_no_release_here_can_do_is_in_nobodys_way(app: Services) -> None:
    """It is kept for the release that can."""
    await put_down(app, 1)
    assert await run_outbox(app, {}) == 0
    assert await app.outbox.due_before(app.tables.now(), 10) == []
    await let_time_pass(app)
    assert await run_outbox(app, Doer().handlers()) == 1


async def halting(app: Services, operation_id: str) -> None:
    """A claimed operation, of which one tenant is halted and the other has not begun."""
    notify = Notify("https://hooks.example.com/x", ("halted", "completed"))
    for number in (1, 2):
        await app.tenants.put(Tenant(id=tenant_id(number), notify=notify))
    await app.operations.claim(operation(operation_id, (1, 2)))

    def one_halted(now: Operation) -> Operation:
        first = replace(now.tenants[0], status=Status.HALTED, rested_at=NOON, rest_reason="12 of 25 users failed")
        return settle(replace(now, tenants=(first, *now.tenants[1:])), NOON)

    await app.operations.change(operation_id, one_halted)


async def test_a_pause_that_leaves_an_operation_halted_is_followed_up(api: Api) -> None:
    """Nobody works on it any more, so that a person is needed now; the paused tenant is not concerned."""
    await halting(api.app, "op1")
    assert await api.app.outbox.of("op1") == []
    answer = await api.send("POST", "operations/op1/pause", key=OPERATOR)
    assert (answer.status, answer.json["status"]) == (202, "halted")
    assert [(item.event, item.about) for item in await api.app.outbox.of("op1")] == [("halted", tenant_id(1))]


async def test_who_leads_it_out_of_a_state_follows_that_up_first(api: Api) -> None:
    """The host that halted it died before it could."""
    await halting(api.app, "op1")

    def rests(now: Operation) -> Operation:
        second = replace(now.tenants[1], status=Status.SUCCEEDED, phase=Phase.DONE)
        return settle(replace(now, tenants=(now.tenants[0], second)), NOON)

    await api.app.operations.change("op1", rests)
    assert (await api.send("POST", "operations/op1/resume", key=OPERATOR)).status == 202
    assert [item.event for item in await api.app.outbox.of("op1")] == ["halted"]


async def test_the_sweeper_follows_up_before_it_forgets(api: Api) -> None:
    """The host died after it had written the end, and before anything else."""
    app = api.app
    await halting(app, "op1")

    def ended(now: Operation) -> Operation:
        parts = tuple(replace(each, status=Status.FAILED, phase=Phase.DONE) for each in now.tenants)
        return settle(replace(now, tenants=parts), NOON)

    await app.operations.change("op1", ended)
    past = app.tables.now() - timedelta(seconds=1)
    for number in (1, 2):
        await app.due.move("op1", tenant_id(number), past)
    await sweep(app, api.start)

    assert [item.event for item in await app.outbox.of("op1")] == ["completed", "completed"]
    assert (await app.operations.get(SYSTEM, "op1")).completed_at == NOON
