"""A CSV in a file reads as the same text does, piece by piece."""

import io
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.csv import decoding
from shared.csv.decoding import Undecodable, decode
from shared.csv.reading import MAX_ROW_LENGTH
from shared.csv.sources import FileSource, TextSource

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n,é東\U0001f600"), max_size=60)


@pytest.fixture(params=[1, 2, 3, 7], autouse=True)
def short_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks end within letters, and between the two halves of a line end."""
    monkeypatch.setattr(decoding, "_BLOCK_BYTES", request.param)


@given(text=TEXTS, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_lines_are_those_of_the_text_as_often_as_they_are_asked_for(text: str, encoding: str) -> None:
    """Trap 41: encodings and line ends of all kinds, and wherever a block ends."""
    content = text.encode(encoding)
    try:
        expected = list(TextSource(decode(content)).lines())
    except Undecodable:  # by chance it begins like something else
        return
    source = FileSource(io.BytesIO(content))

    assert list(source.lines()) == list(source.lines()) == expected
    if encoding != "utf-8":  # a text that begins with a mark of its own loses that one
        assert "".join(expected) == text


def test_what_is_broken_is_told_with_its_place_wherever_a_block_ends() -> None:
    """The line of the byte, be its line end cut in two."""
    with pytest.raises(Undecodable, match=r"byte 0x80 on line 3\)"):
        FileSource(io.BytesIO(b"a,b\r\nc,d\r\n" + bytes(range(128, 256))))
    with pytest.raises(Undecodable, match=r"UTF-16 and is broken at byte 7: truncated"):
        FileSource(io.BytesIO("a€".encode("utf-16") + b"\x01"))


def test_a_line_without_an_end_comes_in_pieces() -> None:
    """Trap 43: hundreds of megabytes of one line are never together in memory."""
    source = FileSource(io.BytesIO(b"x" * 3 * MAX_ROW_LENGTH))

    assert max(map(len, islice(source.lines(), 3))) == MAX_ROW_LENGTH + 1
