"""A package is the same bytes wherever and whenever it is made of the same files."""

import os
from pathlib import Path

from dev.package.archive import pack

NAMES = ("b.py", "a/c.json", "a/b.py")


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    """Times, modes and the order in which a disk lists them leave no trace; contents do."""
    archives: list[bytes] = []
    for number, order in enumerate((NAMES, NAMES[::-1])):
        folder = tmp_path / str(number)
        for name in order:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
            (folder / name).chmod(0o600 + number * 0o044)
            os.utime(folder / name, (number * 10**8, number * 10**8))
        pack(folder, map(Path, order), tmp_path / "made.zip")
        archives.append((tmp_path / "made.zip").read_bytes())
    (tmp_path / "1" / "b.py").write_text("changed")
    pack(tmp_path / "1", map(Path, NAMES), tmp_path / "made.zip")

    assert archives[0] == archives[1]
    assert (tmp_path / "made.zip").read_bytes() != archives[1]
