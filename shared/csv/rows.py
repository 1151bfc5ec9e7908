"""What the columns of a CSV are called, and what a row may hold."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from shared.catalogue import is_guid
from shared.csv.guard import unguarded

MAX_CELL = 32_768
"""Characters of a cell; a spreadsheet takes no more either.
https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3"""
MAX_UPN = 113
"""Characters of a sign-in name: 64, the @, and 48 of the domain.
https://learn.microsoft.com/microsoft-365/enterprise/prepare-for-directory-synchronization"""

_WITHOUT_WIDTH = "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
BLANK = " \t\r\n\u00a0\u1680\u202f\u205f\u3000\ufeff" + "".join(
    chr(code)
    for first, last in ((0x2000, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F))
    for code in range(first, last + 1)
)
"""What a cell loses at its ends: spaces of all kinds and marks without width, as they come along from web pages."""
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff{_WITHOUT_WIDTH}]")
_FILLING = re.compile(rf"[\s_\-{_WITHOUT_WIDTH}]+")
_UPN = re.compile(r'[^@\s,;<>"]+@[^@\s,;<>"]+')
_LIST = re.compile(r"[;\r\n]")
_SHOWN = 80


class Column(StrEnum):
    """The columns there are, by their names in a header."""

    USER = "UserPrincipalName"
    SKU = "LicenseSKU"
    PLANS = "DisabledPlans"
    TENANT = "Tenant"
    FROM_SKU = "FromSKU"


class Row(NamedTuple):
    """One row; ``line`` is the one on which it begins, and the first of a file is 1."""

    line: int
    user: str
    """A sign-in name or an object id, in the letters of the file."""
    tenant: str | None
    """None without the column."""
    sku: str | None
    """None without the column or in an empty cell."""
    plans: tuple[str, ...] | None
    """None without the column or in a cell that holds no name."""
    from_skus: tuple[str, ...]


class LineFault(NamedTuple):
    """What is wrong with the row that begins on ``line``; the rows after it can be read."""

    line: int
    detail: str


class CsvError(ValueError):
    """Nothing can be read from ``line`` on."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(f"Line {line}: {detail}")
        self.line = line
        self.detail = detail


def column_of(name: str) -> Column | None:
    """The column that a header means; None when it means none."""
    return _COLUMNS.get(_plain(name))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each column stands."""

    places: Mapping[Column, int]
    unnamed: frozenset[int]
    """Places whose header is empty, and so must be their cells."""
    width: int

    @classmethod
    def of(cls, line: int, header: Sequence[str], taken: Collection[Column]) -> Self:
        """The layout that a header tells. Raises ``CsvError`` at its ``line`` for one that does not fit ``taken``."""
        places: dict[Column, int] = {}
        unnamed: set[int] = set()
        for place, cell in enumerate(header):
            name = cell.strip(BLANK)
            if not name:
                unnamed.add(place)
                continue
            column = column_of(name)
            if column is None or column not in taken:
                raise CsvError(line, _not_taken(name, column, taken))
            if column in places:
                raise CsvError(line, f"The column {column} stands there twice")
            places[column] = place
        if Column.USER not in places:
            raise CsvError(line, f"There is no column {Column.USER}; it names the user of each row")
        return cls(places, frozenset(unnamed), len(header))

    def read(self, line: int, cells: Sequence[str]) -> Row | LineFault | None:
        """The row in ``cells``, what is wrong with it, or None when it is empty."""
        text = "".join(cells)
        plain = text.isprintable()  # then the only blank in it is the space, and nothing is hidden
        values = [cell.strip() for cell in cells] if plain else [cell.strip(BLANK) for cell in cells]
        if not any(values):
            return None
        if not plain or len(text) > MAX_CELL or len(values) > self.width or self.unnamed:
            detail = next(self._faults(values), None)
            if detail is not None:
                return LineFault(line, detail)
        if "'" in text:
            values = [unguarded(value).strip(BLANK) for value in values]
        values += [""] * (self.width - len(values))
        user = values[self.places[Column.USER]]
        tenant = self._value(values, Column.TENANT)
        if not _is_user(user):
            return LineFault(line, _not_a_user(user))
        if tenant == "":
            return LineFault(line, f"{Column.TENANT} is empty; with that column every row names its tenant")
        return Row(
            line,
            user,
            tenant,
            _single_spaced(self._value(values, Column.SKU) or "") or None,
            _names(self._value(values, Column.PLANS)) or None,
            _names(self._value(values, Column.FROM_SKU)),
        )

    def _value(self, values: Sequence[str], column: Column) -> str | None:
        place = self.places.get(column)
        return None if place is None else values[place]

    def _faults(self, values: Sequence[str]) -> Iterator[str]:
        names = {place: str(column) for column, place in self.places.items()}
        for place, value in enumerate(values):
            name = names.get(place, f"Column {place + 1}")
            if value and place not in names:
                yield f"{name} has no name in the header, and holds {shown(value)}; is a separator not in quotes?"
            if len(value) > MAX_CELL:
                yield f"{name} has {len(value):,} characters; at most {MAX_CELL:,} are taken: {shown(value)}"
            if hidden := _FORBIDDEN.search(value):
                yield f"{name} holds the invisible character U+{ord(hidden[0]):04X}: {shown(value)}"


def shown(value: str) -> str:
    """A value in quotes for a message: shortened, what is invisible escaped."""
    return repr(value if len(value) <= _SHOWN else f"{value[: _SHOWN - 1]}…")


def _plain(name: str) -> str:
    return _FILLING.sub("", name).casefold()


_COLUMNS = {_plain(column): column for column in Column}


def _not_taken(name: str, column: Column | None, taken: Collection[Column]) -> str:
    known = f"The columns are {', '.join(each for each in Column if each in taken)}"
    if column is not None:
        return f"The column {column} is not used here. {known}"
    near = difflib.get_close_matches(_plain(name)[:_SHOWN], [_plain(each) for each in taken], n=1)
    hint = f"is it {_COLUMNS[near[0]]}?" if near else "there is no such column."
    return f"The header names {shown(name)}; {hint} {known}"


def _is_user(value: str) -> bool:
    return (len(value) <= MAX_UPN and _UPN.fullmatch(value) is not None) or is_guid(value)


def _not_a_user(value: str) -> str:
    if not value:
        return f"{Column.USER} is empty"
    if len(value) > MAX_UPN and _UPN.fullmatch(value):
        return f"{Column.USER} has {len(value)} characters; a sign-in name has at most {MAX_UPN}: {shown(value)}"
    return f"{Column.USER} is neither a sign-in name (name@domain) nor an object id: {shown(value)}"


def _names(cell: str | None) -> tuple[str, ...]:
    """The names of a list, which are separated by ``;`` or, in a cell of several lines, by their ends."""
    return tuple(filter(None, map(_single_spaced, _LIST.split(cell)))) if cell else ()


def _single_spaced(text: str) -> str:
    """The text with one space where there are several, or a no-break one as in names copied from web pages."""
    return " ".join(text.split())
