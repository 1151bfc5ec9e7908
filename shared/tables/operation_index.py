"""Table ``operationindex``: lists of operations, newest first, by month and by tenant.

A caller without limits reads the months, one after the other; any other caller the partitions of the tenants granted,
merged. Both hold the same keys, so one cursor serves both.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.domain.caller import Caller
from shared.domain.operation import Operation
from shared.domain.states import ENDED
from shared.errors import NotFound
from shared.tables.client import Tables
from shared.tables.codec import SCHEMA
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from shared.tables.table import AFTER, Row, Value, Write

FAR_FUTURE = 10**16
"""Microseconds since 1970 (the year 2286): keys count down to it, so that the newest comes first."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
READS_AT_ONCE = 16

type Find = Callable[[Caller, str], Awaitable[Operation | None]]


def reverse_ticks(at: datetime) -> str:
    """A text that sorts the later of two times first."""
    return f"{FAR_FUTURE - (at - EPOCH) // timedelta(microseconds=1):016d}"


def month_of(at: datetime) -> str:
    """``yyyymm``, in UTC."""
    return at.astimezone(UTC).strftime("%Y%m")


def month_before(month: str) -> str:
    """The month before one."""
    year, number = int(month[:4]), int(month[4:])
    return f"{year - 1}12" if number == 1 else f"{year}{number - 1:02d}"


@dataclass(frozen=True, slots=True)
class _Query:
    """What every partition is asked for."""

    first: str
    last: str
    condition: str
    parameters: dict[str, Value]


class OperationIndex:
    """The lists; the operations themselves come from ``find``."""

    def __init__(self, tables: Tables, find: Find) -> None:
        self._tables = tables
        self._table = tables.table("operationindex")
        self._find = find
        self._earliest: str | None = None

    async def put(self, operation: Operation) -> None:
        """Write the operation's rows; harmless to repeat."""
        key = f"{reverse_ticks(operation.created_at)}|{operation.id}"
        columns: dict[str, Value] = {
            "schema": SCHEMA,
            "operation": operation.id,
            "kind": operation.kind,
            "created_by": operation.created_by.id,
            "status": operation.status.value,
        }
        rows = [Row(month_of(operation.created_at), key, {**columns, "by_month": True})]
        rows += [Row(part.tenant_id, key, columns) for part in operation.tenants]
        for start in range(0, len(rows), READS_AT_ONCE):
            some = rows[start : start + READS_AT_ONCE]
            await asyncio.gather(*(self._table.write(Write("upsert", row)) for row in some))

    async def page(
        self,
        caller: Caller,
        *,
        tenant: str | None,
        status: str | None,
        kind: str | None,
        created_by: str | None,
        since: datetime | None,
        until: datetime | None,
        top: int,
        cursor: str | None,
    ) -> tuple[list[Operation], str | None]:
        """One page; see ``OperationStore.list``."""
        if tenant is not None and not caller.sees(tenant):
            raise NotFound(f"there is no tenant {tenant}")
        after = _read_key(cursor)
        query = _query(after, kind, created_by, since, until)
        if tenant is not None:
            rows = self._merged([tenant], query, top + 1)
        elif caller.tenants is not None:
            rows = self._merged(sorted(caller.tenants), query, top + 1)
        else:
            rows = self._months(query, since, until, after, top + 1)
        found: list[tuple[str, Operation]] = []
        async for some in _chunks(rows, min(READS_AT_ONCE, top + 1)):
            candidates = [row for row in some if status is None or _may_be(row, status)]
            operations = await asyncio.gather(*(self._find(caller, str(row.values["operation"])) for row in candidates))
            for row, operation in zip(candidates, operations, strict=True):
                # The index may know an operation that has expired, or of whose tenants this caller sees none any more.
                if operation is not None and (status is None or operation.status == status):
                    found.append((row.key, operation))
            if len(found) > top:
                return [operation for _, operation in found[:top]], make_cursor(found[top - 1][0])
        return [operation for _, operation in found], None

    async def _months(
        self, query: _Query, since: datetime | None, until: datetime | None, after: str | None, page: int
    ) -> AsyncIterator[Row]:
        await self._tables.refresh_clock()
        # One day on: whoever made the newest rows may have been a little ahead.
        newest = month_of(until or self._tables.now() + timedelta(days=1))
        month = min(newest, _month_of_key(after)) if after else newest
        earliest = await self._earliest_month()
        if since is not None and earliest is not None:
            earliest = max(earliest, month_of(since))
        while earliest is not None and month >= earliest:
            async for row in self._span(month, query, page):
                yield row
            month = month_before(month)

    async def _earliest_month(self) -> str | None:
        """The first month with a row; None before the first operation."""
        if self._earliest is None:
            # A tenant's partition may sort between two months; its rows lack this column.
            months = self._table.query(
                "PartitionKey ge @first and PartitionKey lt @last and by_month eq true",
                {"first": "200001", "last": "300000"},
                page=1,
            )
            async for row in months:
                self._earliest = row.partition
                break
        return self._earliest

    async def _merged(self, partitions: list[str], query: _Query, page: int) -> AsyncIterator[Row]:
        """Rows of several partitions in the order of their keys, an operation of several tenants once."""
        sources = [self._span(partition, query, page) for partition in partitions]
        gate = asyncio.Semaphore(READS_AT_ONCE)

        async def advance(source: AsyncIterator[Row]) -> Row | None:
            async with gate:
                return await anext(source, None)

        heads = dict(enumerate(await asyncio.gather(*(advance(source) for source in sources))))
        while waiting := {number: row for number, row in heads.items() if row is not None}:
            newest = min(waiting.values(), key=lambda row: row.key)
            same = [number for number, row in waiting.items() if row.key == newest.key]
            yield newest
            heads |= dict(zip(same, await asyncio.gather(*(advance(sources[n]) for n in same)), strict=True))

    def _span(self, partition: str, query: _Query, page: int) -> AsyncIterator[Row]:
        return self._table.span(
            partition,
            query.first,
            query.last,
            condition=query.condition,
            parameters=query.parameters,
            page=min(page, 1000),
        )


def _query(
    after: str | None, kind: str | None, created_by: str | None, since: datetime | None, until: datetime | None
) -> _Query:
    first = max(reverse_ticks(until) + "|" + AFTER if until else "0", after + AFTER if after else "0")
    last = reverse_ticks(since) + "|" + AFTER if since else "9" + AFTER
    wanted = {"kind": kind, "created_by": created_by}
    parameters: dict[str, Value] = {name: value for name, value in wanted.items() if value is not None}
    return _Query(first, last, " and ".join(f"{name} eq @{name}" for name in parameters), parameters)


def _may_be(row: Row, status: str) -> bool:
    """Whether the operation may have the status: an end state is final, any other is as old as its index row."""
    return row.values["status"] == status or row.values["status"] not in ENDED


def _read_key(cursor: str | None) -> str | None:
    parts = read_cursor(cursor, 1)
    if parts is None:
        return None
    ticks, bar, operation_id = parts[0].partition("|")
    if not (ticks.isascii() and ticks.isdigit() and len(ticks) == 16 and bar and operation_id):
        raise bad_cursor()
    return parts[0]


def _month_of_key(key: str) -> str:
    return month_of(EPOCH + timedelta(microseconds=FAR_FUTURE - int(key.partition("|")[0])))


async def _chunks(rows: AsyncIterator[Row], size: int) -> AsyncIterator[list[Row]]:
    chunk: list[Row] = []
    async for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
