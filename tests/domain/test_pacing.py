"""One turn a tenant: exclusive, paid before it is used, and safe to ask for twice."""

from dataclasses import replace

import pytest

from shared.domain.pacing import (
    SEEN_WITHIN,
    Ask,
    Grant,
    Limits,
    Turn,
    Wait,
    app_throttled,
    corrected,
    take,
    throttled,
)
from tests.domain.turning import GRAPH, LEASE, ask, done, full, names, took, waits


def test_a_free_turn_is_granted_and_paid_at_once() -> None:
    """A token a write, before anything is sent."""
    turn, grant = took(full(), ask(), 5.0)

    assert grant == Grant(batches=8, paid=160, until=65.0)
    assert (turn.holder, turn.window, turn.until, turn.tokens, turn.line) == ("a:1", 1, 65.0, 2840.0, ())


def test_asking_again_for_the_same_window_gives_the_same_grant_without_paying() -> None:
    """The activity ran twice: the row does not even change."""
    turn, grant = took(full(), ask(), 5.0)

    assert took(turn, ask(), 40.0) == (turn, grant)


def test_a_window_that_was_handed_on_is_never_granted_again() -> None:
    """A late duplicate of a call waits for nothing and does not join the line, also after others had the turn."""
    turn, _ = took(full(), ask(window=3), 0.0)
    turn = done(turn, "a:1", 3, 1.0, more=False)
    turn, _ = took(turn, ask("b:1"), 2.0)
    turn = done(turn, "b:1", 1, 3.0, more=False)

    for window in (1, 2, 3):
        assert waits(turn, ask(window=window), 4.0) == (turn, Wait(stale=True))
    assert took(turn, ask(window=4), 4.0)[1].batches == 8


def test_an_older_window_than_the_one_held_is_stale() -> None:
    """The first call for window 3 never handed on, yet window 4 is out: only that one is alive."""
    turn, _ = took(full(), ask(window=4), 0.0)

    assert waits(turn, ask(window=3), 1.0) == (turn, Wait(stale=True))


def test_handing_on_twice_counts_once() -> None:
    """The second call neither returns tokens again nor frees the next holder's turn."""
    turn, _ = took(full(), ask(), 0.0)
    turn = done(turn, "a:1", 1, 1.0, unused=40)
    assert turn.tokens == 2880.0
    turn, _ = took(turn, ask("a:1", 2), 1.0)

    assert done(turn, "a:1", 1, 2.0, unused=40) == turn


def test_a_held_turn_is_waited_for_in_line() -> None:
    """First come, first served; the holder that has more joins the end."""
    turn, _ = took(full(), ask(), 0.0)
    turn, first = waits(turn, ask("b:1"), 1.0)
    turn, _ = waits(turn, ask("c:1"), 1.0)
    turn = done(turn, "a:1", 1, 2.0)

    assert first == Wait()
    assert names(turn) == ["b:1", "c:1", "a:1"]
    assert waits(turn, ask("c:1"), 2.0)[1] == Wait()
    turn, _ = took(turn, ask("b:1"), 2.0)
    assert names(turn) == ["c:1", "a:1"]


def test_looking_every_fifth_of_a_second_writes_the_row_every_five_seconds() -> None:
    """Whoever waits says so, but not at every look."""
    turn, _ = took(full(), ask(), 0.0)
    writes = 0
    for look in range(1, 101):
        after, _ = waits(turn, ask("b:1"), look * 0.2)
        writes += after != turn
        turn = after

    assert writes == 4


def test_who_stops_asking_loses_the_place() -> None:
    """After 30 s the next one is first; who comes back is last."""
    turn, _ = took(full(), ask(), 0.0)
    turn, _ = waits(turn, ask("gone:1"), 1.0)
    turn, _ = waits(turn, ask("b:1"), 25.0)
    turn = done(turn, "a:1", 1, 28.0, more=False)

    assert waits(turn, ask("b:1"), 31.0)[1] == Wait()
    late, _ = waits(turn, ask("gone:1"), 31.1)
    assert names(late) == ["b:1", "gone:1"]
    assert took(turn, ask("b:1"), 31.1)[1].batches == 8


