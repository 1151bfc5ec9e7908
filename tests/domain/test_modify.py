"""What modify plans for one user: some service plans, some licences, and nothing else."""

from collections import Counter

import pytest

from shared.domain.assign import WantedLicence
from shared.domain.codes import ResultCode
from shared.domain.location import UsageLocationRule
from shared.domain.model import Assignment, Decision, LicenceState, ServicePlan, SkippedLicence, Sku, User
from shared.domain.modify import ModifyRequest, PlanEdit, Swap
from shared.domain.seats import SeatNeed, need
from shared.domain.selection import RowLicence, Wish
from tests.support.states import EVERYTHING, GROUPS, change_of, direct, ids, inherited, moves_of, off_in, sku, user

E3, E5, BI, EMS = (sku(name).id for name in ("SPE_E3", "SPE_E5", "POWER_BI_PRO", "EMS"))
TO_E5 = (Swap(E3, E5),)


def edit(name: str, *, on: tuple[str, ...] = (), off: tuple[str, ...] = ()) -> PlanEdit:
    """An edit by names of service plans."""
    return PlanEdit(sku(name).id, ids(name, on), ids(name, off))


def plan(request: ModifyRequest, *holds: Assignment, location: str | None = "DE") -> Decision:
    """Plan for one user who holds this."""
    assert request.impossible(EVERYTHING) is None
    return request.decide(0, user(*holds, location=location), EVERYTHING, GROUPS)


def test_an_edit_switches_what_it_names_and_leaves_the_rest() -> None:
    """Invariant 2: the list that is sent holds what was off before, less and more what was asked."""
    request = ModifyRequest((edit("SPE_E3", on=("SWAY",), off=("TEAMS1",)),))
    change = change_of(plan(request, direct("SPE_E3", "SWAY", "YAMMER_ENTERPRISE"), direct("POWER_BI_PRO")))

    assert off_in(change.after, "SPE_E3") == {"TEAMS1", "YAMMER_ENTERPRISE"}
    assert ([add.sku_id for add in change.add], change.remove, change.seat_change()) == ([E3], (), {})


def test_an_edit_that_is_so_already_changes_nothing() -> None:
    """Nothing is sent for it, also where a plan that has left the SKU stands among the disabled ones."""
    stale = Assignment(E3, ids("SPE_E3", ("TEAMS1",)) | {"left-the-sku"})
    decision = plan(ModifyRequest((edit("SPE_E3", on=("SWAY",), off=("TEAMS1",)),)), stale)

    assert (decision.status, decision.code) == ("unchanged", ResultCode.ALREADY_ASSIGNED)


def test_plans_of_the_company_are_not_switched() -> None:
    """Trap 3: whatever names them."""
    company = Sku("s", "S", (ServicePlan("user", "A"), ServicePlan("tenant", "B", "Company")))
    request = ModifyRequest((PlanEdit("s", disable=frozenset({"user", "tenant"})),))

    change = change_of(request.decide(0, user(Assignment("s")), {"s": company}, {}))
    assert change.add[0].disabled_plans == {"user"}


@pytest.mark.parametrize(
    ("holds", "status", "code", "message"),
    [
        pytest.param((), "unchanged", ResultCode.LICENSE_NOT_ASSIGNED, None, id="not held"),
        pytest.param(
            (inherited("SPE_E3"),),
            "skipped",
            ResultCode.INHERITED_FROM_GROUP,
            "SPE_E3 is inherited from group 'Sales Department'."
            " Service plans of an inherited licence are changed on its group.",
            id="held by a group only",
        ),
    ],
)
def test_an_edit_of_what_is_not_held_directly_does_nothing(
    holds: tuple[Assignment, ...], status: str, code: str, message: str | None
) -> None:
    """The group's licence is the group's."""
    decision = plan(ModifyRequest((edit("SPE_E3", off=("TEAMS1",)),)), *holds)

    assert (decision.status, decision.code, decision.message) == (status, code, message)


