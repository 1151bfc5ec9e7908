"""The users that rows name, while the rows are brought together: each once, in the order in which they were met.

They stand in SQLite, in a file without a name that is gone with its connection: a million of them would take hundreds
of megabytes as objects, and here take the few of its cache.
"""

import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Self

from pydantic import TypeAdapter

from shared.domain.selection import NamedUser, Wish

type Place = tuple[int, str]
"""Number of a sheet, and id of a tenant."""

_CACHE_KIB = 16 * 1024
_WISHES_KEPT = 4_096
_WISH = TypeAdapter(Wish)
# Nothing is ever taken back or read by somebody else: a journal and waiting for the disk would serve nobody.
_SCHEMA = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -{_CACHE_KIB};
CREATE TABLE wishes (number INTEGER PRIMARY KEY, text TEXT UNIQUE);
CREATE TABLE met (
    number INTEGER PRIMARY KEY, place INTEGER, line INTEGER, rows INTEGER, scope INTEGER, key TEXT,
    reference TEXT, -- NULL where it is the key
    wish INTEGER, UNIQUE (scope, key)
);
BEGIN;
"""


class Met(NamedTuple):
    """A user so far."""

    number: int
    reference: str
    sheet: int
    line: int
    """Where the user was named first."""
    wish: Wish


class Gathering:
    """Users by scope, within which a reference stands once, and by place, under which they are listed.

    It may be used by several threads, one after the other.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        """In the order in which they were opened."""
        self._numbers: dict[Place, int] = {}
        self._scopes: dict[str, int] = {}
        self._wish = lru_cache(_WISHES_KEPT)(self._find_wish)
        self._number = lru_cache(_WISHES_KEPT)(self._keep_wish)
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._db.close()

    def open(self, place: Place) -> int:
        """The number of a place, which is there from now on, be it without users."""
        number = self._numbers.setdefault(place, len(self.places))
        if number == len(self.places):
            self.places.append(place)
        return number

    def meet(self, scope: str, place: Place, line: int, reference: str, wish: Wish) -> Met | None:
        """Note a user who was not met in this scope so far; gives the one who was, unchanged."""
        key = reference.casefold()
        within = self._scopes.setdefault(scope, len(self._scopes))
        spelled = None if reference == key else reference
        values = (self.open(place), line, 1, within, key, spelled, self._number(wish))
        noted = self._db.execute("INSERT OR IGNORE INTO met VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", values)
        if noted.rowcount:
            return None
        query = "SELECT number, ifnull(reference, key), place, line, wish FROM met WHERE scope = ? AND key = ?"
        number, first, at, line, wanted = self._db.execute(query, (within, key)).fetchone()
        return Met(number, first, self.places[at][0], line, self._wish(wanted))

    def join(self, met: Met, wish: Wish) -> None:
        """Count one more row of a user, who from now on wants this."""
        values = (self._number(wish), met.number)
        self._db.execute("UPDATE met SET rows = rows + 1, wish = ? WHERE number = ?", values)

    def users(self, place: Place) -> Iterator[NamedUser]:
        """The users of a place in their order."""
        self._db.execute("CREATE INDEX IF NOT EXISTS by_place ON met (place)")
        query = "SELECT ifnull(reference, key), wish, rows FROM met WHERE place = ? ORDER BY number"
        for reference, wish, rows in self._db.execute(query, (self._numbers[place],)):
            yield NamedUser(reference, self._wish(wish), rows)

    def _keep_wish(self, wish: Wish) -> int:
        """The number of a wish, of which there may be as many as users, and mostly are few."""
        text = _WISH.dump_json(wish).decode()
        self._db.execute("INSERT OR IGNORE INTO wishes VALUES (NULL, ?)", (text,))
        return self._db.execute("SELECT number FROM wishes WHERE text = ?", (text,)).fetchone()[0]

    def _find_wish(self, number: int) -> Wish:
        (text,) = self._db.execute("SELECT text FROM wishes WHERE number = ?", (number,)).fetchone()
        return _WISH.validate_json(text)
