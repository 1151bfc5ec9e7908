"""Recurrences: the right dates, and on each of them the right moment whatever the clock does (trap 36)."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.guards import WEEKDAYS
from shared.domain.recurrence import Recurrence

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]


def recurrence(**fields: Any) -> Recurrence:
    """Daily at two in Berlin from the first of January 2024 on."""
    given: dict[str, Any] = {"frequency": "daily", "time": "02:00", "time_zone": "Europe/Berlin"}
    given["start"] = date(2024, 1, 1)
    return Recurrence(**(given | fields))


def times(found: Recurrence, after: str, count: int) -> list[str]:
    """The next times, as they stand on a clock in UTC."""
    moments = islice(found.after(datetime.fromisoformat(after).replace(tzinfo=UTC)), count)
    return [f"{at:%Y-%m-%dT%H:%M}" for at in moments]


@pytest.mark.parametrize(
    ("zone", "time", "after", "expected"),
    [
        # 02:30 does not exist on the last Sunday of March: it is the moment after the gap.
        ("Europe/Berlin", "02:30", "2026-03-27T12:00", ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]),
        # 02:30 comes twice on the last Sunday of October: the first counts, and only that.
        ("Europe/Berlin", "02:30", "2026-10-23T12:00", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
        ("America/New_York", "02:30", "2026-03-06T12:00", ["2026-03-07T07:30", "2026-03-08T07:00", "2026-03-09T06:30"]),
        ("America/New_York", "01:30", "2026-10-30T12:00", ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"]),
        # Lord Howe moves by half an hour.
        (
            "Australia/Lord_Howe",
            "02:15",
            "2026-10-02T00:00",
            ["2026-10-02T15:45", "2026-10-03T15:30", "2026-10-04T15:15"],
        ),
        (
            "Australia/Lord_Howe",
            "01:45",
            "2026-04-03T00:00",
            ["2026-04-03T14:45", "2026-04-04T14:45", "2026-04-05T15:15"],
        ),
        # Kolkata does not move at all.
        ("Asia/Kolkata", "02:30", "2026-03-27T12:00", ["2026-03-27T21:00", "2026-03-28T21:00", "2026-03-29T21:00"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_clock_changes(zone: str, time: str, after: str, expected: list[str]) -> None:
    """One time a day, at the hour on the wall."""
    assert times(recurrence(time=time, time_zone=zone), after, 3) == expected


@pytest.mark.parametrize(
    ("wanted", "months"),
    [
        (31, ["01-31", "02-29", "03-31", "04-30", "05-31", "06-30"]),
        (30, ["01-30", "02-29", "03-30", "04-30", "05-30", "06-30"]),
        (29, ["01-29", "02-29", "03-29", "04-29", "05-29", "06-29"]),
        (28, ["01-28", "02-28", "03-28", "04-28", "05-28", "06-28"]),
        (1, ["01-01", "02-01", "03-01", "04-01", "05-01", "06-01"]),
    ],
)
def test_the_last_day_stands_in_where_the_month_is_shorter(wanted: int, months: list[str]) -> None:
    """Month ends, in a leap year."""
    monthly = recurrence(frequency="monthly", day_of_month=wanted, time_zone="UTC")

    assert times(monthly, "2023-12-31T12:00", 6) == [f"2024-{month}T02:00" for month in months]


def test_a_february_without_a_29th_ends_on_the_28th() -> None:
    """Leap years, the one that is none among them, and the day of the start where none is told."""
    yearly = recurrence(frequency="monthly", interval=12, start=date(2096, 2, 29), time_zone="UTC")

    assert times(yearly, "2096-01-01T00:00", 5) == [
        "2096-02-29T02:00",
        "2097-02-28T02:00",
        "2098-02-28T02:00",
        "2099-02-28T02:00",
        "2100-02-28T02:00",
    ]


def test_intervals_count_from_the_start() -> None:
    """Whenever somebody asks: every third day, every second week, every quarter."""
    third = recurrence(interval=3, time_zone="UTC")
    assert times(third, "2024-01-05T00:00", 3) == ["2024-01-07T02:00", "2024-01-10T02:00", "2024-01-13T02:00"]
    second = recurrence(frequency="weekly", interval=2, days_of_week=("friday", "monday"), time_zone="UTC")
    assert times(second, "2024-01-03T00:00", 3) == ["2024-01-05T02:00", "2024-01-15T02:00", "2024-01-19T02:00"]
    quarter = recurrence(frequency="monthly", interval=3, day_of_month=31, time_zone="UTC")
    assert times(quarter, "2024-01-31T03:00", 3) == ["2024-04-30T02:00", "2024-07-31T02:00", "2024-10-31T02:00"]


def test_a_week_begins_on_monday_and_without_days_the_start_says_which() -> None:
    """A start in the middle of a week keeps what is left of that week."""
    both = recurrence(
        frequency="weekly", interval=2, start=date(2024, 1, 3), days_of_week=("sunday", "tuesday"), time_zone="UTC"
    )
    assert times(both, "2024-01-01T00:00", 3) == ["2024-01-07T02:00", "2024-01-16T02:00", "2024-01-21T02:00"]
    wednesdays = recurrence(frequency="weekly", start=date(2024, 1, 3), time_zone="UTC")
    assert times(wednesdays, "2024-01-04T00:00", 2) == ["2024-01-10T02:00", "2024-01-17T02:00"]


def test_nothing_is_due_before_the_start_or_after_the_end() -> None:
    """Both dates are those of the zone, and both are meant."""
    few = recurrence(start=date(2024, 5, 1), end=date(2024, 5, 3), time="00:30")

    expected = ["2024-04-30T22:30", "2024-05-01T22:30", "2024-05-02T22:30"]
    assert times(few, "2020-01-01T00:00", 9) == expected
    assert times(few, "2024-05-02T22:30", 9) == []


@given(
    zone=st.sampled_from([*ZONES, "Pacific/Apia", "Africa/Casablanca"]),
    frequency=st.sampled_from(["daily", "weekly", "monthly"]),
    interval=st.integers(1, 5),
    days=st.lists(st.sampled_from(WEEKDAYS), unique=True),
    day=st.none() | st.integers(1, 31),
    time=st.times().map(lambda at: f"{at:%H:%M}"),
    start=st.dates(date(2009, 1, 1), date(2030, 1, 1)),
    wait=st.timedeltas(timedelta(0), timedelta(days=900)),
)
def test_each_date_has_one_time_and_asking_again_gives_the_same(
    zone: str, frequency: Any, interval: int, days: list[Any], day: int | None, time: str, start: date, wait: timedelta
) -> None:
    """Whatever the moment from which one looks: the times rise, none is left out, none comes twice."""
    found = recurrence(
        frequency=frequency,
        interval=interval,
        days_of_week=tuple(days),
        day_of_month=day,
        time=time,
        time_zone=zone,
        start=start,
    )
    asked = datetime.combine(start, datetime.min.time(), UTC) + wait
    ahead = list(islice(found.after(asked), 6))

    assert sorted(set(ahead)) == ahead
    assert all(at > asked for at in ahead)
    for n, at in enumerate(ahead):
        assert list(islice(found.after(at), 5 - n)) == ahead[n + 1 :]
    shown = [at.astimezone(ZoneInfo(zone)) for at in ahead]
    assert all(f"{at:%H:%M}" == time or _skipped(at) for at in shown)


def _skipped(shown: datetime) -> bool:
    """Whether the clock has skipped something right before it showed this."""
    return (shown.astimezone(UTC) - timedelta(seconds=1)).astimezone(shown.tzinfo).utcoffset() != shown.utcoffset()


def test_a_day_that_is_skipped_as_a_whole_is_no_second_time() -> None:
    """Samoa had no 30th of December 2011."""
    found = recurrence(start=date(2011, 12, 28), time="00:00", time_zone="Pacific/Apia")

    expected = ["2011-12-28T10:00", "2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00"]
    assert times(found, "2011-12-28T00:00", 4) == expected
