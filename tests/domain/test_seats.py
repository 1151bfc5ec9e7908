"""Seats: counted net, reserved once, given out in selection order."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.model import AddLicence, Assignment, Change, Decision, LicenceState, Sku
from shared.domain.seats import (
    MAX_YOUNG,
    Partial,
    Refused,
    Reservation,
    Reserved,
    SeatNeed,
    Shortfall,
    close,
    confirm,
    expired,
    need,
    reserve,
    reserved,
    trim,
)

HORIZON = 60.0


def sku(sku_id: str, free: int) -> Sku:
    """A SKU with so many free seats."""
    return Sku(sku_id, sku_id.upper(), enabled=100, consumed=100 - free)


def decision(index: int, takes: str = "", frees: str = "", *, group: str | None = None) -> Decision:
    """A user who takes and frees these SKUs (one letter each); with a group, the taken ones are inherited already."""
    before = tuple(Assignment(s) for s in frees) + (
        tuple(Assignment(s, group_id=group) for s in takes) if group else ()
    )
    after = tuple(a for a in before if a.group_id) + tuple(Assignment(s) for s in takes)
    change = Change(
        tuple(AddLicence(s) for s in takes), tuple(frees), None, LicenceState(before, "DE"), LicenceState(after, "DE")
    )
    return Decision(index, f"u{index}", f"u{index}@x", "change", change=change)


def unchanged(index: int) -> Decision:
    """A user with nothing to do."""
    return Decision(index, f"u{index}", f"u{index}@x", "unchanged", code="AlreadyAssigned")


def plan(*moves: str) -> list[Decision]:
    """Users written as ``takes<frees``, for example ``a`` (takes a), ``a<b`` (a swap), ``<b`` (a removal), ``-``."""
    return [
        unchanged(i) if move == "-" else decision(i, *(move.split("<") if "<" in move else (move,)))
        for i, move in enumerate(moves)
    ]


def test_takes_and_frees_are_counted_net() -> None:
    """Trap 7: who holds the SKU already, directly or by a group, needs no seat."""
    decisions = [*plan("a", "a<b", "<b", "-"), decision(4, "a", group="g1")]

    assert need(decisions) == {"a": SeatNeed(takes=2), "b": SeatNeed(frees=2)}


def test_a_seat_counts_as_reserved_until_its_taking_is_older_than_the_horizon() -> None:
    """Graph's own count may not show a young take yet, so it is held back beside it."""
    reservation = confirm(confirm(Reservation("a", "op", planned=10), 4, now=100), 6, now=130)

    assert reservation.taken == 6
    assert reserved([reservation], 150, HORIZON) == {"a": 10}
    assert reserved([reservation], 161, HORIZON) == {"a": 6}
    assert reserved([reservation, Reservation("a", "other", 3)], 191, HORIZON) == {"a": 7}


def test_confirming_twice_counts_once() -> None:
    """The count is absolute: an activity that runs twice, or late, changes nothing."""
    once = confirm(Reservation("a", "op", planned=10), 4, now=100)

    assert confirm(once, 4, now=101) == once
    assert confirm(once, 3, now=101) == once


def test_many_confirmations_stay_small_and_hold_no_seat_back_shorter() -> None:
    """The row has a limit; merging errs on the side of holding back."""
    reservation = Reservation("a", "op", planned=100)
    for step in range(100):
        reservation = confirm(reservation, step + 1, now=float(step))

    assert len(reservation.young) == MAX_YOUNG
    assert sum(count for _, count in reservation.young) == reservation.taken == 100
    for now in range(99, 200):
        exact = sum(1 for step in range(100) if now - step <= HORIZON)
        assert reserved([reservation], now, HORIZON)["a"] >= exact


def test_a_closed_reservation_goes_when_its_takes_are_old_and_never_before() -> None:
    """At the end planned is cut to what was taken; the clock alone frees nothing."""
    open_one = confirm(Reservation("a", "op", planned=10), 4, now=100)
    closed = close(open_one)

    assert closed.planned == 4
    assert not expired(open_one, 1e9, HORIZON)
    assert not expired(closed, 160, HORIZON)
    assert expired(closed, 161, HORIZON)
    assert expired(close(Reservation("a", "op", planned=10)), 0, HORIZON)


