"""What revert plans for one user: back to what was recorded, where nobody was there since."""

from dataclasses import replace

import pytest

from shared.domain.codes import ResultCode
from shared.domain.model import Assignment, Decision, LicenceState, User
from shared.domain.revert import RevertRequest
from shared.domain.selection import Recorded, Wish
from tests.support.states import EVERYTHING, GROUPS, change_of, direct, inherited, moves_of, off_in, sku

E3, E5 = sku("SPE_E3").id, sku("SPE_E5").id


def state(*holds: Assignment, location: str | None = "DE") -> LicenceState:
    """What a user holds."""
    return LicenceState(holds, location)


SWAPPED = Recorded(state(direct("SPE_E3", "SWAY")), state(direct("SPE_E5", "SWAY")), frozenset({E3, E5}))


def plan(undo: Recorded, live: LicenceState) -> Decision:
    """Plan to undo this for a user who now holds that."""
    request = RevertRequest().for_wish(Wish(undo=undo))
    assert request.impossible(EVERYTHING) is None
    assert request.sku_ids(()) == undo.sku_ids
    return request.decide(0, User("u1", "ana@contoso.com", live), EVERYTHING, GROUPS)


def test_a_swap_is_undone_in_one_call_with_its_disabled_plans() -> None:
    """Trap 39: other licences that came since stay."""
    live = state(direct("POWER_BI_PRO"), direct("SPE_E5", "SWAY"), inherited("SPE_E3"))
    decision = plan(SWAPPED, live)

    assert moves_of(decision) == ({"SPE_E3"}, {"SPE_E5"})
    change = change_of(decision)
    assert off_in(change.after, "SPE_E3") == {"SWAY"}
    assert set(change.after.assignments) == {direct("POWER_BI_PRO"), inherited("SPE_E3"), direct("SPE_E3", "SWAY")}
    assert decision.not_reverted == ()


def test_a_change_of_plans_is_undone() -> None:
    """Trap 39: the choice of plans comes back, and no seat moves."""
    undo = Recorded(state(direct("SPE_E3", "SWAY")), state(direct("SPE_E3", "TEAMS1")), frozenset({E3}))
    change = change_of(plan(undo, undo.after))

    assert (off_in(change.after, "SPE_E3"), change.remove, change.seat_change()) == ({"SWAY"}, (), {})


@pytest.mark.parametrize(
    "live",
    [
        pytest.param(state(direct("SPE_E5")), id="plans switched on since"),
        pytest.param(state(direct("SPE_E5", "SWAY"), direct("SPE_E3")), id="the other SKU given since"),
        pytest.param(state(), id="the licence taken since"),
        pytest.param(state(direct("SPE_E5", "SWAY"), location="US"), id="the usage location set since"),
    ],
)
def test_who_was_changed_since_is_left_alone(live: LicenceState) -> None:
    """Trap 39: a revert never overwrites what someone changed since."""
    decision = plan(SWAPPED, live)

    assert (decision.status, decision.code, decision.change) == ("skipped", ResultCode.DRIFTED, None)


def test_who_is_as_before_already_has_nothing_to_do() -> None:
    """Running the same revert twice changes nothing the second time."""
    decision = plan(SWAPPED, change_of(plan(SWAPPED, SWAPPED.after)).after)

    assert (decision.status, decision.code) == ("unchanged", ResultCode.ALREADY_ASSIGNED)


def test_the_usage_location_comes_back() -> None:
    """Trap 39: also where the licence failed after it and only the location was changed."""
    moved = Recorded(state(location="DE"), state(direct("SPE_E3"), location="US"), frozenset({E3}))
    only = Recorded(state(location="DE"), state(location="US"), frozenset())

    change = change_of(plan(moved, moved.after))
    assert (change.usage_location, change.after) == ("DE", state(location="DE"))
    change = change_of(plan(only, only.after))
    assert (change.add, change.remove, change.usage_location) == ((), (), "DE")


@pytest.mark.parametrize("empty", [None, ""])
def test_a_usage_location_that_was_missing_stays_and_is_named(empty: str | None) -> None:
    """Graph cannot empty it again; everything else comes back."""
    undo = Recorded(state(location=empty), state(direct("SPE_E3"), location="US"), frozenset({E3}))
    decision = plan(undo, undo.after)

    change = change_of(decision)
    assert (change.remove, change.usage_location, change.after.usage_location) == ((E3,), None, "US")
    assert decision.not_reverted == ("usageLocation",)
    again = plan(undo, change.after)
    assert (again.status, again.not_reverted) == ("unchanged", ("usageLocation",))


def test_a_plan_that_has_left_the_sku_since_is_not_sent() -> None:
    """Graph would refuse the call."""
    before = state(Assignment(E3, frozenset({"gone"}) | (SWAPPED.before.assignments[0].disabled_plans)))
    change = change_of(plan(replace(SWAPPED, before=before), SWAPPED.after))

    assert off_in(change.after, "SPE_E3") == {"SWAY"}
    nothing = Recorded(before, SWAPPED.before, frozenset({E3}))
    assert plan(nothing, SWAPPED.before).code == ResultCode.ALREADY_ASSIGNED


def test_a_licence_that_can_no_longer_be_had_is_refused_by_name() -> None:
    """Trap 9: the removal cannot be undone when the subscription ran out since; plans of a held one can."""
    skus = {**EVERYTHING, E3: replace(sku("SPE_E3"), status="Suspended")}
    request = RevertRequest(SWAPPED)

    decision = request.decide(0, User("u1", "ana", SWAPPED.after), skus, GROUPS)

    assert (decision.status, decision.code) == ("skipped", ResultCode.SKU_NOT_FOUND)
    assert decision.message == "The subscription of SPE_E3 is Suspended: it can no longer be assigned."
    plans = Recorded(state(direct("SPE_E3")), state(direct("SPE_E3", "SWAY")), frozenset({E3}))
    held = RevertRequest(plans).decide(0, User("u1", "ana", plans.after), skus, GROUPS)
    assert held.status == "change"


def test_without_a_usage_location_a_licence_cannot_come_back() -> None:
    """No country is assumed."""
    undo = Recorded(state(direct("SPE_E3"), location=None), state(location=None), frozenset({E3}))

    assert plan(undo, undo.after).code == ResultCode.MISSING_USAGE_LOCATION


def test_undoing_an_assignment_warns_of_the_mailbox() -> None:
    """Trap 11: the last mailbox plan goes with it."""
    undo = Recorded(state(), state(direct("SPE_E3")), frozenset({E3}))

    assert "MailboxLoss" in plan(undo, undo.after).warnings


def test_a_user_of_whom_nothing_is_recorded_cannot_be_decided_on() -> None:
    """Failing to read the record is never an empty record."""
    with pytest.raises(ValueError, match="nothing is recorded of user u1"):
        RevertRequest().decide(0, User("u1", "ana"), EVERYTHING, GROUPS)
    assert RevertRequest().sku_ids(()) == frozenset()
