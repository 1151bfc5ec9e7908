"""The page of errors has every code and status there is, and the advice that callers are given."""

import ast
from collections.abc import Iterator
from http import HTTPStatus

from shared.contracts.openapi import openapi
from shared.domain.advice import ADVICE
from shared.domain.codes import ResultCode, TenantErrorCode, status_of
from tests.docs.pages import ROOT, codes, section, table
from triggers import API, META

PAGE = "docs/errors.md"
RESULTS, TENANTS, STATUSES = "## Codes of a result", "## Codes of a tenant's error", "## HTTP statuses"


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of each row by its code or status; one that stands twice is a mistake."""
    found = table(section(PAGE, heading), "status" if heading == STATUSES else "code")
    keys = [(codes(first) or [first])[0] for first, *_ in found]
    assert len(set(keys)) == len(keys)
    return {key: rest for key, (_, *rest) in zip(keys, found, strict=True)}


def test_every_code_is_there_and_no_other() -> None:
    """Each once, in the order of the code, with its status and without an empty cell."""
    results, tenants = rows(RESULTS), rows(TENANTS)

    assert list(results) == list(ResultCode)
    assert list(tenants) == list(TenantErrorCode)
    assert {code: cells[0] for code, cells in results.items()} == {code: status_of(code) for code in ResultCode}
    assert all(cell for cells in (*results.values(), *tenants.values()) for cell in cells)


def test_the_advice_is_what_callers_are_told() -> None:
    """Word by word, and no advice is left that has no row."""
    told = {code: cells[-1] for code, cells in (rows(RESULTS) | rows(TENANTS)).items()}

    assert told == dict(ADVICE)


def test_a_code_without_certainty_says_so() -> None:
    """One code only leaves open what happened to the user."""
    unsure = [code for code, cells in rows(RESULTS).items() if "**not known**" in cells[2]]

    assert unsure == [ResultCode.OUTCOME_UNKNOWN]


def test_every_status_is_there_and_no_other() -> None:
    """What the API describes and what the code answers with, by number or by name."""
    told = rows(STATUSES)
    document = openapi([route for router in (*API, META) for route in router.routes], "1")
    described = {
        int(status)
        for path in document["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
        if "application/problem+json" in answer.get("content", {})
    }
    answered = {status for folder in ("triggers", "shared") for status in _answered(folder)}

    assert described <= answered
    assert list(told) == [str(status) for status in sorted(answered)]
    assert all(cell for cells in told.values() for cell in cells)


def _answered(folder: str) -> Iterator[int]:
    """The statuses that are given to ``RequestRejected`` or made a problem of in a folder's code."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="RequestRejected" | "_problem"), args=[ast.Constant(value=int(status)), *_]
                ):
                    yield HTTPStatus(status).value
                case _:
                    pass
