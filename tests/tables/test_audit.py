"""The audit in its table: exactly once, in a chain, found again by time, operation and person."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.audit import Anchor, AuditEntry, Head, MarkedEntries, Verification, chain
from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.model import Assignment, LicenceState
from shared.errors import NotFound, RequestRejected, StateConflict
from shared.tables.audit import AuditStore
from shared.tables.audit_rows import entry_row, read_entry
from shared.tables.client import Tables
from shared.tables.codec import RowTooLarge
from shared.tables.paging import make_cursor
from shared.tables.table import Row, Table, Write
from tests.support.azurite import Azurite
from tests.support.samples import NOON, audit_entry, marked

T1, T2, T3 = "t1", "t2", "t3"


@pytest.fixture
def audit(tables: Tables) -> AuditStore:
    """The audit of an empty account."""
    return AuditStore(tables)


@pytest.fixture
async def neighbours(azurite: Azurite) -> AsyncIterator[list[AuditStore]]:
    """Four hosts over one account, each with its own connections."""
    settings = azurite.settings()
    hosts = [Tables.open(settings) for _ in range(4)]
    yield [AuditStore(host) for host in hosts]
    for host in hosts:
        await host.close()


async def everything(audit: AuditStore, caller: Caller = SYSTEM, *, top: int = 3, **wanted: Any) -> list[AuditEntry]:
    """All entries, page after page."""
    found: list[AuditEntry] = []
    cursor = None
    while True:
        page, cursor = await audit.page(caller, top=top, cursor=cursor, **wanted)
        found += page
        if cursor is None:
            return found


def users(entries: list[AuditEntry]) -> list[str]:
    """Who was changed, in the order of the entries."""
    return [entry.user_id for entry in entries]


async def test_an_entry_reads_back_whole_and_the_chain_is_intact(audit: AuditStore):
    """Trap 38: actor, before, after, seats, price and request id survive."""
    assert await audit.record(T1, [marked(T1, "0.1.0", [1, 2])]) == 2

    expected, head = chain(Head(), [audit_entry(T1, 1), audit_entry(T1, 2)])
    assert await everything(audit) == expected
    assert await audit.head(T1) == head
    assert await audit.marks(T1, "op1") == {"0.1.0"}
    found = await audit.verify(T1, [Anchor(T1, 2, head.hash, NOON)])
    assert (found.status, found.entries, found.anchored_at) == ("intact", 2, NOON)


async def test_eight_writers_that_repeat_themselves_record_each_mark_once(neighbours: list[AuditStore]):
    """Trap 34: every entry stands in the chain exactly once, whoever brings it, whenever and with whatever else."""
    writes = [marked(T1, f"{n}.1.0", range(n * 10, n * 10 + 10)) for n in range(12)]

    async def writer(number: int) -> int:
        store = neighbours[number % len(neighbours)]
        own = writes[number:] + writes[:number]
        return await store.record(T1, own[:7]) + await store.record(T1, own[5:])

    new = await asyncio.gather(*(writer(number) for number in range(8)))

    entries = await everything(neighbours[0], top=1000)
    assert sum(new) == len(entries) == 120
    assert set(users(entries)) == {f"user-{n}" for n in range(120)}
    assert await neighbours[1].marks(T1, "op1") == {f"{n}.1.0" for n in range(12)}
    assert (await neighbours[2].verify(T1, [])).status == "intact"


async def test_a_repeat_records_only_what_is_new(audit: AuditStore):
    """A mark that is there is dropped, also when it comes twice in one call."""
    await audit.record(T1, [marked(T1, "0.1.0", [1])])

    again = [marked(T1, "0.1.0", [1]), marked(T1, "1.1.0", [2]), marked(T1, "1.1.0", [2])]
    assert await audit.record(T1, again) == 1
    assert await audit.record(T1, again) == 0
    assert await audit.record(T1, []) == 0
    other = marked(T1, "0.1.0", [3], operation_id="op2")
    assert await audit.record(T1, [other]) == 1
    assert users(await everything(audit)) == ["user-1", "user-2", "user-3"]


async def test_a_mark_without_entries_is_recorded(audit: AuditStore):
    """A write that changed nobody still ends a tenant's list of missing marks."""
    assert await audit.record(T1, [MarkedEntries("op1", "0.1.0", ())]) == 0
    assert await audit.marks(T1, "op1") == {"0.1.0"}


async def test_more_entries_than_a_transaction_takes_are_split_between_marks(audit: AuditStore):
    """300 entries of 15 writes go in as few transactions as they need."""
    writes = [marked(T1, f"{n}.1.0", range(n * 20, n * 20 + 20)) for n in range(15)]

    assert await audit.record(T1, writes) == 300
    assert users(await everything(audit, top=1000)) == [f"user-{n}" for n in range(300)]
    with pytest.raises(ValueError, match="more than one transaction takes"):
        await audit.record(T1, [marked(T1, "big", range(99))])


