"""Seats: counted net, reserved once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.model import Sku
from shared.domain.ordering import Moves, order, placed
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
    free_seats,
    need,
    reserve,
    reserved,
    to_begin_with,
)
from tests.support.moves import decision, plan, sku, statuses

HORIZON = 60.0


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

    assert again == Partial(progressed)
    full = reserve(skus, (), "one", {"a": SeatNeed(5)}, 0, HORIZON, partial=False)
    assert isinstance(full, Reserved)
    assert reserve(skus, full.reservations, "one", {"a": SeatNeed(5)}, 0, HORIZON, partial=False) == full


def test_a_partial_reservation_takes_what_there_is() -> None:
    """Where everything is there it is no partial one; what is over-allocated counts as none, not as less."""
    skus = {"a": sku("a", free=5), "b": sku("b", free=-3)}

    some = reserve(skus, (Reservation("a", "x", 2),), "op", {"a": SeatNeed(4), "b": SeatNeed(1)}, 0, HORIZON, True)

    assert isinstance(some, Partial)
    assert some.reservations == (Reservation("a", "op", 3), Reservation("b", "op", 0))
    assert isinstance(reserve(skus, (), "op", {"a": SeatNeed(5)}, 0, HORIZON, partial=True), Reserved)


def test_a_partial_reservation_never_gives_out_more_than_it_holds() -> None:
    """Seats that came free since it was short are not its own; of a SKU that was not short all free ones count."""
    wants = {"a": SeatNeed(4, 1), "b": SeatNeed(2, 2)}
    mine = (Reservation("a", "op", 3), Reservation("b", "op", 2))
    free = free_seats({"a": sku("a", free=9), "b": sku("b", free=1)}, (*mine, Reservation("a", "x", 2)), "op", 0, 60)

    assert free == {"a": 7, "b": 1}
    assert to_begin_with(free, mine, wants) == {"a": 2, "b": 1}
    assert to_begin_with(free, (), wants) == free


def test_what_an_operation_frees_counts_for_itself_only() -> None:
    """A full tenant can swap all its users (trap 8); the freed seats are not lent to others meanwhile."""
    skus = {"a": sku("a", free=0), "b": sku("b", free=2)}

    swap = reserve(skus, (), "op", {"a": SeatNeed(3, 3), "b": SeatNeed(2)}, 0, HORIZON, partial=False)

    assert swap == Reserved((Reservation("a", "op", 3), Reservation("b", "op", 2)))
    freed = {"a": sku("a", free=3)}
    assert isinstance(swap, Reserved)
    other = reserve(freed, swap.reservations, "other", {"a": SeatNeed(1)}, 0, HORIZON, partial=False)
    assert other == Refused({"a": Shortfall(needed=1, available=0, missing=1)})


def test_what_is_freed_first_makes_good_what_was_given_out_too_often() -> None:
    """Trap 9: of a SKU with 3 users over its seats the first 3 that are freed are nobody's to take."""
    skus = {"a": sku("a", free=-3)}
    moves = plan("a", "a", "<a", "<a", "<a", "<a")

    some = reserve(skus, (), "op", need(moves), 0, HORIZON, partial=True)

    missing = Refused({"a": Shortfall(needed=2, available=0, missing=1)})
    assert reserve(skus, (), "op", need(moves), 0, HORIZON, partial=False) == missing
    assert isinstance(some, Partial)
    assert some.reservations == (Reservation("a", "op", 1),)
    begin = to_begin_with(free_seats(skus, (), "op", 0, HORIZON), some.reservations, need(moves))
    assert begin == {"a": -3}
    assert statuses(placed(moves, order(Moves.of(moves), begin))) == "cscccc"


def test_seats_that_are_only_freed_are_not_reserved() -> None:
    """A removal works also for a SKU whose subscription is gone (trap 9)."""
    assert reserve({}, (), "op", {"a": SeatNeed(frees=3)}, 0, HORIZON, partial=False) == Reserved(())


def test_seats_of_an_unknown_sku_are_an_error() -> None:
    """Not known is not zero."""
    with pytest.raises(ValueError, match="does not have: a"):
        reserve({}, (), "op", {"a": SeatNeed(1)}, 0, HORIZON, partial=False)


@settings(max_examples=60)
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
