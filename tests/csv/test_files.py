"""Files as people send them: each in ``files/`` is read as its case says, row by row, fault by fault."""

import io
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.csv.decoding import Undecodable, decode
from shared.csv.reading import read_csv
from shared.csv.rows import Column, CsvError, LineFault, Row
from shared.csv.template import COLUMNS_OF

FILES = Path(__file__).with_name("files")


class Fault(NamedTuple):
    """A row that is refused, and words of the reason."""

    line: int
    words: str


class Stop(NamedTuple):
    """The end of the reading, and words of the reason."""

    line: int
    words: str


class NoText(NamedTuple):
    """No text at all, and words of the reason."""

    words: str


type Told = Row | Fault | Stop | NoText


def row(line: int, user: str, sku: str | None = None, *plans: str, tenant: str | None = None, source: str = "") -> Row:
    """A row; ``source`` are its FromSKUs, separated by a blank."""
    return Row(line, user, tenant, sku, plans or None, tuple(source.split()))


def ana(line: int) -> Row:
    """The row that most files have."""
    return row(line, "ana@contoso.com", "SPE_E5", "YAMMER_ENTERPRISE", "SWAY")


def ben(line: int) -> Row:
    """The other row that most files have."""
    return row(line, "ben@contoso.com", "POWER_BI_PRO")


NOT_A_USER = "is neither a sign-in name (name@domain) nor an object id"

