"""Results, due rows, turns, seats, recent writes and tenants in their tables."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.drift import overlay
from shared.domain.model import AddLicence, Assignment, LicenceState, SkippedLicence
from shared.domain.operation import Summary
from shared.domain.pacing import Limits, Waiter
from shared.domain.recent import RecentWrite, Unanswered
from shared.domain.seats import Reservation
from shared.domain.tenant import Tenant
from shared.errors import NotFound, RequestRejected, RowConflict
from shared.tables.client import Tables
from shared.tables.due import DueStore
from shared.tables.recent import RecentStore
from shared.tables.results import ResultStore
from shared.tables.seats import SeatStore
from shared.tables.tenants import TenantStore
from shared.tables.turns import BudgetStore, TurnStore
from tests.support.samples import AFTER, BEFORE, E3, E5, NOON, PLANS, outcome, tenant_id

SUMMARY = Summary("3", {"": 2}, ("3.1.0",), 60, 79, 1)


async def test_an_attempt_begins_once(tables: Tables):
    """Trap 34: the row written ahead is never overwritten; the second to come knows that the outcome is unknown."""
    results = ResultStore(tables)

    begun = await asyncio.gather(*(results.begin_attempt("op", "t", 3, 1, 0, [60, 61]) for _ in range(6)))

    assert sorted(begun) == [False] * 5 + [True]
    assert await results.begin_attempt("op", "t", 3, 10, 0, [61])
    assert await results.begin_attempt("op", "t", 3, 2, 1, [61])
    assert await results.begin_attempt("op", "t", 12, 1, 0, [240])
    assert await results.begin_attempt("op", "other", 4, 1, 0, [80])
    assert await results.attempts("op", "t") == {3: [(1, 0), (2, 1), (10, 0)], 12: [(1, 0)]}


async def test_outcomes_read_back_whole_with_their_summary(tables: Tables):
    """Every field of an outcome survives, a failed one's as well."""
    results = ResultStore(tables)
    changed = outcome(
        60,
        "3.1.0",
        added=(AddLicence(E5, PLANS),),
        removed=(E3,),
        usage_location_set="DE",
        before=BEFORE,
        after=AFTER,
        attempts=2,
        request_id="r",
    )
    failed = outcome(
        61, "3.1.0", "GraphError", message="no", detail="Graph's own text", skipped_licences=(SkippedLicence(E3, "c"),)
    )

    await results.record("op", "t", [changed, failed], SUMMARY)

    assert await results.outcomes("op", "t", 0, 100) == [changed, failed]
    assert await results.outcomes("op", "t", 61, 61) == [failed]
    assert await results.outcomes("op", "t", 62, 100) == []
    assert await results.summaries("op", "t") == [SUMMARY]


async def test_recording_the_same_outcomes_again_is_harmless(tables: Tables):
    """An activity that runs twice counts once, and does not set back what a later attempt wrote."""
    results = ResultStore(tables)
    first = [outcome(60, "3.1.0"), outcome(61, "3.1.0")]
    await results.record("op", "t", first, SUMMARY)
    (stored,) = await results.summaries("op", "t")
    later = replace(stored, by_code={"": 3}, marks=("3.1.0", "3.1.1"))
    await results.record("op", "t", [outcome(62, "3.1.1")], later)

    await results.record("op", "t", [replace(one, completed_at=NOON + timedelta(1)) for one in first], SUMMARY)

    assert [(one.mark, one.completed_at) for one in await results.outcomes("op", "t", 60, 79)] == [
        ("3.1.0", NOON),
        ("3.1.0", NOON),
        ("3.1.1", NOON),
    ]
    assert await results.summaries("op", "t") == [later]


async def test_a_sum_over_older_rows_never_wins(tables: Tables):
    """Two runs of one batch that read the same summary: the second must read again before it can record."""
    results = ResultStore(tables)
    await results.record("op", "t", [outcome(60, "3.1.0")], SUMMARY)
    read = await results.summary("op", "t", 3)
    assert read
    await results.record("op", "t", [outcome(61, "3.1.1")], replace(read, by_code={"": 3}))

    with pytest.raises(RowConflict):
        await results.record("op", "t", [], replace(read, by_code={}, marks=()))
    with pytest.raises(RowConflict):
        await results.record("op", "t", [outcome(62, "3.1.2")], replace(read, by_code={"": 2}))

    (stored,) = await results.summaries("op", "t")
    assert stored.by_code == {"": 3}
    assert [one.index for one in await results.outcomes("op", "t", 0, 99)] == [60, 61]


