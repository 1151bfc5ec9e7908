"""What takes the room in a package."""

import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table

from dev.package.libraries import PLACE

_MEGABYTE = 1_000_000
_LIBRARIES = "libraries: "
_SHOWN = 8
"""So many libraries by name; the rest is one line."""


def show(console: Console, archive: Path) -> None:
    """Print how large the package is, by folder, unpacked and as it is in the file."""
    unpacked, packed = Counter[str](), Counter[str]()
    with zipfile.ZipFile(archive) as made:
        for entry in made.infolist():
            folder = _folder(PurePosixPath(entry.filename))
            unpacked[folder] += entry.file_size
            packed[folder] += entry.compress_size
    largest = {name for name, _ in Counter({n: s for n, s in packed.items() if _is_library(n)}).most_common(_SHOWN)}
    table = Table(title=f"{archive.name}: {archive.stat().st_size / _MEGABYTE:.1f} MB", title_justify="left")
    for heading in ("folder", "unpacked MB", "in the zip MB"):
        table.add_column(heading, justify="left" if heading == "folder" else "right")
    rest = [name for name in packed if _is_library(name) and name not in largest]
    for name in sorted(packed.keys() - set(rest), key=lambda name: (_is_library(name), name)):
        _row(table, name, unpacked[name], packed[name])
    if rest:
        label = f"{_LIBRARIES}{len(rest)} others"
        _row(table, label, sum(unpacked[name] for name in rest), sum(packed[name] for name in rest))
    table.add_section()
    _row(table, "together", unpacked.total(), packed.total())
    console.print(table)


def _row(table: Table, name: str, unpacked: int, packed: int) -> None:
    table.add_row(name, f"{unpacked / _MEGABYTE:.2f}", f"{packed / _MEGABYTE:.2f}")


def _folder(path: PurePosixPath) -> str:
    """The library that the file belongs to, else the folder (or file) of the root that it lies in."""
    place = PurePosixPath(PLACE)
    return _LIBRARIES + path.relative_to(place).parts[0] if path.is_relative_to(place) else path.parts[0]


def _is_library(folder: str) -> bool:
    return folder.startswith(_LIBRARIES)
