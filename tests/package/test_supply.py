"""The bills of materials name what is delivered."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.package.conftest import ROOT
from tests.tooling.test_requirements import pins

pytestmark = pytest.mark.slow  # it installs the tools, and all libraries once more


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what `make sbom` writes."""
    folder = tmp_path_factory.mktemp("bills")
    subprocess.run(["sh", "dev/tools/supply.sh", "sbom", str(folder)], cwd=ROOT, check=True)
    return folder


def components(bill: Path) -> dict[str, str]:
    """Version by name, spelt as requirements files do."""
    return {
        one["name"].lower().replace("_", "-").replace(".", "-"): one["version"]
        for one in json.loads(bill.read_text())["components"]
    }


def test_every_pinned_library_is_listed(bills: Path) -> None:
    """At its version, and no library that is not delivered; what a platform does not need may be missing."""
    listed, pinned = components(bills / "sbom-app.cdx.json"), pins(ROOT / "requirements.txt")

    assert listed.items() <= pinned.items()
    assert {"azure-functions-durable", "msgraph-sdk", "pydantic"} <= listed.keys()
    assert len(listed) > len(pinned) - 5


def test_the_page_s_libraries_are_listed(bills: Path) -> None:
    """What it is built from, without what only builds and tests it."""
    listed = components(bills / "sbom-portal.cdx.json")

    assert {"react", "@fluentui/react-components"} <= listed.keys()
    assert not {"vite", "typescript", "axe-core"} & listed.keys()


def test_the_list_of_licences_has_a_line_a_library(bills: Path) -> None:
    """Of both bills."""
    count = sum(len(json.loads(bill.read_text())["components"]) for bill in bills.glob("*.json"))

    assert len((bills / "licences.md").read_text().splitlines()) == count + 2
