"""CSV over HTTP, as a body of its own or as a part of a form: rewritten to the JSON that means the same.

All that follows knows the JSON form only, so a CSV is read, checked and answered alike however it came.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import azure.functions as func
from pydantic_core import to_json

from shared.csv.decoding import Undecodable, decode
from shared.errors import Problem, RequestRejected
from triggers.web.strict_json import MAX_NAME, Json, json_object

CSV_TYPE, FORM_TYPE = "text/csv", "multipart/form-data"
CSV_PART, REST_PART = "file", "request"
PARTS = f"the parts are {CSV_PART} (the CSV) and {REST_PART} (the JSON of the rest)"
MAX_DELIMITERS = 16
"""A form has two parts; so many delimiters leave room to name one that is too much, and cost nothing to read."""
MAX_HEAD = 8 * 1024
"""Bytes of the headers of a part; megabytes of them would keep their reader busy for seconds."""
UTF_8 = ("utf-8", "utf8")

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""As RFC 2046 has it (5.1.1)."""
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class MediaType(NamedTuple):
    """A content type in lower case, with its parameters by their lower-case names."""

    name: str
    parameters: Mapping[str, str]

    @property
    def charset(self) -> str | None:
        """The charset in lower case; None where there is none."""
        charset = self.parameters.get("charset")
        return None if charset is None else charset.lower()


def media_type(header: str | None) -> MediaType:
    """A header Content-Type, taken apart; the name is empty where it is absent."""
    name, *rest = (header or "").split(";")
    pairs = (each.partition("=") for each in rest)
    return MediaType(
        name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs if key.strip()}
    )


class _Content(NamedTuple):
    """Bytes with the charset that they are announced in."""

    data: bytes
    charset: str | None


def csv_as_json(request: func.HttpRequest, given: MediaType, limit: int) -> bytes:
    """The JSON body that a body of the type ``given`` (``text/csv`` or ``multipart/form-data``) stands for.

    The query parameter ``tenant`` names the tenant of all rows. Without it the CSV goes to every target of the form's
    JSON that has no users, or stands at the top where there are no targets; ``operation`` says of what it is a preview.
    Raises ``RequestRejected``: 400 that names
    the part, the field or the line that is wrong, 413 when the copies of the CSV together exceed ``limit`` bytes.
    """
    tenant = request.params.get("tenant")
    if tenant is not None and not tenant.strip():
        raise RequestRejected(400, "The query parameter tenant is empty.")
    body: Json = {}
    csv = _Content(request.get_body(), given.charset)
    if given.name == FORM_TYPE:
        parts = _parts(request, given.parameters.get("boundary", ""))
        csv = _file(parts)
        body = _rest(parts[REST_PART]) if REST_PART in parts else body
    if "operation" in request.params:
        if "operation" in body:
            raise _refused("/operation", "The query parameter operation says it already; give one of the two")
        body["operation"] = request.params["operation"]
    places = _places(body, tenant)
    if len(csv.data) * len(places) > limit:
        detail = f"The CSV would stand under each of {len(places)} targets, in all with more than {limit} bytes; "
        raise RequestRejected(413, detail + "give it a column Tenant and leave targets out.")
    text = _text(csv, next(iter(places)))
    for place in places.values():
        place["csv"] = text
    return to_json(body)


def _text(csv: _Content, pointer: str) -> str:
    try:
        return decode(csv.data, csv.charset)
    except Undecodable as error:
        problem = Problem(pointer, str(error), line=1)
        raise RequestRejected(400, "The CSV is no text that can be read.", [problem]) from None


