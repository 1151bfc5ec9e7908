"""What assign plans for one user."""

from collections.abc import Mapping
from typing import Literal

import pytest

from shared.domain.assign import AssignRequest, WantedLicence
from shared.domain.codes import ResultCode, status_of
from shared.domain.location import UsageLocationRule
from shared.domain.model import AddLicence, Assignment, Change, Decision, LicenceState, ServicePlan, Sku, User
from shared.domain.planning import missing_skus, not_found, refused, unassignable, unknown_plans
from shared.domain.selection import RowLicence, Wish

MAIL, CHAT, TEAMS, BASE = "p-mail", "p-chat", "p-teams", "p-base"
E5 = Sku(
    "e5",
    "SPE_E5",
    (
        ServicePlan(MAIL, "EXCHANGE_S_ENTERPRISE"),
        ServicePlan(CHAT, "YAMMER_ENTERPRISE"),
        ServicePlan(TEAMS, "TEAMS1"),
        ServicePlan(BASE, "EXCHANGE_S_FOUNDATION", "Company"),
    ),
    enabled=10,
)
BI = Sku("bi", "POWER_BI_PRO", (ServicePlan("p-bi", "BI_AZURE_P2"),), enabled=10)
SKUS = {sku.id: sku for sku in (E5, BI)}
GROUPS = {"g1": "Sales Department", "g2": "Everyone"}


def direct(sku_id: str, *off: str) -> Assignment:
    """A direct assignment with these plans off."""
    return Assignment(sku_id, frozenset(off))


def inherited(sku_id: str, *off: str, group: str = "g1", error: str | None = None) -> Assignment:
    """An assignment by a group with these plans off."""
    return Assignment(sku_id, frozenset(off), group, error)


def wanted(
    sku_id: str = "e5", *, disabled: tuple[str, ...] | None = None, enabled: tuple[str, ...] | None = None
) -> WantedLicence:
    """A wish, with tuples in place of sets."""
    return WantedLicence(
        sku_id,
        None if disabled is None else frozenset(disabled),
        None if enabled is None else frozenset(enabled),
    )


def plan(
    *licences: WantedLicence,
    holds: tuple[Assignment, ...] = (),
    location: str | None = "DE",
    country: str | None = None,
    rule: UsageLocationRule | None = None,
    default: str | None = None,
    skus: Mapping[str, Sku] = SKUS,
) -> Decision:
    """Plan for one user who holds this."""
    user = User("u1", "ana@contoso.com", LicenceState(holds, location), country=country)
    request = AssignRequest(licences or (wanted(),), rule, default)
    return request.decide(7, user, skus, GROUPS)


def change_of(decision: Decision) -> Change:
    """The change, which there must be."""
    assert decision.status == "change", decision
    assert decision.change is not None
    return decision.change


def test_who_holds_nothing_gets_the_sku_with_all_plans() -> None:
    """The after-state is the before-state with one direct assignment more, and takes one seat."""
    decision = plan(holds=(direct("other", "x"),))

    change = change_of(decision)
    assert (decision.index, decision.user_id, decision.user_principal_name) == (7, "u1", "ana@contoso.com")
    assert change.add == (AddLicence("e5"),)
    assert change.remove == ()
    assert change.usage_location is None
    assert change.before == LicenceState((direct("other", "x"),), "DE")
    assert change.after == LicenceState((direct("other", "x"), direct("e5")), "DE")
    assert change.seat_change() == {"e5": 1}


@pytest.mark.parametrize(
    ("wish", "off"),
    [
        pytest.param(wanted(), set[str](), id="all plans"),
        pytest.param(wanted(disabled=(CHAT,)), {CHAT}, id="disabled ones off"),
        pytest.param(wanted(enabled=(MAIL,)), {CHAT, TEAMS}, id="only the enabled ones on, the company's not switched"),
        pytest.param(wanted(disabled=(CHAT, BASE)), {CHAT}, id="a company plan is not switched off"),
        pytest.param(wanted(disabled=(CHAT, "p-bi")), {CHAT}, id="trap 3: a plan of another SKU does not count"),
    ],
)
def test_a_new_holder_gets_the_plans_as_wished(wish: WantedLicence, off: set[str]) -> None:
    """Trap 3: plan ids count only within their SKU; plans of the company are left alone."""
    assert change_of(plan(wish)).add == (AddLicence("e5", frozenset(off)),)


