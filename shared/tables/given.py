"""Table ``given``: what the runs of a schedule gave to whom; a partition a schedule and tenant, a row a user."""

from collections.abc import Iterable, Mapping

from shared.domain.leavers import Given
from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.table import Row, Write

CODEC = RowCodec(Given, nested=("sku_ids",))


class GivenStore:
    """The licences that users have by a schedule."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("given")

    async def of(self, schedule_id: str, tenant_id: str) -> dict[str, Given]:
        """What users have, by their ids."""
        rows = self._table.partition(_partition(schedule_id, tenant_id))
        return {row.key: CODEC.item(row) async for row in rows}

    async def write(self, schedule_id: str, tenant_id: str, given: Mapping[str, Given]) -> None:
        """What these users have now; no SKU takes the row away. Harmless to repeat, and to be cut off."""
        partition = _partition(schedule_id, tenant_id)
        await self._table.write_all(list(_writes(partition, given)))


def _writes(partition: str, given: Mapping[str, Given]) -> Iterable[Write]:
    for user_id, has in given.items():
        if has.sku_ids:
            yield Write("upsert", Row(partition, user_id, CODEC.values(has)))
        else:
            yield Write("delete", Row(partition, user_id, {}))


def _partition(schedule_id: str, tenant_id: str) -> str:
    return f"{schedule_id}|{tenant_id}"
