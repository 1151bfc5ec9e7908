"""Table ``audit``: a tenant's hash chain, written exactly once whoever brings an entry and however often.

Keys: ``e|{sequence}`` entries, ``head`` (the end of the chain), ``m|{operation}|{mark}`` markers (a mark was recorded, and as
which sequences), ``month|{yyyymm}`` (the first sequence of a month, so that a time leads to a range of keys). A transaction holds
the head (If-Match), markers and month (insert only) and entries: a repeat meets its markers, a concurrent writer the moved head.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.audit import (
    Anchor,
    AuditEntry,
    ChainCheck,
    Head,
    MarkedEntries,
    Verification,
    chain,
    timestamp,
)
from shared.domain.caller import Caller
from shared.errors import NotFound
from shared.tables.client import Tables
from shared.tables.codec import SCHEMA, RowCodec
from shared.tables.contention import until_settled
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from shared.tables.table import AFTER, TRANSACTION_ROWS, Row, Value, Write

HEAD = "head"
HEAD_CODEC = RowCodec(Head)
ENTRY_CODEC = RowCodec(
    AuditEntry, nested=("actor", "before", "after", "seat_change", "price", "part_numbers", "plan_names")
)
TRANSACTION_BYTES = 3_500_000
"""Some way below the 4 MiB of a transaction, for its framing."""
LAST_SEQUENCE = 10**12 - 1


def _entry_key(sequence: int) -> str:
    return f"e|{sequence:012d}"


def _marker_key(operation_id: str, mark: str) -> str:
    return f"m|{operation_id}|{mark}"


def _month_key(at: str) -> str:
    return f"month|{at[:4]}{at[5:7]}"


def _entry_row(tenant: str, entry: AuditEntry) -> Row:
    """An entry's row; columns of its own for what is searched for, times as the chain writes them."""
    search = {"user": entry.user_principal_name.lower(), "actor_id": entry.actor.id, "actor_name": entry.actor.name}
    return Row(tenant, _entry_key(entry.sequence), {**ENTRY_CODEC.values(entry), **search, "at": timestamp(entry.at)})


