"""Operations in their table: claims, changes and lists."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.operation import Operation, Phase, Status, TenantError, TenantPart, Totals
from shared.errors import NotFound, RequestRejected, StateConflict
from shared.tables.client import Tables
from shared.tables.due import DueStore
from shared.tables.operations import OperationStore
from shared.tables.paging import make_cursor
from tests.support.samples import NOON, operation, tenant_id

ONLY_T2 = Caller("bob", "Bob", Role.READ, frozenset({tenant_id(2)}))


@pytest.fixture
def store(tables: Tables) -> OperationStore:
    """The operations of an empty account."""
    return OperationStore(tables)


def without_etags(found: Operation) -> Operation:
    """What was stored, without the marks of storage."""
    return replace(found, etag=None, tenants=tuple(replace(part, etag=None) for part in found.tenants))


async def test_a_claimed_operation_reads_back_whole(store: OperationStore):
    """Every field survives the rows, nested ones and times included."""
    claimed = operation("op1", [1, 2], reason="CHG-1 Köln", started_at=NOON + timedelta(microseconds=5))
    rich = replace(
        claimed.tenants[0],
        totals=Totals(7, {"": 3, "Drifted": 1}, 2),
        error=TenantError("BadFilter", "no", {"at": [1, {"x": None}]}),
        excluded={"Guest": 4},
        phase=Phase.APPLYING,
        ended_at=NOON,
    )
    claimed = replace(claimed, tenants=(rich, claimed.tenants[1]))

    assert await store.claim(claimed) == (True, claimed)
    assert without_etags(await store.get(SYSTEM, "op1")) == claimed
    assert replace(await store.read_op("op1"), etag=None) == replace(claimed, tenants=())
    assert replace(await store.get_part("op1", tenant_id(1)), etag=None) == rich


async def test_why_it_rests_is_told_of_the_own_tenants_only(store: OperationStore):
    """Invariant 12: the reason names tenants; whoever does not see these does not hear of them either."""
    claimed = operation("op1", [1, 2], status=Status.HALTED, status_reason="Halted in t1.example.com: 3 of 9 failed")
    halted = replace(claimed.tenants[0], status=Status.HALTED, rest_reason=claimed.status_reason)
    await store.claim(replace(claimed, tenants=(halted, claimed.tenants[1])))

    assert (await store.get(SYSTEM, "op1")).status_reason == claimed.status_reason
    told = await store.get(ONLY_T2, "op1")
    assert (told.status, told.status_reason) == (Status.HALTED, None)


async def test_one_of_ten_claims_of_one_id_wins(store: OperationStore):
    """Inserting the row is the claim: the others get the stored operation."""
    claims = [operation("op1", [1, 2], reason=f"claim {number}") for number in range(10)]

    answers = await asyncio.gather(*(store.claim(claim) for claim in claims))

    winners = [stored for inserted, stored in answers if inserted]
    assert len(winners) == 1
    assert {stored.reason for _, stored in answers} == {winners[0].reason}
    assert (await store.read_op("op1")).reason == winners[0].reason


async def test_due_rows_stand_for_every_tenant_of_a_claim(store: OperationStore, tables: Tables):
    """A crash right after the claim is found by the sweeper, once the heartbeat is stale."""
    await store.claim(operation("op1", [1, 2]))

    due = DueStore(tables)
    assert await due.past(tables.now() + timedelta(seconds=tables.settings.heartbeat_stale - 5)) == []
    later = await due.past(tables.now() + timedelta(seconds=tables.settings.heartbeat_stale + 5))
    assert [(row.operation_id, row.tenant_id) for row in later] == [("op1", tenant_id(1)), ("op1", tenant_id(2))]


async def test_a_repeated_claim_leaves_the_due_rows_alone(store: OperationStore, tables: Tables):
    """An ended operation is not woken up by the same idempotency key."""
    await store.claim(operation("op1"))
    await DueStore(tables).remove("op1", tenant_id(1))

    inserted, _ = await store.claim(operation("op1"))

    assert not inserted
    assert await DueStore(tables).past(tables.now() + timedelta(days=1)) == []


async def test_an_operation_of_250_tenants_is_claimed_and_changed_whole(store: OperationStore):
    """More tenants than one transaction takes; what an earlier, crashed claim left does not matter."""
    numbers = list(range(250))
    whole = operation("op1", numbers)
    await store._insert_missing(whole.tenants[120:180])

    assert (await store.claim(whole))[0]
    changed = await store.change("op1", cancel_all)

    stored = await store.get(SYSTEM, "op1")
    assert stored == changed
    assert [part.tenant_id for part in stored.tenants] == [tenant_id(n) for n in numbers]
    assert {part.status for part in stored.tenants} == {stored.status} == {Status.CANCELLED}


def cancel_all(found: Operation) -> Operation:
    """The operation and all its tenants cancelled."""
    parts = tuple(replace(part, status=Status.CANCELLED) for part in found.tenants)
    return replace(found, status=Status.CANCELLED, tenants=parts)


async def test_a_caller_sees_only_its_own_tenants_of_an_operation(store: OperationStore):
    """Trap 44: a foreign operation does not exist, a mixed one shows the own part."""
    await store.claim(operation("mixed", [1, 2]))
    await store.claim(operation("foreign", [1]))

    assert [part.tenant_id for part in (await store.get(ONLY_T2, "mixed")).tenants] == [tenant_id(2)]
    with pytest.raises(NotFound):
        await store.get(ONLY_T2, "foreign")


@pytest.mark.parametrize("name", ["nobody", "a/b", "a\\b", "#", "?", "", "x" * 2000, "it's", "\n"])
async def test_an_id_that_does_not_exist_is_not_found_whatever_it_looks_like(store: OperationStore, name: str):
    """Ids come from URLs."""
    with pytest.raises(NotFound):
        await store.get(SYSTEM, name)
    with pytest.raises(NotFound):
        await store.read_op(name)


async def test_concurrent_changes_all_take_effect(store: OperationStore):
    """A change that meets a moved row is decided anew on the fresh one."""
    await store.claim(operation("op1", [1, 2]))

    def raise_epoch(found: Operation) -> Operation:
        return replace(found, epoch=found.epoch + 1)

    await asyncio.gather(*(store.change("op1", raise_epoch) for _ in range(8)))

    assert (await store.read_op("op1")).epoch == 9


async def test_the_last_of_two_tenants_that_end_together_ends_the_operation(store: OperationStore):
    """Two changes that each read what the other writes cannot both decide on old rows."""
    await store.claim(operation("op1", range(6)))

    def end(number: int):
        def fn(found: Operation) -> Operation:
            parts = tuple(
                replace(part, status=Status.SUCCEEDED) if part.tenant_id == tenant_id(number) else part
                for part in found.tenants
            )
            ended = all(part.status is Status.SUCCEEDED for part in parts)
            return replace(found, tenants=parts, status=Status.SUCCEEDED if ended else found.status)

        return fn

    await asyncio.gather(*(store.change("op1", end(number)) for number in range(6)))

    assert (await store.get(SYSTEM, "op1")).status is Status.SUCCEEDED


async def test_concurrent_changes_of_one_tenant_all_take_effect(store: OperationStore):
    """Totals of one row, written by many."""
    await store.claim(operation("op1", [1, 2]))

    def count(found: TenantPart) -> TenantPart:
        return replace(found, totals=found.totals.plus({"": 1}))

    await asyncio.gather(*(store.change_part("op1", tenant_id(1), count) for _ in range(8)))

    assert (await store.get_part("op1", tenant_id(1))).totals.succeeded == 8
    assert (await store.get_part("op1", tenant_id(2))).totals.succeeded == 0


async def test_a_change_that_does_not_fit_the_state_passes_through(store: OperationStore):
    """The function's own refusal is no conflict of rows, and nothing is written."""
    await store.claim(operation("op1"))
    before = await store.get(SYSTEM, "op1")

    def refuse(found: Operation) -> Operation:
        raise StateConflict(found.status)

    with pytest.raises(StateConflict):
        await store.change("op1", refuse)
    assert await store.get(SYSTEM, "op1") == before


