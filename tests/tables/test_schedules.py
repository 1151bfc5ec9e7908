"""Schedules in their table: who sees them, which are due, and one change at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.contracts.selections import MAX_MEANT
from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.operation import Actor
from shared.domain.recurrence import Recurrence
from shared.domain.schedule import LastRun, cancel, claim, done
from shared.errors import NotFound, RequestRejected, RowConflict
from shared.tables.client import Tables
from shared.tables.schedules import ScheduleStore
from tests.support.samples import NOON, schedule, tenant_id

LATER, EVE = NOON + timedelta(days=30), Actor("eve", "Eve")
DAILY = Recurrence(frequency="daily", time="02:00", time_zone="UTC", start=NOON.date())
LIMITED = Caller("bob", "Bob", Role.READ, frozenset({tenant_id(1)}))


async def test_it_is_read_as_it_was_stored(tables: Tables) -> None:
    """All fields come back, also those of a schedule that is done."""
    store = ScheduleStore(tables)
    stored = await store.insert(schedule(owner_id="op1"))
    assert await store.get(SYSTEM, "s1") == stored

    changed = await store.change("s1", lambda found: done(claim(found, NOON), LastRun("op2", NOON)))
    assert await store.get(SYSTEM, "s1") == changed
    assert changed.last_run == LastRun("op2", NOON)
    with pytest.raises(RowConflict):
        await store.insert(schedule())
    await store.delete("s1")
    for name in ("s1", "a/b"):
        with pytest.raises(NotFound):
            await store.get(SYSTEM, name)


async def test_it_may_concern_as_many_tenants_as_a_request_may_mean(tables: Tables) -> None:
    """More than one column holds: a row that could not say so would be in hand for ever after its first run."""
    store, many = ScheduleStore(tables), tuple(map(tenant_id, range(MAX_MEANT)))
    await store.insert(schedule(run_at=None, recurrence=DAILY, template_sha="t" * 64, scope=many))
    await store.change("s1", lambda found: claim(found, LATER))
    stored = await store.change("s1", lambda found: done(found, LastRun("op2", NOON), many))

    assert (stored.claimed, stored.tenants, stored.scope) == (None, many, many)
    assert await store.get(SYSTEM, "s1") == stored
    fewer = await store.change("s1", lambda found: replace(found, tenants=many[:1]))
    assert await store.get(SYSTEM, "s1") == fewer


async def test_a_caller_sees_what_concerns_a_tenant_of_its_own(tables: Tables) -> None:
    """Invariant 12: in lists, page by page, and one by one."""
    store = ScheduleStore(tables)
    for number, tenants in enumerate([(1,), (2,), (1, 2), (3,), (1,)]):
        await store.insert(schedule(id=f"s{number}", tenants=tuple(map(tenant_id, tenants))))

    seen, cursor = await store.list(LIMITED, top=2)
    rest, end = await store.list(LIMITED, top=2, cursor=cursor)
    assert [each.id for each in (*seen, *rest)] == ["s0", "s2", "s4"]
    assert end is None
    with pytest.raises(NotFound):
        await store.get(LIMITED, "s1")
    with pytest.raises(RequestRejected):
        await store.list(LIMITED, cursor="nonsense")


async def test_the_scheduler_finds_what_is_due_or_in_hand(tables: Tables) -> None:
    """What waits and what is done is not even read."""
    store = ScheduleStore(tables)
    for name, stored in {
        "due": schedule(),
        "waits": schedule(run_at=LATER),
        "claimed": claim(schedule(), NOON),
        "cancelled": cancel(schedule(run_at=LATER), EVE),
        "done": done(claim(schedule(), NOON), None),
    }.items():
        await store.insert(replace(stored, id=name))

    assert {each.id for each in await store.due_before(NOON)} == {"due", "claimed", "cancelled"}
    assert await store.due_before(NOON - timedelta(seconds=1)) == [
        each for each in await store.due_before(NOON) if each.id != "due"
    ]


async def test_of_carrying_out_and_cancelling_one_happens(tables: Tables) -> None:
    """Both change the row under its ETag, and each looks at what the other did."""
    store = ScheduleStore(tables)
    await store.insert(schedule())

    await asyncio.gather(
        store.change("s1", lambda found: claim(found, NOON)),
        store.change("s1", lambda found: found if found.claimed else cancel(found, EVE)),
    )
    found = await store.get(SYSTEM, "s1")
    assert (found.claimed is None) != (found.cancelled_by is None)


async def test_put_inserts_or_changes(tables: Tables) -> None:
    """Whoever comes second adds to what stands there."""
    store = ScheduleStore(tables)
    await store.put(schedule(), lambda found: replace(found, name="no"))
    second = await store.put(schedule(), lambda found: replace(found, name="yes"))

    assert second.name == (await store.get(SYSTEM, "s1")).name == "yes"
