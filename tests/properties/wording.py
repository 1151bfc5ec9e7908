"""What the caller's words mean for a user, judged by what the user holds in the end."""

from collections.abc import Callable, Mapping

from shared.domain.mailbox import MAILBOX_PLANS
from tests.properties.telling import Off, Told
from tests.properties.tenants import POOL, SWITCHABLE, Case


def plans_that_nobody_named_stay(told: Told) -> None:
    """Invariant 2: of what is held before and after, only plans that were named or clash are switched."""
    for decision, before, after in told.results:
        clashing = {name for conflict in decision.conflicts for name in conflict.plans}
        for sku in before.keys() & after.keys():
            assert before[sku] ^ after[sku] <= _named(told.case, sku) | clashing, (decision, sku)


def _named(case: Case, sku: str) -> set[str]:
    body, named = case.body, set[str]()
    licences = body.get("licenses") if case.kind in ("assign", "modify") else None
    for each in [*(licences or []), *body.get("add", [])]:
        if each["sku"] == sku:
            named |= set(POOL[sku]) if "enabledPlans" in each else set(each.get("disabledPlans", []))
            named |= {*each.get("enablePlans", []), *each.get("disablePlans", [])}
    return named | (MAILBOX_PLANS if _in_place(case) == sku else set())


def _in_place(case: Case) -> str | None:
    mailbox = case.body.get("mailbox")
    return mailbox["replaceWith"] if mailbox else None


def what_was_asked_is_done(told: Told) -> None:
    """What the caller's words mean for a user whose change was accepted, conflicts apart."""
    for decision, before, after in told.results:
        if not decision.conflicts:
            held = {told.skus[each].part_number for each in told.skus if told.after(decision.user_id).holds(each)}
            _ASKED[told.case.kind](told.case, held, before, after)


def _assigned(case: Case, held: set[str], before: Off, after: Off) -> None:
    for wanted in case.body.get("licenses" if case.kind == "assign" else "add", []):
        sku = wanted["sku"]
        assert sku in held
        if sku in after and sku not in {each["sku"] for each in case.body["licenses"] if case.kind == "modify"}:
            assert set(wanted.get("disabledPlans", [])) <= after[sku] or sku not in before
            if "enabledPlans" in wanted:
                assert after[sku] & set(SWITCHABLE[sku]) == set(SWITCHABLE[sku]) - set(wanted["enabledPlans"])


def _removed(case: Case, held: set[str], before: Off, after: Off) -> None:
    del held
    asked = case.body["licenses"]
    named = set(before) if asked == "all" else {each["sku"] for each in asked}
    assert not (named - {_in_place(case)}) & after.keys()
    assert after.keys() - before.keys() <= {_in_place(case)}


def _transferred(case: Case, held: set[str], before: Off, after: Off) -> None:
    moves = [({*each["from"]}, each["to"], each["keepDisabledPlans"]) for each in case.body["transfers"]]
    _moved(moves, held, before, after)


def _modified(case: Case, held: set[str], before: Off, after: Off) -> None:
    named = {each["sku"] for each in [*case.body.get("licenses", []), *case.body.get("add", [])]}
    swaps = [({each["from"]}, each["to"], True) for each in case.body.get("swap", [])]
    _moved(swaps, held, before, after, named)
    for edit in case.body.get("licenses", []):
        if edit["sku"] in after:
            assert set(edit["disablePlans"]) <= after[edit["sku"]]
            assert not set(edit["enablePlans"]) & after[edit["sku"]]


def _moved(
    moves: list[tuple[set[str], str, bool]], held: set[str], before: Off, after: Off, but: set[str] | None = None
) -> None:
    """Sources go and targets come; what was on in a source is on in the target, what was off in all of them is off."""
    for _, target, keep in moves:
        sources = [source for each, to, _ in moves if to == target for source in each if source in before]
        assert not set(sources) & after.keys()
        assert target in held or not sources
        if not sources or target in before or target not in after or target in (but or ()):
            continue
        for plan in SWITCHABLE[target]:
            having = [source for source in sources if plan in POOL[source]]
            if not keep or any(plan not in before[source] for source in having):
                assert plan not in after[target]
            elif len(having) == len(sources):
                assert plan in after[target]


_ASKED: Mapping[str, Callable[[Case, set[str], Off, Off], None]] = {
    "assign": _assigned,
    "remove": _removed,
    "modify": _modified,
    "transfer": _transferred,
}