def test_the_lease_of_a_crashed_holder_runs_out() -> None:
    """Then the next one gets the turn, a new epoch of the same operation like anyone; the tokens are lost."""
    turn, _ = took(full(), ask("a:1"), 0.0)
    turn, _ = waits(turn, ask("a:2"), 59.9)
    turn, _ = waits(turn, ask("b:1"), 59.9)
    turn, grant = took(turn, ask("a:2"), 60.0)

    assert turn.holder == "a:2"
    assert grant.until == 120.0
    assert turn.tokens == 3000 - 160
    assert names(turn) == ["b:1"]
    assert done(turn, "a:1", 1, 61.0, unused=160, more=False).tokens == turn.tokens
    assert done(turn, "a:1", 1, 61.0, unused=160, more=False).holder == "a:2"


def test_a_kept_turn_is_free_only_when_the_lease_has_run_out() -> None:
    """An attempt may still be in flight, so nobody writes, the holder neither."""
    turn, _ = took(full(), ask(), 0.0)
    turn = done(turn, "a:1", 1, 2.0, keep=True)

    assert waits(turn, ask("a:1", 2), 59.0)[1] == Wait()
    assert took(turn, ask("a:1", 2), 60.0)[1].batches == 8


def test_giving_back_more_than_was_paid_is_an_error() -> None:
    """Tokens are not made from nothing."""
    turn, _ = took(full(), ask(), 0.0)

    with pytest.raises(ValueError, match="161 tokens given back of 160"):
        done(turn, "a:1", 1, 1.0, unused=161)
    with pytest.raises(ValueError, match="-1 tokens"):
        done(turn, "a:1", 1, 1.0, unused=-1)


@pytest.mark.parametrize("costs", [(), (20,) * 9, (20, 0)])
def test_a_window_of_no_batches_or_too_many_is_an_error(costs: tuple[int, ...]) -> None:
    """One to eight batches, each with a write."""
    with pytest.raises(ValueError, match="1 to 8 batches"):
        take(full(), Ask("a:1", 1, costs, False), 0.0, lease=LEASE, limits=GRAPH)


@pytest.mark.parametrize(
    ("tokens", "batches", "large", "others", "granted"),
    [
        pytest.param(160, 8, False, 0, 8, id="all that is asked for"),
        pytest.param(159, 8, False, 0, 7, id="what is affordable"),
        pytest.param(80, 8, False, 0, 4, id="at least four"),
        pytest.param(79, 8, False, 0, 0, id="less than four is not worth it"),
        pytest.param(40, 2, False, 0, 2, id="all that is left"),
        pytest.param(39, 2, False, 0, 0, id="not all that is left"),
        pytest.param(39, 8, False, 1, 1, id="one while others wait"),
        pytest.param(19, 8, False, 1, 0, id="not one"),
        pytest.param(360, 8, True, 0, 8, id="a large one leaves 200"),
        pytest.param(359, 8, True, 0, 0, id="a large one spends none of the 200, and waits for a whole window"),
        pytest.param(239, 8, True, 1, 1, id="a large one while others wait"),
        pytest.param(219, 8, True, 1, 0, id="a large one that cannot pay for one"),
    ],
)
def test_a_window_is_what_the_bucket_pays(tokens: int, batches: int, large: bool, others: int, granted: int) -> None:
    """Between a minimum and eight batches."""
    turn = full(tokens=tokens)
    turn, _ = waits(replace(turn, holder="x", until=1.0), ask(batches=batches, large=large), 0.0)
    if others:
        turn, _ = waits(turn, ask("b:1", large=True), 0.0)

    _, answer = take(replace(turn, until=0.0), ask(batches=batches, large=large), 0.0, lease=LEASE, limits=GRAPH)

    assert (answer.batches if isinstance(answer, Grant) else 0) == granted