def _weight(entries: Iterable[AuditEntry]) -> int:
    """About how many bytes the entries take in a transaction, a little too many."""
    return sum(
        1_000 + sum(len(str(value).encode()) * 11 // 10 for value in ENTRY_CODEC.values(entry).values())
        for entry in entries
    )


@dataclass(frozen=True, slots=True)
class _Filter:
    """What entries are asked for; an operation is looked up by its markers."""

    since: datetime | None
    until: datetime | None
    operation: str | None
    user: str | None
    actor: str | None

    def condition(self) -> tuple[str, dict[str, Value]]:
        tests = {
            "since": ("at ge @since", self.since and timestamp(self.since)),
            "until": ("at lt @until", self.until and timestamp(self.until)),
            "operation": ("operation_id eq @operation", self.operation),
            "user": ("(user_id eq @user or user eq @user)", self.user and self.user.lower()),
            "actor": ("(actor_id eq @actor or actor_name eq @actor)", self.actor),
        }
        given = {name: value for name, (_, value) in tests.items() if value is not None}
        return " and ".join(tests[name][0] for name in given), dict(given)


class AuditStore:
    """The audit of each tenant; nothing here deletes or changes an entry."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("audit")

    async def record(self, tenant: str, writes: Sequence[MarkedEntries]) -> int:
        """Append the entries of these writes, each mark once; returns how many entries were new.

        Raises ``ValueError`` for a write of more entries than a transaction takes, ``RowTooLarge`` for an entry that fits no
        row, ``RowConflict`` when other writers were faster 40 times.
        """
        unique = list({(write.operation_id, write.mark): write for write in writes}.values())
        written = 0
        for group in _groups(unique):
            written += await until_settled(lambda group=group: self._append(tenant, group))
        return written

    async def _append(self, tenant: str, group: Sequence[MarkedEntries]) -> int:
        stored_head = await self._table.get(tenant, HEAD)
        known = {
            operation: await self.marks(tenant, operation) for operation in {write.operation_id for write in group}
        }
        fresh = [write for write in group if write.mark not in known[write.operation_id]]
        if not fresh:
            return 0
        start = HEAD_CODEC.item(stored_head) if stored_head else Head()
        head, steps = start, list[Write]()
        months: dict[str, Write] = {}
        latest = _month_key(timestamp(start.at)) if start.at else ""
        for write in fresh:
            entries, after = chain(head, write.entries)
            marker = {"schema": SCHEMA, "first": head.sequence + 1, "last": after.sequence}
            steps.append(Write("insert", Row(tenant, _marker_key(write.operation_id, write.mark), marker)))
            steps += [Write("insert", _entry_row(tenant, entry)) for entry in entries]
            for entry in entries:
                _note_month(tenant, entry, latest, months)
            head = after
        head_row = Row(tenant, HEAD, HEAD_CODEC.values(head), stored_head.etag if stored_head else None)
        steps.insert(0, Write("replace" if stored_head else "insert", head_row))
        await self._table.write(*steps, *months.values())
        return head.sequence - start.sequence

    async def marks(self, tenant: str, operation_id: str) -> set[str]:
        """The marks of an operation that are recorded."""
        prefix = _marker_key(operation_id, "")
        return {row.key.removeprefix(prefix) async for row in self._table.prefixed(tenant, prefix)}

    async def head(self, tenant: str) -> Head | None:
        """The end of a tenant's chain; None before the first entry."""
        row = await self._table.get(tenant, HEAD)
        return HEAD_CODEC.item(row) if row else None

    async def page(
        self,
        caller: Caller,
        *,
        tenant: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        operation: str | None = None,
        user: str | None = None,
        actor: str | None = None,
        top: int = 100,
        cursor: str | None = None,
    ) -> tuple[list[AuditEntry], str | None]:
        """At most ``top`` entries, tenant by tenant (by id) and in each by sequence, and the cursor of the next page.

        ``since`` is included, ``until`` is not; ``user`` is an id or a principal name, ``actor`` an id or a name. Raises
        ``NotFound`` for a tenant outside the caller's grants, ``RequestRejected`` (400) for a cursor that is not ours.
        """
        if tenant is not None and not caller.sees(tenant):
            raise NotFound(f"there is no tenant {tenant}")
        resume, after = _read_cursor(cursor)
        wanted = _Filter(since, until, operation, user, actor)
        found: list[AuditEntry] = []
        async for partition in self._partitions(caller, tenant, resume):
            async for row in self._matching(partition, wanted, after if partition == resume else 0, top + 1):
                if len(found) == top:
                    return found, make_cursor(found[-1].tenant_id, str(found[-1].sequence))
                found.append(ENTRY_CODEC.item(row))
        return found, None

    async def _partitions(self, caller: Caller, tenant: str | None, resume: str) -> AsyncIterator[str]:
        """Tenants with an audit that the caller sees, from ``resume`` on; also those that left the registry."""
        if tenant is not None or caller.tenants is not None:
            for partition in sorted(caller.tenants or ()) if tenant is None else [tenant]:
                if partition >= resume:
                    yield partition
            return
        condition, last = "PartitionKey ge @last", resume
        while True:
            # One row of the next partition: a seek each, however long the chains are.
            async for row in self._table.query(condition, {"last": last}, columns=(), page=1):
                yield row.partition
                condition, last = "PartitionKey gt @last", row.partition
                break
            else:
                return

    async def _matching(self, tenant: str, wanted: _Filter, after: int, page: int) -> AsyncIterator[Row]:
        first, last = after + 1, LAST_SEQUENCE
        if wanted.operation is not None:
            markers = [row async for row in self._table.prefixed(tenant, _marker_key(wanted.operation, ""))]
            first = max(first, min((int(row.values["first"]) for row in markers), default=LAST_SEQUENCE))
            last = max((int(row.values["last"]) for row in markers), default=0)
        if wanted.since is not None or wanted.until is not None:
            begin, end = await self._range(tenant, wanted.since, wanted.until)
            first, last = max(first, begin), min(last, end)
        if first > last:
            return
        condition, parameters = wanted.condition()
        rows = self._table.span(
            tenant,
            _entry_key(first),
            _entry_key(last),
            condition=condition,
            parameters=parameters,
            page=min(page, 1000),
        )
        async for row in rows:
            yield row

    async def _range(self, tenant: str, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """A range of sequences outside which no entry is of that time."""
        first, last, late = 1, LAST_SEQUENCE, 0
        begin = _month_key(timestamp(since)) if since else None
        end = _month_key(timestamp(until)) if until else None
        async for row in self._table.prefixed(tenant, "month|"):
            opened = int(row.values.get("first", 0))
            if begin and opened and row.key <= begin:
                first = opened
            if end and row.key <= end:
                late = max(late, int(row.values.get("late", 0)))
            if end and opened and row.key > end:
                last = min(last, opened - 1)
        return first, max(last, late)

    async def verify(self, tenant: str, anchors: Iterable[Anchor]) -> Verification:
        """Check the whole chain against its head and against the heads that were anchored elsewhere."""
        checking = ChainCheck(tenant, anchors)
        head = await self.head(tenant)
        while True:
            end = head.sequence if head else 0
            await self._check_span(checking, tenant, checking.read + 1, end)
            # Who writes meanwhile moves the head: go on until it stands still, then nothing may stand behind it.
            moved = await self.head(tenant)
            if moved == head:
                behind = self._table.span(tenant, _entry_key(end + 1), _entry_key(LAST_SEQUENCE), page=1)
                beyond = [row.key async for row in behind]
                moved = await self.head(tenant)
                if moved == head:
                    for _ in beyond:
                        checking.add(None)
                    return checking.finish(head)
            head = moved

    async def _check_span(self, checking: ChainCheck, tenant: str, first: int, last: int) -> None:
        async for row in self._table.span(tenant, _entry_key(first), _entry_key(last)):
            checking.add(_read_entry(tenant, row))


def _read_entry(tenant: str, row: Row) -> AuditEntry | None:
    """The entry of a row; None when the row does not hold one, or says otherwise in its key or its search columns."""
    try:
        entry = ENTRY_CODEC.item(row)
    except ValueError:
        return None
    search = _entry_row(tenant, entry)
    names = ("user", "actor_id", "actor_name", "at")
    agrees = search.key == row.key and all(search.values[name] == row.values.get(name) for name in names)
    return entry if agrees else None


def _note_month(tenant: str, entry: AuditEntry, latest: str, months: dict[str, Write]) -> None:
    """Keep what leads from a month to its entries.

    The first entry of a month later than all before opens it; an entry that comes when a later month is open already is noted
    as the month's latest latecomer.
    """
    key = _month_key(timestamp(entry.at))
    opened = max((k for k, step in months.items() if step.kind == "insert"), default=latest)
    if key > max(opened, latest):
        months[key] = Write("insert", Row(tenant, key, {"schema": SCHEMA, "first": entry.sequence}))
    elif key < max(opened, latest):
        known = months.get(key)
        columns = {**(known.row.values if known else {"schema": SCHEMA}), "late": entry.sequence}
        months[key] = Write(known.kind if known else "merge", Row(tenant, key, columns))


def _groups(writes: Iterable[MarkedEntries]) -> list[list[MarkedEntries]]:
    """The writes in groups that fit into one transaction: beside them stand the head, a marker each and their months."""
    groups: list[list[MarkedEntries]] = [[]]
    rows, weight = 1, 0
    for write in writes:
        months = len({_month_key(timestamp(entry.at)) for entry in write.entries})
        size, heavy = 1 + len(write.entries) + months, _weight(write.entries)
        if 1 + size > TRANSACTION_ROWS or heavy > TRANSACTION_BYTES:
            raise ValueError(
                f"mark {write.mark} of operation {write.operation_id} has {len(write.entries)} entries of {heavy} bytes: "
                f"more than one transaction takes"
            )
        if rows + size > TRANSACTION_ROWS or weight + heavy > TRANSACTION_BYTES:
            groups.append([])
            rows, weight = 1, 0
        groups[-1].append(write)
        rows, weight = rows + size, weight + heavy
    return [group for group in groups if group]


def _read_cursor(cursor: str | None) -> tuple[str, int]:
    tenant, sequence = read_cursor(cursor, 2) or ("", "0")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 12):
        raise bad_cursor()
    return tenant, int(sequence)
