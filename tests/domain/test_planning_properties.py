"""What holds for every planner, whatever users hold and whatever is asked."""

from collections.abc import Mapping
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.domain.assign import AssignRequest, WantedLicence
from shared.domain.codes import ResultCode
from shared.domain.drift import compare
from shared.domain.enabled import enabled_plans
from shared.domain.grace import AfterGrace, BeginGrace
from shared.domain.location import UsageLocationRule
from shared.domain.mailbox import MAILBOX_PLANS
from shared.domain.model import Assignment, Change, Decision, LicenceState, OnConflict, ServicePlan, Sku, User
from shared.domain.modify import ModifyRequest, PlanEdit, Swap
from shared.domain.planning import Planner
from shared.domain.remove import GraceRequest, RemoveRequest
from shared.domain.revert import RevertRequest
from shared.domain.selection import Recorded, RowLicence, Wish
from shared.domain.transfer import Move, TransferRequest


def plan(name: str, applies_to: str = "User") -> ServicePlan:
    """A service plan; its id is the same in all SKUs, as with Graph."""
    return ServicePlan(f"id-{name}", name, "Company" if applies_to == "Company" else "User")


SKUS = {
    sku.id: sku
    for sku in (
        Sku("small", "SMALL", (plan("EXCHANGE_S_STANDARD"), plan("TEAMS1"), plan("SWAY"), plan("BASE", "Company"))),
        Sku("large", "LARGE", (plan("EXCHANGE_S_ENTERPRISE"), plan("TEAMS1"), plan("SWAY"), plan("MCOEV"))),
        Sku("mail", "MAIL", (plan("EXCHANGE_S_STANDARD"), plan("BPOS_S_TODO_1"))),
        Sku("free", "FREE", (plan("TEAMS_FREE"),)),
        Sku("phone", "PHONE", (plan("MCOEV"),)),
    )
}
SKU_IDS = st.sampled_from(sorted(SKUS))


def plans_of(sku_id: str) -> st.SearchStrategy[frozenset[str]]:
    """Some of a SKU's service plans."""
    return st.frozensets(st.sampled_from(sorted(SKUS[sku_id].plan_ids)))


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    """One SKU from one source; an inherited one may be in error."""
    sku_id = draw(SKU_IDS)
    group = draw(st.sampled_from([None, None, "g1", "g2"]))
    error = draw(st.sampled_from([None, None, "CountViolation"])) if group else None
    return Assignment(sku_id, draw(plans_of(sku_id)), group, error)


@st.composite
def users(draw: st.DrawFn) -> User:
    """A user who holds each SKU at most once from each source."""
    held = draw(st.lists(assignments(), max_size=6, unique_by=lambda a: (a.sku_id, a.group_id)))
    location = draw(st.sampled_from(["DE", "DE", "US", None]))
    return User("u1", "ana@contoso.com", LicenceState(tuple(held), location))


@st.composite
def wanted(draw: st.DrawFn) -> WantedLicence:
    """A SKU to assign, with or without a word on its plans."""
    sku_id = draw(SKU_IDS)
    named = draw(plans_of(sku_id))
    return draw(
        st.sampled_from(
            [WantedLicence(sku_id), WantedLicence(sku_id, disabled=named), WantedLicence(sku_id, enabled=named)]
        )
    )


@st.composite
def edits(draw: st.DrawFn) -> PlanEdit:
    """Plans of one SKU to switch."""
    sku_id = draw(SKU_IDS)
    on, off = draw(plans_of(sku_id)), draw(plans_of(sku_id))
    return draw(st.sampled_from([PlanEdit(sku_id, on - off, off), PlanEdit(sku_id, exactly=off)]))


RULES = st.sampled_from([None, UsageLocationRule("US", "ifMissing"), UsageLocationRule("FR", "always")])
ON_CONFLICT = st.sampled_from(get_args(OnConflict))
WANTED = st.lists(wanted(), max_size=3, unique_by=lambda each: each.sku_id).map(tuple)
EDITS = st.lists(edits(), max_size=3, unique_by=lambda each: each.sku_id).map(tuple)


@st.composite
def moves(draw: st.DrawFn) -> tuple[Move, ...]:
    """Moves that do not contradict each other: no SKU is moved from and to."""
    one, *others = draw(st.permutations(sorted(SKUS)))
    targets = st.sampled_from([one, others[0]])
    sources = st.lists(st.sampled_from(others[1:]), min_size=1, max_size=3, unique=True).map(tuple)
    keep = draw(st.booleans())
    return tuple(draw(st.lists(st.builds(Move, sources, targets, st.just(keep)), min_size=1, max_size=2)))


