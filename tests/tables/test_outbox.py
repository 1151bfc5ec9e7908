"""The outbox in its table: each follow-up is put down once, and found as long as it is open."""

import asyncio
from datetime import timedelta

from shared.domain.follow_up import FollowUp, done
from shared.errors import RowConflict
from shared.tables.client import Tables
from shared.tables.outbox import OutboxStore
from tests.activities.cutting import cut_off
from tests.support.samples import NOON, tenant_id

LATER = NOON + timedelta(minutes=1)


def item(number: int = 1, operation_id: str = "op1") -> FollowUp:
    """A notification of the ``number``-th tenant."""
    return FollowUp(
        operation_id=operation_id,
        kind="notification",
        about=tenant_id(number),
        event="completed",
        since=NOON,
        created_at=NOON,
    )


async def test_it_is_put_down_once_however_often_it_is_told(tables: Tables) -> None:
    """At the same time, and again after it is done."""
    store = OutboxStore(tables)
    await asyncio.gather(*(store.add(item()) for _ in range(4)), store.add(item(2)))
    await store.add(item(1, "op2"))

    found = await store.due_before(NOON, 10)
    assert [each.operation_id for each in found] == ["op1", "op1", "op2"]
    assert [each.about for each in await store.of("op1")] == [tenant_id(1), tenant_id(2)]
    assert len(await store.due_before(NOON, 2)) == 2

    stored = await store.get(found[0])
    assert stored is not None
    await store.write(done(stored))
    await store.close(found[0])
    await store.add(item())
    assert [each.key for each in await store.due_before(NOON, 10)] == [each.key for each in found[1:]]
    assert [each.state for each in await store.of("op1")] == ["done", "open"]


async def test_one_host_has_it_at_a_time(tables: Tables) -> None:
    """Whoever moves its time ahead; the others find it changed, and nobody finds it until then."""
    store = OutboxStore(tables)
    await store.add(item())
    (entry,) = await store.due_before(NOON, 10)

    moved = await asyncio.gather(*(store.move(entry, LATER) for _ in range(3)), return_exceptions=True)
    assert sorted(type(each) is RowConflict for each in moved) == [False, True, True]
    assert await store.due_before(NOON, 10) == []
    assert [each.key for each in await store.due_before(LATER, 10)] == [entry.key]


async def test_a_host_that_dies_while_it_puts_it_down_is_made_good_by_the_next(tables: Tables) -> None:
    """At each of its waits: told again it is found, once."""
    store, wait, cut = OutboxStore(tables), 1, True
    await store.due_before(NOON, 1)
    while cut:
        operation_id = f"op{wait}"
        cut = await cut_off(store.add(item(1, operation_id)), wait)
        await store.add(item(1, operation_id))
        assert [each.operation_id for each in await store.due_before(NOON, 500)].count(operation_id) == 1
        assert len(await store.of(operation_id)) == 1
        wait += 1
    assert wait > 3
