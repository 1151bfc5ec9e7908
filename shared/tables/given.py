"""Table ``given``: what the runs of a schedule gave to whom; a partition a schedule and tenant, a row a user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.table import Row, Write


@dataclass(frozen=True, slots=True)
class _Given:
    sku_ids: tuple[str, ...]


CODEC = RowCodec(_Given, nested=("sku_ids",))


class GivenStore:
    """The licences that users have by a schedule."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("given")

    async def of(self, schedule_id: str, tenant_id: str) -> dict[str, frozenset[str]]:
        """SKU ids by user id."""
        rows = self._table.partition(_partition(schedule_id, tenant_id))
        return {row.key: frozenset(CODEC.item(row).sku_ids) async for row in rows}

    async def write(self, schedule_id: str, tenant_id: str, given: Mapping[str, frozenset[str]]) -> None:
        """What these users have now; none takes the row away. Harmless to repeat, and to be cut off."""
        partition = _partition(schedule_id, tenant_id)
        await self._table.write_all(list(_writes(partition, given)))


def _writes(partition: str, given: Mapping[str, frozenset[str]]) -> Iterable[Write]:
    for user_id, sku_ids in given.items():
        if sku_ids:
            yield Write("upsert", Row(partition, user_id, CODEC.values(_Given(tuple(sorted(sku_ids))))))
        else:
            yield Write("delete", Row(partition, user_id, {}))


def _partition(schedule_id: str, tenant_id: str) -> str:
    return f"{schedule_id}|{tenant_id}"
