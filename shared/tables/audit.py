"""Table ``audit``: a tenant's hash chain, written exactly once whoever brings an entry and however often.

A transaction holds the head (If-Match), markers and month (insert only) and entries: a repeat meets its markers, a
concurrent writer the moved head.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from math import inf
from time import monotonic

from shared.domain.audit import (
    Anchor,
    AuditEntry,
    ChainCheck,
    Head,
    MarkedEntries,
    Reached,
    Verification,
    chain,
    timestamp,
)
from shared.domain.caller import SYSTEM, Caller
from shared.domain.reconciliation import SeatChange
from shared.errors import NotFound, RowConflict
from shared.tables.audit_query import AuditFilter, AuditQuery
from shared.tables.audit_rows import (
    HEAD,
    HEAD_CODEC,
    LAST_SEQUENCE,
    entry_key,
    entry_row,
    groups,
    marker_key,
    month_key,
    note_month,
    read_entry,
)
from shared.tables.client import Tables
from shared.tables.codec import SCHEMA
from shared.tables.contention import until_settled
from shared.tables.table import Row, Write


class AuditStore:
    """The audit of each tenant; nothing here deletes or changes an entry."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("audit")
        self._query = AuditQuery(self._table)

    async def record(self, tenant: str, writes: Sequence[MarkedEntries]) -> int:
        """Append the entries of these writes, each mark once; returns how many entries were new.

        Raises ``ValueError`` for a write of more entries than a transaction takes, ``RowTooLarge`` for an entry that
        fits no row, ``RowConflict`` when other writers were faster 40 times.
        """
        unique = list({(write.operation_id, write.mark): write for write in writes}.values())
        written = 0
        for group in groups(unique):
            try:
                written += await self._append(tenant, group)
            except RowConflict:  # a marker is there already, or the head moved
                written += await until_settled(lambda group=group: self._append_missing(tenant, group))
        return written

    async def _append_missing(self, tenant: str, group: Sequence[MarkedEntries]) -> int:
        markers = [self._table.get(tenant, marker_key(write.operation_id, write.mark)) for write in group]
        known = await asyncio.gather(*markers)
        return await self._append(tenant, [write for write, marker in zip(group, known, strict=True) if marker is None])

    async def _append(self, tenant: str, fresh: Sequence[MarkedEntries]) -> int:
        stored_head = await self._table.get(tenant, HEAD)
        if not fresh:
            return 0
        start = HEAD_CODEC.item(stored_head) if stored_head else Head()
        head, steps = start, list[Write]()
        months: dict[str, Write] = {}
        latest = month_key(timestamp(start.at)) if start.at else ""
        for write in fresh:
            entries, after = chain(head, write.entries)
            marker = {"schema": SCHEMA, "first": head.sequence + 1, "last": after.sequence}
            steps.append(Write("insert", Row(tenant, marker_key(write.operation_id, write.mark), marker)))
            steps += [Write("insert", entry_row(tenant, entry)) for entry in entries]
            for entry in entries:
                note_month(tenant, entry, latest, months)
            head = after
        head_row = Row(tenant, HEAD, HEAD_CODEC.values(head), stored_head.etag if stored_head else None)
        steps.insert(0, Write("replace" if stored_head else "insert", head_row))
        await self._table.write(*steps, *months.values())
        return head.sequence - start.sequence

    async def marks(self, tenant: str, operation_id: str) -> set[str]:
        """The marks of an operation that are recorded."""
        prefix = marker_key(operation_id, "")
        return {row.key.removeprefix(prefix) async for row in self._table.prefixed(tenant, prefix)}

    async def heads(self) -> dict[str, Head]:
        """The ends of all tenants' chains, by tenant id."""
        heads = {tenant: await self.head(tenant) async for tenant in self._query.partitions(SYSTEM, None, "")}
        return {tenant: head for tenant, head in heads.items() if head}

    async def tenants(self, caller: Caller, resume: str = "") -> AsyncIterator[str]:
        """Ids of the tenants with an audit that the caller sees, by id from ``resume`` on.

        Also those that left the registry.
        """
        async for tenant in self._query.partitions(caller, None, resume):
            if caller.tenants is None or await self.head(tenant):  # a grant may name a tenant that never was
                yield tenant

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

        ``since`` is included, ``until`` is not; ``user`` is an id or a principal name, ``actor`` an id or a name.
        Raises ``NotFound`` for a tenant outside the caller's grants, ``RequestRejected`` (400) for a cursor that is not
        ours.
        """
        wanted = AuditFilter(since, until, operation, user, actor)
        return await self._query.page(caller, tenant, wanted, top, cursor)

    def seat_changes(
        self, caller: Caller, tenant: str, since: datetime, until: datetime, between: tuple[int, int] | None = None
    ) -> AsyncIterator[SeatChange]:
        """What the entries say of seats, each once, by sequence: those from ``since`` to ``until``, maybe some more.

        ``between`` asks also for those after its first and up to its second sequence. Raises ``NotFound`` for a tenant
        outside the caller's grants, ``StateConflict`` for an entry that cannot be read.
        """
        if not caller.sees(tenant):
            raise NotFound(f"there is no tenant {tenant}")
        return self._query.seat_changes(tenant, since, until, between)

    async def verify(
        self, tenant: str, anchors: Iterable[Anchor], *, begin: Reached | None = None, seconds: float = inf
    ) -> Verification:
        """Check the chain against its head and against the heads that were anchored elsewhere.

        Who has not come to the end after ``seconds`` says how far; with that as ``begin`` the next call goes on.
        """
        checking = ChainCheck(tenant, anchors, begin)
        end_at = monotonic() + seconds
        head = await self.head(tenant)
        done = checking.read
        while True:
            end = max(done, head.sequence if head else 0)
            if not await self._check_span(checking, tenant, done + 1, end, end_at):
                return checking.interrupt()
            done = end
            # Who writes meanwhile moves the head: go on until it stands still, then nothing may stand behind it.
            moved = await self.head(tenant)
            if moved == head:
                behind = self._table.span(tenant, entry_key(end + 1), entry_key(LAST_SEQUENCE), page=1)
                beyond = [row.key async for row in behind]
                moved = await self.head(tenant)
                if moved == head:
                    for _ in beyond:
                        checking.add(None)
                    return checking.finish(head)
            head = moved

    async def _check_span(self, checking: ChainCheck, tenant: str, first: int, last: int, end_at: float) -> bool:
        """Check these entries; False when the time was over before the last one."""
        async for row in self._table.span(tenant, entry_key(first), entry_key(last)):
            checking.add(read_entry(tenant, row))
            if monotonic() > end_at:
                return False
        return True
