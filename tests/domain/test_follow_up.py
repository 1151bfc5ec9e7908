"""Which states are events, to whom, and when a try is repeated."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.follow_up import FollowUp, done, event_of, missed
from shared.domain.operation import Operation, Status
from tests.support.samples import NOON, operation, tenant_id

LATER = NOON + timedelta(minutes=5)
HOUR = timedelta(hours=1)


def in_state(status: Status, *parts: tuple[Status, Any], **fields: Any) -> Operation:
    """An operation whose tenants are in these states since then."""
    made = operation("op1", range(1, len(parts) + 1), status=status, **fields)
    tenants = tuple(
        replace(part, status=state, rested_at=since) for part, (state, since) in zip(made.tenants, parts, strict=True)
    )
    return replace(made, tenants=tenants)


def item(**fields: Any) -> FollowUp:
    """A notification of the first tenant."""
    given: dict[str, Any] = {
        "kind": "notification",
        "about": tenant_id(1),
        "event": "halted",
        "since": NOON,
        "created_at": NOON,
    }
    return FollowUp(operation_id="op1", **(given | fields))


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.PARTIALLY_SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_every_end_is_completed(status: Status) -> None:
    """To all tenants alike, at the time of the end."""
    ended = in_state(status, (status, None), (status, None), completed_at=LATER)

    assert event_of(ended, ended.tenants) == event_of(ended, ended.tenants[:1]) == ("completed", LATER)


@pytest.mark.parametrize(
    ("status", "event"), [(Status.HALTED, "halted"), (Status.AWAITING_APPROVAL, "awaitingApproval")]
)
def test_a_halt_concerns_the_tenants_that_are_halted(status: Status, event: str) -> None:
    """Of several the last one counts; who rests for another reason is not concerned."""
    resting = in_state(status, (status, NOON), (Status.PAUSED, LATER + HOUR), (status, LATER))

    assert event_of(resting, resting.tenants) == (event, LATER)
    assert event_of(resting, resting.tenants[:1]) == (event, NOON)
    assert event_of(resting, resting.tenants[1:2]) is None


@pytest.mark.parametrize("status", sorted({*Status} - {Status.HALTED, Status.AWAITING_APPROVAL}))
def test_other_states_are_no_events(status: Status) -> None:
    """Also where a tenant rests while another one works."""
    made = in_state(status, (Status.HALTED, NOON), (Status.RUNNING, None))

    assert event_of(made, made.tenants) is None


def test_a_try_that_failed_is_repeated_within_ten_seconds_and_then_ever_later() -> None:
    """For an hour: the last try is made when it is over, and then it has failed."""
    tried, now, gaps = item(), NOON, list[timedelta]()
    while True:
        tried, again = missed(tried, "no answer", now, HOUR)
        if again is None:
            break
        gaps.append(again - now)
        now = again

    assert gaps[0] < timedelta(seconds=10)
    assert sorted(gaps[:-1]) == gaps[:-1]
    assert now == NOON + HOUR
    assert (tried.state, tried.tries, tried.error) == ("failed", len(gaps) + 1, "no answer")


def test_without_a_limit_it_is_tried_for_ever() -> None:
    """At most a quarter of an hour apart, also after years."""
    tried, again = missed(item(tries=100_000), "x" * 10_000, LATER, None)

    assert again == LATER + timedelta(minutes=15)
    assert tried.state == "open"
    assert len(tried.error or "") == 500


def test_what_is_done_has_no_error() -> None:
    """It counts the try."""
    assert done(item(tries=2, error="no answer")) == item(state="done", tries=3)
