"""The rules between the packages bite: a small project that breaks one is refused by name."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tooling.conftest import ROOT

TOOLS = Path(sys.executable).parent
PACKAGES = ("triggers", "orchestrators", "activities", "dev", "shared", "shared/domain", "shared/contracts")
ADAPTERS = ("shared/graph", "shared/tables", "shared/blobs")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A project of empty packages under this project's configuration; it keeps every rule."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in (*PACKAGES, *ADAPTERS):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "shared" / "services.py").write_text("import os\nimport shared.graph\n")
    (tmp_path / "shared" / "contracts" / "names.py").write_text("import shared.domain\n")
    (tmp_path / "orchestrators" / "run.py").write_text("import shared.contracts.names\n")
    return tmp_path


def lint_imports(project: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of ``project``."""
    command = [TOOLS / "lint-imports", "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)


def test_the_empty_project_keeps_every_contract(packages: Path) -> None:
    """The starting point of the cases below is clean, so each of them fails for its own reason."""
    result = lint_imports(packages)

    assert result.returncode == 0, result.stdout
    assert "4 kept, 0 broken" in result.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        pytest.param("shared/domain/clock.py", "import time", "The domain is pure", id="clock"),
        pytest.param("shared/domain/env.py", "import os", "The domain is pure", id="environment"),
        pytest.param("shared/domain/http.py", "import httpx", "The domain is pure", id="http"),
        pytest.param("shared/domain/up.py", "import shared.contracts", "The domain is pure", id="upwards"),
        pytest.param("triggers/http.py", "import activities", "meet by name only", id="trigger-to-activity"),
        pytest.param("activities/apply.py", "import orchestrators", "meet by name only", id="activity-to-orchestrator"),
        pytest.param("orchestrators/run.py", "import shared.tables", "reach no adapter", id="adapter"),
        pytest.param(
            "shared/contracts/names.py", "import shared.services", "reach no adapter", id="adapter-indirectly"
        ),
        pytest.param("shared/graph/fake.py", "import dev", "never imports its development tools", id="product-to-dev"),
    ],
)
def test_a_forbidden_import_is_refused(packages: Path, module: str, line: str, broken: str) -> None:
    """One forbidden import breaks one contract, the one that forbids it."""
    (packages / module).write_text(f"{line}\n")

    result = lint_imports(packages)

    assert result.returncode != 0
    assert "1 broken" in result.stdout
    assert any(broken in text and text.endswith("BROKEN") for text in result.stdout.splitlines()), result.stdout


def test_the_clock_is_banned_where_code_is_pure_or_replayed(packages: Path) -> None:
    """`datetime.now` is an error in the domain and in orchestrators, and allowed elsewhere."""
    for name in ("shared/domain", "orchestrators", "activities"):
        (packages / name / "now.py").write_text("import datetime as dt\n\nNOW = dt.datetime.now(dt.UTC)\n")

    command = [TOOLS / "ruff", "check", "--select", "TID251", "--output-format", "concise", "--no-cache", "."]
    result = subprocess.run(command, cwd=packages, capture_output=True, text=True, timeout=60, check=False)

    found = {line.split(":")[0] for line in result.stdout.splitlines() if "TID251" in line}
    assert found == {"shared/domain/now.py", "orchestrators/now.py"}
