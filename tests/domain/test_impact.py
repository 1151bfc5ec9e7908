"""The impact of a plan: everybody is counted once, seats and money net, conflicts and warnings by name."""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import batched
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.domain.effects import Warn
from shared.domain.impact import (
    GROUP_SIZE,
    MAX_CONFLICTS,
    MAX_SAMPLE,
    MESSAGES,
    Found,
    Impact,
    Impacts,
    PlanWarning,
    SkuImpact,
)
from shared.domain.model import AddLicence, Assignment, Change, Conflict, Decision, LicenceState, Sku, User
from shared.domain.planning import refused
from shared.domain.prices import PriceBook
from shared.domain.seats import Refused, need, reserve

E5 = Sku("e5", "SPE_E5", enabled=500, consumed=423)
E3 = Sku("e3", "SPE_E3", enabled=390, warning=10, consumed=324)
BI = Sku("bi", "POWER_BI_PRO", enabled=659, consumed=659)
SKUS = {sku.id: sku for sku in (E5, E3, BI)}
BOOK = PriceBook("USD", {"SPE_E5": Decimal("57.50"), "SPE_E3": Decimal("9.75"), "POWER_BI_PRO": Decimal("1.50")})


def decision(index: int, status: Any = "change", takes: str = "", frees: str = "", **fields: Any) -> Decision:
    """A decision on a user who takes and frees these SKUs (ids, separated by blanks)."""
    adds, removes = takes.split(), frees.split()
    before = LicenceState(tuple(Assignment(sku) for sku in removes))
    after = LicenceState(tuple(Assignment(sku) for sku in adds))
    change = Change(tuple(AddLicence(sku) for sku in adds), tuple(removes), None, before, after)
    return Decision(
        index, f"u{index}", f"user{index}@x.com", status, change=change if status == "change" else None, **fields
    )


def added_up(*decisions: Decision, skus: dict[str, Sku] | None = None, **more: Any) -> Impact:
    """The impact of these decisions."""
    impacts = Impacts("t1", SKUS if skus is None else skus)
    impacts.add(decisions)
    return impacts.result(**more)


def golden() -> Iterator[Decision]:
    """77 who get E5, 170 who lose E3 with 77 of them the same, and three who have it already."""
    for index in range(170):
        yield decision(index, takes="e5" if index < 77 else "", frees="e3")
    for index in range(170, 173):
        yield decision(index, "unchanged", code="AlreadyAssigned")


def test_seats_and_money_of_a_plan() -> None:
    """Before is what is assigned, after is net, cost counts all SKUs of the tenant and lists those that change."""
    found = added_up(*golden(), prices=BOOK)

    assert (found.users_selected, found.users_affected, found.users_unchanged) == (173, 170, 3)
    assert found.licences == (SkuImpact("SPE_E3", "e3", 400, 324, 154, 170), SkuImpact("SPE_E5", "e5", 500, 423, 500))
    assert [(each.change, each.available_after, each.shortfall) for each in found.licences] == [
        (-170, 246, 0),
        (77, 0, 0),
    ]
    assert found.cost
    assert (found.cost.monthly_before, found.cost.monthly_after) == (Decimal("28470.00"), Decimal("31240.00"))
    assert [(each.sku, each.seats, str(each.monthly)) for each in found.cost.unused_paid_seats] == [
        ("SPE_E3", 246, "2398.50")
    ]


@given(st.lists(st.sampled_from(["change", "unchanged", "skipped", "failed"])), st.integers(1, 7))
def test_everybody_is_counted_once(kinds: list[str], size: int) -> None:
    """Invariant 9: selected = affected + unchanged + skipped, in whatever chunks the decisions come."""
    codes = {"unchanged": "AlreadyAssigned", "skipped": "InheritedFromGroup", "failed": "UserNotFound"}
    decisions = [
        decision(n, "skipped" if kind == "failed" else kind, takes="e5", code=codes.get(kind))
        for n, kind in enumerate(kinds)
    ]
    impacts = Impacts("t1", SKUS)
    for chunk in batched(decisions, size, strict=False):
        impacts.add(chunk)
    found = impacts.result()

    assert found == added_up(*decisions)
    assert found.users_selected == len(kinds)
    assert found.users_affected == kinds.count("change")
    assert found.users_unchanged == kinds.count("unchanged")
    assert {each.code: each.count for each in found.users_skipped} == {
        codes[kind]: kinds.count(kind) for kind in ("skipped", "failed") if kind in kinds
    }


def test_a_seat_that_is_held_already_is_not_counted_again() -> None:
    """Trap 7: other service plans, or a direct licence beside a group's, touch the SKU and move no seat."""
    held = LicenceState((Assignment("e5", group_id="g"),))
    both = LicenceState((*held.assignments, Assignment("e5")))
    change = Change((AddLicence("e5"),), (), None, held, both)

    found = added_up(Decision(0, "u", "u@x.com", "change", change=change))

    assert found.licences == (SkuImpact("SPE_E5", "e5", 500, 423, 423),)


def test_what_is_missing_is_a_shortfall_and_never_a_negative_number() -> None:
    """Eighty want the 77 seats that are left."""
    (found,) = added_up(*(decision(n, takes="e5") for n in range(80))).licences

    assert (found.after, found.available_after, found.shortfall) == (503, 0, 3)


def test_a_sku_given_out_too_often_lacks_nothing_for_who_takes_none() -> None:
    """Trap 9: a subscription that ran out can still be taken from users."""
    ran_out = {"e3": Sku("e3", "SPE_E3", enabled=0, consumed=324)}
    (found,) = added_up(decision(0, frees="e3"), skus=ran_out).licences

    assert (found.total, found.before, found.after, found.available_after, found.shortfall) == (0, 324, 323, 0, 0)


