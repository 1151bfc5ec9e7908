"""Query parameters, read strictly: what is wrong is a 400 that names the parameter."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from shared.domain.reconciliation import Month
from shared.errors import RequestRejected
from shared.tables.paging import bad_cursor, make_cursor, read_cursor

CURSOR_NUMBER = re.compile("-1|[0-9]{1,7}")
MAX_TOP = 1000
DEFAULT_TOP = 100
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing is older."""


class Query:
    """The query of a request; ``allowed`` names the parameters that the route knows."""

    def __init__(self, values: Mapping[str, str], allowed: Collection[str]) -> None:
        unknown = sorted(set(values) - set(allowed))
        if unknown:
            known = ", ".join(sorted(allowed)) or "none"
            raise RequestRejected(400, f"The query parameter {unknown[0]} is not known here; known: {known}.")
        self._values = values

    def text(self, name: str) -> str | None:
        """A parameter as it stands; None when absent. An empty one is refused."""
        value = self._values.get(name)
        if value is not None and not value.strip():
            raise RequestRejected(400, f"The query parameter {name} is empty.")
        return value

    def given(self, name: str) -> str:
        """A parameter as it stands, empty where it is absent."""
        return self._values.get(name, "")

    def one_of[T: str](self, name: str, choices: Collection[T]) -> T | None:
        """A parameter that must be one of ``choices``."""
        value = self.text(name)
        if value is None:
            return None
        for choice in choices:
            if value == choice:
                return choice
        raise RequestRejected(400, f"{name} must be one of {', '.join(choices)}, not {value!r}.")

    def top(self) -> int:
        """Rows a page."""
        value = self.text("top")
        if value is None:
            return DEFAULT_TOP
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 8 else 0
        if not 1 <= number <= MAX_TOP:
            raise RequestRejected(400, f"top must be a number from 1 to {MAX_TOP}, not {value!r}.")
        return number

    def period(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """The times ``from`` and ``to``, cut to what can hold anything: 2000 until tomorrow."""
        begin, end = self._time("from"), self._time("to")
        if begin and end and begin >= end:
            raise RequestRejected(400, "from must be before to.")
        tomorrow = now + timedelta(days=1)  # the clock of another host may be ahead
        return begin and min(max(begin, BEGINNING), tomorrow), end and min(max(end, BEGINNING), tomorrow)

    def _time(self, name: str) -> datetime | None:
        """An ISO 8601 time or date; UTC where it names no offset."""
        value = self.text(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            raise RequestRejected(400, f"{name} must be a time like 2026-11-23T02:00:00Z, not {value!r}.") from None

    def month(self, name: str, now: datetime) -> Month:
        """A month like 2026-11; the current one (UTC) where none is named."""
        value = self.text(name)
        if value is None:
            return Month.of(now)
        try:
            return Month.parse(value)
        except ValueError:
            raise RequestRejected(400, f"{name} must be a month like 2026-11, not {value!r}.") from None

    def slice[T](self, rows: list[T]) -> tuple[list[T], str | None]:
        """The page of ``rows`` that ``top`` and ``cursor`` ask for, and the cursor of the next one."""
        top, place = self.top(), read_cursor(self.text("cursor"), 1)
        start = max(0, cursor_number(place[0])) if place else 0
        end = start + top
        return rows[start:end], make_cursor(str(end)) if end < len(rows) else None


def cursor_number(text: str) -> int:
    """A number that stands in a cursor; -1 is before the first. Raises ``RequestRejected`` (400)."""
    if not CURSOR_NUMBER.fullmatch(text):
        raise bad_cursor()
    return int(text)


def next_link(url: str, cursor: str | None) -> str | None:
    """The URL of the next page: this one with another cursor; None when there is none."""
    if cursor is None:
        return None
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "cursor"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("cursor", cursor)]), fragment=""))