def as_swaps(moves: tuple[Move, ...]) -> tuple[Swap, ...]:
    """The same moves as modify names them."""
    return tuple(Swap(source, move.target) for move in moves for source in move.sources)


SWAPS = st.just(()) | moves().map(as_swaps)
LICENCES = st.none() | st.frozensets(SKU_IDS, min_size=1)


def sensible(request: Planner) -> bool:
    """Whether a reader would let this request through."""
    return request.impossible(SKUS) is None


ASSIGNS = st.builds(AssignRequest, WANTED, RULES, st.none(), ON_CONFLICT)
MODIFIES = st.builds(ModifyRequest, EDITS, WANTED, SWAPS, RULES, st.none(), ON_CONFLICT).filter(sensible)
TRANSFERS = st.builds(TransferRequest, moves(), RULES, st.none(), ON_CONFLICT)
REMOVES = st.builds(RemoveRequest, LICENCES, st.sampled_from([None, "mail", "small"])).filter(sensible)
REQUESTS: st.SearchStrategy[Planner] = st.one_of(
    ASSIGNS, MODIFIES, TRANSFERS, REMOVES, st.builds(GraceRequest, LICENCES)
)


def decide(request: Planner, user: User, state: LicenceState | None = None) -> Decision:
    """Decide on a user, or on what the user holds later."""
    later = User(user.id, user.user_principal_name, user.state if state is None else state)
    return request.decide(0, later, SKUS, {"g1": "Sales"})


def directs(state: LicenceState) -> Mapping[str, frozenset[str]]:
    """Disabled plans of what is held directly."""
    return {a.sku_id: a.disabled_plans for a in state.assignments if a.group_id is None}


def inherited(state: LicenceState) -> set[Assignment]:
    """What groups give."""
    return {a for a in state.assignments if a.group_id is not None}


def applied(change: Change) -> Mapping[str, frozenset[str]]:
    """What Graph makes of the call: removals and additions of direct licences."""
    after = {s: off for s, off in directs(change.before).items() if s not in change.remove}
    return after | {add.sku_id: add.disabled_plans for add in change.add}


@given(REQUESTS, users())
def test_a_decision_is_a_change_or_says_why_not(request: Planner, user: User) -> None:
    """Invariant 9: exactly one decision a user, and what is stored of it can be read again."""
    decision = decide(request, user)

    assert (decision.change is not None) == (decision.status == "change") == (decision.code is None)
    assert decision.state == user.state
    adapter = TypeAdapter(Decision)
    assert adapter.validate_json(adapter.dump_json(decision)) == decision


@given(REQUESTS, users())
def test_a_change_is_one_call_that_graph_can_make(request: Planner, user: User) -> None:
    """Invariants 1 and 3, traps 1 and 3: only direct licences go, plans stand in their SKU, none is on both lists."""
    change = decide(request, user).change
    if change is None:
        return

    added = [add.sku_id for add in change.add]
    assert len({*added, *change.remove}) == len(added) + len(change.remove) > 0
    assert set(change.remove) <= directs(user.state).keys()
    assert all(add.disabled_plans <= SKUS[add.sku_id].plan_ids for add in change.add)
    assert not added or change.after.usage_location


@given(REQUESTS, users())
def test_the_after_state_is_what_the_call_makes_of_the_before_state(request: Planner, user: User) -> None:
    """Invariant 3: what groups give stays as it is; drift is judged by these states."""
    change = decide(request, user).change
    if change is None:
        return

    assert change.before == user.state
    assert directs(change.after) == applied(change)
    assert inherited(change.after) == inherited(change.before)
    assert change.after.usage_location == (change.usage_location or change.before.usage_location)
    assert compare(change, change.before) == "before"
    assert compare(change, change.after) == "after"


@given(REQUESTS, users())
def test_seats_are_counted_over_everything_the_user_holds(request: Planner, user: User) -> None:
    """Invariant 6: who has it from any source needs none; nothing moves but what the change names."""
    change = decide(request, user).change
    if change is None:
        return

    moved = {s: int(change.after.holds(s)) - int(change.before.holds(s)) for s in SKUS}
    assert change.seat_change() == {s: delta for s, delta in moved.items() if delta}


@given(REQUESTS, users())
def test_the_same_request_again_finds_nothing_to_do(request: Planner, user: User) -> None:
    """Running the same list twice changes nothing the second time."""
    change = decide(request, user).change
    if change is None:
        return

    again = decide(request, user, change.after)
    assert again.status != "change", again.change