@pytest.mark.parametrize(
    ("wish", "had_off", "has_off"),
    [
        pytest.param(wanted(disabled=(CHAT,)), (MAIL,), {MAIL, CHAT}, id="in addition to those off"),
        pytest.param(wanted(enabled=(MAIL,)), (MAIL,), {CHAT, TEAMS}, id="exactly the enabled ones"),
        pytest.param(wanted(enabled=(MAIL, CHAT, TEAMS)), (BASE, CHAT), {BASE}, id="a company plan stays off"),
        pytest.param(wanted(disabled=(CHAT,)), (MAIL, "gone"), {MAIL, CHAT}, id="a plan that left the SKU is not sent"),
    ],
)
def test_a_direct_holder_keeps_the_plans_that_were_not_named(
    wish: WantedLicence, had_off: tuple[str, ...], has_off: set[str]
) -> None:
    """Trap 2: disabled plans survive, as the list sent replaces the one that is there. No seat moves."""
    change = change_of(plan(wish, holds=(direct("other"), direct("e5", *had_off), direct("third"))))

    assert change.add == (AddLicence("e5", frozenset(has_off)),)
    assert change.after.assignments == (direct("other"), direct("e5", *has_off), direct("third"))
    assert change.seat_change() == {}


@pytest.mark.parametrize(
    "wish", [wanted(), wanted(disabled=()), wanted(disabled=(CHAT,)), wanted(enabled=(MAIL, TEAMS))]
)
def test_a_direct_holder_with_the_wished_plans_has_nothing_to_do(wish: WantedLicence) -> None:
    """Trap 2: asking without plans leaves everything as it is."""
    decision = plan(wish, holds=(direct("e5", CHAT),))

    assert (decision.status, decision.code, decision.change) == ("unchanged", ResultCode.ALREADY_ASSIGNED, None)
    assert decision.message is None
    assert decision.state == LicenceState((direct("e5", CHAT),), "DE")


@pytest.mark.parametrize("wish", [wanted(), wanted(disabled=(TEAMS,)), wanted(enabled=(MAIL,))])
def test_who_holds_by_inheritance_only_is_told_which_group_gives_it(wish: WantedLicence) -> None:
    """With the wished plans on there is nothing to do, and the message names the group."""
    decision = plan(wish, holds=(inherited("e5", CHAT),))

    assert (decision.status, decision.code) == ("unchanged", ResultCode.ALREADY_ASSIGNED)
    assert decision.message == "SPE_E5 is inherited from group 'Sales Department'."


def test_all_groups_are_named_and_one_without_a_name_by_its_id() -> None:
    """A group that could not be read by name is still named."""
    decision = plan(holds=(inherited("e5", group="g2"), inherited("e5", group="g9")))

    assert decision.message == "SPE_E5 is inherited from group 'Everyone' and 'g9'."


def test_a_wished_plan_that_the_group_leaves_off_is_assigned_directly_without_a_seat() -> None:
    """The inherited assignment stays as it is beside the new direct one."""
    change = change_of(plan(wanted(enabled=(MAIL, CHAT)), holds=(inherited("e5", CHAT),)))

    assert change.add == (AddLicence("e5", frozenset({TEAMS})),)
    assert change.after.assignments == (inherited("e5", CHAT), direct("e5", TEAMS))
    assert change.seat_change() == {}


def test_a_plan_that_one_of_two_groups_gives_is_on() -> None:
    """A plan is on when any source has it on, so nothing is missing."""
    holds = (inherited("e5", CHAT), inherited("e5", MAIL, group="g2"))

    assert plan(wanted(enabled=(MAIL, CHAT)), holds=holds).status == "unchanged"


def test_an_inherited_assignment_in_error_is_not_held() -> None:
    """The group could not give it, so the user gets it directly and needs a seat."""
    broken = inherited("e5", error="CountViolation")

    change = change_of(plan(holds=(broken,)))

    assert change.after.assignments == (broken, direct("e5"))
    assert change.seat_change() == {"e5": 1}


