"""What keeps a running operation in check: a canary, a limit of failures, hours to work in, numbers to hold to.

Times on the wall are those of an IANA time zone; what is asked for and answered are moments.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shared.domain.plan import Manifest

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_DAY: Final = timedelta(days=1)
_DAYS_AHEAD: Final = 22
"""A clock change can swallow a weekly opening; three weeks hold the one after it."""


@dataclass(frozen=True, slots=True)
class CanarySpan:
    """The first ``batches`` of a plan, of the last of which only the first ``limit`` users are meant."""

    batches: int
    limit: int
    users: int


@dataclass(frozen=True, slots=True)
class Canary:
    """So many users of each tenant go first; ``auto`` goes on by itself when none of them failed."""

    users: int
    approve: Literal["manual", "auto"]

    def span(self, manifest: Manifest) -> CanarySpan | None:
        """Where in a frozen plan the canary ends; None where the whole plan is no more than that."""
        users = 0
        for batch in range(manifest.batches):
            size = manifest.users_of(batch)
            if users + size >= self.users:
                rest = batch + 1 < manifest.batches or users + size > self.users
                return CanarySpan(batch + 1, self.users - users, self.users) if rest else None
            users += size
        return None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many users have an outcome, and how many of these failed."""

    finished: int = 0
    failed: int = 0

    def since(self, earlier: "Tally") -> "Tally":
        """What came to it after ``earlier``."""
        return Tally(self.finished - earlier.finished, self.failed - earlier.failed)


@dataclass(frozen=True, slots=True)
class StopRule:
    """Halt a tenant when of at least ``minimum`` finished users ``failed_percent`` or more failed."""

    failed_percent: float
    minimum: int

    def broken_by(self, tally: Tally) -> str | None:
        """Why to halt, with the numbers; None while the rule holds."""
        percent = 100 * tally.failed / tally.finished if tally.finished else 0.0
        if tally.finished < max(self.minimum, 1) or percent < self.failed_percent:
            return None
        share = f"{percent:.4g}%, the limit is {self.failed_percent:g}%"
        return f"{tally.failed} of {tally.finished} users failed ({share})"


@dataclass(frozen=True, slots=True)
class OffHours:
    """Hours in which work may be done: from ``opens`` on each of the ``days`` until ``closes``.

    ``opens`` and ``closes`` are ``HH:MM`` on the wall of ``time_zone``; a ``closes`` that is not after ``opens`` is the
    next day's, and the night belongs to the day on which it begins. A time that the clock skips is the moment after the
    gap; of one that it shows twice the first counts.
    """

    days: tuple[Weekday, ...]
    opens: str
    closes: str
    time_zone: str

    def open_at(self, now: datetime) -> bool:
        """Whether work may be done; ``now`` has a time zone."""
        return any(opens <= now < closes for opens, closes in self._openings(now))

    def next_opening(self, now: datetime) -> datetime:
        """When work may be done next, in UTC: ``now`` itself while it may.

        Raises ``ValueError`` when that is never, as no day is named or the clock skips every opening of three weeks.
        """
        for opens, closes in self._openings(now):
            if now < closes:
                return max(opens, now.astimezone(UTC))
        raise ValueError(f"the window {self} does not open within three weeks of {now.isoformat()}")

    def _openings(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings in order, from one that may still last on; those that the clock skips are left out."""
        zone = ZoneInfo(self.time_zone)
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        today = now.astimezone(zone).date()
        for ahead in range(-2, _DAYS_AHEAD):  # -2: near the date line a clock can skip a day
            day = today + ahead * _DAY
            if WEEKDAYS[day.weekday()] not in self.days:
                continue
            begin = moment(day, opens, zone)
            end = moment(day if opens < closes else day + _DAY, closes, zone)
            if begin < end:
                yield begin, end


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which the clock of a zone shows this time or has gone past it."""
    wall = datetime.combine(day, at)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # The clock skips it: `found` is counted with the offset before the gap, so the gap lies within its length before.
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    offset = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Guards:
    """What an operation is held to; empty where nothing was asked for."""

    canary: Canary | None = None
    stop_when: StopRule | None = None
    window: OffHours | None = None
    max_users: int | None = None
    """More affected users than this, over all tenants, are refused before the first write."""
    max_changes: int | None = None
    """More affected users than this, over all tenants, halt before the first write, until somebody resumes."""
    confirm: int | None = None
    """How many affected users the caller has confirmed."""
    on_all: bool = False
    """Whether the request means all tenants (``*``), however many they are."""
    confirmed: bool = False
    """Whether an earlier operation, which was held to the number, has chosen the users."""