async def test_large_states_are_split_by_size_and_refused_when_they_fit_no_column(audit: AuditStore):
    """Before and after have 64 KiB each, in columns of their own; 4 MiB a transaction is kept."""
    plans = frozenset(f"{number:08x}-0000-4000-8000-000000000000" for number in range(700))
    large = LicenceState((Assignment("s", plans),), "DE")
    writes = [
        MarkedEntries(
            "op1", f"{m}.1.0", tuple(replace(audit_entry(T1, n), before=large, after=large) for n in range(20))
        )
        for m in range(4)
    ]

    assert await audit.record(T1, writes) == 80
    assert (await audit.verify(T1, [])).status == "intact"
    too_large = LicenceState((Assignment("s", plans | {f"x{number:035}" for number in range(200)}),))
    with pytest.raises(RowTooLarge, match="before takes"):
        await audit.record(T1, [MarkedEntries("op1", "9", (replace(audit_entry(T1, 1), before=too_large),))])


async def stored(audit: AuditStore, count: int = 6) -> tuple[Table, list[AuditEntry], Head]:
    """A recorded chain, its table and its head."""
    await audit.record(T1, [marked(T1, "0.1.0", range(count))])
    head = await audit.head(T1)
    assert head
    return audit._table, await everything(audit), head


async def overwrite(table: Table, key: str, **columns: str | int) -> None:
    """Change a row behind the store's back."""
    row = await table.get(T1, key)
    assert row
    await table.write(Write("upsert", replace(row, values={**row.values, **columns})))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "Umzug nach Kölm"),
        ("before", '{"assignments":[],"usage_location":"DE"}'),
        ("before", "{broken"),
        ("after", '{"assignments":[],"usage_location":"DE"}'),
        ("price", '{"SPE_E5":57.6}'),
        ("currency", "EUX"),
        ("seat_change", '{"SPE_E5":1,"SPE_E3":-2}'),
        ("actor", '{"id":"ana","name":"Anb"}'),
        ("actor", '{"id":"ana","name":"Ana","role":"x"}'),
        ("user_principal_name", "User4@example.con"),
        ("operation_id", "op2"),
        ("request_id", "r-2"),
        ("plan_names", '{"p":"PLAN"}'),
        ("previous_hash", "0" * 64),
        ("hash", "0" * 64),
        ("remark", "a column that no entry has"),
        ("at", "2026-11-23T12:00:03.001Z"),
        ("user", "somebody-else@example.com"),
        ("actor_id", "bob"),
        ("schema", 7),
    ],
)
async def test_a_changed_byte_of_an_entry_is_found(audit: AuditStore, column: str, value: str | int):
    """Also in the columns that exist for searching only."""
    table, _, _ = await stored(audit)
    await overwrite(table, "e|000000000004", **{column: value})

    found = await audit.verify(T1, [])

    assert (found.status, found.first_broken, found.entries) == ("broken", 4, 6)


def flipped(text: str, place: int) -> str:
    """The text with one bit of one character turned round."""
    return text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]


async def test_any_flipped_byte_of_a_row_is_found(audit: AuditStore):
    """Also in the name of a key whose value is what would be assumed without it: every column, byte by byte."""
    table, _, _ = await stored(audit, 1)
    row = await table.get(T1, "e|000000000001")
    assert row

    whole = read_entry(T1, row)
    read_over = [
        (name, place)
        for name, value in row.values.items()
        if isinstance(value, str)
        for place in range(len(value))
        if read_entry(T1, replace(row, values={**row.values, name: flipped(value, place)})) == whole
    ]

    assert whole is not None
    assert read_over == []


async def test_a_check_goes_on_where_an_earlier_one_stopped(audit: AuditStore):
    """A chain that takes longer than a request is checked in several, and what they find is the same."""
    table, _, head = await stored(audit)
    anchors = [Anchor(T1, 6, head.hash, NOON)]

    async def in_steps() -> list[Verification]:
        steps = [await audit.verify(T1, anchors, seconds=0)]
        while steps[-1].reached:
            steps.append(await audit.verify(T1, anchors, begin=steps[-1].reached, seconds=0))
        return steps

    steps = await in_steps()
    assert [(step.status, step.entries) for step in steps] == [
        *(("unfinished", n) for n in range(1, 7)),
        ("intact", 6),
    ]
    assert steps[-1] == await audit.verify(T1, anchors)

    await overwrite(table, "e|000000000004", reason="forged")
    assert (await in_steps())[-1] == Verification("broken", 4, 4)


