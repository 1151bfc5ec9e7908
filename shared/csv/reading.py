"""Text of a CSV to rows, each with its line, in constant memory (Traps 41 to 43).

The parser is the standard library's; what is decided here is which separator and which columns.
What is wrong with one row is a value, so that a caller can tell all of them; what ends the reading is raised.
"""

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from shared.csv.rows import BLANK, MAX_CELL, Column, CsvError, Layout, LineFault, Row, column_of

MAX_ROWS = 1_000_000
MAX_EMPTY_ROWS = 1_048_576
"""A spreadsheet saves empty rows below the last one; it has so many in all."""
MAX_ROW_LENGTH = 4 * MAX_CELL
"""Characters of a row with its quotes: one that is left open does not gather a whole file. The parser's limit of a
field is as high."""

_DELIMITERS = ",;\t"
_SEPARATOR_LINE = re.compile(r'"?sep=([,;|^~\t])"?[\s,;]*', re.IGNORECASE)


def read_csv(lines: Iterable[str], columns: Collection[Column]) -> Iterator[Row | LineFault]:
    """The rows below the header in order, with repetitions, without empty ones.

    ``lines`` come with their ends, as from ``io.StringIO(text, newline="")``; ``columns`` are those that are taken.
    A header is matched without regard to case, spaces, ``_`` and ``-``. The separator is the comma, the semicolon, the
    tab, or what a first line ``sep=`` names: the one that cuts the header into the most known names.
    Raises ``CsvError`` at the first step for a header that does not fit, and later for quotes that do not close, a row
    of more than ``MAX_ROW_LENGTH`` characters, and more than ``MAX_ROWS`` rows or ``MAX_EMPTY_ROWS`` empty ones.
    """
    file = _File(lines)
    header, delimiter = file.find_header()
    separated = csv.reader(chain([header], file), delimiter=delimiter, strict=True, skipinitialspace=True)
    layout = Layout.of(file.row, _next(separated, file) or [], columns)
    count = empty = 0
    file.begin_row()
    while (cells := _next(separated, file)) is not None:
        row = layout.read(file.row, cells)
        if row is None:
            empty += 1
            if empty > MAX_EMPTY_ROWS:
                raise CsvError(file.row, f"A file has at most {MAX_EMPTY_ROWS:,} empty rows; delete them")
        else:
            count += 1
            if count > MAX_ROWS:
                raise CsvError(file.row, f"A file has at most {MAX_ROWS:,} rows; split it")
            yield row
        file.begin_row()


class _File:
    """The lines of a file, counted, and where the row begins that they are read for."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.row = 1
        self.ended = False
        self._source = iter(lines)
        self._lines = 0
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._source:
            self._lines += 1
            self._length += len(line)
            if self._length > MAX_ROW_LENGTH:
                raise CsvError(self.row, f"The row has more than {MAX_ROW_LENGTH:,} characters; is a quote left open?")
            yield line
        self.ended = True

    def begin_row(self) -> None:
        """The next line begins a row."""
        self.row = self._lines + 1
        self._length = 0

    def find_header(self) -> tuple[str, str]:
        """The line on which the header begins, and the separator; empty lines above it do not count."""
        delimiters = _DELIMITERS
        for line in self:
            text = line.lstrip("\ufeff")
            if named := _SEPARATOR_LINE.fullmatch(text):
                delimiters = named[1] + delimiters
            elif text.strip(BLANK + delimiters):
                return text, max(delimiters, key=lambda delimiter: _known_names(text, delimiter))
            self.begin_row()
        raise CsvError(1, f"The file is empty; it begins with a line that names the columns, as {Column.USER}")


def _known_names(header: str, delimiter: str) -> int:
    return sum(column_of(cell.strip('"' + BLANK)) is not None for cell in header.split(delimiter))


def _next(separated: Iterator[list[str]], file: _File) -> list[str] | None:
    """The cells of the next row; None after the last. Raises ``CsvError``."""
    try:
        return next(separated, None)
    except csv.Error as error:
        if file.ended:
            raise CsvError(file.row, "A quote that is opened in this row is never closed") from error
        raise CsvError(file.row, f"The row is not valid CSV, look at its quotes: {error}") from error
