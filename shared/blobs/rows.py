"""Named users in container ``staging``: chunks by their SHA-256, and an index of chunks, whose SHA-256 names them all.

Whoever stores the same rows again finds them there; a reader takes one chunk at a time, however many there are.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from itertools import batched, islice

from shared.blobs.ndjson import Lines
from shared.blobs.recently_used import RecentlyUsed
from shared.blobs.staging import StagingStore, digest
from shared.domain.selection import NamedUser

CHUNK_ROWS = 1_000
WRITES_AT_ONCE = 8
INDEXES_KEPT = 8
ROWS = Lines(NamedUser, tuple[NamedUser, ...])


class RowStore:
    """Rows by the name that ``write`` gave them."""

    def __init__(self, staging: StagingStore) -> None:
        self._staging = staging
        self._indexes: RecentlyUsed[str, tuple[str, ...]] = RecentlyUsed(INDEXES_KEPT)

    async def write(self, rows: Iterable[NamedUser]) -> str:
        """Store rows in their order; gives their name. They are read in another thread, a few chunks at a time."""
        packed = map(ROWS.pack, batched(rows, CHUNK_ROWS, strict=False))
        chunks: list[str] = []
        while window := await asyncio.to_thread(lambda: list(islice(packed, WRITES_AT_ONCE))):
            chunks += await asyncio.gather(*map(self._put, window))
        return await self._put(json.dumps(chunks).encode())

    async def read(self, name: str, chunk: int) -> tuple[tuple[NamedUser, ...], bool]:
        """One chunk, from 0, and whether another follows.

        Raises ``NotFound`` when the rows were never stored or have expired.
        """

        async def load() -> tuple[tuple[str, ...], bool]:
            return tuple(json.loads(await self._staging.get(name))), True

        chunks = await self._indexes.get(name, load)
        rows = ROWS.unpack(await self._staging.get(chunks[chunk])) if chunks else ()
        return rows, chunk + 1 < len(chunks)

    async def _put(self, content: bytes) -> str:
        name = digest(content)
        await self._staging.put(name, content)
        return name


class RowsInMemory:
    """Rows of a question that stores nothing."""

    def __init__(self) -> None:
        self._kept: dict[str, Sequence[NamedUser]] = {}

    async def write(self, rows: Iterable[NamedUser]) -> str:
        """Keep rows in their order; gives their name."""
        name = str(len(self._kept))
        self._kept[name] = tuple(rows)
        return name

    async def read(self, name: str, chunk: int) -> tuple[tuple[NamedUser, ...], bool]:
        """One chunk, from 0, and whether another follows."""
        rows, first = self._kept[name], chunk * CHUNK_ROWS
        return tuple(rows[first : first + CHUNK_ROWS]), first + CHUNK_ROWS < len(rows)