async def test_a_removed_entry_is_found(audit: AuditStore):
    """The chain has a gap where it stood."""
    table, _, _ = await stored(audit)
    await table.delete(T1, "e|000000000003")

    assert (await audit.verify(T1, [])).first_broken == 3


async def test_a_cut_tail_is_found_by_the_head_and_then_by_an_anchor(audit: AuditStore):
    """Setting the head back hides the cut from the table, not from the anchors."""
    table, entries, head = await stored(audit)
    for key in ("e|000000000005", "e|000000000006"):
        await table.delete(T1, key)
    assert (await audit.verify(T1, [])).first_broken == 5

    await overwrite(table, "head", sequence=4, hash=entries[3].hash)
    assert (await audit.verify(T1, [])).status == "intact"
    assert (await audit.verify(T1, [Anchor(T1, 6, head.hash, NOON)])).first_broken == 5


async def test_entries_behind_the_head_are_found(audit: AuditStore):
    """Nothing stands behind the end of the chain."""
    table, entries, _ = await stored(audit)
    await overwrite(table, "head", sequence=4, hash=entries[3].hash)

    assert (await audit.verify(T1, [])).first_broken == 5


async def test_a_chain_computed_anew_is_found_by_an_anchor(audit: AuditStore):
    """Who rewrites all rows and the head is consistent, but not with what was anchored."""
    table, entries, head = await stored(audit)
    forged, end = chain(Head(), [replace(entry, reason="forged") for entry in entries])
    await table.write(*(Write("upsert", entry_row(T1, entry)) for entry in forged))
    await overwrite(table, "head", hash=end.hash)

    assert (await audit.verify(T1, [])).status == "intact"
    found = await audit.verify(T1, [Anchor(T1, 6, head.hash, NOON)])
    assert (found.status, found.first_broken) == ("broken", 6)


async def test_a_chain_is_intact_while_others_write_to_it(audit: AuditStore):
    """A check that runs beside writers never cries wolf."""
    await audit.record(T1, [marked(T1, "start", [0])])

    async def write() -> None:
        for number in range(1, 12):
            await audit.record(T1, [marked(T1, f"{number}.1.0", [number])])

    writing = asyncio.create_task(write())
    checks = 0
    while not writing.done() or not checks:
        assert (await audit.verify(T1, [])).status == "intact"
        checks += 1
    await writing


async def test_an_empty_audit_is_empty(audit: AuditStore):
    """A tenant that nothing was ever changed in."""
    assert (await audit.verify(T1, [])).status == "empty"
    assert await audit.head(T1) is None
    assert await audit.page(SYSTEM) == ([], None)


async def three_tenants(audit: AuditStore) -> None:
    """Two operations in three tenants."""
    for tenant in (T2, T1, T3):
        await audit.record(tenant, [marked(tenant, "0.1.0", range(4))])
    await audit.record(T2, [marked(T2, "0.1.0", range(4, 6), operation_id="op2")])


async def test_pages_go_tenant_by_tenant_within_the_grants(audit: AuditStore):
    """Trap 44: the order is tenant, then sequence; nothing of a foreign tenant is shown."""
    await three_tenants(audit)
    two = Caller("bob", "Bob", Role.READ, frozenset({T3, T2, "t9"}))

    assert [(e.tenant_id, e.sequence) for e in await everything(audit)] == [
        *((T1, n) for n in range(1, 5)),
        *((T2, n) for n in range(1, 7)),
        *((T3, n) for n in range(1, 5)),
    ]
    assert [e.tenant_id for e in await everything(audit, two)] == [T2] * 6 + [T3] * 4
    assert [e.tenant_id for e in await everything(audit, two, top=6)] == [T2] * 6 + [T3] * 4
    assert await everything(audit, Caller("x", "X", Role.READ, frozenset())) == []
    assert {e.tenant_id for e in await everything(audit, tenant=T2)} == {T2}
    with pytest.raises(NotFound):
        await audit.page(two, tenant=T1)


async def test_the_heads_of_all_tenants_are_read_for_anchoring(audit: AuditStore):
    """Each tenant's own head, however long the chains are."""
    assert await audit.heads() == {}
    await three_tenants(audit)

    heads = await audit.heads()

    assert {tenant: head.sequence for tenant, head in heads.items()} == {T1: 4, T2: 6, T3: 4}
    assert heads[T2] == await audit.head(T2)