def _places(body: Json, tenant: str | None) -> dict[str, Json]:
    """The objects of ``body`` that get the CSV, by pointer; targets and users that are missing are put in."""
    if "csv" in body:
        raise _refused("/csv", f"The CSV is the part {CSV_PART}; it cannot stand here as well")
    if tenant is not None:
        if "targets" in body:
            raise _refused("/targets", "The query parameter tenant makes the target; give one of the two")
        body["targets"] = [{"tenant": tenant}]
    elif "targets" not in body:
        return {"/csv": body}
    targets = body["targets"]
    if not isinstance(targets, list):
        raise _refused("/targets", "This must be an array of targets")
    places: dict[str, Json] = {}
    for n, target in enumerate(cast(list[Any], targets)):
        if isinstance(target, dict) and "users" not in target:  # what is no object is refused by the model
            target["users"] = places[f"/targets/{n}/users/csv"] = {}
    if not places:
        raise _refused("/targets", f"No target is without users, so the part {CSV_PART} would count for none")
    return places


def _refused(pointer: str, detail: str) -> RequestRejected:
    return RequestRejected(400, f"The part {REST_PART} is not valid.", [Problem(pointer, detail)])


class _Part(NamedTuple):
    content: _Content
    is_file: bool


def _parts(request: func.HttpRequest, boundary: str) -> dict[str, _Part]:
    """The parts of a form by name, each once and known."""
    if not _BOUNDARY.fullmatch(boundary):
        raise RequestRejected(400, f"The content type {FORM_TYPE} needs a boundary of 1 to 70 plain characters.")
    body = request.get_body()
    _refuse_costly(body, b"--" + boundary.encode())
    # Read under the very boundary that was counted: of two in one header another parser may take the other one.
    headers = {"Content-Type": f'{FORM_TYPE}; boundary="{boundary}"'}
    form = func.HttpRequest(request.method, request.url, headers=headers, body=body)
    found: list[tuple[str | None, _Part]] = []
    for name, file in form.files.items(multi=True):
        content = _Content(file.stream.read(), media_type(file.content_type).charset)
        found.append((name, _Part(content, is_file=True)))
    for name, field in form.form.items(multi=True):
        found.append((name, _Part(_Content(field.encode(), None), is_file=False)))
    if not found:  # what is broken anywhere is read as no parts at all
        detail = "it is cut off, has another boundary than its content type says, or a part lacks Content-Disposition"
        raise RequestRejected(400, f"The form has no parts that can be read: {detail}; {PARTS}.")
    parts: dict[str, _Part] = {}
    for name, part in found:
        if not name:
            raise RequestRejected(400, f"A part of the form has no name; {PARTS}.")
        if name not in (CSV_PART, REST_PART):
            raise RequestRejected(400, f"The part {name[:MAX_NAME]} is not known; {PARTS}.")
        if name in parts:
            raise RequestRejected(400, f"The part {name} stands twice; each is taken once.")
        parts[name] = part
    return parts


def _refuse_costly(body: bytes, delimiter: bytes) -> None:
    """Refuse what only a hostile caller sends, before the form's reader, which has no limits here, sees it."""
    if body.count(delimiter) > MAX_DELIMITERS:
        raise RequestRejected(400, f"The form has too many parts; {PARTS}.")
    for found in re.finditer(re.escape(delimiter), body):
        end = found.end() + MAX_HEAD
        if end < len(body) and not _BLANK_LINE.search(body, found.end(), end):
            raise RequestRejected(400, f"The headers of a part have more than {MAX_HEAD} bytes.")


def _file(parts: Mapping[str, _Part]) -> _Content:
    if CSV_PART not in parts:
        raise RequestRejected(400, f"The part {CSV_PART} is missing; {PARTS}.")
    part = parts[CSV_PART]
    if not part.is_file:  # its bytes are gone: the form's reader made text of them, whatever they were
        raise RequestRejected(400, f"The part {CSV_PART} must be sent as a file, with a filename.")
    return part.content


def _rest(part: _Part) -> Json:
    """The object in the part ``request``, sent as a field or as a file."""
    what = f"The part {REST_PART}"
    data, charset = part.content
    if charset not in (None, *UTF_8):
        raise RequestRejected(400, f"{what} must be in UTF-8, not {charset[:MAX_NAME]}.")
    # The form's reader puts this character for what is not UTF-8, and a name with it would be another name.
    if not part.is_file and "\N{REPLACEMENT CHARACTER}".encode() in data:
        raise RequestRejected(400, f"{what} is not in UTF-8.")
    return json_object(data, what)
