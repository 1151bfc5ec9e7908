"""What the host reads from bindings before it serves: routes, schedules, blob paths."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dev.localhost.blobs import watches
from dev.localhost.errors import AppLoadError, HostError
from dev.localhost.loading import Function
from dev.localhost.routing import Routes
from dev.localhost.settings import port
from dev.localhost.timers import schedules


def function(kind: str, **binding: Any) -> Function:
    """A function with one trigger."""
    return Function(str(binding.get("route", "f")), "id", ({"type": kind, "name": "x", **binding},))


def http(route: str, *methods: str) -> Function:
    """An HTTP function."""
    return function("httpTrigger", route=route, methods=methods)


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        pytest.param("/api/users/me", "users/me", {}, id="literal before parameter"),
        pytest.param("/api/users/42", "users/{id:int}", {"id": "42"}, id="constrained before plain"),
        pytest.param("/api/users/ana", "users/{name}", {"name": "ana"}, id="plain"),
        pytest.param("/api/users/ana/x", "users/{*rest}", {"rest": "ana/x"}, id="catch-all last"),
        pytest.param("/api/users/a%2Fb", "users/{name}", {"name": "a/b"}, id="an encoded slash separates nothing"),
        pytest.param("/api/USERS/me/", "users/me", {}, id="case and trailing slash"),
    ],
)
def test_the_most_specific_route_wins(path: str, route: str, parameters: dict[str, str]) -> None:
    """Whatever the order of registration."""
    routes = Routes([http(r) for r in ("users/{*rest}", "users/{name}", "users/{id:int}", "users/me")], "api")

    found = routes.find("GET", path)

    assert not isinstance(found, frozenset)
    assert (found[0].function.name, found[1]) == (route, parameters)


def test_one_path_may_have_a_function_a_method() -> None:
    """The method chooses; a method nobody takes is answered with those that are."""
    routes = Routes([http("x", "GET"), http("x", "PUT", "POST")], "")

    assert not isinstance(routes.find("PUT", "/x"), frozenset)
    assert routes.find("DELETE", "/x") == {"GET", "PUT", "POST"}
    assert routes.find("GET", "/y") == frozenset()


def test_a_schedule_counts_seconds_first_and_takes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """NCRONTAB has its seconds in front; ``%NAME%`` is read from the environment; five fields mean second 0."""
    monkeypatch.setenv("EVERY", "*/20 * * * * *")
    noon = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)

    [every] = schedules((function("timerTrigger", schedule="%EVERY%"),))
    [hourly] = schedules((function("timerTrigger", schedule="30 * * * *"),))

    assert every.next_after(noon) == noon.replace(second=20)
    assert hourly.next_after(noon) == noon.replace(minute=30, second=0)


@pytest.mark.parametrize("value", ["many", "-1", "65536"])
def test_a_value_that_is_no_port_is_named_with_its_setting(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which setting and what is expected."""
    monkeypatch.setenv("LOCALHOST_PORT", value)

    with pytest.raises(HostError, match=f"LOCALHOST_PORT='{value}' is not a port: a number from 0"):
        port()


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        pytest.param(http("x/{n:odd}"), "constraint 'odd'", id="constraint"),
        pytest.param(http("x/a{n}"), "'a{n}' is not one whole parameter", id="half a segment"),
        pytest.param(function("timerTrigger", schedule="%MISSING%"), "setting MISSING", id="setting of a schedule"),
        pytest.param(function("timerTrigger", schedule="soon"), "'soon' is not an NCRONTAB", id="no schedule"),
        pytest.param(function("blobTrigger", path="c/{n}", connection="MISSING"), "setting MISSING", id="storage"),
        pytest.param(
            function("blobTrigger", path="c/{n}", connection="PATH"), "setting PATH: .*malformed", id="malformed"
        ),
        pytest.param(function("blobTrigger", path="{c}/{n}", connection="STORE"), "a pattern as", id="container"),
    ],
)
def test_a_binding_that_cannot_be_served_is_refused(
    trigger: Function, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the function and what is wrong."""
    monkeypatch.setenv("STORE", "UseDevelopmentStorage=true")
    read = {
        "httpTrigger": lambda: Routes([trigger], "api"),
        "timerTrigger": lambda: schedules((trigger,)),
        "blobTrigger": lambda: watches((trigger,)),
    }
    with pytest.raises(AppLoadError, match=f"function .*{reason}"):
        read[trigger.trigger["type"]]()