@given(st.one_of(ASSIGNS, MODIFIES), users())
def test_plans_that_were_not_named_stay_as_they_are(request: AssignRequest | ModifyRequest, user: User) -> None:
    """Trap 2: of what is held before and after, only named plans and those of a conflict are switched."""
    decision = decide(request, user)
    if decision.change is None:
        return

    wishes = request.licences if isinstance(request, AssignRequest) else request.add
    exact = {each.sku_id for each in wishes if each.enabled is not None}
    named = {each.sku_id: each.named_plans[1] for each in wishes}
    for edit in request.edits if isinstance(request, ModifyRequest) else ():
        named[edit.sku_id] = named.get(edit.sku_id, frozenset()) | edit.named_plans[1]
        exact |= {edit.sku_id} if edit.exactly is not None else set()
    clashing = {f"id-{name}" for conflict in decision.conflicts for name in conflict.plans}
    before, after = directs(decision.change.before), directs(decision.change.after)
    for sku_id in (before.keys() & after.keys()) - exact:
        assert (before[sku_id] ^ after[sku_id]) <= named.get(sku_id, frozenset()) | clashing
        assert (before[sku_id] ^ after[sku_id]) <= SKUS[sku_id].user_plan_ids


@given(TRANSFERS, users())
def test_plans_that_are_off_in_every_source_are_off_in_the_target(request: TransferRequest, user: User) -> None:
    """Invariant 2: who had a service switched off does not get it back by a move, and none that was on is lost."""
    decision = decide(request, user)
    if decision.change is None or decision.conflicts:
        return

    before = directs(decision.change.before)
    for move in request.moves:
        held = {s for each in request.moves if each.target == move.target for s in each.sources if s in before}
        target = next((add for add in decision.change.add if add.sku_id == move.target), None)
        if target is None or not held:
            continue
        for plan_id in SKUS[move.target].user_plan_ids:
            having = [s for s in held if plan_id in SKUS[s].plan_ids]
            off = having and all(plan_id in before[s] for s in having)
            others_may_have_it = len(having) < len(held)
            if not move.keep_disabled or (having and not off):
                assert plan_id not in target.disabled_plans
            elif off and not others_may_have_it:
                assert plan_id in target.disabled_plans


@given(REQUESTS, users())
def test_a_revert_brings_back_what_the_change_concerned(request: Planner, user: User) -> None:
    """Trap 39: the direct licences with their disabled plans, and the usage location where there was one."""
    change = decide(request, user).change
    if change is None:
        return
    revert = RevertRequest(Recorded(change.before, change.after, change.sku_ids))

    decision = decide(revert, user, change.after)

    if decision.code == ResultCode.MISSING_USAGE_LOCATION:
        assert not change.before.usage_location
        return
    assert decision.change is not None, decision
    assert directs(decision.change.after) == directs(change.before)
    assert inherited(decision.change.after) == inherited(change.before)
    lost = not change.before.usage_location and bool(change.after.usage_location)
    assert decision.not_reverted == (("usageLocation",) if lost else ())
    assert lost or decision.change.after.usage_location == change.before.usage_location
    assert decide(revert, user, decision.change.after).code == ResultCode.ALREADY_ASSIGNED


@given(REQUESTS, users(), users())
def test_a_revert_touches_nobody_whom_somebody_else_changed(request: Planner, user: User, other: User) -> None:
    """Trap 39: the user must look as the operation left it, as far as it concerned it."""
    change = decide(request, user).change
    if change is None:
        return
    live = LicenceState(other.state.assignments, change.after.usage_location)
    if compare(change, live) != "drifted":
        return
    revert = RevertRequest(Recorded(change.before, change.after, change.sku_ids))

    assert decide(revert, user, live).code == ResultCode.DRIFTED


@given(REMOVES, users(), st.booleans())
def test_a_grace_takes_no_licence_and_ends_as_the_removal_would_have(
    remove: RemoveRequest, user: User, dark: bool
) -> None:
    """A mailbox that another licence takes over is there before, meanwhile and in the end."""
    began = decide(BeginGrace(remove, dark), user)
    left = began.change.after if began.change else user.state
    assert directs(left).keys() == directs(user.state).keys()
    if not began.graced:
        assert left == user.state
        return
    noted = Recorded(user.state, left, frozenset(began.graced)) if dark else None
    wish = Wish(tuple(map(RowLicence, began.graced)), with_request=False, undo=noted)
    over = decide(AfterGrace(remove).for_wish(wish), user, left).change
    at_once = decide(remove, user).change

    assert over
    assert at_once
    assert set(over.remove) == set(at_once.remove)
    assert {each.sku_id for each in over.add} == {each.sku_id for each in at_once.add}
    if remove.replace_with and enabled_plans(user.state, SKUS, MAILBOX_PLANS):
        assert enabled_plans(left, SKUS, MAILBOX_PLANS)
        assert enabled_plans(over.after, SKUS, MAILBOX_PLANS)
