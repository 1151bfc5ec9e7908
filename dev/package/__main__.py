"""``python -m dev.package``: the app alone, and the app with its libraries, as two zip files."""

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from dev.package import libraries
from dev.package.archive import pack
from dev.package.contents import PackageError, app_files, uncommitted
from dev.package.sizes import show

ROOT = Path(__file__).resolve().parents[2]
APP = "bulk-licences-app.zip"
READY = "bulk-licences.zip"


@dataclass(frozen=True, slots=True)
class Made:
    """The two zip files, and how many bytes of the Graph SDK the second was spared."""

    app: Path
    ready: Path
    spared: int


def make(root: Path, to: Path) -> Made:
    """Write the app alone and the app with its libraries into the folder ``to``. Raises ``PackageError``."""
    to.mkdir(parents=True, exist_ok=True)
    app, ready = to / APP, to / READY
    files = app_files(root)
    pack(root, files, app)
    with TemporaryDirectory(prefix="package-") as name:
        folder = Path(name)
        for path in files:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, folder / path)
        place = folder / libraries.PLACE
        libraries.install(root, place)
        spared = libraries.trim(place)
        libraries.compile_all(folder)
        pack(folder, (path.relative_to(folder) for path in folder.rglob("*") if path.is_file()), ready)
    return Made(app, ready, spared)


def main() -> int:
    """Make both and say how large they are; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.package", description="Make what is deployed.")
    parser.add_argument("--to", type=Path, default=ROOT / "out", help="folder for the zip files")
    console = Console()
    try:
        made = make(ROOT, parser.parse_args().to)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    for archive in (made.app, made.ready):
        show(console, archive)
    console.print(f"Left out of the Graph SDK, as it is never loaded: {made.spared / 1_000_000:.0f} MB.")
    if uncommitted(ROOT):
        console.print("Made with changes that are not committed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