def test_who_cannot_pay_is_told_when_and_can_pay_then() -> None:
    """The time is exact."""
    turn, wait = waits(full(tokens=10), ask(), 0.0)

    assert wait.until == pytest.approx(3.5)
    waits(turn, ask(), 3.4)
    assert took(turn, ask(), 3.5)[1].batches == 4


def test_a_large_one_that_cannot_pay_lets_a_small_one_pass() -> None:
    """The small one may use the 200 it leaves; among large ones the place is kept."""
    turn = full(tokens=150, holder="x", until=1.0)
    for asked in (ask("big:1", large=True), ask("huge:1", large=True), ask("small:1", batches=3)):
        turn, _ = waits(turn, asked, 0.0)
    free = replace(turn, holder="")

    stepped, _ = waits(free, ask("big:1", large=True), 0.0)
    assert names(stepped) == ["huge:1", "small:1", "big:1"]
    stepped, _ = waits(stepped, ask("huge:1", large=True), 0.0)
    assert took(stepped, ask("small:1", batches=3), 0.0)[1].batches == 3

    able = replace(free, tokens=359.0)
    assert names(waits(able, ask("big:1", large=True), 0.0)[0]) == ["huge:1", "small:1", "big:1"]
    assert took(replace(free, tokens=360.0), ask("big:1", large=True), 0.0)[1].batches == 8

    only_large = replace(free, line=free.line[:2])
    assert waits(only_large, ask("big:1", large=True), 0.0)[0] == only_large


def test_a_throttle_empties_the_bucket_until_its_time() -> None:
    """Nobody gets a window before, and then only what has flown in since; nothing unused comes back."""
    turn, _ = took(full(), ask(), 0.0)
    turn = throttled(turn, until=30.0, now=1.0)
    turn = done(turn, "a:1", 1, 2.0, unused=160)

    assert waits(turn, ask(window=2), 10.0)[1] == Wait(30.0)
    assert waits(turn, ask(window=2), 30.0)[1].until == pytest.approx(34.0)
    assert took(turn, ask(window=2), 34.0)[1].paid == 80
    assert throttled(turn, until=20.0, now=3.0).blocked_until == 30.0


def test_without_limits_everything_is_affordable() -> None:
    """A factor of 0 lifts the limits."""
    assert Limits.writes(0) is None
    assert Limits.app_writes(0) is None
    assert Limits.writes(0.5) == Limits(1500, 10)
    assert took(Turn.fresh(None, 0.0), ask(large=True), 0.0, None)[1].batches == 8


def test_a_batch_that_the_bucket_never_covers_waits_until_it_is_full_and_leaves_a_debt() -> None:
    """With tiny limits the work goes on at the allowed rate; it does not stand still for ever."""
    tiny = Limits(30, 1)
    turn, wait = waits(Turn(tokens=0.0, at=0.0), ask(cost=40, large=True), 0.0, tiny)

    assert wait.until == 30.0
    turn, grant = took(turn, ask(cost=40, large=True), 30.0, tiny)
    assert grant.batches == 1
    assert waits(done(turn, "a:1", 1, 31.0), ask(window=2, batches=1), 31.0, tiny)[1].until == pytest.approx(60.0)


def test_the_clock_of_the_rows_never_runs_backwards_for_the_bucket() -> None:
    """A reading before the last one gains nothing."""
    turn, _ = waits(Turn(tokens=10.0, at=100.0), ask(), 50.0)

    assert took(turn, ask(), 103.5)[1].paid == 80


def test_no_more_is_granted_than_was_prepaid() -> None:
    """Drawing from the app's budget is asked for only when not even the least window is paid."""
    turn, wait = waits(full(), ask(), 0.0, app=True)
    assert wait == Wait(0.0, app_tokens=160)
    turn, grants = replace(turn, app_tokens=400.0), list[int]()
    for window in (1, 2, 3):
        turn, grant = took(turn, ask(window=window), 0.0, app=True)
        grants.append(grant.paid)
        turn = done(turn, "a:1", window, 0.0)

    assert grants == [160, 160, 80]
    assert waits(turn, ask(window=4), 0.0, app=True)[1] == Wait(0.0, app_tokens=160)