def test_an_edit_reaches_what_a_swap_brings() -> None:
    """The target comes with the plans that were off in the source, and the edit counts on top."""
    request = ModifyRequest((edit("SPE_E5", on=("SWAY",), off=("MCOEV",)),), swaps=TO_E5)
    decision = plan(request, direct("SPE_E3", "SWAY", "TEAMS1"))

    assert moves_of(decision) == ({"SPE_E5"}, {"SPE_E3"})
    assert off_in(change_of(decision).after, "SPE_E5") == {"TEAMS1", "MCOEV"}


def test_a_swap_takes_the_source_only_from_who_holds_the_target_already() -> None:
    """The target keeps its own plan choice."""
    decision = plan(ModifyRequest(swaps=TO_E5), direct("SPE_E3", "SWAY"), direct("SPE_E5", "TEAMS1"))

    assert moves_of(decision) == (set(), {"SPE_E3"})
    assert change_of(decision).after.assignments == (direct("SPE_E5", "TEAMS1"),)


def test_a_swap_that_does_not_apply_leaves_the_users_other_changes() -> None:
    """Each part counts for who holds what it names."""
    request = ModifyRequest((edit("EMS", off=("INTUNE_A",)),), swaps=TO_E5)

    assert moves_of(plan(request, direct("EMS"))) == ({"EMS"}, set())
    assert plan(request, direct("POWER_BI_PRO")).code == ResultCode.LICENSE_NOT_ASSIGNED


def test_a_source_that_a_group_gives_as_well_goes_directly_and_the_group_is_named() -> None:
    """Trap 4: the inherited one stays."""
    both = plan(ModifyRequest(swaps=TO_E5), direct("SPE_E3"), inherited("SPE_E3"))
    only = plan(ModifyRequest(swaps=TO_E5), inherited("SPE_E3"))

    assert moves_of(both) == ({"SPE_E5"}, {"SPE_E3"})
    assert both.message == "SPE_E3 is still inherited from group 'Sales Department'."
    assert (only.status, only.code) == ("skipped", ResultCode.INHERITED_FROM_GROUP)


def test_additions_follow_the_rules_of_assign() -> None:
    """One call for all of it; what is there already is named."""
    request = ModifyRequest((edit("SPE_E3", off=("SWAY",)),), add=(WantedLicence(BI), WantedLicence(EMS)))
    decision = plan(request, direct("SPE_E3"), inherited("EMS"))

    assert moves_of(decision) == ({"SPE_E3", "POWER_BI_PRO"}, set())
    assert decision.skipped_licences == (SkippedLicence(EMS, ResultCode.ALREADY_ASSIGNED),)
    assert decision.message == "EMS is inherited from group 'Sales Department'."
    again = plan(request, *change_of(decision).after.assignments)
    assert (again.status, again.code) == ("unchanged", ResultCode.ALREADY_ASSIGNED)


def test_the_usage_location_is_set_where_asked_and_missed_where_not() -> None:
    """Trap 17, as with assign."""
    swap = ModifyRequest(swaps=TO_E5)
    setting = ModifyRequest(swaps=TO_E5, usage_location=UsageLocationRule("US", "ifMissing"))

    assert plan(swap, direct("SPE_E3"), location=None).code == ResultCode.MISSING_USAGE_LOCATION
    change = change_of(plan(setting, direct("SPE_E3"), location=None))
    assert (change.usage_location, change.after.usage_location) == ("US", "US")


