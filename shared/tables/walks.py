"""Table ``walks``: how far the walk through a container has come, so that the next run goes on from there."""

from shared.tables.client import Tables
from shared.tables.codec import SCHEMA
from shared.tables.table import Row, Write

PARTITION = "walks"


class WalkStore:
    """One row a walk; losing one makes that walk begin anew."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("walks")

    async def read(self, walk: str) -> str | None:
        """The token at which the walk goes on; None where it begins."""
        row = await self._table.get(PARTITION, walk)
        return str(row.values["token"]) if row and row.values.get("token") else None

    async def write(self, walk: str, token: str | None) -> None:
        """Note where the walk goes on; None lets it begin anew."""
        await self._table.write(Write("upsert", Row(PARTITION, walk, {"schema": SCHEMA, "token": token or ""})))
