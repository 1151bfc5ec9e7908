"""The settings page lists what is read, no more and no less, with the values that hold."""

import ast
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.stack import settings as local
from shared import settings as product
from shared.settings import ENTRA, EXCHANGE, GRAPH, PRODUCTS, Settings, read_settings
from tests.docs.pages import ROOT, codes, section, table

PAGE = "docs/settings.md"
SUFFIX = "OTHER"
NAME = re.compile(r"[A-Z]{2,}(?:_[A-Z]+)+|AzureWebJobsStorage\w*")
LOCAL = re.compile(r"(?:SIMULATOR|LOCALHOST|ISSUER|AZURITE)_[A-Z_]+")
CONNECTION = re.compile(r'connection="(\w+)"')
NEEDED = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "GRAPH_BASE_URL": "http://127.0.0.1:1/v1.0",
    "GRAPH_CREDENTIAL": "static:x",
    f"GRAPH_CREDENTIAL_{SUFFIX}": "static:x",
}
FIELDS = {
    "REPLICATION_HORIZON_SECONDS": "replication_horizon",
    "HEARTBEAT_STALE_SECONDS": "heartbeat_stale",
    "GRAPH_LIMIT_FACTOR": "graph_limit_factor",
    "TURN_LEASE_SECONDS": "turn_lease",
    "GRAPH_TIMEOUT_SECONDS": "graph_timeout",
    "BATCHES_AT_ONCE": "batches_at_once",
    "PAUSE_LIMIT_HOURS": "pause_limit_hours",
    "APPROVE_WITHIN_HOURS": "approve_within_hours",
}


SCHEDULES = {name.upper(): read for name, read in vars(product).items() if name.endswith("_schedule")}
"""What tells the host a timer's schedule, by the name of its setting."""


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] - one overload of three is in use
        """The value, noted down."""
        self.names.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.names.add(key)
        return super().__getitem__(key)


def listed(heading: str) -> Iterator[tuple[str, list[str]]]:
    """Name and further cells of each setting below a heading."""
    for name, *cells in table(section(PAGE, heading), "setting"):
        yield codes(name)[0], cells


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every name that the app asks its environment for."""
    environment = Asked(NEEDED)
    read_settings(environment)
    monkeypatch.setattr(os, "environ", environment)
    for schedule in SCHEDULES.values():
        schedule()
    product.telemetry_settings()
    return environment.names


def test_the_settings_of_the_app_are_the_ones_it_reads(asked: set[str]) -> None:
    """A credential's further name stands for all of them."""
    ending = f"_{SUFFIX}"
    read = {name for name in asked if not name.endswith(ending)} | {"GRAPH_CREDENTIAL_<NAME>"}

    assert {name for name, _ in listed("## The app")} == read
    assert {name.removesuffix(ending) for name in asked if name.endswith(ending)} < read


def test_the_settings_of_the_local_stack_are_all_there() -> None:
    """What the stack sets, picks or keeps from its parts is listed somewhere on the page."""
    known = {*local.PORTS, *local.LOCAL_DEFAULTS, *local._NOT_INHERITED}
    app, stack = ({name for name, _ in listed(heading)} for heading in ("## The app", "## The local stack"))

    assert known <= app | stack
    assert stack == {*local.PORTS, "LOCALHOST_DATA"}


def test_defaults_and_local_values_are_the_ones_that_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of the page come out of the code."""
    for name in SCHEDULES:
        monkeypatch.delenv(name, raising=False)
    found: Settings = read_settings(NEEDED)
    rows = dict(listed("## The app"))
    for name, field in FIELDS.items():
        assert float(rows[name][1]) == getattr(found, field), name
    defaults = {name: codes(cells[1]) for name, cells in rows.items()}
    assert defaults["GRAPH_BASE_URL"] == [GRAPH]
    assert defaults["EXCHANGE_BASE_URL"] == [EXCHANGE] == [found.exchange_base_url]
    assert defaults["MAILBOX_CONVERSION"] == ["off"]
    assert not found.mailbox_conversion
    for name, value in local.SIMULATED.items():
        assert codes(rows[name][2]) == [value]
    assert defaults["NOTIFY_LOCAL"] == ["off"]
    assert not found.notify_local
    assert found.notify_secret is None
    assert defaults["CONSENT_BASE_URL"] == [ENTRA] == [found.consent_base_url]
    assert found.consent_redirect_url is None
    assert defaults["API_KEYS"] == [found.api_keys]
    assert defaults["CATALOGUE_URL"] == [PRODUCTS] == [found.catalogue_url]
    for name, schedule in SCHEDULES.items():
        assert defaults[name] == [schedule()]
    for name, value in local.LOCAL_DEFAULTS.items():
        assert rows[name][2].strip("`") == value, name
    ports = {name: cells[1] for name, cells in listed("## The local stack")}
    assert {name: ports[name] for name in local.PORTS} == local.PORTS


def constants(path: Path) -> Iterator[str]:
    """Every text in a module that could be a setting's name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            yield node.value


def test_the_environment_is_read_in_one_place() -> None:
    """A setting that is read elsewhere would be missing above; nobody else asks for the environment."""
    readers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("shared", "triggers", "orchestrators", "activities")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os"
    }

    assert readers == {"shared/settings.py"}


def test_no_name_in_the_code_is_left_out() -> None:
    """Not even one that is asked for only where another has a certain value, nor one that a binding names."""
    rows = {name for name, _ in listed("## The app")}
    named = set(constants(ROOT / "shared/settings.py"))
    bound = {name for path in ROOT.glob("triggers/**/*.py") for name in CONNECTION.findall(path.read_text())}

    assert named <= rows
    assert bound
    assert bound <= rows


def test_the_example_sets_what_is_listed() -> None:
    """local.settings.json has settings of the app, and the one that the host itself needs."""
    values = json.loads((ROOT / "local.settings.json").read_text())["Values"]

    assert values.keys() - {"FUNCTIONS_WORKER_RUNTIME"} <= {name for name, _ in listed("## The app")}


def test_what_the_local_parts_read_is_on_their_pages() -> None:
    """Their own settings stand on the settings page or on the part's, and no page lists one that is gone."""
    pages = [ROOT / PAGE, *ROOT.glob("dev/*/README.md")]
    told = {code for page in pages for code in codes(page.read_text()) if LOCAL.fullmatch(code)}
    read = {name for path in ROOT.glob("dev/**/*.py") for name in constants(path) if LOCAL.fullmatch(name)}

    assert read == told
