"""Where a user stands with regard to a plan, and what our own writes say about a stale read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from shared.domain.drift import compare, overlay
from shared.domain.model import AddLicence, Assignment, Change, LicenceState
from shared.domain.recent import RecentWrite

START = datetime(2026, 11, 23, tzinfo=UTC)


def held(location: str | None, *assignments: Assignment) -> LicenceState:
    """A state."""
    return LicenceState(assignments, location)


def direct(sku_id: str, *off: str) -> Assignment:
    """A direct assignment."""
    return Assignment(sku_id, frozenset(off))


BY_GROUP = Assignment("e5", group_id="g1")
SWAP = Change(
    add=(AddLicence("e5", frozenset({"chat"})),),
    remove=("e3",),
    usage_location="US",
    before=held("DE", direct("e3", "mail"), direct("bi")),
    after=held("US", direct("bi"), direct("e5", "chat")),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_licences_and_plans_says_nothing(order: tuple[int, ...]) -> None:
    """Trap 14: Graph may list SKUs and their disabled plans in any order, and the user is where it was."""
    three = (direct("e3", "mail", "chat", "sway"), direct("bi"), BY_GROUP)
    plan = replace(SWAP, before=held("DE", *three))
    shuffled = [three[n] for n in order]
    backwards = [replace(each, disabled_plans=frozenset(sorted(each.disabled_plans)[::-1])) for each in shuffled]

    assert compare(plan, held("DE", *shuffled)) == compare(plan, held("DE", *backwards)) == "before"


@pytest.mark.parametrize(
    ("live", "standing"),
    [
        pytest.param(SWAP.before, "before", id="untouched"),
        pytest.param(SWAP.after, "after", id="done"),
        pytest.param(held("US", direct("e3", "mail")), "before", id="our location got through, the licence did not"),
        pytest.param(held("DE", direct("e5", "chat")), "drifted", id="the licence without our location"),
        pytest.param(held("FR", direct("e3", "mail")), "drifted", id="somebody set another location"),
        pytest.param(held(None, direct("e3", "mail")), "drifted", id="no location"),
        pytest.param(held("DE", direct("e3")), "drifted", id="a plan was switched on"),
        pytest.param(held("DE"), "drifted", id="the source is gone"),
        pytest.param(held("US", direct("e5")), "drifted", id="the target with other plans"),
        pytest.param(held("DE", direct("e3", "mail"), direct("e5", "chat")), "drifted", id="half way"),
        pytest.param(held("DE", direct("e3", "mail"), direct("bi", "x"), direct("new")), "before", id="other licences"),
        pytest.param(held("DE", BY_GROUP, direct("e3", "mail")), "before", id="what a group gives does not matter"),
        pytest.param(held("US", BY_GROUP), "drifted", id="a group's licence is not the direct one"),
    ],
)
def test_a_user_is_before_after_or_drifted(live: LicenceState, standing: str) -> None:
    """Direct assignments of the SKUs concerned, their disabled plans and the usage location decide, nothing else."""
    assert compare(SWAP, live) == standing


def test_without_a_location_of_its_own_a_change_expects_the_one_that_was_there() -> None:
    """Somebody who moved the user meanwhile is not overruled; a missing and an empty location are the same."""
    change = Change((AddLicence("e5"),), (), None, held(None), held(None, direct("e5")))

    assert compare(change, held("")) == "before"
    assert compare(change, held(None, direct("e5"))) == "after"
    assert compare(change, held("DE")) == "drifted"


def test_a_change_that_changes_nothing_is_done() -> None:
    """After equals before: there is nothing to send."""
    same = held("DE", direct("e5"))

    assert compare(Change((AddLicence("e5"),), (), None, same, same), same) == "after"


def write(seconds: int, after: LicenceState, *sku_ids: str) -> RecentWrite:
    """A write of ours so many seconds after the start."""
    return RecentWrite("u1", "op", START + timedelta(seconds=seconds), frozenset(sku_ids), after)


def test_our_own_write_wins_over_a_stale_read() -> None:
    """Trap 25: the read still shows the state before; overlaid it is the after-state."""
    live = overlay(SWAP.before, [write(0, SWAP.after, "e3", "e5")])

    assert compare(SWAP, live) == "after"
    assert live == held("US", direct("bi"), direct("e5", "chat"))


def test_a_write_says_nothing_about_other_skus_or_groups() -> None:
    """What was read of them stands."""
    live = held("DE", direct("e5"), direct("bi", "x"), BY_GROUP)

    assert overlay(live, [write(0, held("DE", direct("bi")), "e5")]) == held("DE", direct("bi", "x"), BY_GROUP)


def test_the_latest_write_wins_in_whatever_order_they_come() -> None:
    """Two operations wrote to this user; the second one is the truth, and the first one where the second is silent."""
    first = write(0, held("US", direct("e5", "chat"), direct("bi")), "e5", "bi")
    second = write(9, held("FR", direct("bi")), "e5")

    assert overlay(held("DE"), [second, first]) == held("FR", direct("bi"))


def test_an_after_state_without_a_location_leaves_the_one_that_was_read() -> None:
    """Graph never empties a usage location, so ours is the older knowledge."""
    assert overlay(held("DE"), [write(0, held(None), "e5")]).usage_location == "DE"


def test_without_writes_the_read_stands() -> None:
    """Nothing of ours is young enough."""
    assert overlay(SWAP.before, []) == SWAP.before
