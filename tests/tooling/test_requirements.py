"""The compiled requirements follow from pyproject.toml, and a drift is noticed."""

import re
from pathlib import Path

import pytest

from tests.tooling.conftest import REQUIREMENTS, ROOT, Run

PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
BLOCK = re.compile(r"[a-z0-9-]+==\S+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n")
COMMENT = re.compile(r"^ *#.*\n", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    """Name and exact version of every line that is neither a comment nor empty."""
    return dict(PIN.findall(path.read_text()))


def edit(path: Path, old: str, new: str) -> None:
    """Replace ``old``, which must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_by_hash_and_names_no_host(name: str) -> None:
    """Besides comments there are exact pins, each with the hashes of its files; no index, no address."""
    text = (ROOT / name).read_text()

    assert "://" not in text
    assert pins(ROOT / name)
    assert BLOCK.sub("", COMMENT.sub("", text)) == ""


def test_a_file_that_is_not_the_one_of_the_hash_is_not_installed(project: Path, uv_run: Run) -> None:
    """The set-up refuses what was exchanged at the index, and does not count it as installed."""
    requirements = project / "requirements-dev.txt"
    block = next(match[0] for match in BLOCK.finditer(requirements.read_text()) if match[0].startswith("iniconfig=="))
    requirements.write_text(re.sub("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", block))

    result = uv_run("sh", "dev/tools/setup.sh", "python")

    assert result.returncode != 0
    assert "iniconfig" in result.stderr
    assert "hash" in result.stderr.lower()
    assert not (project / ".venv" / "installed.txt").exists()


def test_development_runs_on_the_very_versions_that_are_deployed() -> None:
    """requirements-dev.txt holds all of requirements.txt, at the same versions."""
    deployed = pins(ROOT / "requirements.txt")

    assert deployed
    assert deployed.items() <= pins(ROOT / "requirements-dev.txt").items()
    assert deployed["azure-functions-durable"] == "2.0.0rc3"


def test_what_is_committed_agrees(uv_run: Run) -> None:
    """The check passes on the committed files, without the network."""
    result = uv_run("sh", "dev/tools/requirements.sh", "check")

    assert result.returncode == 0, result.stderr


def test_a_changed_requirement_is_a_drift(project: Path, uv_run: Run) -> None:
    """pyproject.toml no longer asks for what is pinned: the check fails and says what to do."""
    edit(project / "pyproject.toml", '"deprecated>=1.2,<2",', "")

    result = uv_run("sh", "dev/tools/requirements.sh", "check")

    assert result.returncode != 0
    assert "deprecated" in result.stderr
    assert "make lock" in result.stderr


def test_a_pin_changed_by_hand_is_a_drift(project: Path, uv_run: Run) -> None:
    """One file was edited and the other not: the check fails."""
    version = pins(project / "requirements.txt")["azure-functions-durable"]
    edit(project / "requirements.txt", f"azure-functions-durable=={version}", "azure-functions-durable==1.7.0")

    result = uv_run("sh", "dev/tools/requirements.sh", "check")

    assert result.returncode != 0
    assert "azure-functions-durable" in result.stderr
    assert "make lock" in result.stderr


def test_the_emulator_is_pinned_and_its_lock_names_no_registry() -> None:
    """npm writes the address each package came from unless told otherwise."""
    lock = (ROOT / "dev" / "azurite" / "package-lock.json").read_text()

    assert '"integrity"' in lock
    assert '"resolved"' not in lock


def test_locking_again_changes_nothing(project: Path, uv_run: Run) -> None:
    """Every pin that still fits is kept."""
    result = uv_run("make", "lock")

    assert result.returncode == 0, result.stderr
    for name in REQUIREMENTS:
        assert (project / name).read_text() == (ROOT / name).read_text()
