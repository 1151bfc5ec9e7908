"""Copies of the project's tooling, so that a test can break one without touching the other."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-supply.txt", "requirements-policy.txt")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the project's tooling and requirements, and nothing installed."""
    for name in ("Makefile", "pyproject.toml", ".python-version", *REQUIREMENTS):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "dev" / "tools", tmp_path / "dev" / "tools")
    (tmp_path / "dev" / "azurite").mkdir()
    shutil.copy(ROOT / "dev" / "azurite" / "package-lock.json", tmp_path / "dev" / "azurite")
    return tmp_path


@pytest.fixture
def run(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command in the copy on a bare machine: on PATH are basic tools, and ``programs`` by name and script."""

    def run(*command: str, programs: dict[str, str] | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        bin_folder = tmp_path_factory.mktemp("bin")
        for tool in ("sh", "make", "cat", "cmp", "cp", "dirname", "sed", "rm", "mktemp", "diff"):
            found = shutil.which(tool)
            assert found, f"{tool} is missing on this machine"
            (bin_folder / tool).symlink_to(found)
        for name, script in (programs or {}).items():
            (bin_folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (bin_folder / name).chmod(0o755)
        return subprocess.run(
            command,
            cwd=project,
            env={"PATH": str(bin_folder), "HOME": str(bin_folder), **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def uv_run(run: Run) -> Run:
    """As ``run``, with the uv that sets this project up, and off the network: its cache holds all that is pinned."""
    uv = f"sh '{ROOT}/dev/tools/uv.sh'"
    subprocess.run(
        ["sh", ROOT / "dev/tools/requirements.sh", "check"], capture_output=True, check=False
    )  # fills the cache
    cache = subprocess.run(["sh", "-c", f"{uv} cache dir"], capture_output=True, text=True, check=True)
    env = {"UV_CACHE_DIR": cache.stdout.strip(), "UV_PYTHON": sys.executable, "UV_OFFLINE": "1"}

    def run_with_uv(*command: str) -> subprocess.CompletedProcess[str]:
        return run(*command, programs={"uv": f"PATH='{os.environ['PATH']}' exec {uv} \"$@\""}, **env)

    return run_with_uv
