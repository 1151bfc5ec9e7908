"""Container ``license-results``, folder ``exports/``: CSVs too large for an answer, read by a short-lived link."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

from shared.blobs.client import Blobs

CONTAINER = "license-results"
FOLDER = "exports/"
LINK_VALID = timedelta(minutes=15)


class ExportStore:
    """Exports are written once under a name that nobody can guess, and never listed."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def put(self, name: str, pieces: AsyncIterator[bytes], *, download_as: str) -> str:
        """Store a CSV as ``exports/{name}-{random}.csv``; returns a link to read it for 15 minutes.

        ``download_as`` is the file name a browser saves it under. Raises ``DependencyDown``.
        """
        path = f"{FOLDER}{name}-{uuid.uuid4()}.csv"
        media_type = "text/csv; charset=utf-8"
        await self._blobs.create_streamed(CONTAINER, path, pieces, media_type=media_type, download_as=download_as)
        return await self._blobs.read_link(CONTAINER, path, LINK_VALID)
