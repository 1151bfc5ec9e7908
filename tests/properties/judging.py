"""What must hold once a plan was played: judged by the simulator's state and the caller's words, not by the planner."""

from collections import Counter
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from shared.domain.codes import ResultCode
from shared.domain.conflicts import EXCLUSIVE, NEEDS
from shared.domain.effects import WATCHED, Warn
from shared.domain.enabled import enabled_plans
from shared.domain.model import Change, Decision
from tests.properties.telling import Told
from tests.properties.tenants import PRICES, Json
from tests.properties.wording import plans_that_nobody_named_stay, what_was_asked_is_done


def everybody_is_counted_once(told: Told) -> None:
    """Invariant 9: selected = affected + unchanged + skipped."""
    impact, statuses = told.plan.impact, Counter(each.status for each in told.plan.decisions)
    skipped = sum(each.count for each in impact.users_skipped)
    assert [each.user_id for each in told.plan.decisions] == [user.id for user in told.users]
    assert (impact.users_affected, impact.users_unchanged, skipped) == (
        statuses["change"],
        statuses["unchanged"],
        statuses["skipped"],
    )
    assert impact.users_selected == len(told.case.selected)


def only_what_is_direct_is_taken(told: Told) -> None:
    """Invariants 1, 3 and 4: one call a user, direct licences only, and no usage location that nobody asked for."""
    asked: Json | None = told.case.body.get("usageLocation")
    for decision, change in told.plan.changes:
        own = {each.sku_id for each in told.truth[decision.user_id].licences if each.group is None}
        assert set(change.remove) <= own
        assert not set(change.remove) & {each.sku_id for each in change.add}
        assert change.usage_location is None or asked, "nobody asked for a usage location"
        if asked and change.usage_location:
            values = {"fromUserCountry": "FR", "tenantDefault": told.case.default_usage_location}
            assert change.usage_location == values.get(asked["value"], asked["value"])
            assert asked["mode"] == "always" or not change.before.usage_location


def what_was_accepted_is_there(told: Told) -> None:
    """A user holds in the end what the plan said, what groups give included."""
    for decision, change in told.played.accepted:
        after = told.after(decision.user_id)
        assert set(after.assignments) == set(change.after.assignments), decision.user_principal_name
        assert after.usage_location == change.after.usage_location


def nobody_else_is_touched(told: Told) -> None:
    """Who does not change, or was not selected, was never written to; who was refused keeps the licences."""
    now, changed = told.directory.truth(), {decision.user_id for decision, _ in told.plan.changes}
    assert all(now[user_id] is before for user_id, before in told.truth.items() if user_id not in changed)
    for decision, _, _ in told.played.rejected:
        assert now[decision.user_id].licences == told.truth[decision.user_id].licences


def refusals_were_foreseeable(told: Told) -> None:
    """Graph refuses only for what a plan cannot rule out, and the preview has warned of what the change brings."""
    unfreed = Counter(
        s for _, change, _ in told.played.rejected for s, delta in change.seat_change().items() if delta < 0
    )
    for decision, change, code in told.played.rejected:
        before, after = (enabled_plans(state, told.skus, WATCHED) for state in (change.before, change.after))
        match code:
            case ResultCode.DEPENDENCY_NOT_MET:
                lacking = _lacking(after)
                warned = {Warn.DEPENDENCY_MISSING, Warn.DEPENDENT_ADD_ON} & set(decision.warnings)
                assert lacking
                assert warned or lacking <= _lacking(before), decision
            case ResultCode.CONFLICTING_SERVICE_PLANS:
                assert any(before.issuperset(pair) and after.issuperset(pair) for pair in EXCLUSIVE), decision
            case ResultCode.MISSING_USAGE_LOCATION | ResultCode.PROHIBITED_IN_USAGE_LOCATION:
                assert change.after.usage_location in told.case.spec["prohibitedUsageLocations"], decision
            case ResultCode.INSUFFICIENT_LICENSES:
                assert any(unfreed[s] for s, delta in change.seat_change().items() if delta > 0), decision
            case _:
                raise AssertionError(f"{code}: {decision}")


def _lacking(on: frozenset[str]) -> set[str]:
    return {plan for plan, needed in NEEDS.items() if plan in on and on.isdisjoint(needed)}


def wrong_before(told: Told, change: Change) -> set[str]:
    """With which codes Graph, or the plan, may refuse to bring back what a change has found."""
    wrong: set[str] = set()
    on, place = enabled_plans(change.before, told.skus, WATCHED), change.before.usage_location
    if not place and not change.usage_location:
        wrong.add(ResultCode.MISSING_USAGE_LOCATION)
    if place in told.case.spec["prohibitedUsageLocations"]:
        wrong |= {ResultCode.MISSING_USAGE_LOCATION, ResultCode.PROHIBITED_IN_USAGE_LOCATION}
    if _lacking(on):
        wrong.add(ResultCode.DEPENDENCY_NOT_MET)
    if any(on.issuperset(pair) for pair in EXCLUSIVE):
        wrong.add(ResultCode.CONFLICTING_SERVICE_PLANS)
    for each in change.remove:
        if told.skus[each].status == "Suspended":
            wrong.add(ResultCode.SKU_NOT_FOUND)
        if told.consumed[each] > told.directory.tenant.skus[each].seats:
            wrong.add(ResultCode.INSUFFICIENT_LICENSES)
    return wrong


