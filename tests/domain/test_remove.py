"""What remove, and the grace before it, plan for one user."""

import pytest

from shared.domain.codes import ResultCode
from shared.domain.model import Assignment, Decision, LicenceState, SkippedLicence, User
from shared.domain.remove import GraceRequest, RemoveRequest
from shared.domain.selection import ALL_SKUS, RowLicence, Wish
from tests.support.states import EVERYTHING, GROUPS, change_of, direct, inherited, moves_of, off_in, sku, user

E3, E5, BI, PLAN1 = (sku(name).id for name in ("SPE_E3", "SPE_E5", "POWER_BI_PRO", "EXCHANGESTANDARD"))


def plan(
    *names: str, holds: tuple[Assignment, ...], replace_with: str | None = None, location: str | None = "DE"
) -> Decision:
    """Plan the removal of these SKUs (none = all) for one user who holds this."""
    licences = frozenset(sku(name).id for name in names) or None
    request = RemoveRequest(licences, replace_with)
    assert request.impossible(EVERYTHING) is None
    return request.decide(0, user(*holds, location=location), EVERYTHING, GROUPS)


def test_what_is_held_directly_goes_in_one_call() -> None:
    """Several SKUs of one user go together, and free a seat each."""
    change = change_of(plan("SPE_E3", "POWER_BI_PRO", holds=(direct("SPE_E3", "SWAY"), direct("POWER_BI_PRO"))))

    assert (change.add, set(change.remove)) == ((), {E3, BI})
    assert change.after == LicenceState((), "DE")
    assert change.seat_change() == {E3: -1, BI: -1}


def test_what_is_not_held_leaves_nothing_to_do() -> None:
    """Running the same list twice changes nothing the second time."""
    decision = plan("SPE_E3", holds=(direct("POWER_BI_PRO"),))

    assert (decision.status, decision.code, decision.change) == ("unchanged", ResultCode.LICENSE_NOT_ASSIGNED, None)


def test_what_a_group_gives_is_never_sent_and_the_group_is_named() -> None:
    """Trap 4: Graph would refuse the whole call."""
    decision = plan("SPE_E3", holds=(inherited("SPE_E3"), inherited("SPE_E3", group="g9")))

    assert (decision.status, decision.code) == ("skipped", ResultCode.INHERITED_FROM_GROUP)
    assert decision.message == "SPE_E3 is inherited from group 'Sales Department' and 'g9'."


def test_of_a_sku_held_both_ways_the_direct_one_goes_and_the_group_is_named() -> None:
    """The user keeps the seat by the group."""
    decision = plan("SPE_E3", holds=(direct("SPE_E3"), inherited("SPE_E3")))

    change = change_of(decision)
    assert change.remove == (E3,)
    assert change.after.assignments == (inherited("SPE_E3"),)
    assert change.seat_change() == {}
    assert decision.message == "SPE_E3 is still inherited from group 'Sales Department'."


def test_an_inherited_licence_in_error_is_not_held() -> None:
    """The group never gave it: there is nothing to remove and nobody to name."""
    decision = plan("SPE_E3", holds=(inherited("SPE_E3", error="CountViolation"),))

    assert (decision.status, decision.code) == ("unchanged", ResultCode.LICENSE_NOT_ASSIGNED)


def test_what_was_asked_by_name_and_cannot_go_is_named_beside_what_goes() -> None:
    """Trap 4: the direct licences go although another is inherited."""
    decision = plan(
        "SPE_E3", "POWER_BI_PRO", "VISIOCLIENT", holds=(direct("POWER_BI_PRO"), inherited("SPE_E3", group="g2"))
    )

    assert change_of(decision).remove == (BI,)
    assert decision.skipped_licences == (
        SkippedLicence(E3, ResultCode.INHERITED_FROM_GROUP),
        SkippedLicence(sku("VISIOCLIENT").id, ResultCode.LICENSE_NOT_ASSIGNED),
    )
    assert decision.message == "SPE_E3 is still inherited from group 'Everyone'."


