"""What an orchestrator carries of its batches."""

import json
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.windows import MAX_UNSETTLED, BatchResult, Progress, Waiting

SETTLED = 0


def waiting(batch: int, ready_at: float = 0.0, attempt: int = 1, *, unknown: bool = False) -> Waiting:
    """A waiting batch with three users left."""
    return Waiting(batch, attempt, ready_at, users=3, unknown=unknown)


def test_fresh_batches_go_in_order_eight_a_window() -> None:
    """They stay open until a result says otherwise."""
    progress = Progress.of(range(10))

    assert progress.ready(0) == tuple((batch, 1) for batch in range(8))
    assert progress.ready(0, limit=2) == ((0, 1), (1, 1))
    assert Progress.of([7, 3, 4]).ready(0) == ((3, 1), (4, 1), (7, 1))


def test_waiting_batches_that_are_due_come_first_the_longest_due_ahead() -> None:
    """Those not due yet are left out, and the attempt's number goes on."""
    progress = Progress.of(range(100), [waiting(1, 9.0), waiting(2, 5.0, 3), waiting(3, 11.0), waiting(0, 5.0)])

    assert progress.ready(10.0, limit=5) == ((0, 2), (2, 4), (1, 2), (4, 1), (5, 1))


@pytest.mark.parametrize(("unsettled", "fresh"), [(40, 8), (45, 5), (50, 0), (55, 0)])
def test_too_many_unsettled_batches_hold_new_ones_back(unsettled: int, fresh: int) -> None:
    """At most fifty are unsettled at once; a later epoch may start with more."""
    progress = Progress.of(range(1000), [waiting(2000 + i, 99.0) for i in range(unsettled)])

    assert progress.ready(0) == tuple((batch, 1) for batch in range(fresh))
    assert progress.next_time(0) == (None if fresh else 99.0)


def test_results_settle_batches_or_let_them_wait() -> None:
    """Settled ones are gone; sent ones wait as long as told; what never went out is as it was."""
    progress = Progress.of(range(6), [waiting(8, 0.0, 4), waiting(9, 0.0, 2)])
    results = [
        BatchResult(0, 1, left=0),
        BatchResult(1, 1, left=2, ready_in=5.0),
        BatchResult(2, 1, left=20, sent=False),
        BatchResult(3, 1, left=20, sent=False, ready_in=7.0),
        BatchResult(4, 1, left=1, sent=False, unknown=True),
        BatchResult(8, 5, left=1, ready_in=2.0, unknown=True),
        BatchResult(9, 3, left=3, sent=False),
    ]

    after = progress.after(results, now=100.0)

    assert after.fresh == ((2, 2), (5, 5))
    assert set(after.waiting) == {
        Waiting(9, 2, 0.0, 3, False),
        Waiting(1, 1, 105.0, 2, False),
        Waiting(3, 1, 107.0, 20, False),
        Waiting(4, 1, 100.0, 1, True),
        Waiting(8, 5, 102.0, 1, True),
    }


def test_a_batch_whose_users_were_settled_without_sending_is_settled() -> None:
    """Everybody turned out to be there already."""
    assert Progress.of([0]).after([BatchResult(0, 1, left=0, sent=False)], 0).done


def test_a_result_of_a_batch_that_is_not_open_is_an_error() -> None:
    """It would count a batch twice."""
    with pytest.raises(ValueError, match="batch 7 is not open"):
        Progress.of(range(3)).after([BatchResult(7, 1, left=0)], 0)


def test_the_next_time_is_told_only_when_nothing_is_ready() -> None:
    """Then it is the earliest of those waiting."""
    assert Progress.of([1], [waiting(5, 30.0)]).next_time(10) is None
    assert Progress.of([], [waiting(5, 30.0), waiting(6, 20.0)]).next_time(10) == 20.0
    assert Progress.of([], [waiting(5, 30.0)]).next_time(30.0) is None
    assert Progress().next_time(0) is None
    assert Progress().done


def test_only_unknown_outcomes_are_left_when_nothing_more_shall_be_sent() -> None:
    """Cancelling awaits what was sent, no more."""
    progress = Progress.of(range(9), [waiting(10), waiting(11, unknown=True)])

    assert progress.only_unknown() == Progress(waiting=(waiting(11, unknown=True),))


