"""Table ``due``: who must be looked at, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.tables.client import Tables
from shared.tables.codec import RowCodec, iso
from shared.tables.table import AFTER, Row, Write

PARTITION = "due"


@dataclass(frozen=True, slots=True)
class Due:
    """A tenant's part that is not ended, and the time from which it counts as left alone."""

    operation_id: str
    tenant_id: str
    at: datetime


CODEC = RowCodec(Due)


class DueStore:
    """One row for every tenant of every operation that is not ended."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("due")

    async def move(self, operation_id: str, tenant_id: str, at: datetime) -> None:
        """Look at this tenant's part not before ``at``."""
        await self._table.write(self._upsert(Due(operation_id, tenant_id, at)))

    async def move_all(self, dues: Iterable[Due]) -> None:
        """As ``move``, for many; a crash in between leaves some moved."""
        await self._table.write_all([self._upsert(due) for due in dues])

    async def remove(self, operation_id: str, tenant_id: str) -> None:
        """Nobody needs to look any more; harmless when there is no row."""
        await self._table.delete(PARTITION, _key(operation_id, tenant_id))

    async def past(self, now: datetime, operation_id: str | None = None) -> list[Due]:
        """The parts whose time has come, of all operations or of one."""
        text, values = "PartitionKey eq @partition and at le @now", {"partition": PARTITION, "now": iso(now)}
        if operation_id is not None:
            text += " and RowKey ge @first and RowKey lt @end"
            values |= {"first": _key(operation_id, ""), "end": _key(operation_id, AFTER)}
        return [CODEC.item(row) async for row in self._table.query(text, values)]

    async def operations(self) -> set[str]:
        """Ids of all operations and previews that are not ended, or are being claimed."""
        return {CODEC.item(row).operation_id async for row in self._table.partition(PARTITION)}

    async def of_tenant(self, tenant_id: str) -> list[Due]:
        """The parts of one tenant that are not ended, whenever their time comes."""
        text, values = (
            "PartitionKey eq @partition and tenant_id eq @tenant",
            {"partition": PARTITION, "tenant": tenant_id},
        )
        return [CODEC.item(row) async for row in self._table.query(text, values)]

    def _upsert(self, due: Due) -> Write:
        return Write("upsert", Row(PARTITION, _key(due.operation_id, due.tenant_id), CODEC.values(due)))


def _key(operation_id: str, tenant_id: str) -> str:
    return f"{operation_id}|{tenant_id}"