async def test_an_outcome_of_another_write_is_never_overwritten(tables: Tables):
    """Born final: the conflict leaves outcomes and summary as they are."""
    results = ResultStore(tables)
    await results.record("op", "t", [outcome(60, "3.1.0")], SUMMARY)

    with pytest.raises(RowConflict):
        await results.record("op", "t", [outcome(60, "3.1.1"), outcome(61, "3.1.1")], Summary("3", {"": 9}))
    with pytest.raises(RowConflict):
        await results.record("op", "t", [outcome(60, "3.1.0"), outcome(61, "3.1.0")], Summary("3", {"": 9}))

    assert [one.mark for one in await results.outcomes("op", "t", 0, 99)] == ["3.1.0"]
    assert await results.summaries("op", "t") == [SUMMARY]


async def test_99_outcomes_go_in_one_call_and_100_do_not(tables: Tables):
    """A transaction takes 100 rows, one of which is the summary."""
    results = ResultStore(tables)
    many = [outcome(index, "s0", "AlreadyAssigned") for index in range(100)]

    await results.record("op", "t", many[:99], Summary("s0", {"AlreadyAssigned": 99}))
    with pytest.raises(ValueError, match="99"):
        await results.record("op", "t", many, Summary("s0", {}))

    assert await results.outcomes("op", "t", 0, 99) == many[:99]
    assert [one.batch for one in await results.summaries("op", "t")] == ["s0"]


async def test_results_page_by_status_in_selection_order(tables: Tables):
    """A page begins after an index and holds one status where one is asked for."""
    results = ResultStore(tables)
    codes = [None, "Drifted", "GraphError"]
    outcomes = [outcome(index, f"{index}", codes[index % 3]) for index in range(30)]
    await results.record("op", "t", outcomes, SUMMARY)

    async def page(status: str | None, after: int, top: int) -> list[int]:
        return [one.index for one in await results.page("op", "t", status=status, after_index=after, top=top)]

    assert await page(None, -1, 4) == [0, 1, 2, 3]
    assert await page(None, 27, 4) == [28, 29]
    assert await page("skipped", -1, 3) == [1, 4, 7]
    assert await page("skipped", 7, 100) == [10, 13, 16, 19, 22, 25, 28]
    assert await page("failed", 26, 1) == [29]


async def test_due_rows_move_and_go(tables: Tables):
    """Only those past their time are shown, to the microsecond."""
    due = DueStore(tables)
    await due.move("op1", "t1", NOON)
    await due.move("op1", "t2", NOON + timedelta(microseconds=1))
    await due.move("op2", "t1", NOON - timedelta(days=1))
    await due.move("op2", "t1", NOON + timedelta(days=1))

    assert [(row.operation_id, row.tenant_id, row.at) for row in await due.past(NOON)] == [("op1", "t1", NOON)]
    await due.remove("op1", "t1")
    await due.remove("op1", "t1")
    assert await due.past(NOON) == []


async def test_a_turn_is_written_only_over_the_one_that_was_read(tables: Tables):
    """Of two hosts that read the same turn one takes it."""
    turns = TurnStore(tables)
    turn, etag = await turns.read("t")
    assert etag is None
    assert turn.tokens == 3000
    assert abs(turn.at - tables.now().timestamp()) < 10
    taken = replace(turn, holder="op:1", until=turn.at + 60, line=(Waiter("op2:1", turn.at, True),), handed=(("x", 2),))

    first = await turns.write("t", taken, None)
    with pytest.raises(RowConflict):
        await turns.write("t", taken, None)

    assert await turns.read("t") == (taken, first)
    second = await turns.write("t", replace(taken, window=1), first)
    with pytest.raises(RowConflict):
        await turns.write("t", taken, first)
    assert (await turns.read("t"))[1] == second
    assert (await turns.read("other"))[1] is None


async def test_who_waits_for_a_turn_looks_again_as_soon_as_this_process_writes_it(tables: Tables):
    """Of that tenant; what others write is found by looking."""
    turns = TurnStore(tables)
    turn, _ = await turns.read("t")
    waits = [asyncio.create_task(turns.changed(tenant, 30.0)) for tenant in ("t", "t", "other")]
    await asyncio.sleep(0)
    await turns.write("t", turn, None)

    done, pending = await asyncio.wait(waits, timeout=0.5)
    assert (done, pending) == (set(waits[:2]), {waits[2]})
    waits[2].cancel()
    await turns.changed("t", 0.01)


async def test_the_budget_of_the_app_is_one_row(tables: Tables):
    """The same ETag rule, for all tenants together."""
    budget = BudgetStore(tables)
    fresh, etag = await budget.read()
    limits = Limits.app_writes(1)
    assert limits
    assert (fresh.kept + fresh.level, etag) == (limits.capacity, None)

    written = await budget.write(replace(fresh, kept=1.5), None)
    with pytest.raises(RowConflict):
        await budget.write(fresh, None)

    assert await budget.read() == (replace(fresh, kept=1.5), written)


