"""Table ``operations``: one partition an operation, with the row ``op`` and one row a tenant."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from shared import measures
from shared.domain.caller import SYSTEM, Caller
from shared.domain.operation import Operation, TenantPart
from shared.domain.states import seen_in_part
from shared.errors import NotFound, RowConflict
from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.contention import until_settled
from shared.tables.due import Due, DueStore
from shared.tables.operation_index import OperationIndex
from shared.tables.table import TRANSACTION_ROWS, Row, Write, usable_key

OP = "op"
OPERATION = RowCodec(
    Operation, nested=("created_by", "guards", "held_by", "approved_by", "notify"), leave_out=("tenants",)
)
PART = RowCodec(TenantPart, nested=("totals", "error", "excluded", "excluded_samples", "judged_from"))


def _part_key(tenant_id: str) -> str:
    return f"tenant|{tenant_id}"


def _op_row(operation: Operation) -> Row:
    return Row(operation.id, OP, OPERATION.values(operation), operation.etag)


def _part_row(part: TenantPart) -> Row:
    return Row(part.operation_id, _part_key(part.tenant_id), PART.values(part), part.etag)


def _unknown(operation_id: str) -> NotFound:
    return NotFound(f"there is no operation {operation_id}")


class OperationStore:
    """The operations and their tenants' parts; inserting the row ``op`` is the claim."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._table = tables.table("operations")
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._due = DueStore(tables)
        self._index = OperationIndex(tables, self.find)

    async def claim(self, operation: Operation) -> tuple[bool, Operation]:
        """Insert a new operation with its tenants.

        Returns (True, it) for the one caller who inserted it, else (False, the stored one). The ``due`` rows stand
        before the claim, so that a crash right after it is found by the sweeper.
        """
        stored = await self.find(SYSTEM, operation.id)
        if stored is not None:
            return False, stored
        await self._tables.refresh_clock()
        look_at = self._tables.now() + timedelta(seconds=self._tables.settings.heartbeat_stale)
        await self._due.move_all(Due(operation.id, part.tenant_id, look_at) for part in operation.tenants)
        first = operation.tenants[: TRANSACTION_ROWS - 1]
        await self._insert_missing(operation.tenants[len(first) :])
        rows = [_op_row(operation), *(_part_row(part) for part in first)]
        try:
            await self._table.write(*(Write("insert", row) for row in rows))
        except RowConflict:
            stored = await self.find(SYSTEM, operation.id)
            if stored is None:
                raise
            return False, stored
        return True, operation

    async def _insert_missing(self, parts: Iterable[TenantPart]) -> None:
        """Insert parts ahead of their operation; those that a crashed or a concurrent claim left stay as they are."""
        rows = [_part_row(part) for part in parts]
        for start in range(0, len(rows), TRANSACTION_ROWS):
            some = rows[start : start + TRANSACTION_ROWS]
            try:
                await self._table.write(*(Write("insert", row) for row in some))
            except RowConflict:
                for row in some:
                    with suppress(RowConflict):
                        await self._table.write(Write("insert", row))

    async def index(self, operation: Operation) -> None:
        """Put the operation into the lists; again when it ends, so that lists need not read its rows to know.

        Previews stand in no list.
        """
        if operation.kind != "preview":
            await self._index.put(operation)

    async def get(self, caller: Caller, operation_id: str) -> Operation:
        """An operation with those of its tenants that the caller sees.

        Raises ``NotFound`` when there is none, or none of its tenants is visible.
        """
        operation = await self.find(caller, operation_id)
        if operation is None:
            raise _unknown(operation_id)
        return operation

    async def list(
        self,
        caller: Caller,
        *,
        tenant: str | None = None,
        status: str | None = None,
        kind: str | None = None,
        created_by: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top: int = 100,
        cursor: str | None = None,
    ) -> tuple[list[Operation], str | None]:
        """At most ``top`` operations, newest first, each as ``get`` shows it, and the cursor of the next page.

        ``since`` is included, ``until`` is not. Raises ``NotFound`` for a tenant outside the caller's grants,
        ``RequestRejected`` (400) for a cursor that is not ours.
        """
        return await self._index.page(
            caller,
            tenant=tenant,
            status=status,
            kind=kind,
            created_by=created_by,
            since=since,
            until=until,
            top=top,
            cursor=cursor,
        )

    async def read_op(self, operation_id: str) -> Operation:
        """The row ``op`` alone, without tenants.

        Raises ``NotFound``.
        """
        row = await self._table.get(operation_id, OP) if usable_key(operation_id) else None
        if row is None:
            raise _unknown(operation_id)
        return OPERATION.item(row)

    async def get_part(self, operation_id: str, tenant_id: str) -> TenantPart:
        """One tenant's part.

        Raises ``NotFound``.
        """
        row = await self._table.get(operation_id, _part_key(tenant_id))
        if row is None:
            raise NotFound(f"operation {operation_id} has no tenant {tenant_id}")
        return PART.item(row)

    async def change(self, operation_id: str, fn: Callable[[Operation], Operation]) -> Operation:
        """Change an operation and its tenants by a pure function, repeated on fresh rows until nobody came between.

        Only changed tenants are written, in one transaction with the row ``op``, which always goes along: two changes
        that each read what the other writes (the last two tenants that end) cannot both succeed. Above 99 changed
        tenants the first ones go in transactions of their own before. What ``fn`` raises passes through;
        ``RowConflict`` after 40 tries.
        """

        async def attempt() -> Operation:
            before = await self.get(SYSTEM, operation_id)
            after = fn(before)
            if after == before:
                return before
            return await self._write_change(before, after)

        # Within one host the tenants of an operation that end together take turns; only hosts race for the row.
        lock = self._locks.setdefault(operation_id, asyncio.Lock())
        async with lock:
            return await until_settled(attempt)

    async def _write_change(self, before: Operation, after: Operation) -> Operation:
        known = {part.tenant_id: part for part in before.tenants}
        if after.id != before.id or {part.tenant_id for part in after.tenants} != known.keys():
            raise ValueError(f"a change of operation {before.id} may neither rename it nor add or drop tenants")
        changed = [
            replace(part, etag=known[part.tenant_id].etag)
            for part in after.tenants
            if replace(part, etag=None) != replace(known[part.tenant_id], etag=None)
        ]
        steps = [Write("replace", _part_row(part)) for part in changed]
        ahead, along = steps[: -(TRANSACTION_ROWS - 1)], steps[-(TRANSACTION_ROWS - 1) :]
        etags: list[str | None] = []
        for start in range(0, len(ahead), TRANSACTION_ROWS):
            etags += await self._table.write(*ahead[start : start + TRANSACTION_ROWS])
        op_row = _op_row(replace(after, etag=before.etag))
        *part_etags, op_etag = await self._table.write(*along, Write("replace", op_row))
        etags += part_etags
        written = {part.tenant_id: replace(part, etag=etag) for part, etag in zip(changed, etags, strict=True)}
        tenants = tuple(written.get(part.tenant_id, known[part.tenant_id]) for part in after.tenants)
        measures.changed(before, after)
        return replace(after, tenants=tenants, etag=op_etag)

    async def change_part(
        self, operation_id: str, tenant_id: str, fn: Callable[[TenantPart], TenantPart]
    ) -> TenantPart:
        """As ``change``, for one tenant's row alone: fit for totals and phase, not for a status others depend on."""

        async def attempt() -> TenantPart:
            before = await self.get_part(operation_id, tenant_id)
            after = fn(before)
            if after == before:
                return before
            (etag,) = await self._table.write(Write("replace", _part_row(replace(after, etag=before.etag))))
            return replace(after, etag=etag)

        return await until_settled(attempt)

    async def find(self, caller: Caller, operation_id: str) -> Operation | None:
        """As ``get``; None when there is none for this caller."""
        if not usable_key(operation_id):
            return None
        operation: Operation | None = None
        parts: list[TenantPart] = []
        async for row in self._table.partition(operation_id):
            if row.key == OP:
                operation = OPERATION.item(row)
            else:
                parts.append(PART.item(row))
        if operation is None:
            return None
        seen = tuple(part for part in parts if caller.sees(part.tenant_id))
        if not seen and caller.tenants is not None:
            return None
        if len(seen) < len(parts):
            operation = seen_in_part(operation, seen)
        return replace(operation, tenants=seen)