def test_of_two_operations_that_want_the_last_seats_one_gets_them() -> None:
    """The other is refused before its first write, with the numbers (invariant 6)."""
    skus = {"a": sku("a", free=5)}

    first = reserve(skus, (), "one", {"a": SeatNeed(4)}, 0, HORIZON, partial=False)
    assert isinstance(first, Reserved)
    second = reserve(skus, first.reservations, "two", {"a": SeatNeed(4)}, 0, HORIZON, partial=False)

    assert second == Refused({"a": Shortfall(needed=4, available=1, missing=3)})


def test_an_operation_that_reserves_again_gets_the_same_answer() -> None:
    """The activity ran twice, or a new epoch asks: nothing is reserved on top, and what was taken stays noted."""
    skus = {"a": sku("a", free=5), "b": sku("b", free=1)}
    wants = {"a": SeatNeed(4), "b": SeatNeed(3)}
    first = reserve(skus, (), "one", wants, 0, HORIZON, partial=True)
    assert isinstance(first, Partial)
    progressed = (confirm(first.reservations[0], 2, now=5), *first.reservations[1:])

    again = reserve(skus, progressed, "one", wants, 10, HORIZON, partial=True)

    assert again == Partial(progressed, first.granted)
    full = reserve(skus, (), "one", {"a": SeatNeed(5)}, 0, HORIZON, partial=False)
    assert isinstance(full, Reserved)
    assert reserve(skus, full.reservations, "one", {"a": SeatNeed(5)}, 0, HORIZON, partial=False) == full


def test_a_partial_reservation_takes_what_there_is() -> None:
    """Where everything is there it is no partial one; what is over-allocated counts as none, not as less."""
    skus = {"a": sku("a", free=5), "b": sku("b", free=-3)}

    some = reserve(skus, (Reservation("a", "x", 2),), "op", {"a": SeatNeed(4), "b": SeatNeed(1)}, 0, HORIZON, True)

    assert isinstance(some, Partial)
    assert some.granted == {"a": 3, "b": 0}
    assert some.reservations == (Reservation("a", "op", 3), Reservation("b", "op", 0))
    assert isinstance(reserve(skus, (), "op", {"a": SeatNeed(5)}, 0, HORIZON, partial=True), Reserved)


def test_what_an_operation_frees_counts_for_itself_only() -> None:
    """A full tenant can swap all its users (trap 8); the freed seats are not lent to others meanwhile."""
    skus = {"a": sku("a", free=0), "b": sku("b", free=2)}

    swap = reserve(skus, (), "op", {"a": SeatNeed(3, 3), "b": SeatNeed(2)}, 0, HORIZON, partial=False)

    assert swap == Reserved((Reservation("a", "op", 3), Reservation("b", "op", 2)))
    freed = {"a": sku("a", free=3)}
    assert isinstance(swap, Reserved)
    other = reserve(freed, swap.reservations, "other", {"a": SeatNeed(1)}, 0, HORIZON, partial=False)
    assert other == Refused({"a": Shortfall(needed=1, available=0, missing=1)})


def test_seats_that_are_only_freed_are_not_reserved() -> None:
    """A removal works also for a SKU whose subscription is gone (trap 9)."""
    assert reserve({}, (), "op", {"a": SeatNeed(frees=3)}, 0, HORIZON, partial=False) == Reserved(())


def test_seats_of_an_unknown_sku_are_an_error() -> None:
    """Not known is not zero."""
    with pytest.raises(ValueError, match="does not have: a"):
        reserve({}, (), "op", {"a": SeatNeed(1)}, 0, HORIZON, partial=False)


def statuses(decisions: tuple[Decision, ...]) -> str:
    """One letter a user: ``c``hange, ``u``nchanged, ``s``kipped."""
    return "".join(d.status[0] for d in decisions)


