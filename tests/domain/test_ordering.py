"""Who goes first where seats are short: waves that never take a seat before it was freed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.model import Decision
from shared.domain.ordering import Moves, Opening, Order, order, order_lending, placed
from tests.support.moves import plan, sku, statuses


def ordered(moves: Iterable[str], seats: Mapping[str, int]) -> Order:
    """The order of users written as ``takes<frees``."""
    return order(Moves.of(plan(*moves)), seats)


@pytest.mark.parametrize(
    ("moves", "seats", "waves"),
    [
        pytest.param(["a", "-", "<b", "a"], {"a": 2}, [0, 0, 0, 0], id="all at once"),
        pytest.param(["a", "<a"], {"a": 0}, [1, 0], id="a take waits for a free"),
        pytest.param(["a<b", "a<b", "b<a", "b<a"], {"a": 1, "b": 0}, [0, 2, 1, 3], id="one spare seat goes round"),
        pytest.param(["a<b", "a<b", "b<a", "b<a"], {"a": 2, "b": 0}, [0, 0, 1, 1], id="two of them"),
        pytest.param(["b<a", "c<b", "d<c"], {"d": 1}, [2, 1, 0], id="a chain"),
        pytest.param(["a", "a<b", "b<a"], {"a": 1, "b": 0}, [2, 0, 1], id="who gives nothing back goes last"),
        pytest.param(["a<c", "a<b", "b<a"], {"a": 1}, [2, 0, 1], id="a circle is gone round before the way out"),
        pytest.param(["a", "<a", "<a", "<a"], {"a": -2}, [1, 0, 0, 0], id="what was given out too often"),
    ],
)
def test_a_change_waits_for_the_seats_that_it_needs(moves: list[str], seats: dict[str, int], waves: list[int]) -> None:
    """Trap 8: first those who need only what is free, then those who need what they free; by selection order."""
    found = ordered(moves, seats)

    assert list(found.waves) == waves
    assert not found.seatless
    assert [d.wave for d in placed(plan(*moves), found)] == waves


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
        pytest.param(["a"], {}, "s", {}, id="a SKU that is not named has no seats"),
        pytest.param(["a", "<a", "<a"], {"a": -2}, "scc", {"a": 0}, id="what was given out too often is made good"),
    ],
)
def test_seats_are_given_out(moves: list[str], seats: Mapping[str, int], kept: str, left: dict[str, int]) -> None:
    """Selection order first; freed seats are credited (trap 8), never spent before."""
    found = ordered(moves, seats)

    assert statuses(placed(plan(*moves), found)) == kept
    assert found.seatless == kept.count("s")
    assert {s: n for s, n in found.left.items() if n or s in left} == left


def test_a_user_without_a_seat_is_named_and_not_dropped() -> None:
    """The decision keeps its place and says which SKU was short."""
    first, second = placed(plan("a", "a"), ordered(["a", "a"], {"a": 1}), {"a": sku("a", 0)})

    assert first == plan("a")[0]
    assert (second.index, second.user_id, second.status, second.code) == (1, "u1", "skipped", "InsufficientLicenses")
    assert second.change is None
    assert second.message == "No seat of A is left for this user."


def test_a_plan_is_ordered_over_all_its_chunks() -> None:
    """Who takes stands in one chunk, who frees in a later one; chunk by chunk gives what the whole gives."""
    whole = plan("a", "-", "<a", "a", "b<a")
    moves = Moves()
    for start in range(0, len(whole), 2):
        moves.add(whole[start : start + 2])
    found = order(moves, {"b": 1})

    assert list(found.waves) == [1, 0, 0, 1, 0]
    chunks = [placed(whole[start : start + 2], found) for start in range(0, len(whole), 2)]
    assert tuple(one for chunk in chunks for one in chunk) == placed(whole, found)


def test_an_ordered_plan_is_ordered_the_same_again() -> None:
    """A second run of the activity changes nothing, also where the first one has left users out."""
    once = placed(plan("ab", "a<b", "a<b", "b<a", "c", "<a"), ordered(["ab", "a<b", "a<b", "b<a", "c", "<a"], {"a": 0}))

    assert placed(once, order(Moves.of(once), {"a": 0})) == once


@pytest.mark.parametrize(
    ("moves", "spare"),
    [
        (["a<b", "b<a"] * 40, {"a": 1}),
        (["a<b", "b<a", "c<d", "d<c"], {"a": 1, "c": 1}),
        (["ab<c", "c<ab", "<d"], {"a": 1, "b": 1}),
        (["a", "<a"], {}),
    ],
)
def test_it_is_said_how_many_spare_seats_would_do(moves: list[str], spare: dict[str, int]) -> None:
    """With them everybody is served."""
    assert dict(order_lending(Moves.of(plan(*moves)), {}).spare) == spare
    assert not ordered(moves, spare).seatless


def test_the_seats_that_a_plan_begins_with_are_known_from_its_waves() -> None:
    """Opening: neither more nor fewer than its order needs."""
    moves = ["a<b", "a<b", "b<a", "b<a", "c", "<d", "d"]
    decisions = placed(plan(*moves), ordered(moves, {"a": 1, "c": 1, "d": 0}))
    opening = Opening()
    opening.add(decisions[:3])
    opening.add(decisions[3:])

    assert opening.seats() == {"a": 1, "b": 0, "c": 1, "d": 0}


ANY = st.tuples(st.sets(st.sampled_from("abc"), max_size=2), st.sets(st.sampled_from("abc"), max_size=2)).map(
    lambda pair: "".join(sorted(pair[0])) + "<" + "".join(sorted(pair[1] - pair[0]))
)
SWAP = st.tuples(st.sampled_from(["", *"abcd"]), st.sampled_from(["", *"abcd"])).map(
    lambda pair: pair[0] + "<" + (pair[1] if pair[1] != pair[0] else "")
)
SEATS = st.fixed_dictionaries({s: st.integers(-1, 2) for s in "abcd"})


def by_wave(decisions: Iterable[Decision]) -> dict[int, list[dict[str, int]]]:
    """Seat changes by wave, lowest first."""
    waves: dict[int, list[dict[str, int]]] = {}
    for each in sorted(decisions, key=lambda d: d.wave):
        if each.change:
            waves.setdefault(each.wave, []).append(each.change.seat_change())
    return waves


@settings(max_examples=300)
@given(st.lists(ANY, max_size=12), SEATS)
def test_no_wave_takes_what_is_not_there(moves: list[str], seats: dict[str, int]) -> None:
    """All takes of a wave find their seats before any of its frees, nobody who would still fit in is left out."""
    found = ordered(moves, seats)
    decisions = placed(plan(*moves), found)
    free = Counter(seats)

    waves = by_wave(decisions)
    for changes in waves.values():
        takes = Counter(s for change in changes for s, delta in change.items() if delta > 0)
        assert all(free[s] >= n for s, n in takes.items())
        for change in changes:
            free.subtract(change)

    assert list(waves) == list(range(len(waves)))
    assert all(found.left.get(s, 0) == free[s] for s in "abcd")
    out = [
        d.change.seat_change() for d, now in zip(plan(*moves), decisions, strict=True) if d.change and not now.change
    ]
    assert len(out) == found.seatless
    assert all(any(n > 0 and free[s] < 1 for s, n in move.items()) for move in out)
    opening = Opening()
    opening.add(decisions)
    assert all(need <= seats[s] for s, need in opening.seats().items())


def servable(changes: list[dict[str, int]], seats: Mapping[str, int]) -> bool:
    """Whether all changes can be made one after the other, by trying every order."""
    seen, frontier = {frozenset[int]()}, [frozenset[int]()]
    while frontier:
        made = frontier.pop()
        if len(made) == len(changes):
            return True
        free = Counter(seats)
        for i in made:
            free.subtract(changes[i])
        for i in set(range(len(changes))) - made:
            more = made | {i}
            if more not in seen and all(n < 0 or free[s] >= n for s, n in changes[i].items()):
                seen.add(more)
                frontier.append(more)
    return False


@settings(max_examples=300)
@given(st.lists(SWAP, max_size=8), SEATS)
def test_swaps_that_can_be_made_in_some_order_are_made(moves: list[str], seats: dict[str, int]) -> None:
    """Where everybody takes and frees at most one seat, nobody waits for ever who need not (a tenant is refused)."""
    changes = [d.change.seat_change() for d in plan(*moves) if d.change]

    assert (ordered(moves, seats).seatless == 0) == servable(changes, seats)


@settings(max_examples=150)
@given(st.lists(ANY, max_size=10), SEATS)
def test_lent_seats_serve_everybody(moves: list[str], seats: dict[str, int]) -> None:
    """What is said to do does."""
    lent = order_lending(Moves.of(plan(*moves)), seats)

    more = {s: seats[s] + lent.spare.get(s, 0) for s in seats}
    assert not lent.seatless
    assert servable([d.change.seat_change() for d in plan(*moves) if d.change], more)


def test_a_wave_of_before_is_replaced() -> None:
    """A plan that is ordered anew carries no wave of an earlier order."""
    decisions = tuple(replace(d, wave=7) for d in plan("a", "a"))

    assert [d.wave for d in placed(decisions, ordered(["a", "a"], {"a": 2}))] == [0, 0]