async def test_the_last_seats_go_to_one_of_two_operations(tables: Tables):
    """Invariant 6: who reserves on a sum that has changed since is refused and must read again."""
    seats = SeatStore(tables)
    one, two = Reservation(E5, "op1", 5), Reservation(E5, "op2", 5)
    assert await seats.read("t") == ([], None)

    answers = await asyncio.gather(
        seats.write("t", [one], [], None), seats.write("t", [two], [], None), return_exceptions=True
    )

    assert [type(answer) for answer in answers if answer] == [RowConflict]
    held, guard = await seats.read("t")
    assert len(held) == 1
    assert guard
    with pytest.raises(RowConflict):
        await seats.write("t", [two], [], "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\"")
    await seats.write("t", [Reservation(E3, "op3", 2, 1, ((1.5, 1),))], held, guard)
    assert (await seats.read("t"))[0] == [Reservation(E3, "op3", 2, 1, ((1.5, 1),))]
    with pytest.raises(RowConflict):
        await seats.write("t", [two], [], guard)


def recent(user: str, seconds: float, operation_id: str = "op1") -> RecentWrite:
    """A write of a user so many seconds after noon."""
    return RecentWrite(user, operation_id, NOON + timedelta(seconds=seconds), frozenset({E5, E3}), AFTER)


async def test_recent_writes_are_read_by_time_oldest_first(tables: Tables):
    """Trap 25: what is younger than the horizon, but not what the asking operation wrote itself."""
    store = RecentStore(tables)
    writes = [recent("a", 3), recent("b", 14.5), recent("a", 25, "op2"), recent("c", 9.99)]
    await store.record("t", writes)
    await store.record("t", writes)
    await store.record("other", [recent("z", 30)])

    assert await store.since("t", NOON) == {"a": [writes[0], writes[2]], "b": [writes[1]], "c": [writes[3]]}
    assert await store.since("t", NOON + timedelta(seconds=14.5)) == {"b": [writes[1]], "a": [writes[2]]}
    assert await store.since("t", NOON + timedelta(seconds=20), except_operation="op2") == {}


async def test_two_writes_of_a_user_within_a_step_are_both_there(tables: Tables):
    """The later one's state counts, the SKUs of both do; the same call again adds nothing."""
    store = RecentStore(tables)
    later = replace(recent("a", 8), after=LicenceState())
    together = [later, recent("a", 2), *(recent(f"u{n}", 5) for n in range(150))]

    await store.record("t", together)
    await store.record("t", together)
    await store.record("t", [later])

    found = await store.since("t", NOON)
    assert found["a"] == [recent("a", 2), later, later]
    assert found["u7"] == [recent("u7", 5)]
    assert len(found) == 151


async def test_each_of_two_writes_within_a_step_counts_for_its_own_skus_only(tables: Tables):
    """Invariant 2: what the first wrote stays known, although the state of the second was planned before it."""
    store = RecentStore(tables)
    off, on = Assignment(E3, PLANS), Assignment(E3)
    first = replace(recent("a", 2), sku_ids=frozenset({E3}), after=LicenceState((off,), "CH"))
    given = replace(recent("a", 8), sku_ids=frozenset({E5}), after=LicenceState((on, Assignment(E5))))
    taken = replace(recent("a", 9), sku_ids=frozenset({E5}), after=LicenceState((on,)))

    await store.record("t", [given, first])
    await store.record("t", [taken])

    state = overlay(LicenceState(), (await store.since("t", NOON))["a"])
    assert (state.direct(E3), state.direct(E5), state.usage_location) == (off, None, "CH")


async def test_writes_with_very_long_states_take_as_many_rows_as_they_need(tables: Tables):
    """An entity has 1 MiB: twenty users with long lists of plans do not fit one."""
    store = RecentStore(tables)
    plans = frozenset(f"{n:08x}-0000-4000-8000-000000000000" for n in range(700))
    state = LicenceState((Assignment(E5, disabled_plans=plans),))
    writes = [replace(recent(f"u{n}", 5), after=state) for n in range(20)]

    await store.record("t", writes)

    assert await store.since("t", NOON) == {write.user_id: [write] for write in writes}


async def test_old_recent_writes_are_purged_of_one_tenant_or_all(tables: Tables):
    """The sweeper deletes what no read can need."""
    store = RecentStore(tables)
    for tenant in ("t1", "t2"):
        await store.record(tenant, [recent("a", 0), recent("b", 60)])

    assert await store.purge("t1", NOON + timedelta(seconds=30)) == 1
    assert set(await store.since("t1", NOON)) == {"b"}
    assert set(await store.since("t2", NOON)) == {"a", "b"}
    assert await store.purge(None, NOON + timedelta(seconds=90)) == 3
    assert await store.since("t2", NOON) == {}


