"""Hours to work in, over midnight and changes of the clock; the canary's place in a plan; the stop rule."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.guards import WEEKDAYS, Canary, CanarySpan, OffHours, StopRule, Tally, Weekday, moment
from shared.domain.plan import ChunkInfo, Manifest

WEEKEND: tuple[Weekday, ...] = ("saturday", "sunday")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHTS = OffHours(WEEKEND, "22:00", "05:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "is_open", "opens"),
    [
        pytest.param("2026-11-24T12:00", False, "2026-11-28T21:00", id="amid the week"),
        pytest.param("2026-11-28T20:59:59", False, "2026-11-28T21:00", id="a second before"),
        pytest.param("2026-11-28T21:00", True, "2026-11-28T21:00", id="it opens"),
        pytest.param("2026-11-29T03:59:59", True, "2026-11-29T03:59:59", id="Sunday morning is Saturday's night"),
        pytest.param("2026-11-29T04:00", False, "2026-11-29T21:00", id="it closes"),
        pytest.param("2026-11-30T03:30", True, "2026-11-30T03:30", id="Monday morning is Sunday's night"),
        pytest.param("2026-11-28T03:30", False, "2026-11-28T21:00", id="Saturday morning is Friday's night"),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(now: str, is_open: bool, opens: str) -> None:
    """Over midnight, in winter an hour east of UTC."""
    assert NIGHTS.open_at(utc(now)) is is_open
    assert NIGHTS.next_opening(utc(now)) == utc(opens)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        pytest.param("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00", id="Berlin skips it"),
        pytest.param("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30", id="Berlin shows it twice"),
        pytest.param("Europe/Berlin", "2026-06-01", "02:30", "2026-06-01T00:30", id="Berlin in summer"),
        pytest.param("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00", id="New York skips it"),
        pytest.param("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30", id="New York shows it twice"),
        pytest.param("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30", id="half an hour is skipped"),
        pytest.param("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45", id="half an hour comes twice"),
        pytest.param("Asia/Kolkata", "2026-03-29", "02:30", "2026-03-28T21:00", id="Kolkata never changes"),
        pytest.param("Pacific/Apia", "2011-12-30", "10:00", "2011-12-30T10:00", id="a whole day is skipped"),
    ],
)
def test_a_time_on_the_wall_is_the_first_moment_that_shows_it(zone: str, day: str, at: str, expected: str) -> None:
    """A skipped one is the moment after the gap."""
    assert moment(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone)) == utc(expected)


def test_a_night_in_which_the_clock_changes_is_as_long_as_its_walls_say() -> None:
    """22:00 to 05:00 lasts six hours in spring, eight in autumn."""
    spring, autumn = utc("2026-03-28T21:00"), utc("2026-10-24T20:00")
    for opens, hours in ((spring, 6), (autumn, 8)):
        closes = opens + timedelta(hours=hours)
        assert not NIGHTS.open_at(opens - timedelta(seconds=1))
        assert NIGHTS.open_at(opens)
        assert NIGHTS.open_at(closes - timedelta(seconds=1))
        assert not NIGHTS.open_at(closes)


def test_an_opening_that_the_clock_skips_whole_is_left_out() -> None:
    """02:00 to 03:00 does not exist on that night; the next one is a week later."""
    window = OffHours(("sunday",), "02:00", "03:00", "Europe/Berlin")

    assert window.next_opening(utc("2026-03-28T12:00")) == utc("2026-04-05T00:00")


def test_from_and_to_alike_is_a_whole_day() -> None:
    """Until the same time of the next day."""
    window = OffHours(("monday",), "08:00", "08:00", "Asia/Kolkata")
    opens = utc("2026-11-23T02:30")

    assert window.next_opening(utc("2026-11-20T00:00")) == opens
    assert window.open_at(opens + timedelta(hours=23, minutes=59))
    assert not window.open_at(opens + timedelta(hours=24))


def test_a_window_without_days_never_opens() -> None:
    """It says so instead of looking for ever."""
    with pytest.raises(ValueError, match="does not open"):
        OffHours((), "22:00", "05:00", "Europe/Berlin").next_opening(utc("2026-11-24T12:00"))


times = st.times().map(lambda at: at.strftime("%H:%M"))
windows = st.builds(
    OffHours,
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True).map(tuple),
    times,
    times,
    st.sampled_from(ZONES),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


@given(windows, moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(window: OffHours, now: datetime) -> None:
    """Whatever the zone and the time of the year."""
    opens = window.next_opening(now)

    assert opens >= now
    assert window.open_at(opens)
    assert window.open_at(now) is (opens == now)
    if opens > now:
        assert not window.open_at(now + (opens - now) / 2)
        assert not window.open_at(opens - timedelta(microseconds=1))
        wall = opens.astimezone(ZoneInfo(window.time_zone))
        assert wall.strftime("%H:%M") >= window.opens
        assert WEEKDAYS[wall.weekday()] in window.days


def manifest(*changes: int) -> Manifest:
    """Chunks with so many changes each."""
    return Manifest.of(
        ChunkInfo(0, max(n, 1), 0, tuple(min(20, n - start) for start in range(0, n, 20)), n) for n in changes
    )


@pytest.mark.parametrize(
    ("users", "changes", "span"),
    [
        pytest.param(10, (200,), CanarySpan(1, 10, 10), id="half a batch"),
        pytest.param(20, (200,), CanarySpan(1, 20, 20), id="a batch"),
        pytest.param(25, (200,), CanarySpan(2, 5, 25), id="a batch and five"),
        pytest.param(25, (10, 30), CanarySpan(2, 15, 25), id="a blob ends in between"),
        pytest.param(10, (10, 30), CanarySpan(1, 10, 10), id="a blob ends there"),
        pytest.param(40, (40,), None, id="everybody"),
        pytest.param(41, (40,), None, id="more than there are"),
        pytest.param(5, (), None, id="nothing to do"),
    ],
)
def test_a_canary_ends_after_so_many_users_whatever_the_batches(
    users: int, changes: tuple[int, ...], span: CanarySpan | None
) -> None:
    """Never one more; none where the plan has no more."""
    assert Canary(users, "auto").span(manifest(*changes)) == span


@given(st.integers(1, 300), st.lists(st.integers(0, 90), max_size=5))
def test_a_canary_covers_exactly_its_users(users: int, changes: list[int]) -> None:
    """Full batches and a part of the last one, summed up."""
    plan = manifest(*changes)
    span = Canary(users, "manual").span(plan)

    if span is None:
        assert sum(changes) <= users
    else:
        whole = sum(plan.users_of(batch) for batch in range(span.batches - 1))
        assert whole + span.limit == users < sum(changes)
        assert 0 < span.limit <= plan.users_of(span.batches - 1)


@pytest.mark.parametrize(
    ("finished", "failed", "broken"),
    [(24, 24, False), (25, 5, True), (25, 4, False), (100, 20, True), (100, 19, False), (0, 0, False)],
)
def test_the_stop_rule_wants_both_enough_users_and_enough_failures(finished: int, failed: int, broken: bool) -> None:
    """Twenty percent of at least twenty-five."""
    why = StopRule(20, 25).broken_by(Tally(finished, failed))

    assert (why is not None) is broken
    if why:
        assert f"{failed} of {finished} users failed" in why
        assert "the limit is 20%" in why


def test_what_came_before_the_last_resume_does_not_count() -> None:
    """Thirty had failed then."""
    assert Tally(130, 32).since(Tally(60, 30)) == Tally(70, 2)
