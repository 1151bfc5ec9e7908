"""Conflicts that can be foretold, and what a change does beside what was asked."""

import pytest
from pydantic import TypeAdapter

from shared.domain.assign import AssignRequest, WantedLicence
from shared.domain.codes import ResultCode
from shared.domain.model import Assignment, Conflict, Decision, OnConflict, ServicePlan, SkippedLicence, Sku
from shared.domain.modify import ModifyRequest, PlanEdit, Swap
from shared.domain.remove import RemoveRequest
from shared.domain.transfer import Move, TransferRequest
from tests.support.states import EVERYTHING, GROUPS, change_of, direct, ids, inherited, moves_of, off_in, sku, user

E3, E5, BI, FREE = (sku(name).id for name in ("SPE_E3", "SPE_E5", "POWER_BI_PRO", "TEAMS_FREE"))
PAIR = ("TEAMS1", "TEAMS_FREE")


def assign(*names: str, holds: tuple[Assignment, ...] = (), on_conflict: OnConflict = "skip") -> Decision:
    """Plan these SKUs for one user who holds this."""
    request = AssignRequest(tuple(WantedLicence(sku(name).id) for name in names), on_conflict=on_conflict)
    return request.decide(0, user(*holds), EVERYTHING, GROUPS)


def remove(*names: str, holds: tuple[Assignment, ...]) -> Decision:
    """Plan the removal of these SKUs for one user who holds this."""
    request = RemoveRequest(frozenset(sku(name).id for name in names))
    return request.decide(0, user(*holds), EVERYTHING, GROUPS)


def test_the_conflicting_licence_is_left_out_and_the_others_go() -> None:
    """The user's other changes are made, and the plans are named."""
    decision = assign("SPE_E3", "POWER_BI_PRO", holds=(direct("TEAMS_FREE"),))

    assert moves_of(decision) == ({"POWER_BI_PRO"}, set())
    assert decision.skipped_licences == (SkippedLicence(E3, ResultCode.CONFLICTING_SERVICE_PLANS),)
    assert decision.conflicts == (Conflict(PAIR, "skip"),)
    assert decision.message == "TEAMS1 and TEAMS_FREE exclude each other."


def test_with_nothing_left_the_user_is_skipped() -> None:
    """Also where the other side of the conflict comes from a group."""
    decision = assign("SPE_E3", holds=(inherited("TEAMS_FREE"),))

    assert (decision.status, decision.code) == ("skipped", ResultCode.CONFLICTING_SERVICE_PLANS)
    assert decision.conflicts == (Conflict(PAIR, "skip"),)


def test_the_conflicting_plan_is_off_in_the_licence_that_comes() -> None:
    """``disableConflictingPlans``: what the user has stays; planning again changes nothing."""
    decision = assign("SPE_E3", holds=(direct("TEAMS_FREE"),), on_conflict="disableConflictingPlans")

    after = change_of(decision).after
    assert off_in(after, "SPE_E3") == {"TEAMS1"}
    assert decision.conflicts == (Conflict(PAIR, "disableConflictingPlans"),)
    assert decision.skipped_licences == ()
    again = assign("SPE_E3", holds=after.assignments, on_conflict="disableConflictingPlans")
    assert (again.status, again.code) == ("unchanged", ResultCode.ALREADY_ASSIGNED)


def test_of_two_wanted_licences_that_conflict_the_first_stays() -> None:
    """The order of the request counts."""
    assert moves_of(assign("SPE_E3", "TEAMS_FREE")) == ({"SPE_E3"}, set())
    assert moves_of(assign("TEAMS_FREE", "SPE_E3")) == ({"TEAMS_FREE"}, set())
    assert moves_of(assign("SPE_E3", "TEAMS_FREE", "SPE_E5")) == ({"SPE_E3", "SPE_E5"}, set())
    assert moves_of(assign("TEAMS_FREE", "SPE_E3", "SPE_E5")) == ({"TEAMS_FREE"}, set())


@pytest.mark.parametrize(
    "holds",
    [
        pytest.param((direct("TEAMS_FREE", "TEAMS_FREE"),), id="the other plan is off"),
        pytest.param((inherited("TEAMS_FREE", error="CountViolation"),), id="the other is not in force"),
        pytest.param((direct("TEAMS_FREE"), direct("SPE_E5")), id="they clashed before: not ours to mend"),
    ],
)
def test_what_is_not_on_or_clashed_before_is_no_conflict(holds: tuple[Assignment, ...]) -> None:
    """Graph has the last word."""
    decision = assign("SPE_E3", holds=holds)

    assert (moves_of(decision), decision.conflicts) == (({"SPE_E3"}, set()), ())


def test_a_source_stays_where_its_target_cannot_come() -> None:
    """Invariant 1: nobody loses the one without getting the other."""
    request = TransferRequest((Move((sku("EXCHANGESTANDARD").id,), E3),))
    decision = request.decide(0, user(direct("EXCHANGESTANDARD"), direct("TEAMS_FREE")), EVERYTHING, GROUPS)

    assert (decision.status, decision.code, decision.change) == ("skipped", ResultCode.CONFLICTING_SERVICE_PLANS, None)