def test_rows_set_the_disabled_plans_exactly() -> None:
    """A row's set is the wished one, and wins over the request's edit of the same SKU."""
    request = ModifyRequest((edit("SPE_E3", off=("SWAY",)), edit("EMS", off=("INTUNE_A",))), swaps=TO_E5)
    row = RowLicence(E3, ids("SPE_E3", ("TEAMS1",)))
    alone, beside = (request.for_wish(Wish((row,), with_request=flag)) for flag in (False, True))

    decision = plan(alone, direct("SPE_E3", "SWAY", "YAMMER_ENTERPRISE"), direct("EMS"))
    assert off_in(change_of(decision).after, "SPE_E3") == {"TEAMS1"}
    assert moves_of(decision) == ({"SPE_E3"}, set())
    assert beside.edits == (edit("EMS", off=("INTUNE_A",)), PlanEdit(E3, exactly=ids("SPE_E3", ("TEAMS1",))))
    assert beside.swaps == TO_E5
    assert request.sku_ids(()) == {E3, E5, EMS}
    silent = request.for_wish(Wish((RowLicence(E3),), with_request=False))
    assert plan(silent, direct("SPE_E3", "SWAY")).code == ResultCode.ALREADY_ASSIGNED


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        pytest.param(
            ModifyRequest(add=(WantedLicence(E3),), swaps=TO_E5),
            "SPE_E3 cannot be added and swapped for another at once.",
            id="added and left",
        ),
        pytest.param(
            ModifyRequest(swaps=(*TO_E5, Swap(E5, BI))), "SPE_E5 cannot be moved from and moved to at once.", id="chain"
        ),
        pytest.param(ModifyRequest(swaps=(Swap(E3, "x"),)), "The tenant has no subscription to x.", id="no target"),
        pytest.param(ModifyRequest(add=(WantedLicence("x"),)), "The tenant has no subscription to x.", id="no SKU"),
        pytest.param(
            ModifyRequest((PlanEdit(E3, disable=frozenset({"p"})),)),
            "The tenant's SKU does not contain these plans: p of SPE_E3.",
            id="no such plan",
        ),
        pytest.param(ModifyRequest((PlanEdit("x", disable=frozenset({"p"})),)), None, id="nobody holds it"),
    ],
)
def test_what_cannot_be_done_for_anybody_is_said_in_a_sentence(request_: ModifyRequest, why: str | None) -> None:
    """Before the first user is planned."""
    assert request_.impossible(EVERYTHING) == why


def test_a_request_that_contradicts_itself_is_refused() -> None:
    """The reader names the place; here it cannot be made at all."""
    with pytest.raises(ValueError, match="contradicts itself"):
        edit("SPE_E3", on=("SWAY",), off=("SWAY",))
    with pytest.raises(ValueError, match="contradicts itself"):
        PlanEdit(E3, ids("SPE_E3", ("SWAY",)), exactly=frozenset())
    with pytest.raises(ValueError, match="edited twice"):
        ModifyRequest((edit("SPE_E3"), edit("SPE_E3")))
    with pytest.raises(ValueError, match="wanted twice"):
        ModifyRequest(add=(WantedLicence(E3), WantedLicence(E3)))


def test_e3_to_e5_for_a_department_of_250() -> None:
    """The golden case: of 250 users 170 hold E3 and 93 of them E5 too, 77 more hold E5 with Teams off, 3 neither.

    The swap with Teams switched on changes 247 users and takes 77 seats of E5 net, and frees 170 of E3.
    """
    people = [
        *[(direct("SPE_E3"), direct("SPE_E5"))] * 93,
        *[(direct("SPE_E3", "SWAY"),)] * 77,
        *[(direct("SPE_E5", "TEAMS1", "SWAY"),)] * 77,
        *[(direct("POWER_BI_PRO"),)] * 3,
    ]
    request = ModifyRequest((edit("SPE_E5", on=("TEAMS1",)),), swaps=TO_E5)

    decisions = [
        request.decide(n, User(f"u{n}", f"u{n}@contoso.com", LicenceState(held, "US")), EVERYTHING, GROUPS)
        for n, held in enumerate(people)
    ]

    assert Counter(decision.status for decision in decisions) == {"change": 247, "unchanged": 3}
    assert need(decisions) == {E5: SeatNeed(takes=77), E3: SeatNeed(frees=170)}
    assert Counter(frozenset(off_in(change_of(d).after, "SPE_E5") or ()) for d in decisions[:247]) == {
        frozenset(): 93,
        frozenset({"SWAY"}): 154,
    }
