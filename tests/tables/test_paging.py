"""Cursors by themselves: texts in, the same texts out, and nothing but a refusal for anything else."""

import base64
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RequestRejected
from shared.tables.paging import make_cursor, read_cursor

TEXTS = st.lists(st.text(st.characters().filter(str.isprintable)), max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def encoded(data: bytes) -> str:
    """As cursors are."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@given(TEXTS)
def test_a_cursor_gives_back_what_was_put_in(parts: list[str]) -> None:
    """Round trip of any text that can be printed, in signs that a URL takes as they are."""
    cursor = make_cursor(*parts)

    assert read_cursor(cursor, len(parts)) == tuple(parts)
    assert set(cursor) <= {*string.ascii_letters, *string.digits, "-", "_"}


@given(TEXTS, st.integers(0, 4))
def test_a_cursor_of_more_or_fewer_parts_is_refused(parts: list[str], count: int) -> None:
    """It is one of another list."""
    if count != len(parts):
        with pytest.raises(RequestRejected):
            read_cursor(make_cursor(*parts), count)


@given(
    st.text()
    | st.text(string.ascii_letters + string.digits + "-_=+/")
    | st.binary().map(encoded)
    | JSON.map(lambda value: encoded(json.dumps(value).encode()))
    | st.lists(st.characters(categories=["Cs"]), min_size=1).map(lambda texts: encoded(json.dumps(texts).encode())),
    st.integers(1, 3),
)
def test_any_text_is_a_cursor_or_refused(text: str, count: int) -> None:
    """A 400 at ``/cursor``, or texts that a table can be asked for; nothing else is raised, whatever comes in."""
    parts, refused = None, None
    try:
        parts = read_cursor(text, count)
    except RequestRejected as error:
        refused = error
    if refused is not None:
        assert (refused.status, [problem.pointer for problem in refused.problems]) == (400, ["/cursor"])
        return
    assert parts is not None
    assert len(parts) == count
    assert read_cursor(make_cursor(*parts), count) == parts
    assert "".join(parts).isprintable()


@pytest.mark.parametrize(
    "text", ["[" + "1" * 5_000 + "]", "[" * 100_000, '["\\ud800"]', '["\\u0000"]', '{"a": "b"}', "[null]"]
)
def test_what_json_takes_but_no_list_gave_out_is_refused(text: str) -> None:
    """Numbers that Python will not read, depth, half characters, control signs: each is a 400."""
    with pytest.raises(RequestRejected):
        read_cursor(encoded(text.encode()), 1)


def test_no_cursor_is_the_first_page() -> None:
    """None is no place; an empty text is none of ours."""
    assert read_cursor(None, 2) is None
    with pytest.raises(RequestRejected):
        read_cursor("", 2)
