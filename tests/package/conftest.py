"""The app as it is packed, unpacked where nothing else of the project is."""

import json
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dev.package.archive import pack
from dev.package.contents import app_files

ROOT = Path(__file__).parents[2]
FUNCTIONS = """
import json, sys
sys.path[:0] = sys.argv[1:]
import function_app
functions = function_app.app.get_functions()
print(json.dumps({f.get_function_name(): json.loads(f.get_function_json())["bindings"] for f in functions}))
"""
REACHABLE = """
import importlib.util, json, sys
sys.path[:0] = sys.argv[2:]
print(json.dumps([name for name in sys.argv[1].split() if importlib.util.find_spec(name)]))
"""


def told(python: Path | str, code: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Any:
    """What a program prints last, as JSON; it sees neither the folder it runs in nor the user's own packages."""
    command = [str(python), "-I", "-c", code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env, cwd="/")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def unpacked(archive: Path, into: Path) -> Path:
    """The folder with what was in the archive."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(into)
    return into


@pytest.fixture(scope="session")
def page() -> None:
    """The web page as its sources are now."""
    subprocess.run(["sh", "dev/tools/portal.sh", "build"], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def app(page: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app alone, packed and unpacked again."""
    folder = tmp_path_factory.mktemp("app")
    pack(ROOT, app_files(ROOT), folder / "app.zip")
    return unpacked(folder / "app.zip", folder / "unpacked")
