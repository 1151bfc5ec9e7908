"""What the JSON parsers let pass and we do not: doubled fields, numbers that are none, and faults by the million."""

import codecs
import json
from math import isinf
from typing import Any, NoReturn, cast

from pydantic_core import from_json

from shared.errors import RequestRejected

MAX_NAME = 100
"""So much of a name that the caller sent is said back."""
MAX_PARTS = 50_000
"""Fields, and entries of lists that are no texts: each may become a fault of a kilobyte. A thousand targets have half
as many."""

type Json = dict[str, Any]


def json_object(data: bytes, what: str) -> Json:
    """The object that ``data`` is, with or without a byte order mark; ``what`` names it in a refusal.

    Raises ``RequestRejected`` (400).
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        body = from_json(data)
    except ValueError as error:
        raise RequestRejected(400, f"{what} is no JSON: {error}.") from None
    check_strictly(data, what)
    if not isinstance(body, dict):
        raise RequestRejected(400, f"{what} must be a JSON object.")
    return cast(Json, body)


def check_strictly(data: bytes | str, what: str) -> None:
    """Raise ``RequestRejected`` (400) where a field stands twice in one object, or a number is NaN or infinite.

    Also where there are more than ``MAX_PARTS`` fields and entries: only long lists of texts make a body large.
    ``what`` says in the refusal what ``data`` is. Of two fields with one name a parser takes the last: which one was
    meant is not ours to guess. Raises ``ValueError`` or ``RecursionError`` for what is no JSON.
    """
    parts = 0

    def each_once(pairs: list[tuple[str, Any]]) -> None:
        nonlocal parts
        parts += len(pairs) + sum(_no_texts(value) for _, value in pairs)
        if parts > MAX_PARTS:
            detail = f"{what} is not valid: beside texts it has more than {MAX_PARTS:,} fields and entries of lists."
            raise RequestRejected(400, detail)
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                detail = f"{what} is not valid: the field {name[:MAX_NAME]} stands twice in one object."
                raise RequestRejected(400, detail)
            seen.add(name)

    def no_number(name: str) -> NoReturn:
        raise RequestRejected(400, f"{what} is no JSON: {name} is no number of it.")

    def finite(text: str) -> None:
        if isinf(float(text)):
            raise RequestRejected(400, f"{what} is not valid: {text[:MAX_NAME]} is beyond the numbers that are taken.")

    def unread(_: str) -> None:
        """Python refuses to convert very long integers, and nobody looks at them here."""

    json.loads(data, object_pairs_hook=each_once, parse_int=unread, parse_float=finite, parse_constant=no_number)


def _no_texts(value: object) -> int:
    """How many entries of a list are no texts, or blank ones."""
    if not isinstance(value, list):
        return 0
    return sum(not isinstance(entry, str) or not entry or entry.isspace() for entry in cast(list[Any], value))
