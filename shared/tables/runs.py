"""Table ``runs``: what came of each due time of a schedule; a partition a schedule, newest first."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import RowConflict
from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.operation_index import reverse_ticks
from shared.tables.paging import make_cursor, read_cursor
from shared.tables.table import Row, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A due time of a schedule: its operation, or why there is none."""

    schedule_id: str
    due_at: datetime
    operation_id: str | None = None
    without: Literal["missed", "refused"] | None = None
    """Why there is no operation."""
    message: str | None = None


CODEC = RowCodec(Run)


class RunStore:
    """The history of schedules; a row is written once and never changed."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("runs")

    async def record(self, run: Run) -> None:
        """Note a run; told twice it stands there once."""
        key = f"{reverse_ticks(run.due_at)}|{run.operation_id or run.without}"
        with suppress(RowConflict):
            await self._table.write(Write("insert", Row(run.schedule_id, key, CODEC.values(run))))

    async def list(
        self, schedule_id: str, *, top: int = 100, cursor: str | None = None
    ) -> tuple[list[Run], str | None]:
        """At most ``top`` runs, newest first, and the cursor of the next page.

        Raises ``RequestRejected`` (400) for a cursor that is not ours.
        """
        (after,) = read_cursor(cursor, 1) or ("",)
        found: list[Run] = []
        last = ""
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey gt @after", {"partition": schedule_id, "after": after}, page=top + 1
        )
        async for row in rows:
            if len(found) == top:
                return found, make_cursor(last)
            found.append(CODEC.item(row))
            last = row.key
        return found, None
