"""Which grant counts, and how far it reaches."""

import pytest

from shared.domain.caller import Caller, Role
from shared.domain.grants import Grant, effective, principal_id

ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def grant(*tenants: str, role: Role = Role.READ, delegated: bool = False) -> Grant:
    """A grant that reaches these tenants."""
    return Grant("ana", role, frozenset(tenants), delegated)


@pytest.mark.parametrize(
    ("tenants", "within"),
    [
        ([], True),
        ([ONE], True),
        ([ONE, "tag:gold"], True),
        ([TWO], False),
        ([ONE, TWO], False),
        (["tag:silver"], False),
        (["*"], False),
        (["*", ONE], False),
    ],
)
def test_a_grant_is_within_a_caller_that_reaches_as_far(tenants: list[str], within: bool) -> None:
    """Now and later: a tag is the caller's only where its own grant has it, whoever bears it today."""
    limited = Caller("bob", "Bob", Role.ADMIN, frozenset({ONE}), frozenset({"gold"}))

    assert grant(*tenants).within(limited) is within
    assert grant(*tenants).within(Caller("root", "root", Role.ADMIN))


def test_the_stored_grant_counts_and_nothing_is_added_up() -> None:
    """Also where it gives less than the key or the app role would."""
    own, stored = grant("*", role=Role.ADMIN), grant(ONE)

    for of_directory in (False, True):
        assert effective(own, stored, of_directory=of_directory) is stored
        assert effective(None, stored, of_directory=of_directory) is stored
        assert effective(own, None, of_directory=of_directory) is own
        assert effective(None, None, of_directory=of_directory) is None


def test_an_administrator_of_some_tenants_shuts_out_nobody_from_above() -> None:
    """What such a one gave counts for who has nothing, and for keys, whose own grant was looked at beforehand."""
    own, stored = grant("*", role=Role.ADMIN), grant(delegated=True)

    assert effective(own, stored, of_directory=True) is own
    assert effective(None, stored, of_directory=True) is stored
    assert effective(own, stored, of_directory=False) is stored


def test_object_ids_have_one_spelling() -> None:
    """Names of keys are kept as they are."""
    assert principal_id(ONE.upper()) == principal_id(ONE) == ONE
    assert principal_id("Nightly") == "Nightly"
