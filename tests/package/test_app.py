"""The packed app runs where there is nothing but what requirements.txt names."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.package.conftest import FUNCTIONS, REACHABLE, ROOT, told


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the product's requirements alone."""
    folder = tmp_path_factory.mktemp("clean")
    uv = ["sh", str(ROOT / "dev/tools/uv.sh")]
    python = folder / "bin" / "python"
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
    sync = ["pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(ROOT / "requirements.txt")]
    subprocess.run([*uv, *sync], check=True)
    return python


@pytest.fixture(scope="module")
def here() -> Any:
    """The functions of the project, with their bindings."""
    return told(sys.executable, FUNCTIONS, ROOT)


def test_every_function_is_in_the_package(app: Path, here: Any) -> None:
    """As many, by the same names and with the same bindings as in the project; nothing is read from beside it."""
    assert len(here) > 50
    assert told(sys.executable, FUNCTIONS, app) == here


@pytest.mark.slow
def test_it_loads_with_its_own_requirements_alone(app: Path, clean: Path, here: Any) -> None:
    """What only developers install is not needed."""
    assert told(clean, FUNCTIONS, app) == here


@pytest.mark.slow
def test_nothing_of_the_development_comes_along(app: Path, clean: Path) -> None:
    """Neither its packages nor its libraries; the question itself is asked of something that is there, too."""
    asked = "dev tests pytest rich azure_functions_runtime shared httpx"

    assert told(clean, REACHABLE, asked, app) == ["shared", "httpx"]
