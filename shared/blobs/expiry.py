"""Blobs that have had their time: listed by pages with their age, and deleted only if nobody wrote them since."""

from dataclasses import dataclass
from datetime import datetime

from azure.core import MatchConditions

from shared.blobs.client import Blobs
from shared.errors import RowConflict
from shared.storage import storage_errors


@dataclass(frozen=True, slots=True)
class Listed:
    """A blob as it stood when it was listed; ``written`` by the service's clock."""

    name: str
    written: datetime
    etag: str


class BlobShelf:
    """The blobs of one container whose names begin with ``prefix``; ``name`` tells this shelf from others."""

    def __init__(self, blobs: Blobs, container: str, prefix: str = "") -> None:
        self.name = f"{container} {prefix}".strip().removesuffix("/")
        self._blobs = blobs
        self._container = container
        self._prefix = prefix

    async def page(self, after: str | None, rows: int) -> tuple[list[Listed], str | None]:
        """At most ``rows`` blobs by name, and the token of the next page; ``after`` is the token of this one.

        Raises ``DependencyDown``.
        """
        container = await self._blobs.container(self._container)
        with storage_errors(f"container {self._container}"):
            listing = container.list_blobs(name_starts_with=self._prefix, results_per_page=rows)
            pages = listing.by_page(continuation_token=after)
            async for page in pages:
                found = [Listed(blob.name, blob.last_modified, blob.etag) async for blob in page]
                return found, getattr(pages, "continuation_token", None) or None
        return [], None

    async def delete(self, blob: Listed) -> bool:
        """Delete a blob; False where it was written again since it was listed, or is gone.

        Raises ``DependencyDown``.
        """
        container = await self._blobs.container(self._container)
        try:
            with storage_errors(f"blob {self._container}/{blob.name}"):
                await container.delete_blob(blob.name, etag=blob.etag, match_condition=MatchConditions.IfNotModified)
        except RowConflict:
            return False
        return True
