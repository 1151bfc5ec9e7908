"""Containers ``license-drops`` and ``license-results``: files that start operations, and what became of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from shared.blobs.client import Blobs
from shared.contracts.drops import DROPS, RESULTS
from shared.errors import RowConflict


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
        found = await self._blobs.properties(DROPS, path)
        return None if found is None else Version(found.etag, found.size, found.last_modified)

    async def fetch(self, path: str, version: Version, into: BinaryIO) -> bool:
        """Copy this very version into a file, piece by piece; gives whether it was still there.

        Raises ``DependencyDown``.
        """
        try:
            async for piece in self._blobs.pieces(DROPS, path, version.etag):
                into.write(piece)
        except RowConflict:
            return False
        return True

    async def read(self, path: str) -> bytes | None:
        """The content of a small blob beside; None when there is none. Raises ``DependencyDown``."""
        return await self._blobs.read(DROPS, path)

    async def tell(self, name: str, text: str) -> None:
        """Store a text about something dropped, over what was stored before. Raises ``DependencyDown``."""
        await self._blobs.write(RESULTS, name, text.encode(), media_type="text/plain; charset=utf-8")

    async def put_receipt(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Store a receipt as it is made, over one that was stored before. Raises ``DependencyDown``."""
        await self._blobs.write_streamed(RESULTS, name, pieces, media_type="text/csv; charset=utf-8")