def seats_are_as_foretold(told: Told) -> None:
    """Invariant 6: the preview's seats are the directory's; whom Graph refused is taken out of both."""
    expected = Counter(told.consumed)
    for _, change in told.played.accepted:
        expected.update(change.seat_change())
    now = told.directory.consumed()
    assert now == dict(expected)
    foretold = {each.sku_id: each.after for each in told.plan.impact.licences}
    for _, change, _ in told.played.rejected:
        for each, delta in change.seat_change().items():
            foretold[each] -= delta
    assert {each: now[each] for each in foretold} == foretold
    assert all(now[each] == told.consumed[each] for each in now.keys() - foretold.keys())


def seats_suffice_or_nothing_begins(told: Told) -> None:
    """Invariant 6: refused where takes exceed frees and free seats, for any SKU, and nowhere else."""
    partial = told.case.partial
    takes, frees = Counter[str](), Counter[str]()
    for decision in told.plan.wished:
        for each, delta in (decision.change.seat_change() if decision.change else {}).items():
            (takes if delta > 0 else frees)[each] += 1
    free = {each: told.directory.tenant.skus[each].seats - told.consumed[each] for each in takes}
    there = {each: max(0, free[each] + frees[each]) for each in takes}
    missing = {each: takes[each] - there[each] for each in takes if takes[each] > there[each]}
    if told.plan.refused:
        assert not partial
        assert {s: short.missing for s, short in told.plan.refused.shortfalls.items()} == missing
        assert {each.sku_id: each.shortfall for each in told.plan.impact.licences if each.shortfall} == missing
    else:
        assert partial or not missing
        assert not any(each.shortfall for each in told.plan.impact.licences)


def the_first_get_the_seats(told: Told) -> None:
    """``partial``: nobody later gets what would have served an earlier one, and no seat that would serve is left."""
    left = {each: told.directory.tenant.skus[each].seats - told.consumed[each] for each in told.consumed}
    for _, change in told.plan.changes:
        for each, delta in change.seat_change().items():
            left[each] -= delta
    pairs = list(zip(told.plan.wished, told.plan.decisions, strict=True))
    for place, (wished, given) in enumerate(pairs):
        if wished == replace(given, wave=wished.wave):
            continue
        assert given.code == ResultCode.INSUFFICIENT_LICENSES
        takes = _takes(wished)
        assert any(left[each] <= 0 for each in takes), given
        for later, kept in pairs[place + 1 :]:
            assert kept.change is None or not takes or not _takes(later) >= takes, (given, kept)


def _takes(decision: Decision) -> set[str]:
    return {s for s, delta in decision.change.seat_change().items() if delta > 0} if decision.change else set()


def the_cost_is_that_of_the_seats(told: Told) -> None:
    """Invariant 13: seats times prices in the end, and no number where one of the prices is not known."""
    cost = told.plan.impact.cost
    assert cost is not None
    foretold = {each.sku_id: each.after for each in told.plan.impact.licences}
    seats = {sku: (told.consumed[sku.id], foretold.get(sku.id, told.consumed[sku.id])) for sku in told.skus.values()}
    unpriced = {sku.part_number for sku, counts in seats.items() if any(counts) and sku.part_number not in PRICES}
    assert set(cost.unpriced) == unpriced
    if unpriced:
        assert cost.monthly_after is cost.monthly_before is cost.change is None
    else:
        before, after = (
            sum(Decimal(PRICES.get(sku.part_number, "0")) * counts[n] for sku, counts in seats.items()) for n in (0, 1)
        )
        cent = Decimal("0.01")
        assert cost.monthly_before == Decimal(before).quantize(cent, ROUND_HALF_UP)
        assert cost.monthly_after == Decimal(after).quantize(cent, ROUND_HALF_UP)


PLANNED = (
    everybody_is_counted_once,
    only_what_is_direct_is_taken,
    seats_suffice_or_nothing_begins,
    the_first_get_the_seats,
)
"""What is judged of the plan alone."""
DONE = (
    what_was_accepted_is_there,
    nobody_else_is_touched,
    refusals_were_foreseeable,
    seats_are_as_foretold,
    the_cost_is_that_of_the_seats,
    plans_that_nobody_named_stay,
    what_was_asked_is_done,
)
"""What is judged once it was played."""
