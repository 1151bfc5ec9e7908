"""What a grace plans for one user: at its beginning, and when it is over."""

import pytest

from shared.domain.codes import ResultCode
from shared.domain.enabled import enabled_plans
from shared.domain.grace import AfterGrace, BeginGrace
from shared.domain.model import Assignment, Decision
from shared.domain.remove import RemoveRequest
from shared.domain.selection import Recorded, RowLicence, Wish
from tests.support.states import EVERYTHING, GROUPS, change_of, direct, inherited, sku, user

E3, BI, PLAN1 = (sku(name).id for name in ("SPE_E3", "POWER_BI_PRO", "EXCHANGESTANDARD"))
REMOVE = RemoveRequest(frozenset({E3}))
HELD = direct("SPE_E3", "SWAY")
DARK = Assignment(E3, EVERYTHING[E3].user_plan_ids)
LEFT = Recorded(user(HELD).state, user(DARK).state, frozenset({E3}))


def begin(*held: Assignment, disable: bool, remove: RemoveRequest = REMOVE) -> Decision:
    """Plan the beginning for a user who holds this."""
    request = BeginGrace(remove, disable)
    assert request.impossible(EVERYTHING) is None
    return request.decide(0, user(*held), EVERYTHING, GROUPS)


def finish(*held: Assignment, left: Recorded | None = LEFT, selected: bool = True) -> Decision:
    """Plan the end for a user who holds this now."""
    wish = Wish((RowLicence(E3),), with_request=False, undo=left, still_selected=selected)
    return AfterGrace(RemoveRequest(None)).for_wish(wish).decide(0, user(*held), EVERYTHING, GROUPS)


def test_keeping_writes_nothing_and_notes_what_will_go() -> None:
    """The user counts as changed, and is in no batch."""
    decision = begin(HELD, direct("POWER_BI_PRO"), disable=False)

    assert (decision.status, decision.change, decision.graced) == ("change", None, (E3,))


def test_switching_off_takes_only_what_will_go() -> None:
    """Other licences keep their service plans; nothing is removed."""
    decision = begin(HELD, direct("POWER_BI_PRO"), disable=True)

    change = change_of(decision)
    assert (change.remove, change.after.direct(E3), decision.graced) == ((), DARK, (E3,))
    assert change.after.direct(BI) == direct("POWER_BI_PRO")


def test_the_grace_begins_too_for_whose_plans_are_off_already() -> None:
    """There is nothing to write, and the licence goes all the same."""
    decision = begin(DARK, disable=True)

    assert (decision.status, decision.change, decision.graced) == ("change", None, (E3,))


@pytest.mark.parametrize("disable", [False, True])
def test_a_mailbox_is_converted_before_its_plan_is_switched_off(disable: bool) -> None:
    """Trap 35: with the plan off it would go dark; where the plans stay on the removal itself converts it."""
    decision = begin(HELD, disable=disable, remove=RemoveRequest(frozenset({E3}), convert=True))

    assert (decision.graced, decision.convert_mailbox) == ((E3,), disable)


@pytest.mark.parametrize("disable", [False, True])
def test_who_has_nothing_to_lose_has_no_grace(disable: bool) -> None:
    """As the removal would say it."""
    for held, code in ((direct("POWER_BI_PRO"), "LicenseNotAssigned"), (inherited("SPE_E3"), "InheritedFromGroup")):
        decision = begin(held, disable=disable)
        assert (decision.code, decision.graced) == (code, ())


def test_a_licence_that_keeps_the_mailbox_is_not_switched_off() -> None:
    """Of all licences those go that the removal takes, and only they go dark."""
    decision = begin(HELD, direct("EXCHANGESTANDARD"), disable=True, remove=RemoveRequest(None, PLAN1))

    assert decision.graced == (E3,)
    assert change_of(decision).after.direct(PLAN1) == direct("EXCHANGESTANDARD")


def test_a_mailbox_that_another_licence_takes_over_lives_through_the_grace() -> None:
    """With its plan off for 30 days it would be deleted, and the removal would find no mailbox to keep."""
    remove = RemoveRequest(frozenset({E3}), PLAN1)
    left = change_of(begin(HELD, disable=True, remove=remove)).after
    wish = Wish((RowLicence(E3),), with_request=False, undo=Recorded(user(HELD).state, left, frozenset({E3})))
    over = AfterGrace(remove).for_wish(wish).decide(0, user(*left.assignments), EVERYTHING, GROUPS)

    assert enabled_plans(left, EVERYTHING, EVERYTHING[E3].id_of.keys()) == {"EXCHANGE_S_ENTERPRISE"}
    change = change_of(over)
    assert (change.remove, change.after.direct(PLAN1)) == ((E3,), direct("EXCHANGESTANDARD"))


@pytest.mark.parametrize("left", [None, LEFT])
def test_after_the_grace_what_was_noted_goes_and_nothing_else(left: Recorded | None) -> None:
    """A licence that came meanwhile stays, also where all of them were to go."""
    decision = finish(DARK if left else HELD, direct("POWER_BI_PRO"), left=left)

    assert change_of(decision).remove == (E3,)


def test_who_is_no_longer_selected_is_left_alone() -> None:
    """Somebody was hired again: the licences stay, whatever became of the service plans."""
    decision = finish(DARK, selected=False)

    assert (decision.status, decision.code) == ("skipped", ResultCode.DRIFTED)
    assert "no longer part of the selection" in (decision.message or "")


def test_who_has_service_plans_on_again_is_left_alone() -> None:
    """Somebody has decided otherwise for this user; one plan is enough."""
    one_on = Assignment(E3, DARK.disabled_plans - {min(DARK.disabled_plans)})
    for held in (HELD, one_on):
        decision = finish(held)
        assert (decision.status, decision.code) == ("skipped", ResultCode.DRIFTED)
        assert "SPE_E3" in (decision.message or "")


def test_a_plan_that_has_left_the_sku_and_a_licence_that_is_gone_are_no_drift() -> None:
    """Graph forgets disabled plans that a SKU no longer has; and what is gone needs no removal."""
    gone = Recorded(LEFT.before, user(Assignment(E3, DARK.disabled_plans | {"old"})).state, LEFT.sku_ids)

    assert change_of(finish(DARK, left=gone)).remove == (E3,)
    assert finish().code == ResultCode.LICENSE_NOT_ASSIGNED