async def test_a_change_that_changes_nothing_writes_nothing(store: OperationStore):
    """Repeating a step that took effect does not move the ETags."""
    await store.claim(operation("op1"))
    before = await store.get(SYSTEM, "op1")

    assert await store.change("op1", lambda found: found) == before
    assert await store.get(SYSTEM, "op1") == before


async def listed(store: OperationStore, caller: Caller = SYSTEM, *, top: int = 2, **wanted: Any) -> list[str]:
    """All ids of a list, page after page."""
    ids: list[str] = []
    cursor = None
    while True:
        found, cursor = await store.list(caller, top=top, cursor=cursor, **wanted)
        assert len(found) <= top
        ids += [one.id for one in found]
        if cursor is None:
            return ids


async def seeded(store: OperationStore) -> None:
    """Seven operations over four months, the newest last, in tenants 1 and 2 by turns."""
    tenants = [[1], [2], [1, 2], [1], [2], [1, 2], [1]]
    months = [8, 8, 9, 11, 11, 11, 11]
    for number, (among, month) in enumerate(zip(tenants, months, strict=True)):
        one = operation(
            f"op{number}",
            among,
            created_at=datetime(2026, month, 1 + number, tzinfo=UTC),
            kind="remove" if number == 3 else "assign",
        )
        await store.claim(one)
        await store.index(one)
        await store.index(one)


