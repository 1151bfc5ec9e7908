"""Container ``staging``: request bodies by their SHA-256, stored before an operation is claimed."""

import hashlib

from shared.blobs.client import Blobs
from shared.errors import NotFound

CONTAINER = "staging"


def digest(content: bytes) -> str:
    """The name of a content: its SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


class StagingStore:
    """Contents addressed by their digest."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def put(self, sha256: str, content: bytes) -> None:
        """Store a content, or the same one once more: then its time begins anew.

        It is written over, and not left alone, so that whoever found it old cannot delete it from under this caller.
        Raises ``ValueError`` when the digest is not its.
        """
        _check(sha256, content)
        await self._blobs.write(CONTAINER, sha256, content, media_type="application/octet-stream")

    async def get(self, sha256: str) -> bytes:
        """The content of a digest.

        Raises ``NotFound`` when it was never stored or has expired, ``ValueError`` when it was changed since.
        """
        content = await self._blobs.read(CONTAINER, sha256)
        if content is None:
            raise NotFound(f"there is no {CONTAINER}/{sha256}: it was never stored, or it has expired")
        _check(sha256, content)
        return content


def _check(sha256: str, content: bytes) -> None:
    if digest(content) != sha256:
        raise ValueError(f"{CONTAINER}/{sha256}: the content has another SHA-256, {digest(content)}")