async def test_who_got_no_answer_is_told_to_all_others(tables: Tables):
    """The last time counts, own and old ones do not; none is taken for an after-state, and what is old is purged."""
    store = RecentStore(tables)
    times = {seconds: NOON + timedelta(seconds=seconds) for seconds in (0, 14, 25)}
    sent = [
        Unanswered("a", "op1", times[0]),
        Unanswered("a", "op1", times[14]),
        Unanswered("b", "op2", times[25]),
        Unanswered("c", "op1", times[0]),
    ]
    await store.note_unanswered("t", sent)
    await store.note_unanswered("t", sent)
    await store.record("t", [recent("a", 3)])

    async def told(to: str, since: int = 0) -> dict[str, datetime]:
        return await store.unanswered("t", times[since], users={"a", "b"}, except_operation=to)

    assert await told("op3") == {"a": times[14], "b": times[25]}
    assert await told("op1") == {"b": times[25]}
    assert await told("op2", since=25) == {}
    assert set(await store.since("t", NOON)) == {"a"}
    assert await store.purge("t", NOON + timedelta(seconds=12)) == 3
    assert await told("op3") == {"a": times[14], "b": times[25]}


def tenant(number: int, *domains: str, **fields: Any) -> Tenant:
    """A registered tenant."""
    return Tenant(id=tenant_id(number), domains=domains, **fields)


async def test_a_tenant_is_found_by_id_and_by_any_domain_in_any_case(tables: Tables):
    """All fields survive."""
    store = TenantStore(tables)
    put = await store.put(
        tenant(0xABC, "Contoso.com", "contoso.onmicrosoft.com", tags=("gold",), protected_users=("x@y",), enabled=False)
    )

    assert put.etag
    for name in (put.id, put.id.upper(), "contoso.com", "CONTOSO.onmicrosoft.com"):
        assert await store.get(SYSTEM, name) == put
    for name in ("fabrikam.com", tenant_id(9), "", "a/b", "x" * 3000):
        with pytest.raises(NotFound):
            await store.get(SYSTEM, name)


async def test_domains_follow_their_tenant(tables: Tables):
    """A dropped domain leads nowhere, a moved one to its new tenant, whoever is written again afterwards."""
    store = TenantStore(tables)
    one = await store.put(tenant(1, "a.com", "b.com"))
    two = await store.put(tenant(2, "b.com", "c.com"))

    assert (await store.get(SYSTEM, "b.com")).id == two.id
    await store.put(replace(one, domains=("a.com",)))
    assert (await store.get(SYSTEM, "b.com")).id == two.id
    await store.put(replace(two, domains=("c.com",)))
    with pytest.raises(NotFound):
        await store.get(SYSTEM, "b.com")
    await store.delete(two.id)
    await store.delete(two.id)
    for name in (two.id, "c.com"):
        with pytest.raises(NotFound):
            await store.get(SYSTEM, name)
    assert (await store.get(SYSTEM, "a.com")).id == one.id


async def test_a_tenant_changed_by_somebody_else_is_not_overwritten(tables: Tables):
    """With its ETag a tenant must still be the one that was read."""
    store = TenantStore(tables)
    read = await store.put(tenant(1, "a.com"))
    await store.put(replace(read, enabled=False))

    with pytest.raises(RowConflict):
        await store.put(replace(read, domains=("b.com",)))
    assert (await store.get(SYSTEM, "a.com")).enabled is False
    with pytest.raises(NotFound):
        await store.get(SYSTEM, "b.com")
    assert (await store.put(replace(read, etag=None, tags=("x",)))).tags == ("x",)


async def test_tenants_list_within_the_grants_page_by_page(tables: Tables):
    """Trap 44: a caller sees its tenants only, by domain as well; ids beside the domains' keys are listed, too."""
    store = TenantStore(tables)
    ids = [f"{letter}0000000-0000-4000-8000-000000000000" for letter in "19cdef"]
    for number, one in enumerate(ids):
        await store.put(Tenant(id=one, domains=(f"d{number}.com",)))
    some = Caller("bob", "Bob", Role.READ, frozenset({ids[1], ids[3], "nowhere"}))

    async def listed(caller: Caller, top: int) -> list[str]:
        found: list[str] = []
        cursor = None
        while True:
            page, cursor = await store.list(caller, top=top, cursor=cursor)
            found += [one.id for one in page]
            if cursor is None:
                return found

    assert await listed(SYSTEM, 4) == await listed(SYSTEM, 6) == ids
    assert await listed(some, 1) == [ids[1], ids[3]]
    assert (await store.get(some, "d1.com")).id == ids[1]
    for name in ("d0.com", ids[0]):
        with pytest.raises(NotFound):
            await store.get(some, name)
    with pytest.raises(RequestRejected):
        await store.list(SYSTEM, cursor="bad")
