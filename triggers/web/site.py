"""The files of the web page as they were built: which there are, and how each is sent.

Only what lies in the folder has a name here, so no path leads out of it. The build puts a hash into the names below
``assets/`` and lays compressed forms beside the files (``.br``, ``.gz``).
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "portal" / "dist"
INDEX = "index.html"
HASHED = "assets/"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content codings by the ending of their files, the smaller one first."""
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
"""What the tables of an operating system may tell otherwise."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file in one form; ``encoding`` None is the file itself."""

    content: bytes
    encoding: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page: its content type, and its forms by content coding (None: as it is)."""

    media_type: str
    hashed: bool
    forms: Mapping[str | None, Sent]

    def accepted(self, accept_encoding: str) -> Sent:
        """The smallest form that the header ``Accept-Encoding`` takes."""
        taken = _taken(accept_encoding)
        return next((self.forms[name] for name in ENCODINGS if name in taken and name in self.forms), self.forms[None])


type Site = Mapping[str, File]
"""Files by their paths below the page's own."""


def site(folder: Path) -> Site | None:
    """The page that was built last into ``folder``; None where none was."""
    try:
        built = (folder / INDEX).stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(folder, built)


@lru_cache(maxsize=1)
def _read(folder: Path, built: int) -> Site:
    """All files, kept until the next build: some megabytes, and no disk is asked twice."""
    endings = tuple(ENCODINGS.values())
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in endings)
    return {path.relative_to(folder).as_posix(): _file(folder, path) for path in paths}


def _file(folder: Path, path: Path) -> File:
    forms: dict[str | None, Sent] = {None: _form(path, None)}
    for name, ending in ENCODINGS.items():
        beside = path.with_name(path.name + ending)
        if beside.is_file():
            forms[name] = _form(beside, name)
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File(media_type, path.relative_to(folder).as_posix().startswith(HASHED), forms)


def _form(path: Path, encoding: str | None) -> Sent:
    content = path.read_bytes()
    return Sent(content, encoding, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _taken(accept_encoding: str) -> set[str]:
    """The content codings that a header names and does not rule out with ``q=0``."""
    taken: set[str] = set()
    for each in accept_encoding.split(","):
        name, _, weight = each.strip().lower().partition(";")
        if weight.replace(" ", "").rstrip("0") not in ("q=", "q=0."):
            taken.add(name.strip())
    return taken
