"""Tables ``turns`` and ``budget``: who may write to a tenant, and what the whole app may still send."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime

from shared.domain.budget import Budget
from shared.domain.pacing import Limits, Turn
from shared.tables.client import Tables
from shared.tables.codec import JsonCodec, iso
from shared.tables.table import Row, Table, Value, Write


class _OneRow[T]:
    """A value in one row, read with its ETag and written only over what was read."""

    def __init__(self, table: Table, kind: type[T], key: str, column: str) -> None:
        self._table = table
        self._codec = JsonCodec(kind, column)
        self._key = key

    async def read(self, partition: str) -> tuple[T | None, str | None]:
        row = await self._table.get(partition, self._key)
        return (None, None) if row is None else (self._codec.item(row), row.etag)

    async def write(self, partition: str, value: T, etag: str | None, **beside: Value | None) -> str | None:
        row = Row(partition, self._key, self._codec.values(value, **beside), etag)
        (written,) = await self._table.write(Write("replace" if etag else "insert", row))
        return written


class TurnStore:
    """The turn of each tenant."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = _OneRow(tables.table("turns"), Turn, "turn", "turn")
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def read(self, tenant: str) -> tuple[Turn, str | None]:
        """The tenant's turn and its ETag; a fresh turn and None where nobody took one yet."""
        turn, etag = await self._rows.read(tenant)
        limits = Limits.writes(self._tables.settings.graph_limit_factor)
        return turn or Turn.fresh(limits, self._tables.now().timestamp()), etag

    async def write(self, tenant: str, turn: Turn, etag: str | None) -> str | None:
        """Write the turn over the one that was read, and return its new ETag.

        Raises ``RowConflict`` when somebody else wrote in between.
        """
        until = iso(datetime.fromtimestamp(turn.until, UTC)) if turn.until else None
        written = await self._rows.write(tenant, turn, etag, holder=turn.holder, until=until)
        for event in self._watchers.get(tenant, ()):
            event.set()
        return written

    async def changed(self, tenant: str, seconds: float) -> None:
        """Wait until this process writes the tenant's turn, at most so long; what other hosts write takes all of it."""
        event = asyncio.Event()
        self._watchers[tenant].add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._watchers[tenant].discard(event)
            if not self._watchers[tenant]:
                del self._watchers[tenant]


class BudgetStore:
    """The app-wide budget of writes."""

    PARTITION = "app"

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = _OneRow(tables.table("budget"), Budget, "writes", "budget")

    async def read(self) -> tuple[Budget, str | None]:
        """The budget and its ETag; a fresh budget and None before the first draw."""
        budget, etag = await self._rows.read(self.PARTITION)
        limits = Limits.app_writes(self._tables.settings.graph_limit_factor)
        return budget or Budget.fresh(limits, self._tables.now().timestamp()), etag

    async def write(self, budget: Budget, etag: str | None) -> str | None:
        """Write the budget over the one that was read, and return its new ETag.

        Raises ``RowConflict`` when somebody else wrote in between.
        """
        return await self._rows.write(self.PARTITION, budget, etag)
