"""What schemathesis does not know by itself: CSVs, and what a refusal has to say. It imports this module."""

import re
from itertools import count
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import strategies as st
from schemathesis.generation.meta import TestPhase

MAX_QUERY = 7_000
"""Bytes: a request line of 8 KB is refused by the host, ours and Azure's alike, before the app sees it."""
MAX_KEY = 200
_NUMBERS = count()
_STEP = re.compile("~([01])")
_CELLS = st.text(max_size=12) | st.sampled_from(
    [
        *(f"{name}@fabrikam.onmicrosoft.com" for name in ("ana", "bo", "nobody")),
        *("fabrikam.onmicrosoft.com", "SPE_E5", "POWER_BI_PRO", "YAMMER_ENTERPRISE", "MCOSTANDARD;SWAY", "*", ""),
    ]
)
_COLUMNS = st.lists(
    st.sampled_from(["UserPrincipalName", "LicenseSKU", "DisabledPlans", "Tenant", "FromSKU", "Colour"]), max_size=5
)


@st.composite
def _csvs(draw: st.DrawFn) -> bytes:
    """Files as people make them: separators, quotes, encodings and line ends of all kinds, rows that do not fit."""
    separator, quote = draw(st.sampled_from(",;\t")), draw(st.sampled_from(['"', ""]))
    rows = [draw(_COLUMNS), *draw(st.lists(st.lists(_CELLS, max_size=5), max_size=5))]
    lines = (separator.join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])), errors="replace")


schemathesis.openapi.media_type("text/csv", _csvs())


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Leave out what no host takes."""
    return len(urlencode(case.query, doseq=True)) <= MAX_QUERY


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Let what is well-formed be looked at for what it says, where OpenAPI cannot say what else there is to know.

    ``tenant`` belongs to CSVs alone, and one idempotency key stands for one body, while the generator has few of them.
    Those of the coverage phase stay: its many like bodies would each be an operation.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.media_type == "application/json":
        case.query.pop("tenant", None)
    key = case.headers.get("Idempotency-Key")
    if key is not None and case.meta.phase.name is not TestPhase.COVERAGE:
        case.headers["Idempotency-Key"] = f"{key[:MAX_KEY]}-{next(_NUMBERS)}"


@schemathesis.check
def refusals_say_what_and_where(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """A 400 or 422 has words for a person, and its pointers lead to places of what was sent."""
    if response.status_code not in (400, 422) or response.headers.get("content-type") != ["application/problem+json"]:
        return  # that it must be a problem is looked after by schemathesis itself
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["detail"].strip()
    if case.media_type not in (None, "application/json"):
        return  # pointers of a CSV are those of the JSON that it stands for
    parameters = {*case.path_parameters, *case.query}
    for fault in problem.get("errors", []):
        assert fault["detail"].strip()
        first, *rest = _steps(fault["pointer"]) or [""]
        if case.media_type and not (first in parameters and not rest):
            assert _leads_into(case.body, [first, *rest]), f"{fault['pointer']} is no place of the body"


def _steps(pointer: str) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    return [_STEP.sub(lambda sign: "~/"[int(sign[1])], step) for step in pointer.split("/")[1:]]


def _leads_into(body: Any, steps: list[str]) -> bool:
    """Whether all steps lead somewhere but the last, which may name what is missing."""
    *way, last = steps
    for step in way:
        children = _children(body)
        if step not in children:
            return False
        body = children[step]
    return last == "" or isinstance(body, dict) or last in _children(body)


def _children(body: Any) -> dict[str, Any]:
    match body:
        case dict():
            return body
        case list():
            return {str(at): child for at, child in enumerate(body)}
        case _:
            return {}
