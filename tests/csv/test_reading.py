"""Rows are read as a stream, within limits."""

from collections import deque
from collections.abc import Iterator
from itertools import chain, count, islice, repeat

import pytest

from shared.csv import reading
from shared.csv.reading import MAX_ROW_LENGTH, MAX_ROWS, read_csv
from shared.csv.rows import Column, CsvError, LineFault, Row, column_of
from shared.csv.template import COLUMNS_OF

USERS = frozenset({Column.USER})
HEADER = "UserPrincipalName\n"


def test_rows_come_as_their_lines_do() -> None:
    """No line is read before it is needed, so a file may be longer than the memory."""
    drawn = 0

    def endless() -> Iterator[str]:
        nonlocal drawn
        yield HEADER
        for number in count():
            drawn += 1
            yield f"user{number}@contoso.com\n"

    rows = read_csv(endless(), USERS)

    assert [next(rows) for _ in range(3)] == [
        Row(n + 2, f"user{n}@contoso.com", None, None, None, ()) for n in range(3)
    ]
    assert drawn == 3


def test_a_file_has_an_end() -> None:
    """Trap 43: a bomb of rows is refused at the first row too many; empty ones do not count."""
    lines = chain([HEADER, "\n"], repeat("a@b.c\n"))

    rows = read_csv(lines, USERS)
    last = deque(islice(rows, MAX_ROWS), maxlen=1).pop()
    with pytest.raises(CsvError, match="at most 1,000,000 rows") as raised:
        next(rows)

    assert last.line == MAX_ROWS + 2
    assert raised.value.line == MAX_ROWS + 3


def test_empty_rows_have_an_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 43: a file of line ends is small, and takes as long as one of rows; a spreadsheet's own are no fault."""
    monkeypatch.setattr(reading, "MAX_EMPTY_ROWS", 3)
    good = [HEADER, "a@b.c\n", "\n", ",\n", "b@b.c\n", "\n"]

    assert [row.line for row in read_csv(good, USERS)] == [2, 5]
    with pytest.raises(CsvError, match="at most 3 empty rows") as raised:
        deque(read_csv(chain(good, repeat("\n")), USERS))
    assert raised.value.line == 7


@pytest.mark.parametrize("line", ["x" * 1000, "x\n", '","\n', '"",' * 400], ids=["cell", "lines", "cells", "quotes"])
def test_a_row_has_an_end(line: str) -> None:
    """Trap 43: whatever never ends a row, the line on which it begins is named, and little is read."""
    drawn = 0

    def lines() -> Iterator[str]:
        nonlocal drawn
        yield from (HEADER, "ana@contoso.com\n", '"ben@contoso.com,')
        for text in repeat(line):
            drawn += len(text)
            yield text

    with pytest.raises(CsvError, match="Line 3: ") as raised:
        list(read_csv(lines(), USERS))

    assert raised.value.line == 3
    assert drawn <= MAX_ROW_LENGTH + len(line)


def test_columns_that_a_use_does_not_take_are_named() -> None:
    """The message says which there are instead."""
    with pytest.raises(CsvError) as raised:
        next(read_csv(["UserPrincipalName,DisabledPlans\n"], COLUMNS_OF["remove"]))

    assert raised.value.detail == (
        "The column DisabledPlans is not used here. The columns are UserPrincipalName, LicenseSKU, Tenant"
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("userprincipalname", Column.USER),
        ("User Principal Name", Column.USER),
        (" user_principal-name ", Column.USER),
        ("\u00a0User\u00a0Principal\u00a0Name\u200b", Column.USER),
        ("LICENSE SKU", Column.SKU),
        ("disabled plans", Column.PLANS),
        ("From SKU", Column.FROM_SKU),
        ("TENANT", Column.TENANT),
    ],
)
def test_a_header_need_not_be_exact(written: str, meant: Column) -> None:
    """Trap 41: who types a header means the column."""
    assert column_of(written) is meant


def test_a_list_that_holds_no_name_is_as_an_empty_cell() -> None:
    """A lone semicolon says nothing about service plans, least of all that every one of them is wished."""
    (row,) = read_csv(["UserPrincipalName,DisabledPlans\n", "ana@contoso.com, ; ;\n"], set(Column))

    assert row == Row(2, "ana@contoso.com", None, None, None, ())


def test_the_rows_after_a_fault_are_read() -> None:
    """All faults of a file are told at once."""
    lines = [HEADER, "ana\n", "ben@contoso.com\n", "cleo\n"]

    assert [(type(each), each.line) for each in read_csv(lines, USERS)] == [(LineFault, 2), (Row, 3), (LineFault, 4)]
