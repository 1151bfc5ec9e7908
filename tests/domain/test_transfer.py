"""What transfer plans for one user: real SKUs, with the service plans that Microsoft lists."""

import pytest

from shared.domain.codes import ResultCode
from shared.domain.model import Assignment, Decision, SkippedLicence
from shared.domain.selection import RowLicence, Wish
from shared.domain.transfer import Move, TransferRequest
from tests.support.states import EVERYTHING, GROUPS, change_of, direct, inherited, moves_of, off_in, sku, user


def ids_of(*names: str) -> tuple[str, ...]:
    """SKU ids."""
    return tuple(sku(name).id for name in names)


def plan(*sources: str, to: str, holds: tuple[Assignment, ...], keep: bool = True) -> Decision:
    """Plan a move for one user who holds this."""
    request = TransferRequest((Move(ids_of(*sources), sku(to).id, keep),))
    assert request.impossible(EVERYTHING) is None
    return request.decide(0, user(*holds), EVERYTHING, GROUPS)


@pytest.mark.parametrize(
    ("source", "target", "off", "stays_off"),
    [
        pytest.param(
            "SPE_E3", "SPE_E5", ("SWAY", "FORMS_PLAN_E3"), {"SWAY", "FORMS_PLAN_E5"}, id="by name and in another size"
        ),
        pytest.param(
            "SPB",
            "SPE_E3",
            ("OFFICE_BUSINESS", "EXCHANGE_S_STANDARD", "YAMMER_ENTERPRISE"),
            {"OFFICESUBSCRIPTION", "EXCHANGE_S_ENTERPRISE", "YAMMER_ENTERPRISE"},
            id="Business Premium to E3",
        ),
        pytest.param(
            "O365_BUSINESS_PREMIUM",
            "SPE_E3",
            ("SHAREPOINTSTANDARD", "STREAM_O365_SMB", "DYN365BC_MS_INVOICING"),
            {"SHAREPOINTENTERPRISE", "STREAM_O365_E3"},
            id="Business Standard to E3, and what has no counterpart is dropped",
        ),
        pytest.param("M365_F1_COMM", "SPE_F1", ("TEAMS1",), {"TEAMS1"}, id="F1 to F3"),
        pytest.param("SPE_E3", "SPE_E5", (), set[str](), id="nothing off"),
    ],
)
def test_disabled_plans_survive_a_move(source: str, target: str, off: tuple[str, ...], stays_off: set[str]) -> None:
    """Traps 2, 3 and 13: by name, else by a known equivalent, and only within the target."""
    decision = plan(source, to=target, holds=(direct(source, *off), direct("POWER_BI_PRO")))

    assert moves_of(decision) == ({target}, {source})
    change = change_of(decision)
    assert off_in(change.after, target) == stays_off
    assert change.after.direct(sku("POWER_BI_PRO").id) == direct("POWER_BI_PRO")
    assert change.seat_change() == {sku(source).id: -1, sku(target).id: 1}


def test_the_choice_of_plans_is_left_behind_where_asked() -> None:
    """``keepDisabledPlans: false`` gives the target with all its plans."""
    decision = plan("SPE_E3", to="SPE_E5", holds=(direct("SPE_E3", "SWAY"),), keep=False)

    assert off_in(change_of(decision).after, "SPE_E5") == set()


@pytest.mark.parametrize(
    ("holds", "removed", "off"),
    [
        pytest.param(
            (direct("EMS", "INTUNE_A"), direct("ENTERPRISEPACK", "SWAY")),
            {"EMS", "ENTERPRISEPACK"},
            {"INTUNE_A", "SWAY"},
            id="all sources: a plan that one of them lacks and the other has off is off",
        ),
        pytest.param((direct("EMS", "INTUNE_A"),), {"EMS"}, {"INTUNE_A"}, id="any of them"),
        pytest.param(
            (direct("ENTERPRISEPACK", "RMS_S_ENTERPRISE", "SWAY"), direct("EMS")),
            {"EMS", "ENTERPRISEPACK"},
            {"SWAY"},
            id="what one source has on stays on",
        ),
    ],
)
def test_several_sources_become_one(holds: tuple[Assignment, ...], removed: set[str], off: set[str]) -> None:
    """EMS E3 and Office 365 E3 make Microsoft 365 E3; a plan is off only where every source with it has it off."""
    decision = plan("EMS", "ENTERPRISEPACK", to="SPE_E3", holds=holds)

    assert moves_of(decision) == ({"SPE_E3"}, removed)
    assert off_in(change_of(decision).after, "SPE_E3") == off


def test_a_plan_is_on_when_its_equivalent_is_on_in_another_source() -> None:
    """Exchange Plan 1 is off in E1 and Plan 2 on in Exchange Plan 2: the user has a mailbox and keeps it."""
    holds = (direct("STANDARDPACK", "EXCHANGE_S_STANDARD"), direct("EXCHANGEENTERPRISE"))
    decision = plan("STANDARDPACK", "EXCHANGEENTERPRISE", to="SPE_E3", holds=holds)

    assert off_in(change_of(decision).after, "SPE_E3") == set()


