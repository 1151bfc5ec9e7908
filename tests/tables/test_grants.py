"""Grants in their table: who sees them, who may change them, and nobody over somebody else's change."""

import asyncio

import pytest

from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.grants import Grant
from shared.errors import NotFound, RequestRejected, RowConflict
from shared.tables.client import Tables
from shared.tables.grants import GrantStore
from tests.support.samples import tenant_id

ONE, TWO = tenant_id(1), tenant_id(2)
LIMITED = Caller("bob", "Bob", Role.ADMIN, frozenset({ONE}), frozenset({"gold"}))


@pytest.fixture
def store(tables: Tables) -> GrantStore:
    """The grants of an empty account."""
    return GrantStore(tables)


def grant(principal: str, *tenants: str, role: Role = Role.OPERATE) -> Grant:
    """A grant for these tenants."""
    return Grant(principal, role, frozenset(tenants))


async def test_a_grant_reads_back_and_is_changed_and_taken_away(store: GrantStore) -> None:
    """One row a principal; the second is no first."""
    assert await store.find("ana") is None
    given, is_first = await store.put(SYSTEM, grant("ana", ONE, "tag:gold"))
    assert is_first
    assert await store.find("ana") == given == grant("ana", ONE, "tag:gold")

    changed, is_first = await store.put(SYSTEM, grant("ana", "*", role=Role.ADMIN))
    assert not is_first
    assert await store.find("ana") == changed == grant("ana", "*", role=Role.ADMIN)

    await store.delete(SYSTEM, "ana")
    assert await store.find("ana") is None
    with pytest.raises(NotFound):
        await store.delete(SYSTEM, "ana")


async def test_a_name_that_can_be_no_key_has_no_grant(store: GrantStore) -> None:
    """A principal is whatever a token says."""
    for name in ("a/b", "", "x" * 300, "é#"):
        assert await store.find(name) is None


async def test_a_limited_caller_sees_what_reaches_no_further(store: GrantStore) -> None:
    """Invariant 12: page by page, by principal."""
    for name, tenants in (("a", [ONE]), ("b", [TWO]), ("c", ["*"]), ("d", ["tag:gold"]), ("e", [ONE, TWO]), ("f", [])):
        await store.put(SYSTEM, grant(name, *tenants))

    first, cursor = await store.list(LIMITED, top=2)
    rest, end = await store.list(LIMITED, top=2, cursor=cursor)
    everything, _ = await store.list(SYSTEM)

    assert [each.principal for each in first] == ["a", "d"]
    assert [each.principal for each in rest] == ["f"]
    assert end is None
    assert "".join(each.principal for each in everything) == "abcdef"


async def test_a_limited_caller_changes_nothing_from_above(store: GrantStore) -> None:
    """What reaches further does not exist for it; what a higher one gave it may change, and not take away."""
    await store.put(SYSTEM, grant("wide", ONE, TWO))
    await store.put(SYSTEM, grant("narrowed", ONE))

    for call in (store.put(LIMITED, grant("wide", ONE)), store.delete(LIMITED, "wide")):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(RequestRejected) as caught:
        await store.delete(LIMITED, "narrowed")
    assert caught.value.status == 403
    changed, _ = await store.put(LIMITED, grant("narrowed", ONE, role=Role.READ))

    assert await store.find("wide") == grant("wide", ONE, TWO)
    assert (changed.role, changed.delegated) == (Role.READ, False)


async def test_what_a_limited_caller_gives_is_marked_until_a_higher_one_confirms_it(store: GrantStore) -> None:
    """The mark stays over its own changes."""
    for role in (Role.READ, Role.ADMIN):
        given, _ = await store.put(LIMITED, grant("ana", ONE, role=role))
        assert given.delegated
    await store.delete(LIMITED, "ana")
    await store.put(LIMITED, grant("ana", ONE))

    confirmed, _ = await store.put(SYSTEM, grant("ana", ONE))
    assert not confirmed.delegated


async def test_of_many_who_give_at_once_one_is_the_first(store: GrantStore) -> None:
    """Whoever looked before somebody else wrote is told so, and has written nothing."""
    gifts = [grant("ana", tenant_id(number)) for number in range(10)]
    told = await asyncio.gather(*(store.put(SYSTEM, each) for each in gifts), return_exceptions=True)

    given = [each for each in told if not isinstance(each, BaseException)]
    assert [is_first for _, is_first in given].count(True) == 1
    assert all(isinstance(each, RowConflict) for each in told if isinstance(each, BaseException))
    assert await store.find("ana") in [each for each, _ in given]
