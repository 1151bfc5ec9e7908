"""Container ``audit-anchors``: the heads of the audit chains, appended by the hour to a blob a month.

An append blob cannot be changed but at its end, and the container can be given an immutability policy: who rewrites a
chain in the tables cannot rewrite what was anchored.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob.aio import BlobClient, ContainerClient
from pydantic import TypeAdapter

from shared.blobs.client import Blobs
from shared.domain.audit import Anchor, Head
from shared.storage import storage_errors

CONTAINER = "audit-anchors"
BLOCK_BYTES = 4 * 1024 * 1024
BLOB_BLOCKS = 50_000
"""An append blob takes so many blocks of 4 MiB.
https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs"""
ANCHOR: TypeAdapter[Anchor] = TypeAdapter(Anchor)
_TENANT = re.compile(rb'"tenant_id":"([^"]+)"')


class AnchorStore:
    """Anchored heads of all tenants; ``blocks`` is how many appends one blob takes."""

    def __init__(self, blobs: Blobs, blocks: int = BLOB_BLOCKS) -> None:
        self._blobs = blobs
        self._limit = blocks

    async def append(self, heads: Mapping[str, Head], at: datetime) -> None:
        """Anchor these heads, by tenant id, at this time; twice does no harm. Raises ``DependencyDown``."""
        at = at.astimezone(UTC)
        anchors = [Anchor(tenant, head.sequence, head.hash, at) for tenant, head in sorted(heads.items())]
        container = await self._blobs.container(CONTAINER)
        with storage_errors(f"container {CONTAINER}"):
            for block in _blocks(ANCHOR.dump_json(anchor) + b"\n" for anchor in anchors):
                blob = await self._with_room(container, at)
                await blob.append_block(block)

    async def _with_room(self, container: ContainerClient, at: datetime) -> BlobClient:
        """The month's blob that still takes a block: ``{yyyy}/{mm}.ndjson``, then ``{mm}-2.ndjson`` and so on."""
        number = 1
        while True:
            name = f"{at:%Y}/{at:%m}.ndjson" if number == 1 else f"{at:%Y}/{at:%m}-{number}.ndjson"
            blob = container.get_blob_client(name)
            try:
                await blob.create_append_blob(match_condition=MatchConditions.IfMissing)
            except ResourceExistsError:
                properties = await blob.get_blob_properties()
                if (properties.append_blob_committed_block_count or 0) >= self._limit:
                    number += 1
                    continue
            return blob

    async def read(self, tenant: str) -> list[Anchor]:
        """All anchored heads of a tenant, oldest first. Raises ``DependencyDown``."""
        container = await self._blobs.container(CONTAINER)
        wanted = tenant.encode()
        with storage_errors(f"container {CONTAINER}"):
            # Most lines are of other tenants: a look at the bytes is cheaper than parsing them.
            near = [
                ANCHOR.validate_json(line)
                async for name in container.list_blob_names()
                async for line in _lines(container, name)
                if wanted in line
            ]
        own = (anchor for anchor in near if anchor.tenant_id == tenant)
        return sorted(own, key=lambda anchor: (anchor.at, anchor.sequence))

    async def latest(self) -> dict[str, Anchor]:
        """What was anchored last, by tenant id, as far as the end of the newest blob tells.

        Raises ``DependencyDown``.
        """
        container = await self._blobs.container(CONTAINER)
        with storage_errors(f"container {CONTAINER}"):
            newest = max(
                [blob async for blob in container.list_blobs()], key=lambda blob: _age(blob.name), default=None
            )
            if newest is None:
                return {}
            start = max(0, newest.size - BLOCK_BYTES)
            lines = [line async for line in _lines(container, newest.name, start)]
        anchors = [ANCHOR.validate_json(line) for line in lines[1 if start else 0 :]]  # the first one may be cut
        return {anchor.tenant_id: anchor for anchor in anchors}

    async def tenants(self) -> set[str]:
        """Ids of all tenants that were ever anchored. Raises ``DependencyDown``."""
        container = await self._blobs.container(CONTAINER)
        with storage_errors(f"container {CONTAINER}"):
            return {
                found[1].decode()
                async for name in container.list_blob_names()
                async for line in _lines(container, name)
                if (found := _TENANT.search(line))
            }


def _age(name: str) -> tuple[str, int]:
    """What a blob's name says of when it was written: the month, and of several blobs of one which."""
    month, _, number = name.removesuffix(".ndjson").partition("-")
    return month, int(number or 1)


def _blocks(lines: Iterator[bytes]) -> Iterator[bytes]:
    block: list[bytes] = []
    size = 0
    for line in lines:
        if size + len(line) > BLOCK_BYTES:
            yield b"".join(block)
            block, size = [], 0
        block.append(line)
        size += len(line)
    if block:
        yield b"".join(block)


async def _lines(container: ContainerClient, name: str, start: int = 0) -> AsyncIterator[bytes]:
    download = await container.download_blob(name, offset=start)
    rest = b""
    async for piece in download.chunks():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line
    if rest:
        yield rest
