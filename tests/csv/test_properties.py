"""What holds for every table, every text and every byte."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from shared.csv.decoding import Undecodable, decode
from shared.csv.guard import safe, unguarded
from shared.csv.reading import read_csv
from shared.csv.rows import Column, CsvError, LineFault, Row

ALL = frozenset(Column)
LETTERS = st.characters(categories=["L", "Nd"]) | st.sampled_from("()&+-_.,;:'\"/*=@")
WORDS = st.text(LETTERS, min_size=1, max_size=12)
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
"""Names of SKUs and service plans: words with single spaces between."""
LISTED = st.text(st.characters(categories=["L", "Nd"]) | st.sampled_from("()_.,'\""), min_size=1, max_size=12)
"""Names that hold no semicolon."""
LISTS = st.lists(LISTED, max_size=4).map(tuple)
USERS = st.builds(
    "{}@{}".format,
    st.text("abcXYZ019.-_'#é山", min_size=1, max_size=20),
    st.text("abc09.-", min_size=1, max_size=20),
) | st.uuids().map(str)
ROWS = st.builds(
    Row,
    line=st.just(0),
    user=USERS,
    tenant=NAMES,
    sku=st.none() | NAMES,
    plans=LISTS.map(lambda names: names or None),
    from_skus=LISTS,
)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
PIECES = (
    st.sampled_from(["sep=;", "ana@contoso.com", "SPE_E5", *Column])
    | st.sampled_from([",", ";", "\t", '"', "'", "=", " ", "\n", "\r", "\r\n"])
    | st.sampled_from(["\0", "\x1a", "\u200b", "\u00a0", "\ufeff", "\u2028", "\x85", "\ud800", "é"])
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join)
AFTER_A_HEADER = TEXTS.map(lambda text: f"UserPrincipalName,LicenseSKU,DisabledPlans\n{text}")
MARKS = [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"PK\x03\x04"]


def cells(row: Row) -> list[str]:
    """A row as its cells, in the order of ``Column``, guarded as a spreadsheet needs it."""
    lists = (row.sku or "", ";".join(row.plans or ()), row.tenant or "", ";".join(row.from_skus))
    return [safe(cell) for cell in (row.user, *lists)]


@given(
    rows=st.lists(ROWS, max_size=5),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoted=st.booleans(),
    encoding=st.sampled_from(ENCODINGS),
)
def test_a_table_reads_back_as_it_was_written(
    rows: list[Row], delimiter: str, end: str, quoted: bool, encoding: str
) -> None:
    """Trap 41: separator, line ends, quotes and encoding are the writer's affair."""
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    )
    writer.writerow(Column)
    writer.writerows(map(cells, rows))

    text = decode(out.getvalue().encode(encoding))
    read = list(read_csv(io.StringIO(text, newline=""), ALL))

    assert read == [row._replace(line=number) for number, row in enumerate(rows, start=2)]


@given(TEXTS | AFTER_A_HEADER)
def test_any_text_is_read_or_refused_by_line(text: str) -> None:
    """Nothing but ``CsvError`` is raised; lines ascend and are lines of the file."""
    last = max(1, len(list(io.StringIO(text, newline=""))))
    lines: list[int] = []
    try:
        lines.extend(each.line for each in read_csv(io.StringIO(text, newline=""), ALL))
    except CsvError as error:
        lines.append(error.line)

    assert all(1 <= line <= last for line in lines)
    assert lines == sorted(set(lines))


@given(
    mark=st.sampled_from(MARKS),
    content=st.binary(max_size=200) | AFTER_A_HEADER.map(lambda text: text.encode("utf-16-le", "surrogatepass")),
    charset=st.none()
    | st.sampled_from(["utf-8", "utf-16", "cp1252", "iso-2022-jp", "gb18030", "utf-32-be", "hz"])
    | TEXTS,
)
def test_any_bytes_are_text_or_undecodable(mark: bytes, content: bytes, charset: str | None) -> None:
    """Whatever the sender calls them."""
    try:
        text = decode(mark + content, charset)
    except Undecodable:
        return
    assert len(text) <= len(mark + content)


@given(st.text() | st.text("'=+-@\t\r\n\uff1da", max_size=6))
def test_the_guard_comes_off_as_it_went_on(text: str) -> None:
    """Trap 42: what our own export guarded is read as it was, apostrophes of its own included."""
    guarded = safe(text)

    assert unguarded(guarded) == text
    assert guarded in (text, f"'{text}")
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.sampled_from(["=ana", "+ana", "-ana", "'-ana", "'ana", "''=ana"]))
def test_a_guarded_user_is_the_user(name: str) -> None:
    """Trap 42: a sign-in name that looks like a formula survives the way through a spreadsheet."""
    lines = ["UserPrincipalName\n", f"{safe(name)}@contoso.com\n"]

    (row,) = read_csv(lines, ALL)

    assert not isinstance(row, LineFault)
    assert row.user == f"{name}@contoso.com"
