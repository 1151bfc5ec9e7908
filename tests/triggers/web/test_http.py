"""One shape for every error, and nothing of the inside in any of them."""

import azure.functions as func
import pytest

from shared.contracts.routes import Answer as Declared
from shared.contracts.routes import Route
from shared.domain.caller import Role
from shared.errors import (
    Denied,
    DependencyDown,
    GraphError,
    NotFound,
    Problem,
    RequestRejected,
    RowConflict,
    StateConflict,
    Throttled,
    Unavailable,
)
from shared.services import Services
from tests.triggers.conftest import Api, assign_body
from triggers.web.bodies import MAX_BODY
from triggers.web.http import Call

T = "11111111-1111-4111-8111-111111111111"


def failing(api: Api, error: Exception) -> None:
    """Put a route beside the others whose handler raises ``error``."""

    async def handler(call: Call, app: Services) -> func.HttpResponse:
        raise error

    route = Route(name="f", method="GET", path="fail", summary="", role=Role.READ, answers=(Declared(200, ""),))
    api.routes = {**api.routes, "fail": (route, handler)}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestRejected(422, "no", [Problem("/a", "b", line=3)]), 422),
        (NotFound("no"), 404),
        (StateConflict("no"), 409),
        (RowConflict("no"), 409),
        (Denied("no", tenant_id=T), 409),
        (DependencyDown("tables", "no", retry_after=7), 503),
        (Throttled("no", tenant_id=T), 503),
        (Unavailable("no", tenant_id=T), 503),
        (GraphError("no", tenant_id=T), 502),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_each_of_our_errors_is_a_problem(api: Api, error: Exception, status: int) -> None:
    """RFC 9457: type, title, status, detail, instance; what may pass says when to come back."""
    failing(api, error)
    answer = await api.send("GET", "/fail")

    assert answer.status == answer.json["status"] == status
    assert answer.media_type == "application/problem+json"
    assert {"type", "title", "detail", "instance"} <= set(answer.json)
    assert answer.json["instance"] == "/api/fail"
    assert ("Retry-After" in answer.headers) == (status == 503)


async def test_pointers_and_lines_are_told(api: Api) -> None:
    """A fault of a CSV names its line, any other does not."""
    failing(api, RequestRejected(400, "no", [Problem("/a", "b", line=3), Problem("/c", "d")]))

    assert (await api.send("GET", "/fail")).json["errors"] == [
        {"pointer": "/a", "detail": "b", "line": 3},
        {"pointer": "/c", "detail": "d"},
    ]


async def test_an_unexpected_fault_tells_an_id_and_nothing_else(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Never a stack trace: the caller gets a correlation id, the log gets the rest under it."""
    failing(api, KeyError("secret inside"))
    answer = await api.send("GET", "/fail")

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    assert answer.headers["x-correlation-id"] in answer.json["detail"]
    assert answer.headers["x-correlation-id"] in caplog.text
    assert "secret inside" in caplog.text


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_is_not_json_by_its_type_is_refused(api: Api, content_type: str) -> None:
    """415, before the body is read."""
    answer = await api.send("POST", "assign", b"{}", headers={"Content-Type": content_type})

    assert answer.status == 415


async def test_json_with_a_charset_is_json(api: Api) -> None:
    """Parameters and case of the content type do not matter."""
    answer = await api.send("POST", "assign", b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"})

    assert answer.status == 400
    assert set(answer.pointers) == {"/targets", "/licenses"}


async def test_a_body_above_20_mb_is_refused(api: Api) -> None:
    """413, whatever stands in it."""
    answer = await api.send("POST", "assign", b" " * (MAX_BODY + 1))

    assert answer.status == 413


async def test_malformed_json_names_the_position(api: Api) -> None:
    """400 with line and column."""
    answer = await api.send("POST", "assign", b'{"targets": [}')

    assert answer.status == 400
    assert "line 1 column 14" in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("operations", {"top": "0"}),
        ("operations", {"top": "1001"}),
        ("operations", {"top": "ten"}),
        ("operations", {"top": "²"}),
        ("operations", {"top": "9" * 5000}),
        ("operations", {"cursor": "garbage"}),
        ("operations", {"cursor": "e30"}),
        ("operations", {"status": "done"}),
        ("operations", {"type": "wipe"}),
        ("operations", {"from": "yesterday"}),
        ("operations", {"to": "2026-13-01"}),
        ("operations", {"tennant": "x"}),
        ("operations", {"tenant": ""}),
        ("tenants", {"cursor": "garbage"}),
        ("audit", {"from": "1"}),
        ("audit", {"format": "xml"}),
        ("audit", {"cursor": "garbage"}),
        ("operations/x/results", {"status": "running"}),
        ("operations/x/results", {"top": "-1"}),
    ],
)
async def test_a_wrong_parameter_is_a_400_that_names_it(api: Api, path: str, query: dict[str, str]) -> None:
    """A filter that is misspelled must not silently show everything."""
    answer = await api.send("GET", path, query=query)

    assert answer.status == 400
    assert next(iter(query)) in answer.json["detail"]


async def test_every_fault_of_a_body_is_told_at_once(api: Api) -> None:
    """The caller mends all of it in one go."""
    body = assign_body("x", targets=[{"tenant": "", "users": {}}], licenses=[{"sku": ""}], confirm=-3)
    answer = await api.send("POST", "assign", body)

    assert answer.status == 400
    assert set(answer.pointers) == {"/targets/0/tenant", "/targets/0/users", "/licenses/0/sku", "/confirm"}
