"""Table ``outbox``: what must follow from the states of operations, and when to look at what is open.

The partition of an operation holds its follow-ups, which stay; ``due`` holds one row for each that is open.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.follow_up import FollowUp
from shared.errors import RowConflict
from shared.tables.client import Tables
from shared.tables.codec import RowCodec, iso
from shared.tables.table import Row, Write

DUE = "due"
ITEM = RowCodec(FollowUp)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFollowUp:
    """When somebody must look at an open follow-up; whoever moves the time ahead has it until then."""

    operation_id: str
    key: str
    at: datetime
    etag: str | None = None


ENTRY = RowCodec(DueFollowUp)


class OutboxStore:
    """The follow-ups of all operations."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("outbox")

    async def add(self, item: FollowUp) -> None:
        """Insert a follow-up that is to be looked at from now on; one that is there stays as it is.

        Harmless to repeat. A crash in between leaves a row that nobody looks at: whoever wrote the state does it again.
        """
        try:
            await self._table.write(Write("insert", _item_row(item)))
        except RowConflict:
            row = await self._table.get(item.operation_id, _key(item))
            if row is None or ITEM.item(row).state != "open":
                return
        entry = DueFollowUp(operation_id=item.operation_id, key=_key(item), at=item.created_at)
        try:
            await self._table.write(Write("insert", _entry_row(entry)))
        except RowConflict:  # it is looked at already
            return

    async def of(self, operation_id: str) -> list[FollowUp]:
        """The follow-ups of an operation, by kind and whom they concern."""
        return [ITEM.item(row) async for row in self._table.partition(operation_id)]

    async def due_before(self, now: datetime, top: int) -> list[DueFollowUp]:
        """At most ``top`` of the open follow-ups whose time has come."""
        found: list[DueFollowUp] = []
        condition, values = "PartitionKey eq @partition and at le @now", {"partition": DUE, "now": iso(now)}
        rows = self._table.query(condition, values, page=top)
        async for row in rows:
            if len(found) == top:
                break
            found.append(ENTRY.item(row))
        return found

    async def get(self, entry: DueFollowUp) -> FollowUp | None:
        """The follow-up that is to be looked at."""
        row = await self._table.get(entry.operation_id, entry.key)
        return ITEM.item(row) if row else None

    async def move(self, entry: DueFollowUp, at: datetime) -> DueFollowUp:
        """Look at it not before ``at``.

        Raises ``RowConflict`` when somebody else has moved it or is done with it.
        """
        (etag,) = await self._table.write(Write("replace", _entry_row(replace(entry, at=at))))
        return replace(entry, at=at, etag=etag)

    async def write(self, item: FollowUp) -> None:
        """Store a follow-up after a try.

        Raises ``RowConflict`` when somebody else has tried meanwhile.
        """
        await self._table.write(Write("replace", _item_row(item)))

    async def close(self, entry: DueFollowUp) -> None:
        """Nobody needs to look at it any more."""
        await self._table.delete(DUE, _entry_key(entry))


def _key(item: FollowUp) -> str:
    return f"{item.kind}|{item.about}|{item.event}|{iso(item.since)}"


def _entry_key(entry: DueFollowUp) -> str:
    return f"{entry.operation_id}|{entry.key}"


def _item_row(item: FollowUp) -> Row:
    return Row(item.operation_id, _key(item), ITEM.values(item), item.etag)


def _entry_row(entry: DueFollowUp) -> Row:
    return Row(DUE, _entry_key(entry), ENTRY.values(entry), entry.etag)
