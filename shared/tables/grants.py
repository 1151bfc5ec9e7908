"""Table ``grants``: one row a principal, read at each of its requests, so that a change counts at once.

A caller with limited grants sees and changes only those that reach no further than its own.
"""

from dataclasses import replace

from shared.domain.caller import Caller
from shared.domain.grants import Grant
from shared.errors import NotFound, RequestRejected
from shared.tables.client import Tables
from shared.tables.codec import RowCodec
from shared.tables.paging import make_cursor, read_cursor
from shared.tables.table import Row, Write, usable_key

PARTITION = "grants"
GIVEN_FROM_ABOVE = (
    "An administrator of all tenants gave this grant, and only such a one takes it away; within your tenants it can be"
    " changed."
)
CODEC = RowCodec(Grant, nested=("tenants",))


class GrantStore:
    """Who may do what in which tenants."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("grants")

    async def find(self, principal: str) -> Grant | None:
        """The grant of a principal that is about to become a caller; None when none is stored."""
        row = await self._table.get(PARTITION, principal) if usable_key(principal) else None
        return CODEC.item(row) if row else None

    async def list(
        self, caller: Caller, *, top: int = 100, cursor: str | None = None
    ) -> tuple[list[Grant], str | None]:
        """At most ``top`` grants within the caller's own, by principal, and the cursor of the next page.

        Raises ``RequestRejected`` (400) for a cursor that is not ours.
        """
        (after,) = read_cursor(cursor, 1) or ("",)
        found: list[Grant] = []
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey gt @after", {"partition": PARTITION, "after": after}
        )
        async for row in rows:
            grant = CODEC.item(row)
            if not grant.within(caller):
                continue
            if len(found) == top:
                return found, make_cursor(found[-1].principal)
            found.append(grant)
        return found, None

    async def put(self, caller: Caller, grant: Grant) -> tuple[Grant, bool]:
        """Give a principal this grant in place of the stored one; returns it, and whether it is the first.

        What an administrator of all tenants gave stays above the directory's app roles when another one changes it.
        Raises ``NotFound`` when the stored one reaches beyond the caller's tenants, ``RowConflict`` when it moved.
        """
        stored = await self._within(caller, grant.principal)
        delegated = caller.tenants is not None and (stored is None or stored.delegated)
        given = replace(grant, delegated=delegated, etag=stored.etag if stored else None)
        row = Row(PARTITION, given.principal, CODEC.values(given), given.etag)
        (etag,) = await self._table.write(Write("replace" if stored else "insert", row))
        return replace(given, etag=etag), stored is None

    async def delete(self, caller: Caller, principal: str) -> None:
        """Take a grant away; what the principal has beside it, in the directory or the settings, counts again.

        Raises ``NotFound`` when there is none for this caller, ``RowConflict`` when it moved, ``RequestRejected`` (403)
        when an administrator of all tenants gave it, as what counts again may reach further than this caller does.
        """
        stored = await self._within(caller, principal)
        if stored is None:
            raise _unknown(principal)
        if caller.tenants is not None and not stored.delegated:
            raise RequestRejected(403, GIVEN_FROM_ABOVE)
        await self._table.write(Write("delete", Row(PARTITION, principal, {}, stored.etag)))

    async def _within(self, caller: Caller, principal: str) -> Grant | None:
        stored = await self.find(principal)
        if stored and not stored.within(caller):
            raise _unknown(principal)
        return stored


def _unknown(principal: str) -> NotFound:
    return NotFound(f"there is no grant of {principal}")
