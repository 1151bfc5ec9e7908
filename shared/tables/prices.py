"""Table ``prices``: the default price book and one a tenant, which replaces the default one for it.

Before anybody stored a default book, the built-in one counts. Whoever changes books changes those that were read: a
book that moved in between is a conflict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.caller import Caller
from shared.domain.prices import PriceBook
from shared.errors import NotFound, RequestRejected
from shared.prices import built_in
from shared.tables.client import Tables
from shared.tables.codec import JsonCodec
from shared.tables.table import Row, Write

PARTITION = "prices"
DEFAULT = "default"
CODEC = JsonCodec(PriceBook, "book")


@dataclass(frozen=True, slots=True)
class Prices:
    """The books that a caller sees: the default one, and those of its tenants by tenant id."""

    default: PriceBook
    tenants: Mapping[str, PriceBook]
    etags: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Of the stored rows, by key."""


class PriceStore:
    """The price books."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("prices")

    async def read(self, caller: Caller) -> Prices:
        """The default book, which everybody may see, and those of the tenants within the caller's grants."""
        rows = [row async for row in self._table.partition(PARTITION) if row.key == DEFAULT or caller.sees(row.key)]
        books = {row.key: CODEC.item(row) for row in rows}
        default = books.pop(DEFAULT, built_in())
        return Prices(default, books, {row.key: row.etag for row in rows})

    async def book(self, caller: Caller, tenant: str) -> PriceBook:
        """The book that counts for a tenant: its own, else the default one.

        Raises ``NotFound`` for a tenant outside the caller's grants.
        """
        if not caller.sees(tenant):
            raise NotFound(f"there is no tenant {tenant}")
        for key in (tenant, DEFAULT):
            row = await self._table.get(PARTITION, key)
            if row:
                return CODEC.item(row)
        return built_in()

    async def write(
        self, caller: Caller, read: Prices, default: PriceBook | None, tenants: Mapping[str, PriceBook] | None
    ) -> None:
        """Put these books in place of those that were ``read``; None leaves the default book, or all of tenants.

        A tenant's book that was read and is not among ``tenants`` goes. Only what differs is written: up to 100 books
        in one transaction. Raises ``RowConflict`` when one of them was changed since, ``RequestRejected`` (403) when a
        caller with limited grants changes the default book, ``NotFound`` for a tenant outside the grants.
        """
        if default not in (None, read.default) and caller.tenants is not None:
            detail = "The default price book counts for all tenants: only who may act on all of them may change it."
            raise RequestRejected(403, detail)
        hidden = sorted(tenant for tenant in tenants or () if not caller.sees(tenant))
        if hidden:
            raise NotFound(f"there is no tenant {hidden[0]}")
        wanted = {**({} if default is None else {DEFAULT: default}), **(read.tenants if tenants is None else tenants)}
        stored = {DEFAULT: read.default, **read.tenants}
        changed = {key: book for key, book in wanted.items() if stored.get(key) != book}
        gone = sorted(read.tenants.keys() - wanted.keys())
        writes = [self._write(key, book, read.etags.get(key)) for key, book in changed.items()]
        writes += [Write("delete", Row(PARTITION, key, {}, read.etags[key])) for key in gone]
        await self._table.write_all(writes)

    @staticmethod
    def _write(key: str, book: PriceBook, etag: str | None) -> Write:
        row = Row(PARTITION, key, CODEC.values(book, currency=book.currency), etag)
        return Write("replace" if etag else "insert", row)
