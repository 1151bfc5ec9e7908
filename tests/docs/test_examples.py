"""Every example does what it shows, and every route is in the examples of each language."""

import re
import shutil
import sys
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import ROOT
from tests.docs.running import Local, blocks
from triggers import API, META

PAGE = ROOT / "docs/examples.md"
ROUTES = {(route.method, f"/api/{route.path}") for each in (*API, META) for route in each.routes}
# httpx writes a line a request, as the curl of these tests does.
LOGGING = "import logging\nlogging.basicConfig(level=logging.INFO, format='%(message)s')\n"
ASKED = re.compile(r"^(?:asked|HTTP Request:) ([A-Z]+) (\S+)", re.MULTILINE)
PREAMBLE = {"sh": "set -euo pipefail\n", "python": LOGGING, "powershell": "$ErrorActionPreference = 'Stop'\n"}
CALL = re.compile(r'(?:Call (\w+)|Invoke-RestMethod(?: -Method (\w+))?) "([^"]+)')
BASES = {"$Root": "/api", "$Api": "/api/automation/bulk-licenses"}


def program(language: str) -> str:
    """All examples of a language, one after the other, as one program."""
    return PREAMBLE[language] + "\n".join(each.text for each in blocks(PAGE) if each.language == language)


def missing(asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The routes that no request went to; the narrowest route is the one that was asked."""
    found: set[tuple[str, str]] = set()
    for method, path in asked:
        fitting = [route for route in ROUTES if route[0] == method and _fits(route[1], path)]
        found |= set(sorted(fitting, key=lambda route: route[1].count("{"))[:1])
    return ROUTES - found


def _fits(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{\\\*\w+\\\}", ".+", re.escape(template))
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", pattern), path) is not None


def requests(errors: str) -> set[tuple[str, str]]:
    """Method and path of every request that was written down."""
    return {(method, urlsplit(url).path) for method, url in ASKED.findall(errors)}


@pytest.mark.parametrize(
    ("language", "command"),
    [
        pytest.param("sh", "bash", id="curl"),
        pytest.param("python", sys.executable, id="python", marks=pytest.mark.slow),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_the_examples_run_and_ask_every_route(local: Local, language: str, command: str) -> None:
    """In order, each going on from the one before; whatever is refused ends it."""
    assert missing(requests(await local.run(program(language), command))) == set()


@pytest.mark.asyncio(loop_scope="session")
async def test_the_examples_in_powershell_run(local: Local) -> None:
    """Where there is a PowerShell."""
    pwsh = shutil.which("pwsh")
    if pwsh is None:
        pytest.skip("no pwsh on PATH: the PowerShell examples are read, but not run")
    await local.run(program("powershell"), pwsh, "-NoProfile", "-File")


def test_the_examples_in_powershell_show_every_route() -> None:
    """As they are written: a value in a path stands for any."""
    asked: set[tuple[str, str]] = {("GET", "/api/consent")}  # the link leads there, by way of the directory
    assert "it ends at $Root/consent" in program("powershell")
    for called, invoked, url in CALL.findall(program("powershell")):
        base, _, rest = url.partition("/")
        path = re.sub(r"\$(\([^)]*\)|\{\w+\}|\w+)", "x", f"/{rest}".partition("?")[0])
        asked.add(((called or invoked or "Get").upper(), BASES[base] + path))

    assert missing(asked) == set()


def test_a_route_without_an_example_is_noticed() -> None:
    """What looks for missing routes finds one, and tells a narrow route from a wide one."""
    asked = {(method, path.replace("{*path}", "a/b")) for method, path in ROUTES}

    assert missing(asked) == set()
    assert missing(asked - {("GET", "/api/automation/bulk-licenses/audit/verify")}) == {
        ("GET", "/api/automation/bulk-licenses/audit/verify")
    }
    assert missing(set()) == ROUTES


def test_each_task_is_shown_in_each_language() -> None:
    """The blocks come in threes, in this order."""
    languages = [each.language for each in blocks(PAGE)]

    assert languages == ["sh", "powershell", "python"] * (len(languages) // 3)
    assert PAGE.read_text().count("\n## ") * 3 == len(languages)
