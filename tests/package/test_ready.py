"""The package with its libraries: made twice, run with nothing else, and its trimmed Graph SDK put to the test."""

import ast
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dev.package.__main__ import Made, make
from dev.package.libraries import PLACE
from tests.package.conftest import FUNCTIONS, REACHABLE, ROOT, told, unpacked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="its libraries are Azure's: Linux on x86-64"
    ),
]
BARE = getattr(sys, "_base_executable", sys.executable)
"""The interpreter without the project's environment."""

MISSING = """
import importlib, json, sys
sys.path[:0] = sys.argv[2:]
missing = []
for name in sys.argv[1].split():
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing.append(f"{name}: {error}")
print(json.dumps(missing))
"""


def imported(app: Path) -> set[str]:
    """Every module that the app's own code imports, wherever in it."""
    folders = ("activities", "orchestrators", "shared", "triggers")
    found: set[str] = set()
    for path in (app / "function_app.py", *(path for folder in folders for path in (app / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    found |= {each.name for each in names}
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module)
                case _:
                    pass
    return found


@pytest.fixture(scope="module")
def made(page: None, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Both packages of the project as it is."""
    return make(ROOT, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def ready(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app with its libraries, unpacked."""
    return unpacked(made.ready, tmp_path_factory.mktemp("ready"))


def test_it_is_made_twice_as_the_same_bytes(made: Made, tmp_path: Path) -> None:
    """Whoever has the commit can tell that a package was made of it."""
    again = make(ROOT, tmp_path)

    assert again.app.read_bytes() == made.app.read_bytes()
    assert again.ready.read_bytes() == made.ready.read_bytes()


def test_it_holds_the_app_and_names_no_folder_of_this_machine(made: Made) -> None:
    """The app's files are the very ones of the package without libraries."""
    with zipfile.ZipFile(made.app) as app, zipfile.ZipFile(made.ready) as ready:
        assert {name: ready.read(name) for name in app.namelist()} == {name: app.read(name) for name in app.namelist()}
        assert not [name for name in ready.namelist() if str(ROOT).encode() in ready.read(name)]


def test_it_needs_nothing_else_to_run(ready: Path) -> None:
    """Every function loads with its bindings in an interpreter that has no library of its own."""
    asked = "dev tests pytest shared httpx"

    assert told(BARE, FUNCTIONS, ready, ready / PLACE) == told(sys.executable, FUNCTIONS, ROOT)
    assert told(BARE, REACHABLE, asked, ready, ready / PLACE) == ["shared", "httpx"]


def test_whatever_the_app_imports_is_there(ready: Path) -> None:
    """Also what is loaded late, within a function: a module of the SDK that was trimmed away would be missed here."""
    asked = imported(ready)

    assert {"azure.functions", "msgraph.generated.models.o_data_errors.o_data_error", "shared.graph.sdk"} <= asked
    assert told(BARE, MISSING, " ".join(sorted(asked)), ready, ready / PLACE) == []
    assert told(BARE, MISSING, "msgraph.generated.models.user", ready, ready / PLACE)


def test_the_trimmed_sdk_does_all_that_the_app_asks_of_it(ready: Path) -> None:
    """Every test of what speaks to Graph passes with the packed libraries in place of the installed ones."""
    libraries = ready / PLACE
    env = {**os.environ, "PYTHONPATH": str(libraries)}
    where = [sys.executable, "-c", "import msgraph; print(msgraph.__file__)"]
    found = subprocess.run(where, env=env, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(libraries)

    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/graph"]
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=280)

    assert run.returncode == 0, run.stdout[-5000:]
    assert " passed" in run.stdout.splitlines()[-1]