def test_all_takes_every_direct_licence_also_one_that_the_tenant_no_longer_has() -> None:
    """Trap 9: a subscription that ran out still sits on users, and removing it must work."""
    decision = plan(holds=(Assignment("forgotten"), inherited("SPE_E3"), direct("POWER_BI_PRO")))

    assert change_of(decision).remove == ("forgotten", BI)
    assert decision.skipped_licences == ()


def test_a_sku_unknown_to_the_tenant_is_held_by_nobody() -> None:
    """It does not end the tenant: each user is told."""
    request = RemoveRequest(frozenset({"unknown"}))

    assert request.impossible(EVERYTHING) is None
    assert request.decide(0, user(direct("SPE_E3")), EVERYTHING, GROUPS).code == ResultCode.LICENSE_NOT_ASSIGNED


def test_removing_needs_no_usage_location() -> None:
    """Only an assignment needs one."""
    assert moves_of(plan("SPE_E3", holds=(direct("SPE_E3"),), location=None)) == (set(), {"SPE_E3"})


@pytest.mark.parametrize(
    ("holds", "added", "removed"),
    [
        pytest.param((direct("SPE_E3"),), {"EXCHANGESTANDARD"}, {"SPE_E3"}, id="the last mailbox would go"),
        pytest.param((direct("SPE_E3"), direct("EXCHANGEENTERPRISE")), set(), {"SPE_E3"}, id="another mailbox stays"),
        pytest.param((direct("SPE_E3"), inherited("SPE_E3")), set(), {"SPE_E3"}, id="the group gives the mailbox"),
        pytest.param((direct("SPE_E3", "EXCHANGE_S_ENTERPRISE"),), set(), {"SPE_E3"}, id="there was no mailbox"),
        pytest.param(
            (direct("SPE_E3"), direct("EXCHANGESTANDARD", "EXCHANGE_S_STANDARD")),
            {"EXCHANGESTANDARD"},
            {"SPE_E3"},
            id="the replacement is held with its mailbox off",
        ),
    ],
)
def test_a_mailbox_is_kept_by_its_replacement_only_where_it_would_be_lost(
    holds: tuple[Assignment, ...], added: set[str], removed: set[str]
) -> None:
    """Trap 11: the replacement comes in the same call that takes the last mailbox plan, and no seat is wasted."""
    decision = plan("SPE_E3", holds=holds, replace_with=PLAN1)

    assert moves_of(decision) == (added, removed)
    assert "MailboxLoss" not in decision.warnings
    if added:
        assert "EXCHANGE_S_STANDARD" not in (off_in(change_of(decision).after, "EXCHANGESTANDARD") or set())


def test_removing_all_keeps_the_replacement_that_is_there() -> None:
    """Invariant 1: it is not taken and given again; with nothing else left there is nothing to do."""
    both = plan(holds=(direct("EXCHANGESTANDARD"), direct("SPE_E3")), replace_with=PLAN1)
    alone = plan(holds=(direct("EXCHANGESTANDARD"),), replace_with=PLAN1)

    assert moves_of(both) == (set(), {"SPE_E3"})
    assert both.message == "EXCHANGESTANDARD stays: it keeps the mailbox."
    assert (alone.status, alone.code) == ("unchanged", ResultCode.LICENSE_NOT_ASSIGNED)


def test_without_a_usage_location_the_replacement_cannot_come_so_nothing_goes() -> None:
    """Trap 17: the mailbox is not lost over it."""
    decision = plan("SPE_E3", holds=(direct("SPE_E3"),), replace_with=PLAN1, location=None)

    assert (decision.status, decision.code) == ("skipped", ResultCode.MISSING_USAGE_LOCATION)


@pytest.mark.parametrize(
    ("licences", "replacement", "why"),
    [
        pytest.param({E3}, "gone", "The tenant has no subscription to gone.", id="no subscription"),
        pytest.param(
            {E3}, BI, "POWER_BI_PRO has no mailbox, so it cannot take the place of one.", id="trap 12: no mailbox"
        ),
        pytest.param(
            {PLAN1},
            PLAN1,
            "EXCHANGESTANDARD cannot be removed and take the place of what is removed at once.",
            id="taken and given",
        ),
    ],
)
def test_a_replacement_that_cannot_work_is_refused(licences: set[str], replacement: str, why: str) -> None:
    """Trap 12: ``EXCHANGE_S_FOUNDATION`` is no mailbox."""
    assert RemoveRequest(frozenset(licences), replacement).impossible(EVERYTHING) == why