async def test_pages_filter_by_operation_user_and_actor(audit: AuditStore):
    """Users go by id or by principal name in any case, actors by id or name."""
    await three_tenants(audit)

    assert users(await everything(audit, operation="op2")) == ["user-4", "user-5"]
    assert await everything(audit, operation="op3") == []
    assert [e.tenant_id for e in await everything(audit, user="user-2")] == [T1, T2, T3]
    assert users(await everything(audit, tenant=T1, user="USER2@EXAMPLE.com")) == ["user-2"]
    assert len(await everything(audit, actor="ana")) == len(await everything(audit, actor="Ana")) == 14
    assert await everything(audit, actor="bob' or true") == []


async def test_pages_filter_by_time_over_months_and_latecomers(audit: AuditStore):
    """``since`` is included, ``until`` is not; what comes late is found in its month, a skipped month is found, too."""

    async def put(number: int, *times: datetime) -> None:
        entries = tuple(audit_entry(T1, number + k, at=at) for k, at in enumerate(times))
        await audit.record(T1, [MarkedEntries("op1", str(number), entries)])

    at = {month: datetime(2026, month, 15, tzinfo=UTC) for month in range(1, 13)}
    await put(1, at[3])
    await put(2, at[3], at[4])
    await put(4, at[6], at[3])  # user-5 comes late, April's and June's rows stand already
    await put(6, at[5])  # a month that was skipped
    await put(7, at[7])

    async def found(since: datetime | None, until: datetime | None) -> list[str]:
        return users(await everything(audit, since=since, until=until))

    march, april, may = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))
    assert await found(march, april) == ["user-1", "user-2", "user-5"]
    assert await found(april, may) == ["user-3"]
    assert await found(may, at[6]) == ["user-6"]
    assert await found(at[6], None) == ["user-4", "user-7"]
    assert await found(at[7], at[7] + timedelta(milliseconds=1)) == ["user-7"]
    assert await found(None, march) == []
    assert await found(at[8], None) == []
    assert (await audit.verify(T1, [])).status == "intact"


async def test_a_month_is_read_from_its_first_sequence(audit: AuditStore):
    """A month's row leads to a range of keys; entries of other months are not even looked at."""
    for number, month in enumerate((9, 10, 11)):
        entry = audit_entry(T1, number, at=datetime(2026, month, 2, tzinfo=UTC))
        await audit.record(T1, [MarkedEntries("op1", str(number), (entry, replace(entry, user_id="b")))])

    begin, end = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)
    assert await audit._query._range(T1, begin, end) == (3, 4)


async def test_seat_changes_are_read_of_the_ranges_that_are_asked_for(audit: AuditStore):
    """A month and what stands between two counts: each entry once, and what lies between the two is not read."""
    for month in range(1, 10):
        for day in (2, 3):
            entry = audit_entry(T1, day, at=datetime(2026, month, day, tzinfo=UTC))
            await audit.record(T1, [MarkedEntries("op1", f"{month}.{day}", (entry,))])

    async def sequences(month: int, between: tuple[int, int] | None) -> list[int]:
        begin, end = datetime(2026, month, 1, tzinfo=UTC), datetime(2026, month + 1, 1, tzinfo=UTC)
        return [change.sequence async for change in audit.seat_changes(SYSTEM, T1, begin, end, between)]

    assert await sequences(2, None) == [3, 4]
    assert await sequences(2, (3, 5)) == [3, 4, 5]
    assert await sequences(2, (10, 12)) == [3, 4, 11, 12]
    assert await sequences(8, (2, 2)) == [15, 16]
    assert await sequences(11, (16, 18)) == [17, 18]
    with pytest.raises(NotFound):
        audit.seat_changes(Caller("bob", "Bob", Role.READ, frozenset()), T1, NOON, NOON)


@pytest.mark.parametrize("cursor", ["x", make_cursor("t1"), make_cursor("t1", "x"), make_cursor("t1", "1" * 13)])
async def test_a_cursor_that_is_not_ours_is_refused(audit: AuditStore, cursor: str):
    """A bad cursor is the caller's fault: 400."""
    with pytest.raises(RequestRejected):
        await audit.page(SYSTEM, cursor=cursor)


async def test_a_cursor_does_not_lead_out_of_the_grants(audit: AuditStore):
    """Trap 44: a cursor made by another caller shows nothing more."""
    await three_tenants(audit)
    only_t1 = Caller("bob", "Bob", Role.READ, frozenset({T1}))

    assert await audit.page(only_t1, cursor=make_cursor(T2, "0")) == ([], None)


async def test_a_broken_row_does_not_read_as_an_entry(audit: AuditStore):
    """A page over a forged row names it instead of leaving it out."""
    table, _, _ = await stored(audit)
    await table.write(Write("upsert", Row(T1, "e|000000000002", {"schema": 1})))

    with pytest.raises(StateConflict, match="entry 000000000002 of tenant t1"):
        await audit.page(SYSTEM, tenant=T1)
