"""Table ``schedules``: one row a schedule, with the time at which the scheduler must look at it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from shared.domain.caller import SYSTEM, Caller
from shared.domain.schedule import LastRun, Schedule, in_hand, upcoming
from shared.errors import NotFound, RowConflict
from shared.tables.client import Tables
from shared.tables.codec import RowCodec, iso
from shared.tables.contention import until_settled
from shared.tables.paging import make_cursor, read_cursor
from shared.tables.table import Row, Value, Write, usable_key

PARTITION = "schedules"
CODEC = RowCodec(
    Schedule, nested=("created_by", "cancelled_by", "last_run", "recurrence", "notify"), long=("tenants", "scope")
)
LOOK_AT = "look_at"
AT_ONCE = "0"
"""Sorts before every time: what is in hand is to be brought to its end."""


def _unknown(schedule_id: str) -> NotFound:
    return NotFound(f"there is no schedule {schedule_id}")


class ScheduleStore:
    """The schedules; a caller sees those that concern at least one of its tenants."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("schedules")

    async def insert(self, schedule: Schedule) -> Schedule:
        """Store a new schedule, and return it with its ETag.

        Raises ``RowConflict`` when there is one with this id.
        """
        (etag,) = await self._table.write(Write("insert", _row(schedule)))
        return replace(schedule, etag=etag)

    async def get(self, caller: Caller, schedule_id: str) -> Schedule:
        """A schedule.

        Raises ``NotFound`` when there is none for this caller.
        """
        row = await self._table.get(PARTITION, schedule_id) if usable_key(schedule_id) else None
        found = CODEC.item(row) if row else None
        if found is None or not _visible(caller, found):
            raise _unknown(schedule_id)
        return found

    async def due_before(self, now: datetime) -> list[Schedule]:
        """The schedules that the scheduler must look at: due by ``now``, or in somebody's hands."""
        rows = self._table.query(
            "PartitionKey eq @partition and look_at le @now", {"partition": PARTITION, "now": iso(now)}
        )
        return [CODEC.item(row) async for row in rows]

    async def list(
        self, caller: Caller, *, top: int = 100, cursor: str | None = None
    ) -> tuple[list[Schedule], str | None]:
        """At most ``top`` schedules the caller sees, by id, and the cursor of the next page.

        Raises ``RequestRejected`` (400) for a cursor that is not ours.
        """
        (after,) = read_cursor(cursor, 1) or ("",)
        found: list[Schedule] = []
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey gt @after", {"partition": PARTITION, "after": after}
        )
        async for row in rows:
            schedule = CODEC.item(row)
            if not _visible(caller, schedule):
                continue
            if len(found) == top:
                return found, make_cursor(found[-1].id)
            found.append(schedule)
        return found, None

    async def change(self, schedule_id: str, fn: Callable[[Schedule], Schedule]) -> Schedule:
        """Change a schedule by a pure function, repeated on fresh rows until nobody came between.

        What ``fn`` raises passes through. Raises ``NotFound``; ``RowConflict`` after 40 tries.
        """

        async def attempt() -> Schedule:
            before = await self.get(SYSTEM, schedule_id)
            after = fn(before)
            if after == before:
                return before
            (etag,) = await self._table.write(Write("replace", _row(replace(after, etag=before.etag))))
            return replace(after, etag=etag)

        return await until_settled(attempt)

    async def note_run(self, schedule_id: str, run: LastRun) -> None:
        """Say what the schedule started last; harmless where it is gone, or has started something later."""
        with suppress(NotFound):
            await self.change(
                schedule_id,
                lambda stored: (
                    stored if stored.last_run and stored.last_run.at > run.at else replace(stored, last_run=run)
                ),
            )

    async def put(self, schedule: Schedule, fn: Callable[[Schedule], Schedule]) -> Schedule:
        """Insert a schedule, or where its id is taken change the stored one, as ``change`` does."""
        try:
            return await self.insert(schedule)
        except RowConflict:
            return await self.change(schedule.id, fn)

    async def delete(self, schedule_id: str) -> None:
        """Delete a schedule, whether it is there or not."""
        await self._table.delete(PARTITION, schedule_id)


def _visible(caller: Caller, schedule: Schedule) -> bool:
    return any(caller.sees(tenant) for tenant in schedule.tenants)


def _row(schedule: Schedule) -> Row:
    values: dict[str, Value] = CODEC.values(schedule)
    times = upcoming(schedule, 1)
    if in_hand(schedule) or times:
        values[LOOK_AT] = AT_ONCE if in_hand(schedule) else iso(times[0])
    return Row(PARTITION, schedule.id, values, schedule.etag)
