"""Which files are the app: what git knows and .funcignore leaves, and the page as it was built."""

import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

PAGE = Path("portal/dist")


class PackageError(Exception):
    """The package cannot be made; the message says what is missing."""


def app_files(root: Path) -> list[Path]:
    """The app's files, relative to ``root`` and sorted. Raises ``PackageError`` where the page was not built."""
    ignored = _ignored(root)
    page = [path.relative_to(root) for path in (root / PAGE).rglob("*") if path.is_file()]
    if not page:
        raise PackageError(f"{PAGE} is empty: `make portal` builds the page")
    return sorted({path for path in (*_known(root), *page) if not _is_ignored(path, ignored)})


def uncommitted(root: Path) -> bool:
    """Whether the app's files are other than those of the commit they were taken from."""
    state = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=False)
    return bool(state.stdout)


def _ignored(root: Path) -> list[str]:
    lines = (root / ".funcignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _is_ignored(path: Path, ignored: list[str]) -> bool:
    return any(fnmatch(part, name) for part in path.parts for name in ignored)


def _known(root: Path) -> Iterator[Path]:
    """What git knows, so that a file left lying about is not deployed; in an unpacked archive all that is there."""
    git = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if names := git.stdout.split("\0")[:-1]:
        return (Path(name) for name in names if (root / name).is_file())
    return (path.relative_to(root) for path in root.rglob("*") if path.is_file())
