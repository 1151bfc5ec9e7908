"""Table ``counts``: what Graph counted in a tenant, a row for each time that it had changed, the newest first."""

from dataclasses import replace
from datetime import datetime

from shared.domain.caller import Caller
from shared.domain.reconciliation import Count
from shared.errors import NotFound
from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.operation_index import reverse_ticks
from shared.tables.table import AFTER, Row, Write

CODEC = RowCodec(Count, nested=("consumed", "part_numbers"))


class CountStore:
    """The counts of each tenant."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("counts")

    async def add(self, tenant: str, count: Count) -> None:
        """Keep a count; one that says what the latest says makes that one last longer.

        Raises ``RowTooLarge`` for more SKUs than fit into a row.
        """
        latest = await self._first(tenant, reverse_ticks(count.at))
        if latest and latest.same(count):
            count = replace(latest, until=count.until)
        await self._table.write(Write("upsert", Row(tenant, reverse_ticks(count.at), CODEC.values(count))))

    async def at_or_before(self, caller: Caller, tenant: str, at: datetime) -> Count | None:
        """The last count that was first seen at this time or before.

        Raises ``NotFound`` for a tenant outside the caller's grants.
        """
        _check(caller, tenant)
        return await self._first(tenant, reverse_ticks(at))

    async def first_between(self, caller: Caller, tenant: str, since: datetime, until: datetime) -> Count | None:
        """The first count that was first seen after ``since``, and at ``until`` at the latest.

        Raises ``NotFound`` for a tenant outside the caller's grants.
        """
        _check(caller, tenant)
        oldest = None
        async for row in self._table.span(tenant, reverse_ticks(until), reverse_ticks(since), columns=()):
            oldest = row.key
        row = await self._table.get(tenant, oldest) if oldest else None
        return CODEC.item(row) if row else None

    async def _first(self, tenant: str, key: str) -> Count | None:
        """The count of this key, or the one before it in time."""
        async for row in self._table.span(tenant, key, AFTER, page=1):
            return CODEC.item(row)
        return None


def _check(caller: Caller, tenant: str) -> None:
    if not caller.sees(tenant):
        raise NotFound(f"there is no tenant {tenant}")
