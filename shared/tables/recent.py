"""Table ``recent``: our own writes that Graph's reads may not show yet.

Keys begin with the time, cut to 10 s, so that what is young is one range. Two writes of one user within such a step
become one, with the SKUs of both. Writes that were not answered stand in a range of their own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

from shared.domain.drift import overlay
from shared.domain.recent import RecentWrite, Unanswered
from shared.errors import RowConflict
from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.contention import until_settled
from shared.tables.table import AFTER, TRANSACTION_ROWS, Row, Write

CODEC = RowCodec(RecentWrite, nested=("sku_ids", "after"))
UNANSWERED_CODEC = RowCodec(Unanswered)
UNANSWERED = "unanswered|"
AFTER_TIMES = ":"
"""Sorts after every digit, and before any letter."""
STEP_SECONDS = 10


def _step(at: datetime) -> str:
    at = at.astimezone(UTC)
    return at.replace(second=at.second - at.second % STEP_SECONDS).strftime("%Y%m%d%H%M%S")


def _key(write: RecentWrite) -> str:
    return f"{_step(write.at)}|{write.user_id}"


def _row(tenant: str, write: RecentWrite) -> Row:
    return Row(tenant, _key(write), CODEC.values(write))


def _joined(one: RecentWrite, other: RecentWrite) -> RecentWrite:
    """Two writes of one user as one: of each SKU, and of the usage location, what was written last.

    Neither knows what the other did: its state is that of its plan.
    """
    earlier, later = sorted((one, other), key=lambda write: write.at)
    return replace(later, sku_ids=earlier.sku_ids | later.sku_ids, after=overlay(earlier.after, [later]))


class RecentStore:
    """After-states younger than the replication horizon, by tenant."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("recent")

    async def record(self, tenant: str, writes: Iterable[RecentWrite]) -> None:
        """Keep confirmed writes; harmless to repeat."""
        rows: dict[str, RecentWrite] = {}
        for write in sorted(writes, key=lambda write: write.at):
            key = _key(write)
            rows[key] = _joined(rows[key], write) if key in rows else write
        fresh = [Write("insert", _row(tenant, write)) for write in rows.values()]
        for start in range(0, len(fresh), TRANSACTION_ROWS):
            some = fresh[start : start + TRANSACTION_ROWS]
            try:
                await self._table.write(*some)
            except RowConflict:
                for write in some:
                    await until_settled(lambda key=write.row.key: self._join(tenant, rows[key]))

    async def _join(self, tenant: str, write: RecentWrite) -> None:
        """Store a write, together with the one that stands there already."""
        stored = await self._table.get(tenant, _key(write))
        if stored is None:
            await self._table.write(Write("insert", _row(tenant, write)))
        else:
            row = _row(tenant, _joined(CODEC.item(stored), write))
            await self._table.write(Write("replace", replace(row, etag=stored.etag)))

    async def since(
        self,
        tenant: str,
        since: datetime,
        *,
        users: Collection[str] | None = None,
        except_operation: str | None = None,
    ) -> dict[str, list[RecentWrite]]:
        """Writes at ``since`` or later by user id, oldest first.

        Of these users only, where some are named; those of one operation may be left out.
        """
        found: defaultdict[str, list[RecentWrite]] = defaultdict(list)
        rows = self._table.span(
            tenant,
            _step(since),
            AFTER_TIMES,
            condition="operation_id ne @operation" if except_operation else "",
            parameters={"operation": except_operation} if except_operation else None,
        )
        async for row in rows:
            if users is not None and row.values["user_id"] not in users:
                continue
            write = CODEC.item(row)
            if write.at >= since:
                found[write.user_id].append(write)
        return {user: sorted(writes, key=lambda write: write.at) for user, writes in found.items()}

    async def note_unanswered(self, tenant: str, writes: Sequence[Unanswered]) -> None:
        """Say that nobody knows what became of these writes; harmless to repeat."""
        rows = [
            Row(tenant, f"{UNANSWERED}{_step(w.at)}|{w.user_id}|{w.operation_id}", UNANSWERED_CODEC.values(w))
            for w in writes
        ]
        await self._table.write_all([Write("upsert", row) for row in rows])

    async def unanswered(
        self, tenant: str, since: datetime, *, users: Collection[str], except_operation: str
    ) -> dict[str, datetime]:
        """When each of these users was last sent, at ``since`` or later, by another operation that got no answer."""
        rows = self._table.span(
            tenant,
            f"{UNANSWERED}{_step(since)}",
            f"{UNANSWERED}{AFTER}",
            condition="operation_id ne @operation",
            parameters={"operation": except_operation},
        )
        writes = [UNANSWERED_CODEC.item(row) async for row in rows]
        young = sorted((w for w in writes if w.user_id in users and w.at >= since), key=lambda write: write.at)
        return {write.user_id: write.at for write in young}

    async def purge(self, tenant: str | None, before: datetime) -> int:
        """Delete what is older than ``before`` (to 10 s), of one tenant or (None) of all; returns how many rows."""
        condition = "(RowKey lt @before or (RowKey ge @first and RowKey lt @last))"
        parameters = {"before": _step(before), "first": UNANSWERED, "last": f"{UNANSWERED}{_step(before)}"}
        if tenant is not None:
            condition, parameters = condition + " and PartitionKey eq @tenant", {**parameters, "tenant": tenant}
        rows: Sequence[Row] = [row async for row in self._table.query(condition, parameters, columns=())]
        for _, group in groupby(rows, key=lambda row: row.partition):
            await self._table.write_all([Write("delete", row) for row in group])
        return len(rows)