@pytest.mark.parametrize(
    ("moves", "seats", "kept", "left"),
    [
        pytest.param(["a", "a", "a"], {"a": 2}, "ccs", {"a": 0}, id="in selection order"),
        pytest.param(["a", "-", "a", "-"], {"a": 1}, "cusu", {"a": 0}, id="trap 7: who needs none goes on"),
        pytest.param(["ab", "b", "b"], {"a": 0, "b": 1}, "scs", {"a": 0, "b": 0}, id="both or neither"),
        pytest.param(["a", "<a", "a"], {"a": 0}, "ccs", {"a": 0}, id="a freed seat goes to who waited first"),
        pytest.param(["a<b", "b<a"], {"a": 0, "b": 0}, "ss", {"a": 0, "b": 0}, id="a circle without a spare seat"),
        pytest.param(["a<b", "b<a"], {"a": 1, "b": 0}, "cc", {"a": 1, "b": 0}, id="a circle with one"),
        pytest.param(["b<a", "c<b", "d<c"], {"d": 1}, "ccc", {"a": 1, "b": 0, "c": 0, "d": 0}, id="a chain"),
        pytest.param(["ab", "a", "<a"], {"a": 0, "b": 0}, "scc", {"a": 0, "b": 0}, id="passed on when of no use"),
        pytest.param(["a"], {}, "s", {}, id="a SKU without a grant has no seats"),
    ],
)
def test_seats_are_given_out(moves: list[str], seats: Mapping[str, int], kept: str, left: dict[str, int]) -> None:
    """Selection order first; freed seats are credited (trap 8), never spent before."""
    decisions, remaining = trim(plan(*moves), seats)

    assert statuses(decisions) == kept
    assert {s: n for s, n in remaining.items() if n or s in left} == left


def test_a_user_without_a_seat_is_named_and_not_dropped() -> None:
    """The decision keeps its place and says which SKU was short."""
    (first, second), left = trim(plan("a", "a"), {"a": 1}, {"a": sku("a", 0)})

    assert first == plan("a")[0]
    assert (second.index, second.user_id, second.status, second.code) == (1, "u1", "skipped", "InsufficientLicenses")
    assert second.change is None
    assert second.message == "No seat of A is left for this user."
    assert left == {"a": 0}


MOVES = st.lists(
    st.tuples(st.sets(st.sampled_from("abc"), max_size=2), st.sets(st.sampled_from("abc"), max_size=2)).map(
        lambda pair: "".join(sorted(pair[0])) + "<" + "".join(sorted(pair[1] - pair[0]))
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(MOVES, st.fixed_dictionaries({s: st.integers(0, 2) for s in "abc"}))
def test_what_is_kept_can_be_done_and_what_is_skipped_cannot(moves: list[str], seats: dict[str, int]) -> None:
    """Every kept change finds its seats in some order, the balance is exact, and no skipped one fits in."""
    decisions, left = trim(plan(*moves), seats)

    kept = [d.change.seat_change() for d in decisions if d.change]
    done = {frozenset[int]()}
    frontier = [frozenset[int]()]
    while frontier:
        made = frontier.pop()
        free = Counter(seats)
        for i in made:
            free.subtract(kept[i])
        for i in set(range(len(kept))) - made:
            if made | {i} not in done and all(free[s] >= n for s, n in kept[i].items()):
                done.add(made | {i})
                frontier.append(made | {i})
    assert frozenset(range(len(kept))) in done
    assert all(left.get(s, 0) == seats[s] - sum(move.get(s, 0) for move in kept) for s in "abc")
    assert all(n >= 0 for n in left.values())
    skipped = [
        d.change.seat_change() for d, kept in zip(plan(*moves), decisions, strict=True) if d.change and not kept.change
    ]
    assert all(any(n > left.get(s, 0) for s, n in move.items()) for move in skipped)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("rtce"), st.integers(0, 3), st.integers(1, 6)), max_size=30))
def test_reservations_never_give_out_more_seats_than_there_are(steps: list[tuple[str, int, int]]) -> None:
    """Whatever reserves, takes, ends and ages, with a lagging count: no more are taken than the tenant has."""
    total, taken_at, rows, now = 12, list[float](), dict[str, Reservation](), 0.0
    for kind, who, count in steps:
        now += 25.0
        name = f"op{who}"
        shown = sum(now - at > HORIZON for at in taken_at)
        if kind == "r" and name not in rows:
            skus = {"a": Sku("a", "A", enabled=total, consumed=shown)}
            answer = reserve(skus, rows.values(), name, {"a": SeatNeed(count)}, now, HORIZON, partial=True)
            assert not isinstance(answer, Refused)
            rows[name] = answer.reservations[0]
        elif kind == "t" and name in rows:
            more = min(count, rows[name].planned - rows[name].taken)
            taken_at += [now] * more
            rows[name] = confirm(rows[name], rows[name].taken + more, now)
        elif kind == "c" and name in rows:
            rows[name] = close(rows[name])
        elif kind == "e":
            rows = {n: r for n, r in rows.items() if not expired(r, now, HORIZON)}
        assert len(taken_at) <= total
