"""Containers ``license-drops`` and ``license-results``: files that start operations, and what became of them.

Where a file belongs, and where what becomes of it is told, its name says: ``{operation}/{tenant}/{anything}.csv`` in
the one, the same folders in the other (Trap 43). A name that leads nowhere is told of in a folder of its own, under a
name that owes nothing to it.
"""

import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Self

from shared.blobs.client import Blobs
from shared.blobs.exports import CONTAINER as RESULTS
from shared.contracts.requests import KINDS, PlannedKind
from shared.errors import RowConflict

CONTAINER = "license-drops"
NOWHERE = "rejected"
"""Folder for what is told of names that lead nowhere; no kind of operation is called so."""
ACTOR = f"drop:{CONTAINER}"
MAX_PATH = 900
"""Characters of a blob's name: one may have 1,024, and receipts have longer names than what they are for."""

_VERSIONS = uuid.UUID("5b1f6f0e-6a0b-5c55-8f0e-1d6f6f1f7d43")
"""Namespace of the operation ids that come from versions of blobs."""
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
"""What a GUID or a domain may look like."""
_SHAPE = "a drop is named {operation}/{tenant}/{anything}.csv"


class BadName(ValueError):
    """A blob's name leads nowhere; the text says why."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A blob in a folder of drops."""

    path: str
    kind: PlannedKind
    tenant: str
    """GUID or domain, as it is written there."""

    @classmethod
    def named(cls, path: str) -> Self:
        """The drop that a blob's name means. Raises ``BadName``; nothing then follows from any part of the name."""
        if len(path) > MAX_PATH:
            raise BadName(f"The name has {len(path)} characters; at most {MAX_PATH} are taken")
        if "\\" in path or not path.isprintable():
            raise BadName("The name holds a backslash or an invisible character")
        parts = path.split("/")
        if any(not part or part.endswith(".") for part in parts):
            raise BadName("A part of the name is empty or ends with a dot")
        if len(parts) < 3:
            raise BadName(f"The file lies in no folder of drops: {_SHAPE}")
        kind: PlannedKind | None = next((known for known in KINDS if known == parts[0]), None)
        if kind is None:
            raise BadName(f"The first folder is none of {', '.join(KINDS)}, in small letters: {_SHAPE}")
        if not _TENANT.fullmatch(parts[1]):
            raise BadName(f"The second folder is neither the id nor a domain of a tenant: {_SHAPE}")
        return cls(path, kind, parts[1])

    @property
    def fault(self) -> str | None:
        """Why the file cannot be a CSV, by its name."""
        last = self.path.rpartition("/")[2]
        if last.endswith(".csv") and last != ".csv":
            return None
        return "The name must end with .csv, in small letters, after something else"

    @property
    def rest(self) -> str:
        """The blob beside it that holds the rest of the body."""
        return f"{self._stem}.json"

    @property
    def rejection(self) -> str:
        """The blob that says why it was not taken."""
        return f"{self._stem}.rejected.txt"

    def operation_id(self, etag: str) -> str:
        """The id of the operation that a version of the blob starts, whoever delivers it."""
        return str(uuid.uuid5(_VERSIONS, f"{CONTAINER}/{self.path}\n{etag.strip('"')}"))

    def receipt(self, operation_id: str) -> str:
        """The blob that says what became of each user."""
        return f"{self._stem}.{operation_id}.csv"

    def failure(self, operation_id: str) -> str:
        """The blob that says why the operation ended early, where it did."""
        return f"{self._stem}.{operation_id}.error.txt"

    @property
    def _stem(self) -> str:
        return self.path.removesuffix(".csv")


def is_rest(path: str) -> bool:
    """Whether a blob holds the rest of a body: it starts nothing itself."""
    return path.endswith(".json")


def rejection_of(path: str) -> str:
    """The blob that says why a name leads nowhere."""
    return f"{NOWHERE}/{hashlib.sha256(path.encode()).hexdigest()[:32]}.txt"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a dropped blob."""

    etag: str
    size: int
    """Bytes."""
    at: datetime


class DropStore:
    """Dropped files by the names of their blobs."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def look(self, path: str) -> Version | None:
        """The version that stands there now; None when there is none. Raises ``DependencyDown``."""
        found = await self._blobs.properties(CONTAINER, path)
        return None if found is None else Version(found.etag, found.size, found.last_modified)

    async def fetch(self, path: str, version: Version, into: BinaryIO) -> bool:
        """Copy this very version into a file, piece by piece; gives whether it was still there.

        Raises ``DependencyDown``.
        """
        try:
            async for piece in self._blobs.pieces(CONTAINER, path, version.etag):
                into.write(piece)
        except RowConflict:
            return False
        return True

    async def read(self, path: str) -> bytes | None:
        """The content of a small blob beside; None when there is none. Raises ``DependencyDown``."""
        return await self._blobs.read(CONTAINER, path)

    async def tell(self, name: str, text: str) -> None:
        """Store a text about something dropped, over what was stored before. Raises ``DependencyDown``."""
        await self._blobs.write(RESULTS, name, text.encode(), media_type="text/plain; charset=utf-8")

    async def put_receipt(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Store a receipt as it is made, over one that was stored before. Raises ``DependencyDown``."""
        await self._blobs.write_streamed(RESULTS, name, pieces, media_type="text/csv; charset=utf-8")
