"""Asked-for consents, in a partition of their own of table ``tenants``: one row a tenant, until it is answered."""

from dataclasses import dataclass
from datetime import datetime

from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.table import Row, Write

PARTITION = "consents"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedConsent:
    """A consent that is waited for; of the state that the answer must bring only a digest is kept."""

    tenant_id: str
    digest: str
    """SHA-256 of the state, in hex."""
    expires_at: datetime
    etag: str | None = None


CODEC = RowCodec(AskedConsent)


class ConsentStore:
    """The consents that are waited for; asking again makes the link before worthless."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("tenants")

    async def put(self, asked: AskedConsent) -> None:
        """Wait for this answer, and for no earlier one of the tenant."""
        await self._table.write(Write("upsert", Row(PARTITION, asked.tenant_id, CODEC.values(asked))))

    async def get(self, tenant_id: str) -> AskedConsent | None:
        """What is waited for of a tenant."""
        row = await self._table.get(PARTITION, tenant_id)
        return CODEC.item(row) if row else None

    async def take(self, asked: AskedConsent) -> None:
        """Wait for it no longer.

        Raises ``RowConflict`` when somebody else has taken it, or it was asked for again.
        """
        await self._table.write(Write("delete", Row(PARTITION, asked.tenant_id, {}, asked.etag)))
