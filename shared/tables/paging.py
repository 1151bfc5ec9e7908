"""Cursors: opaque to callers, and refused when they are not ours."""

import base64
import json

from shared.errors import Problem, RequestRejected


def make_cursor(*parts: str) -> str:
    """A cursor of these texts."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, count: int) -> tuple[str, ...] | None:
    """The ``count`` texts of a cursor; None where none was given.

    Raises ``RequestRejected`` (400) for anything ``make_cursor`` did not make.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:  # no base64, no JSON, a number beyond what is read
        raise bad_cursor() from error
    if not isinstance(parts, list):
        raise bad_cursor()
    texts = tuple(part for part in parts if isinstance(part, str))  # pyright: ignore[reportUnknownVariableType] - JSON
    if len(texts) != count or len(texts) != len(parts):  # pyright: ignore[reportUnknownArgumentType] - JSON
        raise bad_cursor()
    if not all(text.isprintable() for text in texts):  # no key has such signs, and no table can be asked for half a one
        raise bad_cursor()
    return texts


def bad_cursor() -> RequestRejected:
    """The answer to a cursor that is not one of ours."""
    detail = "cursor is not one that this list gave out"
    return RequestRejected(400, detail, [Problem("/cursor", detail)])
