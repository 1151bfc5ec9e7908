"""What goes to Azure, and how the host there is set."""

import ast
import json
import subprocess
import tomllib
from fnmatch import fnmatch
from typing import Any

from shared.domain.pacing import MAX_BATCHES
from tests.tooling.conftest import ROOT
from triggers.routes.meta import VERSION

DEPLOYED = {
    "activities",
    "function_app.py",
    "host.json",
    "orchestrators",
    "portal",
    "requirements.txt",
    "shared",
    "triggers",
}


def root_entries() -> set[str]:
    """The names in the project's root: what git knows, else (in an unpacked archive) what lies there."""
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = {line.split("/")[0] for line in git.stdout.splitlines()}
    return tracked or {entry.name for entry in ROOT.iterdir()}


def read_json(name: str) -> dict[str, Any]:
    """The JSON object in the file ``name`` of the project's root."""
    return json.loads((ROOT / name).read_text())


def test_only_the_app_is_deployed() -> None:
    """Of the project's root .funcignore leaves the product and nothing else; a new entry is named there or here."""
    lines = (ROOT / ".funcignore").read_text().splitlines()
    ignored = [line for line in lines if line and not line.startswith("#")]

    left = {name for name in root_entries() if not any(fnmatch(name, pattern) for pattern in ignored)}

    assert left <= DEPLOYED, f"neither product nor in .funcignore: {sorted(left - DEPLOYED)}"
    assert not DEPLOYED & set(ignored)
    assert {"dev", "tests", "local.settings.json"} <= set(ignored)


def test_the_host_gives_an_activity_the_time_it_may_take() -> None:
    """host.json: the 4.x bundle, the contract's prefix, room for an activity's five minutes.

    Eight tenants with a whole window of eight batches each may write at once: an activity mostly waits.
    One dropped file at a time, as each may take hundreds of megabytes of the temporary disk.
    """
    host = read_json("host.json")

    assert host["version"] == "2.0"
    assert host["functionTimeout"] == "00:10:00"
    assert host["extensions"]["http"]["routePrefix"] == "api"
    assert host["extensions"]["durableTask"]["maxConcurrentActivityFunctions"] == 8 * MAX_BATCHES
    assert host["extensions"]["blobs"]["maxDegreeOfParallelism"] == 1
    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"


def test_the_example_settings_reach_nothing_but_this_machine() -> None:
    """local.settings.json is committed as an example: every address is loopback, and no real secret is in it."""
    values: dict[str, str] = read_json("local.settings.json")["Values"]

    addresses = {name: value for name, value in values.items() if "://" in value}
    assert addresses
    assert all(value.startswith("http://127.0.0.1:") for value in addresses.values())
    assert values["GRAPH_CREDENTIAL"].startswith("static:")
    assert values["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"


def test_the_entry_point_imports_no_development_tool() -> None:
    """The import contracts see packages only, so function_app.py is held to the same rule here."""
    tree = ast.parse((ROOT / "function_app.py").read_text())
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])

    assert imported
    assert not imported & {"dev", "tests"}


def test_a_release_has_one_number() -> None:
    """The product, its API and its page tell the same, so that a bill of materials names what is deployed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert project == VERSION
    assert project == read_json("portal/package.json")["version"]
    assert project == read_json("portal/package-lock.json")["version"]