def test_several_skus_go_in_one_change_and_those_already_there_are_named() -> None:
    """One write a user; a licence that was left out says why."""
    both = plan(wanted(), wanted("bi"))
    one = plan(wanted(), wanted("bi"), holds=(direct("e5", CHAT),))

    assert [add.sku_id for add in change_of(both).add] == ["e5", "bi"]
    assert [add.sku_id for add in change_of(one).add] == ["bi"]
    assert [(s.sku_id, s.code) for s in one.skipped_licences] == [("e5", "AlreadyAssigned")]
    assert change_of(one).after.direct("e5") == direct("e5", CHAT)


def test_the_same_user_planned_again_from_the_after_state_is_unchanged() -> None:
    """Running the same list twice changes nothing the second time."""
    wish = wanted(disabled=(CHAT,))
    after = change_of(plan(wish, holds=(direct("e5", MAIL),))).after

    assert plan(wish, holds=after.assignments).status == "unchanged"


ALWAYS: Literal["always"] = "always"
IF_MISSING: Literal["ifMissing"] = "ifMissing"


@pytest.mark.parametrize(
    ("rule", "location", "set_to", "ends"),
    [
        pytest.param(None, "DE", None, "DE", id="not asked"),
        pytest.param(UsageLocationRule("US", IF_MISSING), None, "US", "US", id="missing"),
        pytest.param(UsageLocationRule("us", IF_MISSING), "", "US", "US", id="empty counts as missing"),
        pytest.param(UsageLocationRule("US", IF_MISSING), "DE", None, "DE", id="there"),
        pytest.param(UsageLocationRule("US", ALWAYS), "DE", "US", "US", id="replaced"),
        pytest.param(UsageLocationRule("DE", ALWAYS), "DE", None, "DE", id="the same is not set"),
        pytest.param(UsageLocationRule("fromUserCountry", IF_MISSING), None, "AT", "AT", id="from the country"),
        pytest.param(UsageLocationRule("tenantDefault", IF_MISSING), None, "CH", "CH", id="from the tenant"),
    ],
)
def test_the_usage_location_follows_its_rule(
    rule: UsageLocationRule | None, location: str | None, set_to: str | None, ends: str
) -> None:
    """Trap 17: it is set only where asked, and the earlier value is recorded."""
    change = change_of(plan(rule=rule, location=location, country="Austria", default="CH"))

    assert (change.usage_location, change.after.usage_location) == (set_to, ends)
    assert change.before.usage_location == location


@pytest.mark.parametrize(
    ("rule", "country", "default", "why"),
    [
        pytest.param(None, "Germany", "DE", "the request sets none", id="no country is assumed"),
        pytest.param("fromUserCountry", "Atlantis", None, "country 'Atlantis' is no ISO 3166 code", id="no country"),
        pytest.param("fromUserCountry", " ", None, "the user's country is empty", id="blank country"),
        pytest.param("tenantDefault", None, None, "the tenant's default is empty", id="no default"),
        pytest.param(
            "tenantDefault", None, "Mars", "the tenant's default, 'Mars', is no ISO 3166 code", id="bad default"
        ),
        pytest.param("ZZ", None, None, "the value asked for, 'ZZ', is no ISO 3166 code", id="bad value"),
    ],
)
def test_without_a_usage_location_in_the_end_the_user_is_left_out_and_told_why(
    rule: str | None, country: str | None, default: str | None, why: str
) -> None:
    """Trap 17: no country is ever assumed; such a user should have changed and did not."""
    location_rule = None if rule is None else UsageLocationRule(rule, IF_MISSING)
    decision = plan(rule=location_rule, location=None, country=country, default=default)

    assert (decision.status, decision.code, decision.change) == ("skipped", ResultCode.MISSING_USAGE_LOCATION, None)
    assert decision.message == f"The user has no usage location, which a licence needs; {why}."
    assert status_of(decision.code) == "failed"


def test_a_location_that_cannot_be_replaced_stays_and_the_message_says_so() -> None:
    """With mode always and no usable country the licence still goes out with the location that is there."""
    decision = plan(rule=UsageLocationRule("fromUserCountry", ALWAYS), location="FR", country="Atlantis")

    assert change_of(decision).usage_location is None
    assert decision.message == "The usage location stays FR: country 'Atlantis' is no ISO 3166 code."


def test_no_usage_location_is_set_for_a_user_whose_licences_do_not_change() -> None:
    """The location is set for the licence's sake only."""
    decision = plan(rule=UsageLocationRule("US", ALWAYS), holds=(direct("e5"),), location=None)

    assert (decision.status, decision.code) == ("unchanged", ResultCode.ALREADY_ASSIGNED)


