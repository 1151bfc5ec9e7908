"""What Graph counted, found again by time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.reconciliation import Count
from shared.errors import NotFound
from shared.tables.client import Tables
from shared.tables.counts import CountStore
from tests.support.samples import E3, E5, NOON

DAY = timedelta(days=1)


def count(day: int, consumed: int) -> Count:
    """A count so many days after noon of the first one."""
    at = NOON + day * DAY
    names = {E5: "SPE_E5", E3: "SPE_E3"}
    return Count(at=at, until=at, sequence=7, consumed={E5: consumed, E3: 1}, part_numbers=names)


async def test_counts_are_found_by_time(tables: Tables) -> None:
    """The last one at or before a time, the first one after another; each reads back whole."""
    counts = CountStore(tables)
    for day in (0, 2, 4):
        await counts.add("t1", count(day, day))

    assert await counts.at_or_before(SYSTEM, "t1", NOON - DAY) is None
    assert await counts.at_or_before(SYSTEM, "t1", NOON) == count(0, 0)
    assert await counts.at_or_before(SYSTEM, "t1", NOON + 3 * DAY) == count(2, 2)
    assert await counts.first_between(SYSTEM, "t1", NOON + DAY, NOON + 9 * DAY) == count(2, 2)
    assert await counts.first_between(SYSTEM, "t1", NOON + 5 * DAY, NOON + 9 * DAY) is None
    assert await counts.at_or_before(SYSTEM, "t2", NOON) is None


async def test_what_has_not_changed_lasts_longer(tables: Tables) -> None:
    """One row for as long as Graph counts the same and no entry came; another sequence is another count."""
    counts = CountStore(tables)
    for day in (0, 1, 2):
        await counts.add("t1", count(day, 5))

    assert await counts.at_or_before(SYSTEM, "t1", NOON + 9 * DAY) == replace(count(0, 5), until=NOON + 2 * DAY)
    later = replace(count(3, 5), sequence=8)
    await counts.add("t1", later)
    assert await counts.at_or_before(SYSTEM, "t1", NOON + 9 * DAY) == later


async def test_a_foreign_tenant_has_no_counts(tables: Tables) -> None:
    """Invariant 12."""
    bob = Caller("bob", "Bob", Role.READ, frozenset({"t2"}))
    with pytest.raises(NotFound):
        await CountStore(tables).at_or_before(bob, "t1", NOON)
    with pytest.raises(NotFound):
        await CountStore(tables).first_between(bob, "t1", NOON, NOON)