def test_a_source_of_two_swaps_stays_where_one_target_cannot_come() -> None:
    """The other target comes beside it."""
    plan1 = sku("EXCHANGESTANDARD").id
    request = ModifyRequest(swaps=(Swap(plan1, E3), Swap(plan1, BI)))
    decision = request.decide(0, user(direct("EXCHANGESTANDARD"), direct("TEAMS_FREE")), EVERYTHING, GROUPS)

    assert moves_of(decision) == ({"POWER_BI_PRO"}, set())
    assert change_of(decision).after.direct(plan1) == direct("EXCHANGESTANDARD")


def test_a_plan_switched_on_may_conflict_too() -> None:
    """The edit is left out as the licence it concerns."""
    request = ModifyRequest((PlanEdit(E3, ids("SPE_E3", ("TEAMS1", "SWAY"))),))
    decision = request.decide(0, user(direct("SPE_E3", "TEAMS1", "SWAY"), direct("TEAMS_FREE")), EVERYTHING, GROUPS)

    assert (decision.status, decision.code) == ("skipped", ResultCode.CONFLICTING_SERVICE_PLANS)


def test_a_plan_of_the_company_cannot_be_switched_off_so_its_licence_is_left_out() -> None:
    """Whatever was asked for."""
    company = Sku("c", "C", (ServicePlan("t", "TEAMS1", "Company"),))
    request = AssignRequest((WantedLicence("c"),), on_conflict="disableConflictingPlans")
    decision = request.decide(0, user(direct("TEAMS_FREE")), {**EVERYTHING, "c": company}, GROUPS)

    assert decision.code == ResultCode.CONFLICTING_SERVICE_PLANS


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        pytest.param(
            remove("SPE_E3", holds=(direct("SPE_E3"),)),
            ("MailboxLoss", "OneDriveLoss", "ProxyAddressChange"),
            id="trap 11: the last mailbox and OneDrive go",
        ),
        pytest.param(
            remove("SPE_E3", holds=(direct("SPE_E3"), direct("EXCHANGESTANDARD"))),
            ("OneDriveLoss",),
            id="trap 11: another mailbox stays",
        ),
        pytest.param(remove("SPE_E3", holds=(direct("SPE_E3"), inherited("SPE_E5"))), (), id="a group gives all of it"),
        pytest.param(
            remove("SPE_E3", holds=(direct("SPE_E3", "EXCHANGE_S_ENTERPRISE"),)),
            ("OneDriveLoss",),
            id="the mailbox was off",
        ),
        pytest.param(
            remove("EXCHANGESTANDARD", holds=(direct("EXCHANGESTANDARD"), direct("POWER_BI_PRO"))),
            ("MailboxLoss", "ProxyAddressChange"),
            id="trap 12: EXCHANGE_S_FOUNDATION is no mailbox",
        ),
        pytest.param(
            remove("SPE_E3", holds=(direct("SPE_E3"), direct("MCOEV"))),
            ("MailboxLoss", "OneDriveLoss", "DependentAddOn", "ProxyAddressChange"),
            id="trap 10: Teams Phone loses Teams",
        ),
        pytest.param(assign("SPE_E3"), ("ProxyAddressChange",), id="trap 16: a mailbox comes"),
        pytest.param(assign("SPE_E5", holds=(direct("SPE_E3"),)), (), id="a mailbox of the same size stays"),
        pytest.param(assign("MCOEV"), ("DependencyMissing",), id="Teams Phone without Teams"),
        pytest.param(assign("MCOEV", holds=(inherited("SPE_E3"),)), (), id="Teams comes from a group"),
        pytest.param(assign("THREAT_INTELLIGENCE"), ("DependencyMissing",), id="Defender without Exchange"),
        pytest.param(assign("PROJECTPROFESSIONAL"), (), id="Project brings the SharePoint that it needs"),
        pytest.param(
            assign("POWER_BI_PRO", holds=(direct("MCOEV"),)), (), id="what lacked its base before is not our change"
        ),
    ],
)
def test_side_effects_are_warned_of(decision: Decision, expected: tuple[str, ...]) -> None:
    """Judged on what is on before and after, over direct and inherited licences together."""
    change_of(decision)
    assert decision.warnings == expected


def test_decisions_survive_storage_and_old_ones_can_still_be_read() -> None:
    """Plans are stored as JSON; one that was frozen before these fields were there has none of them."""
    adapter = TypeAdapter(Decision)
    decision = assign("SPE_E3", "POWER_BI_PRO", holds=(direct("TEAMS_FREE"),))

    assert adapter.validate_json(adapter.dump_json(decision)) == decision
    old = adapter.validate_python({"index": 1, "user_id": "u", "user_principal_name": "u@x", "status": "unchanged"})
    assert (old.conflicts, old.warnings, old.not_reverted) == ((), (), ())


def test_what_a_sku_has_worked_out_is_not_stored() -> None:
    """A manifest holds SKUs: only their fields, whatever was asked of them before."""
    adapter = TypeAdapter(Sku)
    asked = sku("SPE_E3")
    assert asked.user_plan_ids
    assert asked.id_of

    stored = adapter.dump_python(asked, mode="json")

    assert {"user_plan_ids", "plan_ids", "id_of", "name_of"}.isdisjoint(stored)
    assert adapter.validate_python(stored) == asked