def test_prepaid_tokens_come_back_to_the_turn_and_lapse_once_it_was_idle() -> None:
    """Else those of many idle tenants would add up to more than Graph allows at once."""
    turn, _ = waits(full(), ask(), 0.0, app=True)
    turn, _ = took(replace(turn, app_tokens=400.0, app_pending=20.0, app_ticket=7.0), ask(), 0.0, app=True)
    working, idle = (done(turn, "a:1", 1, 1.0, unused=60, more=more) for more in (True, False))

    assert working.app_tokens == 300
    assert took(working, ask(window=2), 2.0, app=True)[0].app_tokens == 140
    asked, _ = waits(idle, ask("b:1"), 2.0, app=True)
    assert (asked.app_tokens, asked.app_pending, asked.app_ticket) == (0, 0, None)


def test_what_graph_counts_beyond_our_own_count_lowers_the_bucket() -> None:
    """Another program of the same app writes: the bucket is what Graph has left."""
    turn = full(tokens=1000.0)

    assert corrected(turn, 0.9, 0.0, GRAPH).tokens == pytest.approx(300)
    assert corrected(turn, 1.2, 0.0, GRAPH).tokens == pytest.approx(-600)
    assert corrected(turn, 0.9, 200.0, GRAPH) == replace(turn, tokens=pytest.approx(300), at=200.0)


def test_our_own_count_stands_where_graphs_is_no_lower_than_its_rounding() -> None:
    """A hundredth of the limit is 30 writes: to take each word for it would lose a tenth of the rate."""
    turn = full(tokens=325.0)

    assert corrected(turn, 0.90, 0.0, GRAPH) == turn
    assert corrected(turn, 0.85, 0.0, GRAPH) == turn
    assert corrected(turn, 0.0, 0.0, GRAPH) == turn
    assert corrected(turn, 0.95, 0.0, None) == turn


def test_what_the_whole_app_uses_is_no_reason_to_lower_a_tenants_bucket() -> None:
    """Graph tells the closest of its limits, and the app's own is known to be close."""
    turn = full()

    assert corrected(turn, 0.97, 0.0, GRAPH, known=0.97) == turn
    assert corrected(turn, 0.97, 0.0, GRAPH, known=0.5).tokens == pytest.approx(90)


def test_a_throttle_of_the_app_keeps_the_tenant_waiting_with_its_bucket_as_it_was() -> None:
    """What was prepaid is not sent; the tenant's own limit was not hit."""
    turn = app_throttled(full(app_tokens=40.0, app_pending=20.0, app_ticket=9.0), 30.0)

    assert waits(turn, ask(), 29.0, app=True)[1] == Wait(30.0)
    again, wait = waits(turn, ask(), 30.0, app=True)
    assert (again.tokens, wait.app_tokens) == (3000, 160)


def test_a_waiter_is_seen_in_time_when_it_looks_every_ten_seconds() -> None:
    """The steps in which it is seen are well within the time after which it is dropped."""
    turn, _ = took(full(), ask(), 0.0)
    for look in range(5):
        turn, _ = waits(turn, ask("b:1"), 10.0 * look)
        turn, _ = waits(turn, ask("c:1"), 10.0 * look + SEEN_WITHIN / 6)

    assert names(turn) == ["b:1", "c:1"]


def test_a_new_epoch_takes_the_place_of_the_old_one_in_line() -> None:
    """Nobody waits for an epoch that asks no more: its successor stands in its place, and still waits for the lease."""
    turn, _ = took(full(), ask("b:1"), 0.0)
    turn, _ = waits(turn, ask("a:1"), 1.0)
    turn, _ = waits(turn, ask("c:1"), 2.0)
    turn, _ = waits(turn, ask("a:2"), 3.0)
    assert [waiter.name for waiter in turn.line] == ["a:2", "c:1"]

    turn = done(turn, "b:1", 1, 4.0, more=False)
    _, grant = took(turn, ask("a:2"), 5.0)
    assert grant.batches
