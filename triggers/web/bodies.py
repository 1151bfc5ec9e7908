"""Bodies of requests: what is taken at all, and what is said about one that is wrong."""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any, cast

import azure.functions as func
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from shared.contracts.routes import Route
from shared.errors import Problem, RequestRejected
from triggers.web.forms import CSV_TYPE, FORM_TYPE, UTF_8, csv_as_json, media_type
from triggers.web.strict_json import check_strictly

ANY_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
MAX_BODY = 20 * 1024 * 1024
_FIELD = re.compile(r"(?!str$|int$)[a-z][a-zA-Z]*")
"""What fields are called, and types are not."""
NOT_VALID = "The body is not valid."
_BESIDE_A_CSV = {
    "tenant": "names the tenant of a CSV; in JSON it stands in targets",
    "operation": "says of what a CSV is previewed; in JSON it stands in the body",
}
MAX_FAULTS = 100
"""So many faults of one body are told: who has more has one mistake many times."""


def checked_body(route: Route, request: func.HttpRequest, headers: Mapping[str, str]) -> bytes:
    """The body as JSON, without a byte order mark; ``headers`` have lower-case names.

    A CSV, where the route takes one, is rewritten to the JSON that means the same. Raises ``RequestRejected``: 413 when
    the body is too large, 415 when it is not announced as what the route takes, with JSON in UTF-8, 400 when it is
    UTF-16 all the same, is a form or a CSV that cannot be read, or stands where none is taken.
    """
    body = request.get_body()
    if len(body) > MAX_BODY:
        raise RequestRejected(413, f"The body has {len(body)} bytes; at most {MAX_BODY} are taken.")
    if route.body is None:
        if route.method != "GET" and body.strip() not in (b"", b"{}"):
            raise RequestRejected(400, "This takes no body; what it says would be ignored.")
        return b""
    if route.may_be_empty and not body.strip():
        return b"{}"
    given = media_type(headers.get("content-type"))
    if route.csv and given.name in (CSV_TYPE, FORM_TYPE):
        return csv_as_json(request, given, MAX_BODY)
    if given.name != "application/json":
        taken = f"application/json, {CSV_TYPE} or {FORM_TYPE}" if route.csv else "application/json"
        raise RequestRejected(415, f"The content type must be {taken}, not {given.name or 'absent'}.")
    if given.charset not in (None, *UTF_8):
        raise RequestRejected(415, f"The charset must be utf-8, not {given.charset}.")
    for name, meaning in _BESIDE_A_CSV.items():
        if route.csv and name in request.params:
            raise RequestRejected(400, f"The query parameter {name} {meaning}.")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise RequestRejected(400, "The body is UTF-16; send it as UTF-8.")
    return body.removeprefix(codecs.BOM_UTF8)


def field_of(body: bytes, name: str) -> Any:
    """A field of a body before it is checked; None where it is not there, or the body is no object."""
    try:
        found: Any = from_json(body)
    except ValueError:
        return None
    return cast(dict[str, Any], found).get(name) if isinstance(found, dict) else None


def object_of(body: bytes) -> None:
    """Raise ``RequestRejected`` (400) for a body that is no object, whatever its fields are."""
    try:
        ANY_OBJECT.validate_json(body)
    except ValidationError as error:
        raise invalid(error, body) from None


def parsed[M: BaseModel](model: type[M], body: bytes, *, under: str = "") -> M:
    """The body as ``model``; raises ``RequestRejected`` (400) with a pointer to every fault.

    ``under`` is the pointer of the body where it is a part of another one.
    """
    with suppress(ValueError, RecursionError):  # of what is no JSON the model says more
        check_strictly(body, "The body")  # before the model, which would list every fault there is
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error, body, under=under) from None


def invalid(error: ValidationError, body: bytes | str, *, under: str = "") -> RequestRejected:
    """A fault of the body as pydantic found it, with JSON pointers (RFC 6901); malformed JSON names the position."""
    faults = error.errors(include_url=False, include_input=False)
    if faults[0]["type"] == "json_invalid":
        return RequestRejected(400, f"The body is no JSON: {_context(faults[0])['error']}.")
    found = (replace(each, pointer=under + each.pointer) for each in _problems(faults, from_json(body)))
    problems = list(islice(found, MAX_FAULTS + 1))
    more = f": it has more than {MAX_FAULTS} faults, the first are told" if len(problems) > MAX_FAULTS else ""
    return RequestRejected(400, f"The body is not valid{more}.", problems[:MAX_FAULTS])


def _problems(faults: list[ErrorDetails], body: Any) -> Iterator[Problem]:
    places = [fault["loc"] for fault in faults]
    told: dict[str, str] = {}
    choices: set[str] = set()
    """Where one of some words would do as well: no more said of what was meant for something larger."""
    for fault in faults:
        if fault["type"] != "too_short" or not any(_within(place, fault["loc"]) for place in places):
            where = pointer(*_path(fault["loc"], body))
            # A field that may be of several types has a fault for each of them.
            told[where] = f"{told[where]}; or: {_detail(fault)}" if where in told else _detail(fault)
            if fault["type"] == "literal_error":
                choices.add(where)
    for where, detail in told.items():
        if not (where in choices and any(other.startswith(f"{where}/") for other in told)):
            yield Problem(where, detail)


def _path(place: Iterable[int | str], body: Any) -> Iterator[int | str]:
    """The way to a fault within the body: without the names of types that pydantic puts in where it tried several."""
    here = body
    for step in place:
        if isinstance(here, list) and isinstance(step, int):
            here = cast(list[Any], here)[step]
        elif isinstance(here, dict) and step in here:
            here = cast(dict[int | str, Any], here)[step]
        elif not isinstance(step, str) or not _FIELD.fullmatch(step):
            continue
        yield step


def pointer(*steps: int | str) -> str:
    """The JSON pointer (RFC 6901) of these steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _detail(fault: ErrorDetails) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "This field is not known"
        case "missing":
            return "This field is missing"
        case "too_short":
            told = _context(fault)
            return f"At least {told['min_length']} is needed, not {told['actual_length']}"
        case "too_long":
            told = _context(fault)
            return f"At most {told['max_length']} are taken, not {told['actual_length'] or 'more'}"
        case "string_too_short" if _context(fault)["min_length"] == 1:
            return "It is empty"
        case kind if kind.startswith(("datetime_", "timezone_")):
            return "A time with an offset or Z, such as 2026-11-23T02:00:00Z"
        case kind if kind.startswith("date_"):
            return "A date of the calendar, such as 2026-11-23"
        case _:
            return fault["msg"]


def _context(fault: ErrorDetails) -> dict[str, Any]:
    return fault.get("ctx", {})


def _within(place: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    """Whether ``place`` lies inside ``outer``: an array that lost its faulty items is not too short as well."""
    return len(place) > len(outer) and place[: len(outer)] == outer
