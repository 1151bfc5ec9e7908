"""Price books in their table: who sees them, who may change them, and nobody over somebody else's change."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.prices import PriceBook
from shared.errors import NotFound, RequestRejected, RowConflict
from shared.prices import built_in
from shared.tables.client import Tables
from shared.tables.prices import PriceStore
from tests.support.samples import tenant_id

ONE, TWO = tenant_id(1), tenant_id(2)
EURO = PriceBook("EUR", {"SPE_E5": Decimal("57.50"), "SPE_E3": Decimal("9.75")}, date(2026, 9, 1))
POUND = PriceBook("GBP", {"SPE_E5": Decimal("49.10")})
LIMITED = Caller("bob", "Bob", Role.ADMIN, frozenset({ONE}))


async def test_the_built_in_book_counts_until_another_is_stored(tables: Tables) -> None:
    """A tenant's own book replaces the default one for it, and only for it."""
    store = PriceStore(tables)
    assert await store.book(SYSTEM, ONE) == (await store.read(SYSTEM)).default == built_in()

    await store.write(SYSTEM, await store.read(SYSTEM), None, {ONE: POUND})
    assert await store.book(SYSTEM, ONE) == POUND
    assert await store.book(SYSTEM, TWO) == built_in()

    await store.write(SYSTEM, await store.read(SYSTEM), EURO, None)
    assert await store.book(SYSTEM, ONE) == POUND
    assert await store.book(SYSTEM, TWO) == EURO
    found = await store.read(SYSTEM)
    assert (found.default, found.tenants) == (EURO, {ONE: POUND})


async def test_a_book_that_is_left_out_goes(tables: Tables) -> None:
    """The default one counts for its tenant again."""
    store = PriceStore(tables)
    await store.write(SYSTEM, await store.read(SYSTEM), EURO, {ONE: POUND, TWO: POUND})
    await store.write(SYSTEM, await store.read(SYSTEM), None, {TWO: POUND})

    assert await store.book(SYSTEM, ONE) == EURO
    assert (await store.read(SYSTEM)).tenants == {TWO: POUND}


async def test_grants_hold_for_books(tables: Tables) -> None:
    """Invariant 12: a limited caller sees and changes the books of its tenants; the default one it only sees."""
    store = PriceStore(tables)
    await store.write(SYSTEM, await store.read(SYSTEM), EURO, {ONE: POUND, TWO: POUND})
    seen = await store.read(LIMITED)

    assert (seen.default, seen.tenants) == (EURO, {ONE: POUND})
    with pytest.raises(NotFound):
        await store.book(LIMITED, TWO)
    with pytest.raises(NotFound):
        await store.write(LIMITED, seen, None, {TWO: EURO})
    with pytest.raises(RequestRejected) as refused:
        await store.write(LIMITED, seen, replace(EURO, currency="USD"), {})
    assert refused.value.status == 403

    await store.write(LIMITED, seen, EURO, {})
    found = await store.read(SYSTEM)
    assert (found.default, found.tenants) == (EURO, {TWO: POUND})


async def test_a_change_by_somebody_else_is_not_written_over(tables: Tables) -> None:
    """New, changed and deleted books alike; who writes other books meanwhile is no conflict."""
    store = PriceStore(tables)
    read = await store.read(SYSTEM)
    await store.write(SYSTEM, read, EURO, {ONE: POUND})
    for default, tenants in ((POUND, None), (None, {ONE: EURO})):
        with pytest.raises(RowConflict):
            await store.write(SYSTEM, read, default, tenants)

    read = await store.read(SYSTEM)
    await store.write(SYSTEM, read, None, {ONE: EURO})
    with pytest.raises(RowConflict):
        await store.write(SYSTEM, read, None, {})
    with pytest.raises(RowConflict):
        await store.write(SYSTEM, read, POUND, {})

    assert (await store.read(SYSTEM)).default == EURO
    await store.write(SYSTEM, read, POUND, None)
    found = await store.read(SYSTEM)
    assert (found.default, found.tenants) == (POUND, {ONE: EURO})
