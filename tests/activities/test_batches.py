"""What a batch's rows say together, and what an attempt adds to them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from activities.batches import Batch
from activities.sending import Sending
from shared.domain.model import Change, Decision, LicenceState
from shared.domain.operation import Attempt, Summary

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHANGE = Change(add=(), remove=(), usage_location=None, before=LicenceState(), after=LicenceState())


def batch(*attempts: Attempt, **summary: object) -> Batch:
    """A batch of three users, none of whom has an outcome."""
    decisions = tuple(Decision(n, f"id{n}", f"user{n}@contoso.com", "change", change=CHANGE) for n in range(3))
    return Batch(decisions, (), attempts, replace(Summary(batch="0", by_code={}), **summary))


def begun(attempt: int, *indices: int) -> Attempt:
    """An attempt written ahead at so many minutes past noon."""
    return Attempt(f"0.1.{attempt}", frozenset(indices), NOON + timedelta(minutes=attempt))


def test_an_attempt_without_an_answer_leaves_its_users_unknown() -> None:
    """A write-ahead row that no summary answers: the time of the last one counts."""
    one = batch(begun(1, 0, 1), begun(2, 1), answered=("0.1.1",))

    assert one.unknown_since(0) is None
    assert one.unknown_since(1) == NOON + timedelta(minutes=2)
    assert one.sends(1) == 2


def test_an_answered_attempt_may_lack_the_answer_of_one_user() -> None:
    """An item that is missing in the answer: that user alone is unknown."""
    one = batch(begun(1, 0, 1), answered=("0.1.1",), unknown=(1,))

    assert one.unknown_since(0) is None
    assert one.unknown_since(1) == NOON + timedelta(minutes=1)


def test_a_read_resolves_the_attempts_that_it_knew_and_no_later_one() -> None:
    """Trap 34: another run's attempt that began after the read stays unknown, although this run records later."""
    read = batch(begun(1, 0, 1))
    sending = Sending(resolved=frozenset(attempt.mark for attempt in read.attempts))
    meanwhile = batch(begun(1, 0, 1), begun(2, 0, 1))

    summary = meanwhile.summed_up((), "0.1.1", sending)

    assert summary.answered == ("0.1.1",)
    assert replace(meanwhile, summary=summary).unknown_since(0) == NOON + timedelta(minutes=2)


def test_whose_location_we_set_is_remembered() -> None:
    """The audit needs it also when the licence is never sent."""
    summary = batch(located=(2,)).summed_up((), "0.1.1", Sending(ours={0}))

    assert summary.located == (0, 2)