def test_a_plan_that_the_source_has_by_name_is_judged_by_that_alone() -> None:
    """E5 has ``MYANALYTICS_P2`` on beside its other size, which is off: in E3 it stays on."""
    decision = plan("SPE_E5", to="SPE_E3", holds=(direct("SPE_E5", "FORMS_PLAN_E5", "EXCHANGE_ANALYTICS"),))

    assert off_in(change_of(decision).after, "SPE_E3") == {"FORMS_PLAN_E3"}


@pytest.mark.parametrize("target", [direct("SPE_E5", "TEAMS1"), inherited("SPE_E5", "TEAMS1")])
def test_a_target_that_is_held_keeps_its_own_plans(target: Assignment) -> None:
    """Only the source goes, and no seat is taken."""
    change = change_of(plan("SPE_E3", to="SPE_E5", holds=(direct("SPE_E3", "SWAY"), target)))

    assert (change.add, change.remove) == ((), ids_of("SPE_E3"))
    assert change.after.assignments == (target,)
    assert change.seat_change() == {sku("SPE_E3").id: -1}


@pytest.mark.parametrize("holds", [(), (direct("SPE_E5"),), (inherited("SPE_E3", error="CountViolation"),)])
def test_who_holds_no_source_has_nothing_to_do(holds: tuple[Assignment, ...]) -> None:
    """Also after the move: the same list again changes nothing."""
    decision = plan("SPE_E3", to="SPE_E5", holds=holds)

    assert (decision.status, decision.code) == ("unchanged", ResultCode.LICENSE_NOT_ASSIGNED)


def test_a_source_that_only_a_group_gives_stays_and_the_group_is_named() -> None:
    """Trap 4: what a group gives cannot be taken; with another source held directly that one is moved."""
    alone = plan("EMS", "ENTERPRISEPACK", to="SPE_E3", holds=(inherited("EMS"),))
    beside = plan("EMS", "ENTERPRISEPACK", to="SPE_E3", holds=(inherited("EMS"), direct("ENTERPRISEPACK")))

    assert (alone.status, alone.code) == ("skipped", ResultCode.INHERITED_FROM_GROUP)
    assert alone.message == "EMS is inherited from group 'Sales Department'."
    assert moves_of(beside) == ({"SPE_E3"}, {"ENTERPRISEPACK"})
    assert beside.skipped_licences == (SkippedLicence(sku("EMS").id, ResultCode.INHERITED_FROM_GROUP),)
    assert beside.message == "EMS is still inherited from group 'Sales Department'."


def test_a_source_that_the_tenant_no_longer_has_still_hands_on_its_plans() -> None:
    """Trap 9: nothing tells the names of its plans, but their ids are the same in all SKUs."""
    e3, e5 = sku("SPE_E3"), sku("SPE_E5")
    request = TransferRequest((Move((e3.id,), e5.id),))
    skus = {e5.id: e5}

    assert request.impossible(skus) is None
    decision = request.decide(0, user(direct("SPE_E3", "SWAY", "FORMS_PLAN_E3")), skus, GROUPS)
    assert off_in(change_of(decision).after, "SPE_E5") == {"SWAY"}


def test_moves_from_two_skus_to_one_make_one_licence_with_both_choices() -> None:
    """Two entries to the same target are one move with two sources."""
    moves = (Move(ids_of("EMS"), sku("SPE_E3").id), Move(ids_of("ENTERPRISEPACK"), sku("SPE_E3").id))
    holds = (direct("EMS", "INTUNE_A"), direct("ENTERPRISEPACK", "SWAY"))

    decision = TransferRequest(moves).decide(0, user(*holds), EVERYTHING, GROUPS)

    assert off_in(change_of(decision).after, "SPE_E3") == {"INTUNE_A", "SWAY"}


@pytest.mark.parametrize(
    ("moves", "why"),
    [
        pytest.param((Move(("a",), "a"),), "a cannot be moved from and moved to at once.", id="to itself"),
        pytest.param(
            (Move(("a",), "b"), Move(("b",), "c")), "b cannot be moved from and moved to at once.", id="a chain"
        ),
        pytest.param(
            (Move(("a",), "c"), Move(("b",), "c", keep_disabled=False)),
            "The disabled plans of c cannot be kept and not be kept at once.",
            id="two choices",
        ),
        pytest.param((Move(("a",), "c"),), "The tenant has no subscription to c.", id="no such target"),
    ],
)
def test_moves_that_cannot_be_made_are_said_in_a_sentence(moves: tuple[Move, ...], why: str) -> None:
    """Contradictions would make the second run undo the first."""
    assert TransferRequest(moves).impossible(EVERYTHING) == why


def test_rows_name_target_and_sources() -> None:
    """A row stands in for the request's own moves, or beside them."""
    request = TransferRequest((Move(("a",), "b", keep_disabled=False),))
    row = RowLicence("d", from_sku_ids=("c",))

    assert request.for_wish(Wish((row,), with_request=False)).moves == (Move(("c",), "d"),)
    assert request.for_wish(Wish((row,))).moves == (*request.moves, Move(("c",), "d"))
    assert request.for_wish(Wish((row,))).sku_ids(()) == {"a", "b", "c", "d"}