CASES: dict[str, list[Told]] = {
    # how it is encoded
    "plain": [ana(2), ben(3)],
    "utf-8-mark": [ana(2), ben(3)],
    "utf-8-mark-twice": [ana(2), ben(3)],
    "utf-8-broken-after-mark": [NoText("begins as UTF-8 and is broken at byte")],
    "utf-16-le-mark": [ana(2), ben(3)],
    "utf-16-be-mark": [ana(2), ben(3)],
    "utf-16-le": [ana(2), ben(3)],
    "utf-16-be": [ana(2), ben(3)],
    "utf-16-cut": [NoText("truncated data")],
    "utf-32-le-mark": [ana(2), ben(3)],
    "utf-32-be-mark": [ana(2), ben(3)],
    "windows-1252": [ana(2), row(3, "ben@contoso.com", "Microsoft 365 E3 (crédité)"), Fault(4, "'rené'")],
    "windows-1251": [row(2, "ana@contoso.com", "Лицензия для сотрудников")],
    "no-encoding": [NoText("byte 0x80 on line 4")],
    # what is no CSV
    "workbook": [NoText("an Excel workbook (.xlsx)")],
    "old-workbook": [NoText("an old Excel workbook (.xls)")],
    "gzip-bomb": [NoText("compressed with gzip")],
    "pdf": [NoText("a PDF")],
    "web-page": [Stop(1, "The header names '<html><body>")],
    # how it is cut into cells
    "semicolons": [ana(2), ben(3)],
    "tabs": [ana(2), ben(3)],
    "tabs-utf-16": [ana(2), ben(3)],
    "separator-line": [ana(3)],
    "separator-line-bar": [row(3, "ana@contoso.com", "SPE_E5")],
    "separator-line-of-another-file": [ana(3), ben(4)],
    "separator-line-then-unknown-header": [Stop(2, "'Sku Part'")],
    "separator-line-alone": [Stop(1, "The file is empty")],
    "all-quoted": [ana(2)],
    "quotes-doubled": [row(2, "ana@contoso.com", 'Suite "E5"')],
    "quoted-line-breaks": [ana(2), ben(5), Fault(6, r"'be\r\nn@contoso.com'"), row(8, "cleo@contoso.com")],
    "quoted-line-break-in-the-header": [row(3, "ana@contoso.com", "SPE_E5"), Fault(4, "'ana'")],
    "unclosed-quote": [ana(2), Stop(3, "never closed")],
    "quote-in-the-middle": [ana(2), Stop(3, "look at its quotes")],
    "old-mac": [ana(2), ben(3)],
    "mixed-line-ends": [ana(2), ben(3), Fault(4, "'cleo'")],
    "no-line-end": [ana(2)],
    "long-cell": [Fault(2, "LicenseSKU has 100,000 characters"), ben(3)],
    "longer-cell": [ana(2), Stop(3, "more than 131,072 characters")],
    # the header
    "header-in-another-case": [ana(2)],
    "header-with-spaces": [ana(2)._replace(from_skus=("SPE_E3",))],
    "columns-in-another-order": [
        Row(2, "ana@contoso.com", "contoso.com", None, ("SWAY",), ("EMS", "ENTERPRISEPACK")),
    ],
    "empty-trailing-header": [row(2, "ana@contoso.com", "SPE_E5"), Fault(3, "Column 4 has no name")],
    "duplicate-header": [Stop(1, "LicenseSKU stands there twice")],
    "unknown-header": [Stop(1, "'LicenceSKU'; is it LicenseSKU?")],
    "unknown-column": [Stop(1, "'Département'; there is no such column")],
    "column-of-another-operation": [Stop(1, "FromSKU is not used here")],
    "no-user-column": [Stop(1, "There is no column UserPrincipalName")],
    "no-header": [Stop(1, "The header names 'ana@contoso.com'")],
    "header-alone": [],
    "empty": [Stop(1, "The file is empty")],
    "only-blanks": [Stop(1, "The file is empty")],
    "mark-alone": [Stop(1, "The file is empty")],
    # rows and cells
    "spaces": [ana(2)],
    "no-break-spaces": [row(2, "ana@contoso.com", "Microsoft 365 E5"), row(3, "ben@contoso.com")],
    "hidden-inside": [Fault(2, "U+200B"), row(3, "ben@contoso.com")],
    "nuls": [ana(2), Fault(3, "U+0000"), Fault(4, "U+0000"), Fault(5, "U+001A")],
    "empty-first-lines": [ana(4), Fault(6, "'ben'")],
    "empty-last-lines": [ana(2), ben(3)],
    "rows-of-delimiters": [ana(3), ben(6)],
    "surplus-cells": [ana(2), Fault(3, "Column 4 has no name in the header, and holds 'extra'")],
    "list-by-commas": [Fault(2, "is a separator not in quotes?")],
    "short-rows": [row(2, "ana@contoso.com"), row(3, "ben@contoso.com", "SPE_E5")],
    "no-user": [Fault(2, "UserPrincipalName is empty"), ben(3)],
    "not-users": [
        Fault(2, f"UserPrincipalName {NOT_A_USER}: 'ana'"),
        Fault(3, "'ana@@contoso.com'"),
        Fault(4, "'ana maria@contoso.com'"),
        Fault(5, "'@contoso.com'"),
        Fault(6, "'Ana <ana@contoso.com>'"),
        Fault(7, "'ana@contoso.com;SPE_E5'"),
        Fault(8, r"'CONTOSO\\ana'"),
        row(9, f"{'a' * 101}@contoso.com"),
        Fault(10, f"has 114 characters; a sign-in name has at most 113: '{'a' * 79}…'"),
    ],
    "object-ids": [
        row(2, "0b9a3d4e-6f61-4f43-9f4e-0f6a7c1d2e3f"),
        row(3, "0B9A3D4E-6F61-4F43-9F4E-0F6A7C1D2E3F"),
        Fault(4, NOT_A_USER),
        Fault(5, NOT_A_USER),
    ],
    "guests": [row(2, "ana_fabrikam.com#EXT#@contoso.onmicrosoft.com"), row(3, "o'neil@contoso.com")],
    "the-same-user-twice": [ana(2), ana(3)],
    "tenants": [
        row(2, "ana@contoso.com", tenant="contoso.com"),
        Fault(3, "Tenant is empty"),
        row(4, "cleo@fabrikam.com", tenant="fabrikam.com"),
    ],
    "formulas": [
        Fault(2, "=cmd|' /C calc'!A0"),
        Fault(3, "'@SUM(1+1)'"),
        row(4, "=ana@contoso.com", "SPE_E5"),
        row(5, "-ben@contoso.com", "+SKU"),
        row(6, "'cleo@contoso.com", "SPE_E5"),
        row(7, "-dan@contoso.com", "SPE_E5"),
    ],
}
TAKEN = {"column-of-another-operation": COLUMNS_OF["remove"]}


def told(content: bytes, columns: frozenset[Column]) -> list[Told]:
    """Everything that comes of a file."""
    try:
        text = decode(content)
    except Undecodable as error:
        return [NoText(str(error))]
    found: list[Told] = []
    try:
        found.extend(
            Fault(*each) if isinstance(each, LineFault) else each
            for each in read_csv(io.StringIO(text, newline=""), columns)
        )
    except CsvError as error:
        found.append(Stop(error.line, error.detail))
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_as_its_case_says(name: str) -> None:
    """Traps 41 to 43: the very rows, each with its line, and for what is wrong its line and its reason."""
    found = told((FILES / f"{name}.csv").read_bytes(), TAKEN.get(name, frozenset(Column)))

    shortened = [
        got._replace(words=want.words)
        if isinstance(got, Fault | Stop | NoText)
        and isinstance(want, Fault | Stop | NoText)
        and want.words in got.words
        else got
        for got, want in zip(found, CASES[name], strict=False)
    ]
    assert [*shortened, *found[len(shortened) :]] == CASES[name]


def test_every_file_has_its_case() -> None:
    """A file without a case would prove nothing, a case without a file would be forgotten."""
    assert {path.stem for path in FILES.glob("[!.]*")} == set(CASES)
