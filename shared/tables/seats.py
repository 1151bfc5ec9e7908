"""Table ``seats``: reservations of a tenant, guarded by one row so that no two reserve on the same sum."""

from collections.abc import Sequence

from shared.domain.seats import Reservation
from shared.tables.client import Tables
from shared.tables.codec import SCHEMA, JsonCodec
from shared.tables.table import Row, Write

GUARD = "guard"
CODEC = JsonCodec(Reservation, "reservation")


def _row(tenant: str, reservation: Reservation) -> Row:
    key = f"r|{reservation.sku_id}|{reservation.operation_id}"
    columns = CODEC.values(reservation, sku=reservation.sku_id, operation=reservation.operation_id)
    return Row(tenant, key, columns)


class SeatStore:
    """Reservations by tenant."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("seats")

    async def read(self, tenant: str) -> tuple[list[Reservation], str | None]:
        """All reservations of a tenant and the guard's ETag, None before the first reservation."""
        # The guard first: what changes after it was read makes the write on its ETag fail.
        guard = await self._table.get(tenant, GUARD)
        reservations = [CODEC.item(row) async for row in self._table.prefixed(tenant, "r|")]
        return reservations, guard.etag if guard else None

    async def write(
        self,
        tenant: str,
        changed: Sequence[Reservation],
        removed: Sequence[Reservation],
        guard_etag: str | None,
    ) -> None:
        """Store and delete reservations in one transaction with the guard (at most 99 of them).

        Raises ``RowConflict`` when anybody reserved since the guard was read.
        """
        guard = Row(tenant, GUARD, {"schema": SCHEMA}, guard_etag)
        await self._table.write(
            Write("replace" if guard_etag else "insert", guard),
            *(Write("upsert", _row(tenant, reservation)) for reservation in changed),
            *(Write("delete", _row(tenant, reservation)) for reservation in removed),
        )
