"""HTTP triggers: routes, methods, bodies, headers, keys."""

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.localhost.conftest import Sample

# One loop for the folder: the shared stack and its client live on it.
pytestmark = pytest.mark.asyncio(loop_scope="session")

MB = 1024 * 1024


async def test_a_request_reaches_the_function_whole(sample: Sample) -> None:
    """Route parameter, method, repeated query, header, body and URL arrive; status and headers go back."""
    answer = await sample.http.post("/api/echo/7?a=1&a=2&b=x%20y", content=b"abc", headers={"X-In": "one"})

    assert (answer.status_code, answer.headers["x-out"]) == (201, "two")
    body = answer.json()
    assert (body["n"], body["method"], body["header"], body["bytes"]) == ("7", "POST", "one", 3)
    assert body["query"] == {"a": "1,2", "b": "x y"}
    assert urlsplit(body["url"])._replace(scheme="", netloc="").geturl() == "/api/echo/7?a=1&a=2&b=x%20y"


async def test_sync_functions_leave_the_loop_free(sample: Sample) -> None:
    """A sync function runs in the worker's pool, an async one on the loop."""
    assert (await sample.http.get("/api/echo/1")).json()["main_thread"] is False
    assert (await sample.http.get("/api/echo/special")).json()["main_thread"] is True


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/nowhere", 404, id="no such route"),
        pytest.param("GET", "/echo/1", 404, id="without the prefix"),
        pytest.param("GET", "/api/echo/word", 404, id="parameter is no int"),
        pytest.param("DELETE", "/api/echo/1", 405, id="method not served"),
        pytest.param("GET", "/api/ECHO/1", 201, id="case does not count"),
        pytest.param("GET", "/api/broken", 500, id="function raises"),
    ],
)
async def test_a_path_is_answered_by_its_route(sample: Sample, method: str, path: str, status: int) -> None:
    """Unknown paths are 404, known ones with another method 405, failing functions 500."""
    assert (await sample.http.request(method, path)).status_code == status


async def test_a_refused_method_names_the_allowed_ones(sample: Sample) -> None:
    """405 comes with Allow."""
    assert (await sample.http.delete("/api/echo/1")).headers["allow"] == "GET, POST"


async def test_a_failing_function_is_logged_by_name(sample: Sample) -> None:
    """The log names the function and shows where it raised."""
    await sample.http.get("/api/broken")

    log = sample.host.log_text()
    assert "function broken failed: RuntimeError('broken on purpose')" in log
    assert 'raise RuntimeError("broken on purpose")' in log


async def test_optional_and_catch_all_parameters_match(sample: Sample) -> None:
    """``{who?}`` may be absent, ``{*rest}`` takes slashes."""
    assert (await sample.http.get("/api/hello")).text == "hello world"
    assert (await sample.http.get("/api/hello/ana%20b")).text == "hello ana b"
    assert (await sample.http.get("/api/hello/ana%0Ab")).text == "hello ana\nb"
    assert (await sample.http.get("/api/files/a/b.txt")).headers["x-rest"] == "a/b.txt"


async def test_binary_bodies_come_back_unchanged(sample: Sample) -> None:
    """Bytes that are no text pass."""
    assert (await sample.http.get("/api/files/x")).content == bytes(range(256))


async def test_bodies_up_to_25_mb_reach_the_function(sample: Sample) -> None:
    """The app's own limit decides, not the host's."""
    assert (await sample.http.post("/api/echo/1", content=b"x" * (24 * MB))).json()["bytes"] == 24 * MB
    assert (await sample.http.post("/api/echo/1", content=b"x" * (26 * MB))).status_code == 413


async def test_functions_that_are_not_anonymous_want_the_key(sample: Sample) -> None:
    """The key is taken from the header or the query, and no other."""
    key = "open sesame"
    assert (await sample.http.get("/api/secret")).status_code == 401
    assert (await sample.http.get("/api/secret", headers={"x-functions-key": "wrong"})).status_code == 401
    assert (await sample.http.get("/api/secret", headers={"x-functions-key": key})).text == "open"
    assert (await sample.http.get("/api/secret", params={"code": key})).text == "open"


async def test_requests_are_served_side_by_side(sample: Sample) -> None:
    """A waiting request holds up no other."""
    slow = asyncio.create_task(sample.http.get("/api/slow", params={"seconds": "3"}))
    await asyncio.sleep(0.1)

    assert (await sample.http.get("/api/hello")).status_code == 200
    assert not slow.done()
    slow.cancel()