@settings(max_examples=60)
@given(
    st.integers(0, 150),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.sampled_from([0.0, 1.0, 40.0])), min_size=1, max_size=60),
)
def test_every_batch_is_settled_once_with_rising_attempts(batches: int, fates: list[tuple[bool, int, float]]) -> None:
    """Whatever happens, each batch is tried with rising numbers until settled, and the state survives as JSON."""
    progress, now, step = Progress.of(range(batches)), 0.0, 0
    settled: list[int] = []
    attempts: dict[int, int] = {}
    while not progress.done:
        ready = progress.ready(now)
        if not ready:
            due = progress.next_time(now)
            assert due is not None
            assert due > now
            now = due
            continue
        results: list[BatchResult] = []
        for batch, attempt in ready:
            step += 1
            sent, left, ready_in = fates[step % len(fates)] if step < 400 else (True, SETTLED, 0.0)
            assert attempt > attempts.get(batch, 0)
            if sent or ready_in:
                attempts[batch] = attempt
            if left == SETTLED:
                settled.append(batch)
            results.append(BatchResult(batch, attempt, left, ready_in, sent=sent))
        assert len({batch for batch, _ in ready}) == len(ready) <= 8
        progress = Progress.from_dict(json.loads(json.dumps(progress.after(results, now).to_dict())))
        assert len(progress.waiting) <= MAX_UNSETTLED
        now += 0.5
    assert sorted(settled) == list(range(batches))


def test_a_batch_is_tried_only_when_all_lower_waves_are_settled() -> None:
    """Trap 8: what waits holds the next wave back, however long, as it may be what frees the seats."""
    progress = Progress.of(range(7), waves=((3, 1), (2, 2)))

    assert progress.ready(0) == ((0, 1), (1, 1), (2, 1))
    progress = progress.after([BatchResult(0, 1, SETTLED), BatchResult(1, 1, 2, 9.0), BatchResult(2, 1, SETTLED)], 0)
    assert progress.ready(5) == ()
    assert progress.next_time(5) == 9.0
    assert progress.ready(9) == ((1, 2),)
    progress = progress.after([BatchResult(1, 2, SETTLED)], 9)
    assert progress.ready(9) == ((3, 1), (4, 1))
    progress = progress.after([BatchResult(4, 1, SETTLED), BatchResult(3, 1, SETTLED)], 9)
    assert progress.ready(9) == ((5, 1), (6, 1))


def test_after_a_crash_the_lowest_open_wave_goes_first() -> None:
    """A later epoch may find batches of any wave that went out: each is read back in its turn."""
    progress = Progress.of([2, 4], [waiting(3, 0.0), waiting(1, 20.0)], ((2, 3),))

    assert progress.ready(0) == ()
    assert progress.next_time(0) == 20.0
    assert progress.below(2).ready(20) == ((1, 2),)
    after = progress.after([BatchResult(1, 2, SETTLED)], 20)
    assert after.ready(20) == ((3, 2), (2, 1))


def test_what_is_unknown_is_read_back_without_regard_to_waves() -> None:
    """Nothing more is sent then, so nobody needs a seat."""
    progress = Progress.of([0], [waiting(3, unknown=True)], ((1, 4),))

    assert progress.ready(0) == ((0, 1),)
    assert progress.only_unknown().ready(0) == ((3, 2),)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(1, 8))
def test_waves_follow_one_another(sizes: list[int], limit: int) -> None:
    """No window holds batches of two waves, and the state survives as JSON."""
    wave_of = [wave for wave, size in enumerate(sizes) for _ in range(size)]
    runs = tuple((size, len(list(run))) for size, run in groupby(sizes))
    progress, seen = Progress.of(range(len(wave_of)), waves=runs), list[int]()
    while not progress.done:
        ready = progress.ready(0, limit)
        assert len({wave_of[batch] for batch, _ in ready}) == 1
        seen += [batch for batch, _ in ready]
        progress = progress.after([BatchResult(batch, attempt, SETTLED) for batch, attempt in ready], 0)
        progress = Progress.from_dict(json.loads(json.dumps(progress.to_dict())))
    assert seen == list(range(len(wave_of)))


def test_the_users_left_are_those_of_fresh_batches_and_what_waiting_ones_have_left() -> None:
    """An operation that has few left is a small one, whatever it was."""
    progress = Progress.of([0, 1, 2, 7], [Waiting(3, 1, 10.0, 6, unknown=False)])

    assert progress.users == 4 * 20 + 6
    assert Progress().users == 0
