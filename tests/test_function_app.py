"""The app as the worker sees it: every function loads with its bindings."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import names
from triggers import API, META

ROOT = Path(__file__).parents[1]
LOAD = """
import json, pathlib, sys
from dev.localhost.loading import load
functions = load(pathlib.Path(sys.argv[1]))
print(json.dumps({f.name: f.bindings for f in functions}))
"""
ORCHESTRATORS = {names.RUN_OPERATION, names.RUN_TENANT}
ACTIVITIES = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)} - ORCHESTRATORS


@pytest.fixture(scope="module")
def functions() -> dict[str, list[dict[str, Any]]]:
    """The bindings of every function, by its name, as Microsoft's worker runtime indexes them in a fresh process."""
    command = [sys.executable, "-c", LOAD, str(ROOT)]
    run = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def of_type(functions: dict[str, list[dict[str, Any]]], kind: str) -> dict[str, dict[str, Any]]:
    """The functions with a trigger of this type, and that binding."""
    own = {name: bindings for name, bindings in functions.items() if not name.startswith("BuiltIn__")}  # the SDK's
    return {name: b for name, bindings in own.items() for b in bindings if b["type"] == kind}


def test_every_activity_and_orchestrator_is_there_under_its_agreed_name(
    functions: dict[str, list[dict[str, Any]]],
) -> None:
    """They are called by name only, so a name that is missing fails at run time; one more is called by nobody."""
    assert set(of_type(functions, "orchestrationTrigger")) == ORCHESTRATORS
    assert set(of_type(functions, "activityTrigger")) == ACTIVITIES


def test_every_route_is_served_once(functions: dict[str, list[dict[str, Any]]]) -> None:
    """What the contract describes is what answers; all are anonymous to the host, the app itself authenticates."""
    served = [(b["route"], *b["methods"]) for b in of_type(functions, "httpTrigger").values()]
    described = [(route.path, route.method) for each in (*API, META) for route, _ in each.handlers.values()]

    assert sorted(served) == sorted(described)
    assert {b["authLevel"].lower() for b in of_type(functions, "httpTrigger").values()} == {"anonymous"}


def test_timers_have_a_schedule_of_six_fields(functions: dict[str, list[dict[str, Any]]]) -> None:
    """NCRONTAB counts seconds first."""
    timers = of_type(functions, "timerTrigger")

    assert "sweeper" in timers
    assert all(len(binding["schedule"].split()) == 6 for binding in timers.values())


def test_whoever_starts_orchestrations_has_a_durable_client(functions: dict[str, list[dict[str, Any]]]) -> None:
    """Without it nothing is ever started."""
    with_client = set(of_type(functions, "durableClient"))
    starting = {route.name for each in API for route, _ in each.handlers.values() if route.starts}

    assert starting | {"sweeper", "csv_drop"} <= with_client


def test_a_dropped_file_comes_by_event_and_without_its_content(functions: dict[str, list[dict[str, Any]]]) -> None:
    """Polling is not served on Flex Consumption; what the worker does not defer it loads, whatever its size."""
    [(name, binding)] = of_type(functions, "blobTrigger").items()

    assert name == "csv_drop"
    assert (binding["path"], binding["source"]) == ("license-drops/{name}", "EventGrid")
    assert binding["properties"] == {"SupportsDeferredBinding": True}
