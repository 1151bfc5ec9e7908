"""When something recurring is due: dates by the rules of RFC 5545, times on the wall of an IANA time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, rrule

from shared.domain.guards import WEEKDAYS, Weekday, moment

Frequency = Literal["daily", "weekly", "monthly"]

SHORTEST_MONTH: Final = 28
_DAYS: Final = dict(zip(WEEKDAYS, (MO, TU, WE, TH, FR, SA, SU), strict=True))
_DAYS_BACK: Final = timedelta(days=2)
"""Near the date line the local date is so far from the date in UTC, and a clock can skip a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Every ``interval`` days, weeks or months, counted from ``start``, at ``time`` (``HH:MM``) on the wall.

    ``days_of_week`` are those of a week that begins on Monday; none means the weekday of ``start``. ``day_of_month`` is
    the last day where the month is shorter; None means the day of ``start``. ``end`` is the last date. A time that the
    clock skips is the moment after the gap; of one that it shows twice the first counts, so that each date has one.
    """

    frequency: Frequency
    time: str
    time_zone: str
    start: date
    interval: int = 1
    days_of_week: tuple[Weekday, ...] = ()
    day_of_month: int | None = None
    end: date | None = None

    def after(self, moment_before: datetime) -> Iterator[datetime]:
        """The times after this moment at which it is due, in order, in UTC; without ``end`` there is always one more.

        ``moment_before`` has a time zone.
        """
        zone, at = ZoneInfo(self.time_zone), time.fromisoformat(self.time)
        near, last = moment_before.astimezone(UTC).replace(tzinfo=None) - _DAYS_BACK, moment_before
        for day in self._rule().xafter(near):
            due = moment(day.date(), at, zone)
            if due > last:  # a day that the clock skips as a whole has no moment of its own
                yield due
                last = due

    def _rule(self) -> rrule:
        """The dates, as midnights without a zone."""
        frame: dict[str, Any] = {
            "dtstart": datetime.combine(self.start, time()),
            "until": datetime.combine(self.end, time()) if self.end else None,
            "interval": self.interval,
            "wkst": MO,
        }
        match self.frequency:
            case "daily":
                return rrule(DAILY, **frame)
            case "weekly":
                return rrule(WEEKLY, byweekday=[_DAYS[day] for day in self.days_of_week] or None, **frame)
            case "monthly":
                wanted = self.day_of_month or self.start.day
                # Of the days up to the wanted one the last that the month has.
                days = range(min(wanted, SHORTEST_MONTH), wanted + 1)
                return rrule(MONTHLY, bymonthday=days, bysetpos=-1, **frame)
