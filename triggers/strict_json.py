"""What the JSON parsers let pass and we do not: doubled fields, and numbers that are none."""

import json
from math import isinf
from typing import Any, NoReturn

from shared.errors import RequestRejected

MAX_NAME = 100
"""So much of a name that the caller sent is said back."""


def refuse_ambiguous(data: bytes | str, what: str) -> None:
    """Raise ``RequestRejected`` (400) where a field stands twice in one object, or a number is NaN or infinite.

    ``data`` is JSON that a parser has taken, ``what`` says in the refusal what it is. Of two fields with one name a
    parser takes the last: which one was meant is not ours to guess.
    """

    def each_once(pairs: list[tuple[str, Any]]) -> None:
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

    # Integers stay text: Python refuses to convert very long ones, and nobody looks at them here.
    json.loads(data, object_pairs_hook=each_once, parse_int=str, parse_float=finite, parse_constant=no_number)