async def test_lists_are_newest_first_and_complete_over_months_and_grants(store: OperationStore):
    """Months without operations do not end a list; an operation of two tenants stands there once."""
    await seeded(store)
    both = Caller("c", "C", Role.READ, frozenset({tenant_id(1), tenant_id(2), tenant_id(3)}))
    everything = [f"op{number}" for number in reversed(range(7))]

    assert await listed(store) == everything
    assert await listed(store, top=1) == everything
    assert await listed(store, top=7) == everything
    assert await listed(store, both) == everything
    assert await listed(store, ONLY_T2) == ["op5", "op4", "op2", "op1"]
    assert await listed(store, tenant=tenant_id(1)) == ["op6", "op5", "op3", "op2", "op0"]
    assert await listed(store, Caller("d", "D", Role.READ, frozenset())) == []
    with pytest.raises(NotFound):
        await store.list(ONLY_T2, tenant=tenant_id(1))


async def test_a_list_shows_a_caller_only_its_own_part_of_each_operation(store: OperationStore):
    """Trap 44: grants hold in lists, too."""
    await seeded(store)

    found, _ = await store.list(ONLY_T2)

    assert {part.tenant_id for one in found for part in one.tenants} == {tenant_id(2)}


async def test_lists_filter_by_time_kind_and_creator(store: OperationStore):
    """``since`` is included, ``until`` is not."""
    await seeded(store)

    at = [datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 2, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)]
    assert await listed(store, since=at[1], until=at[2]) == ["op3", "op2", "op1"]
    assert await listed(store, ONLY_T2, since=at[1], until=at[2]) == ["op2", "op1"]
    assert await listed(store, until=at[0]) == []
    assert await listed(store, kind="remove") == ["op3"]
    assert await listed(store, created_by="ana", until=at[1]) == ["op0"]
    assert await listed(store, created_by="o'hara") == []


async def test_a_list_by_status_is_right_before_and_after_the_index_knows(store: OperationStore):
    """The status comes from the operation's own row unless the index holds an end state."""
    await seeded(store)
    ended = await store.change("op2", cancel_all)
    await store.index(ended)
    await store.change("op4", cancel_all)

    assert await listed(store, status="cancelled") == ["op4", "op2"]
    assert await listed(store, status="queued") == ["op6", "op5", "op3", "op1", "op0"]


async def test_an_empty_account_lists_nothing(store: OperationStore):
    """No operation yet is no error."""
    assert await store.list(SYSTEM) == ([], None)


@pytest.mark.parametrize("cursor", ["", "x", "é", make_cursor("a", "b"), make_cursor("op"), make_cursor("1|x"), "W10"])
async def test_a_cursor_that_is_not_ours_is_refused(store: OperationStore, cursor: str):
    """A bad cursor is the caller's fault: 400."""
    with pytest.raises(RequestRejected) as refused:
        await store.list(SYSTEM, cursor=cursor)
    assert refused.value.status == 400
