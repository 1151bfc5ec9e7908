"""Table ``tenants``: the registry, with a row ``d|{domain}`` for each domain so that a look-up reads two rows."""

import uuid
from dataclasses import replace

from shared.domain.caller import Caller
from shared.domain.tenant import Tenant
from shared.errors import NotFound
from shared.tables.client import Tables
from shared.tables.codec import SCHEMA, RowCodec
from shared.tables.contention import until_settled
from shared.tables.paging import make_cursor, read_cursor
from shared.tables.table import AFTER, TRANSACTION_ROWS, Row, Write, usable_key

PARTITION = "tenants"
CODEC = RowCodec(Tenant, nested=("domains", "tags", "protected_users", "drops", "notify"))
DOMAIN = "d|"


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no tenant {name}")


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


class TenantStore:
    """The tenants the app may act on."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("tenants")

    async def get(self, caller: Caller, tenant: str) -> Tenant:
        """A tenant by id or by any of its domains.

        Raises ``NotFound`` when it is not registered or outside the caller's grants: both look the same from outside.
        """
        if _is_id(tenant):
            found = await self._by_id(tenant.lower())
            if found is None or not caller.sees(found.id):
                raise _unknown(tenant)
            return found
        return await self.by_domain(caller, tenant)

    async def by_domain(self, caller: Caller, domain: str) -> Tenant:
        """A tenant by one of its domains.

        Raises ``NotFound`` as ``get`` does.
        """
        name = domain.lower()
        row = await self._table.get(PARTITION, DOMAIN + name) if usable_key(DOMAIN + name) else None
        found = await self._by_id(str(row.values["tenant"])) if row else None
        if found is None or not caller.sees(found.id) or name not in _names(found):
            raise _unknown(domain)
        return found

    async def put(self, tenant: Tenant) -> Tenant:
        """Store a tenant and its domains' rows (one transaction up to 99 of them), and return it with its new ETag.

        With an ETag it must still be the stored one, without one the tenant is written over. A domain that moved here
        from another tenant is found here from now on. Raises ``RowConflict``.
        """
        stored = await self._by_id(tenant.id)
        row = Row(PARTITION, tenant.id, CODEC.values(tenant), tenant.etag)
        step = Write("replace" if tenant.etag else "upsert", row)
        names = _names(tenant)
        dropped = await self._own_domains(tenant.id, _names(stored) - names if stored else frozenset())
        domains = [Row(PARTITION, DOMAIN + name, {"schema": SCHEMA, "tenant": tenant.id}) for name in sorted(names)]
        others = [*(Write("upsert", domain) for domain in domains), *(Write("delete", old) for old in dropped)]
        along = TRANSACTION_ROWS - 1
        etag, *_ = await self._table.write(step, *others[:along])
        await self._table.write_all(others[along:])  # harmless to repeat, as a second PUT does
        return replace(tenant, etag=etag)

    async def delete(self, tenant_id: str) -> None:
        """Take a tenant out of the registry; harmless when it is not there."""

        async def attempt() -> None:
            stored = await self._by_id(tenant_id)
            if stored is None:
                return
            rows = [Row(PARTITION, tenant_id, {}, stored.etag), *await self._own_domains(tenant_id, _names(stored))]
            await self._table.write_all([Write("delete", row) for row in reversed(rows)])

        await until_settled(attempt)

    async def _own_domains(self, tenant_id: str, names: frozenset[str]) -> list[Row]:
        """The rows of those domains that lead to this tenant."""
        rows = [await self._table.get(PARTITION, DOMAIN + name) for name in sorted(names)]
        return [row for row in rows if row and row.values["tenant"] == tenant_id]

    async def _by_id(self, tenant_id: str) -> Tenant | None:
        row = await self._table.get(PARTITION, tenant_id)
        return CODEC.item(row) if row else None

    async def list(
        self, caller: Caller, *, top: int = 100, cursor: str | None = None
    ) -> tuple[list[Tenant], str | None]:
        """At most ``top`` tenants the caller sees, by id, and the cursor of the next page.

        Raises ``RequestRejected`` (400) for a cursor that is not ours.
        """
        (after,) = read_cursor(cursor, 1) or ("",)
        found: list[Tenant] = []
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey gt @after and ( RowKey lt @domains or RowKey gt @past )",
            {"partition": PARTITION, "after": after, "domains": DOMAIN, "past": DOMAIN + AFTER},
        )
        async for row in rows:
            if not caller.sees(row.key):
                continue
            if len(found) == top:
                return found, make_cursor(found[-1].id)
            found.append(CODEC.item(row))
        return found, None


def _names(tenant: Tenant) -> frozenset[str]:
    return frozenset(domain.lower() for domain in tenant.domains)