def test_what_the_catalogue_makes_impossible_is_found_before_planning() -> None:
    """Missing SKUs, plans of other SKUs, and SKUs that nobody can be given are named (traps 3 and 9)."""
    dead = Sku("dead", "OLD", (), status="Suspended", consumed=3)
    company = Sku("rights", "RIGHTSMANAGEMENT_ADHOC", applies_to="Company")
    skus = {**SKUS, "dead": dead, "rights": company, "late": Sku("late", "LATE", status="Warning", warning=3)}
    request = AssignRequest(
        (wanted(disabled=(CHAT, "p-bi", BASE)), wanted("bi", enabled=(MAIL,)), *map(wanted, ("dead", "rights", "late")))
    )

    wishes = [licence.sku_id for licence in request.licences]
    assert missing_skus(wishes, SKUS) == ("dead", "rights", "late")
    assert unknown_plans((each.named_plans for each in request.licences), skus) == (("e5", "p-bi"), ("bi", MAIL))
    assert unassignable(wishes, skus) == {
        "dead": "The subscription of OLD is Suspended: it can no longer be assigned.",
        "rights": "RIGHTSMANAGEMENT_ADHOC applies to the whole company, not to single users.",
    }
    with pytest.raises(ValueError, match="not SKUs of this tenant: dead"):
        plan(wanted("dead"))


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        pytest.param(wanted("gone"), "The tenant has no subscription to gone.", id="no subscription"),
        pytest.param(
            wanted("dead"), "The subscription of OLD is Suspended: it can no longer be assigned.", id="ran out"
        ),
        pytest.param(
            wanted(disabled=("p-bi",)), "The tenant's SKU does not contain these plans: p-bi of SPE_E5.", id="plan"
        ),
        pytest.param(wanted(disabled=(CHAT,)), None, id="nothing stands against it"),
    ],
)
def test_what_nobody_in_the_tenant_can_get_is_said_in_a_sentence(wish: WantedLicence, why: str | None) -> None:
    """Trap 9: a subscription that ran out cannot be assigned; a user whose row asks for it is refused with that."""
    skus = {**SKUS, "dead": Sku("dead", "OLD", (), status="Suspended", consumed=3)}

    assert AssignRequest((wish,)).impossible(skus) == why
    if why:
        decision = refused(2, User("u1", "ana@contoso.com"), why)
        assert (decision.index, decision.status, decision.code) == (2, "skipped", ResultCode.SKU_NOT_FOUND)
        assert decision.message == why


def test_rows_stand_in_for_the_request_or_beside_it() -> None:
    """A row that names a SKU replaces the body's licences; one that names none keeps them."""
    request = AssignRequest((wanted("bi"),), UsageLocationRule("DE", "always"))
    rows = (RowLicence("e5", frozenset({CHAT})),)

    assert request.for_wish(Wish(rows, with_request=False)).licences == (wanted(disabled=(CHAT,)),)
    assert request.for_wish(Wish(rows)).licences == (wanted("bi"), wanted(disabled=(CHAT,)))
    assert request.for_wish(Wish()) == request
    assert request.for_wish(Wish(rows)).usage_location == request.usage_location
    assert request.for_wish(Wish(rows)).sku_ids(()) == {"e5", "bi"}


def test_a_wish_that_contradicts_itself_is_refused() -> None:
    """A SKU twice, or enabled and disabled plans at once, is no request."""
    with pytest.raises(ValueError, match="twice"):
        AssignRequest((wanted(), wanted(disabled=(CHAT,))))
    with pytest.raises(ValueError, match="with disabled and with enabled"):
        wanted(disabled=(CHAT,), enabled=(MAIL,))


def test_a_user_who_does_not_exist_is_named_as_given() -> None:
    """A failed user of a list or CSV; the others go on."""
    decision = not_found(3, "nobody@contoso.com")

    assert (decision.index, decision.user_principal_name, decision.status) == (3, "nobody@contoso.com", "skipped")
    assert decision.code == ResultCode.USER_NOT_FOUND
    assert decision.message == "There is no user 'nobody@contoso.com' in this tenant."
    assert status_of(decision.code) == "failed"
