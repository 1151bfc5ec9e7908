"""Zip files that are the same whenever and wherever they are made of the same files."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

_THEN = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_UNIX = 3


def pack(folder: Path, files: Iterable[Path], archive: Path) -> None:
    """Write ``files`` (relative to ``folder``) into ``archive``, in order of their names and without their times."""
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted(files, key=Path.as_posix):
            entry = zipfile.ZipInfo(path.as_posix(), _THEN)
            entry.external_attr, entry.create_system = _MODE, _UNIX
            made.writestr(entry, (folder / path).read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
