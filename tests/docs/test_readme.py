"""The README is short, and what it tells to do can be done."""

import json
import re
from pathlib import Path

from dev.demo.picture import recording, save
from shared.contracts.requests import AssignBody
from tests.docs.pages import ROOT, codes, section, text_of
from triggers import API

LINES = 100
LOADS = re.compile(r"url\((?!#)|<image|<script|@import|href=")


def test_it_is_short() -> None:
    """Who opens the project reads one page."""
    assert len(text_of("README.md").splitlines()) <= LINES


def test_its_make_targets_exist() -> None:
    """Whatever `make …` it names is in the Makefile; the command that CI runs is among them."""
    targets = set(re.findall(r"^([a-z-]+):.*##", text_of("Makefile"), re.MULTILINE))
    told = set(re.findall(r"`?make ([a-z-]+)(?:`|$)", text_of("README.md"), re.MULTILINE))

    assert told <= targets
    assert "test" in told
    assert "make test" in text_of(".ci/run")


def test_its_example_is_a_request_that_the_app_takes() -> None:
    """The body of the curl example is valid, and its address is a route."""
    example = re.search(r"^curl -i \S+?/api/(\S+) .*? -d '(.+?)'$", text_of("README.md"), re.MULTILINE | re.DOTALL)
    assert example
    routes = {(route.method, route.path) for router in API for route in router.routes}

    assert ("POST", example[1]) in routes
    body = AssignBody.model_validate_json(example[2])
    assert body.targets
    assert json.loads(example[2])["targets"][0]["tenant"] == "contoso.onmicrosoft.com"


def test_its_picture_is_there_and_loads_nothing() -> None:
    """The picture is one file: no font, no image and no script from elsewhere."""
    picture = re.search(r"!\[[^\]]+\]\(([^)]+)\)", text_of("README.md"))
    assert picture
    svg = text_of(picture[1])

    assert "make&#160;demo" in svg
    assert not LOADS.search(svg)


def test_a_new_picture_loads_nothing_either(tmp_path: Path) -> None:
    """``--svg`` writes what the console printed, without the fonts that the drawing library asks a stranger for."""
    console = recording()
    console.print("Sales [bold]Department[/bold]")
    save(console, tmp_path / "new.svg")
    svg = (tmp_path / "new.svg").read_text()

    assert "Department" in svg
    assert not LOADS.search(svg)


def test_its_folders_are_the_ones_there_are() -> None:
    """Each folder that it lists exists, and each package of the product is in it."""
    items = [line for line in section("README.md", "## Where things are").splitlines() if line.startswith("- ")]
    folders = {code for line in items for code in codes(line) if code.endswith("/")}

    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)
    product = {"activities/", "orchestrators/", "triggers/"}
    product |= {f"shared/{path.name}/" for path in (ROOT / "shared").iterdir() if (path / "__init__.py").exists()}
    assert product <= folders