@pytest.mark.parametrize(
    ("holds", "converts"),
    [
        pytest.param((direct("SPE_E3"),), True, id="the last mailbox would go"),
        pytest.param((direct("SPE_E3"), direct("EXCHANGEENTERPRISE")), False, id="another mailbox stays"),
        pytest.param((direct("SPE_E3"), inherited("SPE_E3")), False, id="the group gives the mailbox"),
        pytest.param((direct("SPE_E3", "EXCHANGE_S_ENTERPRISE"),), False, id="there was no mailbox"),
    ],
)
def test_a_mailbox_is_converted_only_where_it_would_be_lost(holds: tuple[Assignment, ...], converts: bool) -> None:
    """Trap 35: who would lose the last mailbox plan waits for the conversion, and nobody is warned of a loss."""
    decision = RemoveRequest(frozenset({E3}), convert=True).decide(0, user(*holds), EVERYTHING, GROUPS)

    assert change_of(decision).remove == (E3,)
    assert decision.convert_mailbox is converts
    assert "MailboxLoss" not in decision.warnings
    assert ("ProxyAddressChange" in decision.warnings) is converts


def test_the_wish_to_convert_holds_for_rows_too() -> None:
    """A row's own SKUs take no mailbox along either."""
    request = RemoveRequest(frozenset({BI}), convert=True).for_wish(Wish((RowLicence(E3),), with_request=False))

    assert request.decide(0, user(direct("SPE_E3")), EVERYTHING, GROUPS).convert_mailbox
    assert not plan("SPE_E3", holds=(direct("SPE_E3"),)).convert_mailbox


def test_rows_name_what_to_remove_and_a_star_is_all() -> None:
    """A row stands in for the request's own SKUs, or beside them."""
    request = RemoveRequest(frozenset({E3}), PLAN1)
    people = [User("u1", "ana", LicenceState((direct("SPE_E5"), inherited("POWER_BI_PRO"))))]

    assert request.for_wish(Wish((RowLicence(BI),), with_request=False)) == RemoveRequest(frozenset({BI}), PLAN1)
    assert request.for_wish(Wish((RowLicence(BI),))) == RemoveRequest(frozenset({BI, E3}), PLAN1)
    assert request.for_wish(Wish((RowLicence(ALL_SKUS),))) == RemoveRequest(None, PLAN1)
    assert RemoveRequest(None).for_wish(Wish((RowLicence(BI),))) == RemoveRequest(None)
    assert request.sku_ids(people) == {E3, PLAN1}
    assert RemoveRequest(None).sku_ids(people) == {E5, BI}


def test_a_grace_switches_off_all_plans_of_what_shall_go() -> None:
    """The licence and its seat stay; the mailbox that goes dark is warned of."""
    request = GraceRequest(frozenset({E3}))
    decision = request.decide(0, user(direct("SPE_E3", "SWAY"), direct("POWER_BI_PRO")), EVERYTHING, GROUPS)

    change = change_of(decision)
    assert change.after.direct(E3) == Assignment(E3, EVERYTHING[E3].user_plan_ids)
    assert change.after.direct(BI) == direct("POWER_BI_PRO")
    assert (change.remove, change.seat_change()) == ((), {})
    assert "MailboxLoss" in decision.warnings
    again = request.decide(0, User("u1", "ana", change.after), EVERYTHING, GROUPS)
    assert (again.status, again.code) == ("unchanged", ResultCode.ALREADY_ASSIGNED)


def test_a_grace_leaves_out_who_has_nothing_direct() -> None:
    """As the removal that follows it will."""
    request = GraceRequest(None).for_wish(Wish((RowLicence(E3),), with_request=False))

    assert request.impossible({}) is None
    assert request.sku_ids(()) == {E3}
    assert request.decide(0, user(inherited("SPE_E3")), EVERYTHING, GROUPS).code == ResultCode.INHERITED_FROM_GROUP
    assert request.decide(0, user(), EVERYTHING, GROUPS).code == ResultCode.LICENSE_NOT_ASSIGNED
