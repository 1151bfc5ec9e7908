"""Table ``recent``: our own writes that Graph's reads may not show yet.

Keys begin with the time, cut to 10 s, so that what is young is one range. Two writes of one user within such a step
keep the later one: it holds the user's whole state.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from shared.domain.recent import RecentWrite
from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.table import AFTER, Row, Write

CODEC = RowCodec(RecentWrite, nested=("sku_ids", "after"))
STEP_SECONDS = 10


def _step(at: datetime) -> str:
    at = at.astimezone(UTC)
    return at.replace(second=at.second - at.second % STEP_SECONDS).strftime("%Y%m%d%H%M%S")


def _row(tenant: str, write: RecentWrite) -> Row:
    return Row(tenant, f"{_step(write.at)}|{write.user_id}", CODEC.values(write))


class RecentStore:
    """After-states younger than the replication horizon, by tenant."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("recent")

    async def record(self, tenant: str, writes: Iterable[RecentWrite]) -> None:
        """Keep confirmed writes; harmless to repeat."""
        rows = {row.key: row for row in (_row(tenant, write) for write in sorted(writes, key=lambda w: w.at))}
        await self._table.write_all([Write("upsert", row) for row in rows.values()])

    async def since(
        self, tenant: str, since: datetime, *, except_operation: str | None = None
    ) -> dict[str, list[RecentWrite]]:
        """Writes at ``since`` or later by user id, oldest first; those of one operation may be left out."""
        found: defaultdict[str, list[RecentWrite]] = defaultdict(list)
        async for row in self._table.span(tenant, _step(since), AFTER):
            write = CODEC.item(row)
            if write.at >= since and write.operation_id != except_operation:
                found[write.user_id].append(write)
        return {user: sorted(writes, key=lambda write: write.at) for user, writes in found.items()}

    async def purge(self, tenant: str | None, before: datetime) -> int:
        """Delete what is older than ``before`` (to 10 s), of one tenant or (None) of all; returns how many rows."""
        condition, parameters = "RowKey lt @before", {"before": _step(before)}
        if tenant is not None:
            condition, parameters = condition + " and PartitionKey eq @tenant", {**parameters, "tenant": tenant}
        rows: Sequence[Row] = [row async for row in self._table.query(condition, parameters, columns=())]
        for _, group in groupby(rows, key=lambda row: row.partition):
            for row in group:
                await self._table.delete(row.partition, row.key)
        return len(rows)
