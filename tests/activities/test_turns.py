"""The tenant's turn: one writer at a time, paid before anything is sent."""

import asyncio
from dataclasses import replace
from time import monotonic

from activities.take_turn import look
from shared.contracts.work import TurnTaken
from shared.domain.pacing import Ask, throttled
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.parts import Part, another, new_part, people
from tests.support.simulator import Simulator


async def glance(part: Part, *, window: int = 1) -> bool:
    """Look at the turn once; whether it was granted."""
    ask = Ask(name=f"{part.run.operation}:{part.run.epoch}", window=window, costs=(2,), large=False)
    return isinstance(await look(part.app, part.run.tenant, ask), TurnTaken)


async def test_two_operations_of_a_tenant_take_turns(part_of: MakePart) -> None:
    """Fairness: whoever hands on stands at the end of the line."""
    first = await part_of(2)
    second = await another(first.app, first.tenant)
    await first.frozen()
    await second.frozen()

    async def waits(part: Part, window: int) -> "asyncio.Task[TurnTaken]":
        """Ask for a window and stand in line for it."""
        asking = asyncio.create_task(part.take(window=window))
        while part.run.operation not in "".join(w.name for w in (await part.app.turns.read(part.run.tenant))[0].line):
            await asyncio.sleep(0.02)
        return asking

    holder, next_one = first, second
    assert (await holder.take(window=1)).batches
    for turn in range(4):
        window = turn // 2 + 1
        asking = await waits(next_one, window + (next_one is first))
        await holder.hand_on(holder.window_done(window=window, more=True))
        assert (await asking).batches == 1
        holder, next_one = next_one, holder


async def test_the_grant_is_the_same_for_a_second_run(paced: Services, simulator: Simulator) -> None:
    """A lost answer costs nothing: the window was paid once."""
    part = await new_part(paced, simulator, 5)
    await part.frozen()
    first = await part.take()
    once, _ = await paced.turns.read(part.run.tenant)
    again = await part.take()
    twice, _ = await paced.turns.read(part.run.tenant)

    assert first == again
    assert (first.batches, first.paid) == (1, 5)
    assert twice == once


async def test_tokens_that_were_not_sent_come_back_once(paced: Services, simulator: Simulator) -> None:
    """A second hand-on of the same window changes nothing."""
    part = await new_part(paced, simulator, 5)
    await part.frozen()
    await part.take()
    paid, _ = await paced.turns.read(part.run.tenant)
    done = part.window_done(unused=3)
    await part.hand_on(done)
    once, _ = await paced.turns.read(part.run.tenant)
    await part.hand_on(done)
    twice, _ = await paced.turns.read(part.run.tenant)

    assert once.tokens == paid.tokens + 3
    assert (once.holder, once.line) == ("", ())
    assert twice == once


async def test_a_window_whose_attempts_may_be_in_flight_keeps_the_turn(part_of: MakePart) -> None:
    """Nobody writes to the tenant before the lease has run out by itself."""
    part = await (await part_of(2)).ready()
    other = await another(part.app, part.tenant)
    await other.frozen()
    done = part.window_done(more=True).model_copy(update={"keep_turn": True})
    await part.hand_on(done)

    assert not await glance(other)
    assert not await glance(part, window=2)
    await part.let_lease_run_out()
    assert await glance(part, window=2)


async def test_a_new_epoch_waits_for_the_lease_of_the_old_one(part_of: MakePart) -> None:
    """Whoever was thought dead may still be sending."""
    part = await (await part_of(2)).ready()
    later = part.later_epoch()
    await part.app.operations.change(part.run.operation, lambda o: o)

    assert not await glance(later)
    await part.let_lease_run_out()
    assert await glance(later)


async def test_a_throttle_of_the_tenant_keeps_everybody_from_its_turn(part_of: MakePart) -> None:
    """Retry-After holds for all operations of the tenant."""
    part = await (await part_of(people(2))).ready()
    other = await another(part.app, part.tenant)
    await other.frozen()
    await part.hand_on(part.window_done(more=True).model_copy(update={"blocked_for": 20.0}))

    assert not await glance(other)
    assert not await glance(part, window=2)


async def test_waiting_in_line_ends_when_the_epoch_is_over(part_of: MakePart) -> None:
    """A replaced run asks for nothing any more."""
    part = await part_of(2)
    await part.frozen()
    await part.raise_epoch()

    taken = await part.take()

    assert taken.stop is not None
    assert taken.stop.code == "superseded"


async def test_a_wait_for_tokens_is_left_to_a_timer(paced: Services, simulator: Simulator) -> None:
    """When the tokens will have come in is known: an activity that sat it out would keep others' from working."""
    part = await new_part(paced, simulator, 5)
    await part.frozen()
    turn, etag = await paced.turns.read(part.run.tenant)
    now = paced.tables.now().timestamp()
    await paced.turns.write(part.run.tenant, replace(turn, tokens=-35.0, at=now), etag)
    began = monotonic()
    taken = await part.take()

    assert taken == TurnTaken(wait=taken.wait)
    assert 1.5 < taken.wait <= 2.0  # 40 tokens, 20 a second
    assert monotonic() - began < taken.wait


async def test_a_long_wait_is_looked_at_again_in_between(paced: Services, simulator: Simulator) -> None:
    """Ten seconds, as for whoever waits in line: a pause or a cancel is noticed."""
    part = await new_part(paced, simulator, 5)
    await part.frozen()
    now = paced.tables.now().timestamp()
    turn, etag = await paced.turns.read(part.run.tenant)
    await paced.turns.write(part.run.tenant, throttled(turn, now + 100, now), etag)

    assert await part.take() == TurnTaken(wait=10.0)