@given(st.integers(0, 9), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_the_shortfall_is_what_the_reservation_would_miss(total: int, consumed: int, takes: int, frees: int) -> None:
    """What the preview says and what the operation is refused for are one number."""
    skus = {"a": Sku("a", "A", enabled=total, consumed=frees + consumed)}
    decisions = [decision(n, takes="a") for n in range(takes)] + [decision(n, frees="a") for n in range(frees)]
    refused = reserve(skus, (), "op", need(decisions), 0.0, 60.0, partial=False)
    impact = added_up(*decisions, skus=skus)

    missing = refused.shortfalls["a"].missing if isinstance(refused, Refused) else 0
    assert sum(each.shortfall for each in impact.licences) == missing


def test_a_sku_that_the_tenant_no_longer_lists_is_named_by_its_id() -> None:
    """Its seats that the plan frees are known; it has no price, so no sum is shown (Invariant 13)."""
    found = added_up(decision(0, frees="gone"), decision(1, frees="gone"), prices=BOOK)

    assert found.licences == (SkuImpact("gone", "gone", 0, 2, 0, 2),)
    assert found.cost
    assert (found.cost.unpriced, found.cost.monthly_after) == (("gone",), None)


def test_a_count_that_lags_makes_no_negative_seats() -> None:
    """Trap 25: two users hold it, so at least two seats are assigned, though Graph counts none yet."""
    found = added_up(decision(0, frees="e3"), decision(1, frees="e3"), skus={"e3": Sku("e3", "SPE_E3", enabled=5)})

    assert found.licences == (SkuImpact("SPE_E3", "e3", 5, 2, 0, 2),)


def test_who_is_excluded_is_listed_and_not_selected() -> None:
    """They are no part of the selection."""
    found = added_up(
        decision(0, takes="e5"),
        excluded={"Guest": 12, "Protected": 1, "Disabled": 0},
        excluded_samples={"Protected": ["breakglass@x.com"], "Guest": [f"guest{n}@x.com" for n in range(12)]},
    )

    assert found.users_selected == 1
    assert found.excluded == (
        Found("Guest", 12, tuple(f"guest{n}@x.com" for n in range(MAX_SAMPLE))),
        Found("Protected", 1, ("breakglass@x.com",)),
    )


def test_warnings_count_users_once_and_name_some() -> None:
    """Trap 11, Trap 16: the most frequent first, with the first names."""
    loss, mail = Warn.MAILBOX_LOSS.value, Warn.PROXY_ADDRESS_CHANGE.value
    found = added_up(*(decision(n, frees="e3", warnings=(mail, mail) if n % 2 else (loss, mail)) for n in range(20)))

    assert [(each.code, each.count) for each in found.warnings] == [(mail, 20), (loss, 10)]
    assert found.warnings[1].sample == tuple(f"user{n}@x.com" for n in range(0, 10, 2))


def test_warnings_of_the_whole_plan() -> None:
    """SKUs that cannot be given out, states that are our own writes, a group that could carry the licences."""
    plan = [decision(n, takes="e5") for n in range(GROUP_SIZE)]
    barred = [refused(GROUP_SIZE + n, User(f"b{n}", f"b{n}@x.com"), "why", ["gone", "old"]) for n in range(3)]
    skus = {**SKUS, "old": Sku("old", "OLD", status="Suspended")}
    found = added_up(*plan, *barred, skus=skus, recent=7, by_group=True)

    assert found.warnings == (
        Found(PlanWarning.GROUP_BASED_LICENSING, GROUP_SIZE),
        Found(PlanWarning.REPLICATION_LAG, 7),
        Found(PlanWarning.UNASSIGNABLE_SKU, 2, ("OLD", "gone")),
    )
    assert added_up(*plan).warnings == added_up(*plan[1:], by_group=True).warnings == ()


@pytest.mark.parametrize("code", [*Warn, *PlanWarning], ids=str)
def test_every_warning_says_what_happens_and_what_to_do(code: str) -> None:
    """Two sentences at least; who loses a mailbox is told the 30 days (Trap 11)."""
    assert MESSAGES[code].count(".") >= 2
    assert ("30 days" in MESSAGES[code]) == code.endswith("Loss")


def test_conflicts_are_listed_up_to_a_limit_and_all_counted() -> None:
    """A plan of any size stays reviewable; order is that of the selection."""
    conflict = Conflict(("TEAMS1", "TEAMS_FREE"), "skip")
    found = added_up(*(decision(n, takes="e5", conflicts=(conflict, conflict)) for n in range(60)))

    assert (len(found.conflicts), found.conflicts_total) == (MAX_CONFLICTS, 120)
    assert (found.conflicts[0].conflict, found.conflicts[-1].user_principal_name) == (conflict, "user49@x.com")


def test_no_prices_no_cost() -> None:
    """A cost is only told by a book."""
    assert added_up(decision(0, takes="e5")).cost is None


def test_an_impact_reads_back_whole() -> None:
    """It is kept as JSON, money to the cent."""
    conflict = Conflict(("TEAMS1", "TEAMS_FREE"), "disableConflictingPlans")
    told = decision(999, takes="e5", conflicts=(conflict,), warnings=(Warn.MAILBOX_LOSS.value,))
    impact = added_up(*golden(), told, prices=BOOK, excluded={"Guest": 1})
    adapter = TypeAdapter(Impact)
    text = adapter.dump_json(impact)

    assert adapter.validate_json(text) == impact
    assert json.loads(text)["cost"]["monthly_before"] == "28470.00"
