"""Bytes become text, or it is said why not."""

import pytest

from shared.csv.decoding import Undecodable, decode

TEXT = "UserPrincipalName,LicenseSKU\r\nana@contoso.com,Žluťoučký – 東京\r\n"


@pytest.mark.parametrize("charset", [None, "utf-8", "us-ascii", "iso-8859-1", "utf-16", "windows-1252"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_wins_over_what_the_sender_said(encoding: str, charset: str | None) -> None:
    """Trap 41: the file knows better than the header of the request; the mark itself is gone."""
    assert decode(TEXT.encode(encoding), charset) == TEXT


@pytest.mark.parametrize("charset", [None, "utf-8", "utf-16", "windows-1252"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_sixteen_bits_show_without_a_mark(encoding: str, charset: str | None) -> None:
    """Trap 41: what PowerShell or a database wrote; nobody's text has a NUL at every other place."""
    assert decode(TEXT.encode(encoding), charset) == TEXT


@pytest.mark.parametrize(
    ("charset", "word"), [("windows-1251", "Иван"), ("Shift_JIS", "東京"), ("ISO-8859-2", "Žluťoučký"), ("latin1", "é")]
)
def test_the_named_charset_is_followed(charset: str, word: str) -> None:
    """Who names it need not rely on a guess."""
    assert decode(f"a,{word}\n".encode(charset), charset) == f"a,{word}\n"


def test_a_charset_that_the_bytes_do_not_obey_is_not_the_end() -> None:
    """Clients say UTF-8 of everything, also of what Excel wrote."""
    assert decode("a,José\r\n".encode("cp1252"), "utf-8") == "a,José\r\n"
    assert decode("a,José\r\n".encode(), "us-ascii") == "a,José\r\n"


@pytest.mark.parametrize(
    "charset",
    [
        "klingon",
        "zlib",
        "hex",
        "rot13",
        "punycode",
        "idna",
        "UTF_7",
        "unicode_escape",
        "undefined",
        "a\0b",
        "é",
        "\ud800",
    ],
)
def test_a_charset_that_does_not_exist_is_told(charset: str) -> None:
    """Nor does Python's own codec of something else count: one unpacks, one takes the square of the length."""
    with pytest.raises(Undecodable, match=r"^The charset '.{1,90}' is unknown; "):
        decode(b"a,b\n", charset)


@pytest.mark.parametrize("late", [0, 100, 300_000], ids=["first", "later", "far-down"])
@pytest.mark.parametrize("name", ["José García", "François Lefèvre", "Zoë Núñez", "Ärzte – Größe", "Åse Sørensen"])
def test_what_excel_wrote_in_western_europe_is_understood(name: str, late: int) -> None:
    """Trap 41: Windows-1252, wherever in the file its first letter beyond ASCII stands."""
    plain = "ana@contoso.com,SPE_E5\r\n"
    text = f"UserPrincipalName,LicenseSKU\r\n{plain * late}ana@contoso.com,{name}\r\n{plain * 500}"

    assert decode(text.encode("cp1252")) == text


def test_what_cannot_be_told_says_what_was_tried_and_what_to_do() -> None:
    """The place of the byte, the encodings, and the way out."""
    with pytest.raises(Undecodable) as raised:
        decode(b"a,b\r\nc,d\r\n" + bytes(range(128, 256)), "us-ascii")

    assert str(raised.value) == (
        "The encoding of the file cannot be told: it is not UTF-8 (byte 0x80 on line 3), nor us-ascii, and no code "
        'page of Excel fits. Save it as "CSV UTF-8" and send that.'
    )


def test_nothing_is_an_empty_text() -> None:
    """That a file is empty is for the reader to tell."""
    assert decode(b"") == ""
