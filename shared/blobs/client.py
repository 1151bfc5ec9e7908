"""The blob service: containers created on first use."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, BlobSasPermissions, ContentSettings, generate_blob_sas
from azure.storage.blob.aio import BlobServiceClient, ContainerClient, LinearRetry

from shared.settings import Settings
from shared.storage import RETRIES, TRANSPORT, Account, account, storage_errors, token_credential

EMULATOR_API_VERSION = "2025-07-05"
"""The emulator refuses the SDK's newest version of the protocol."""

PIECE_BYTES = 4 * 1024 * 1024
"""A larger blob is read in such pieces, the first one too."""

CLOCK_SKEW = timedelta(minutes=5)
"""What a key begins before now, so that a clock that is a little ahead does not make it invalid."""


class Blobs:
    """All containers of the app over one connection pool; belongs to the event loop it is first used in."""

    def __init__(self, settings: Settings, where: Account) -> None:
        self.settings = settings
        self._account = where
        self._token: AsyncTokenCredential | None = None if where.key else token_credential()
        key = {"account_name": where.name, "account_key": where.key} if where.key else None
        self._service = BlobServiceClient(
            where.url,
            credential=key or self._token,
            **({"api_version": EMULATOR_API_VERSION} if where.emulated else {}),
            retry_policy=LinearRetry(backoff=1, retry_total=RETRIES, random_jitter_range=1),
            max_single_get_size=PIECE_BYTES,
            max_chunk_get_size=PIECE_BYTES,
            **TRANSPORT,
        )
        self._containers: dict[str, asyncio.Task[ContainerClient]] = {}

    @classmethod
    def open(cls, settings: Settings) -> "Blobs":
        """The blobs of the account in the settings; nothing is sent before the first use."""
        return cls(settings, account(settings, "blob"))

    async def close(self) -> None:
        """Close all connections."""
        await self._service.close()
        if self._token is not None:
            await self._token.close()

    async def container(self, name: str) -> ContainerClient:
        """A container; it is created when it is first used. Raises ``DependencyDown``."""
        opening = self._containers.get(name)
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception())):
            opening = self._containers[name] = asyncio.create_task(self._create(name))
        return await asyncio.shield(opening)

    async def _create(self, name: str) -> ContainerClient:
        client = self._service.get_container_client(name)
        with storage_errors(f"container {name}"):
            try:
                await client.create_container()
            except ResourceExistsError:
                return client
        return client

    async def read(self, container: str, name: str) -> bytes | None:
        """The content of a blob; None when there is none. Raises ``DependencyDown``."""
        client = await self.container(container)
        with storage_errors(f"blob {container}/{name}"):
            try:
                download = await client.download_blob(name)
                return await download.readall()
            except ResourceNotFoundError:
                return None

    async def properties(self, container: str, name: str) -> BlobProperties | None:
        """What is known of a blob beside its content; None when there is none. Raises ``DependencyDown``."""
        client = await self.container(container)
        with storage_errors(f"blob {container}/{name}"):
            try:
                return await client.get_blob_client(name).get_blob_properties()
            except ResourceNotFoundError:
                return None

    async def pieces(self, container: str, name: str, etag: str) -> AsyncIterator[bytes]:
        """The content of one version of a blob, of which no more than a piece is in memory.

        Raises ``RowConflict`` when it was replaced or deleted, be it meanwhile, and ``DependencyDown``.
        """
        client = await self.container(container)
        with storage_errors(f"blob {container}/{name}"):
            download = await client.download_blob(name, etag=etag, match_condition=MatchConditions.IfNotModified)
            async for piece in download.chunks():
                yield piece

    async def write(self, container: str, name: str, content: bytes, *, media_type: str) -> None:
        """Write a blob, over an older one if there is one. Raises ``DependencyDown``."""
        await self._upload(container, name, content, ContentSettings(content_type=media_type), overwrite=True)

    async def create(self, container: str, name: str, content: bytes, *, media_type: str) -> None:
        """Write a blob that must not exist yet. Raises ``RowConflict`` when it does, ``DependencyDown``."""
        await self._upload(container, name, content, ContentSettings(content_type=media_type), overwrite=False)

    async def create_streamed(
        self, container: str, name: str, pieces: AsyncIterator[bytes], *, media_type: str, download_as: str
    ) -> None:
        """Write a blob that must not exist yet block by block, so that no more than some blocks are in memory.

        ``download_as`` is the file name a browser saves it under. Raises ``RowConflict`` when it exists,
        ``DependencyDown``.
        """
        settings = ContentSettings(content_type=media_type, content_disposition=f'attachment; filename="{download_as}"')
        await self._upload(container, name, pieces, settings, overwrite=False)

    async def write_streamed(self, container: str, name: str, pieces: AsyncIterator[bytes], *, media_type: str) -> None:
        """As ``create_streamed``, over an older blob if there is one: until the last block is sent that one stands."""
        await self._upload(container, name, pieces, ContentSettings(content_type=media_type), overwrite=True)

    async def read_link(self, container: str, name: str, valid: timedelta) -> str:
        """A URL by which anyone may read one blob for so long, and do nothing else. Raises ``DependencyDown``.

        It is signed by the account's key where the settings hold one, else by a key that storage gives to the app's
        identity for as long as the link is valid.
        https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
        """
        now = datetime.now(UTC)
        client = (await self.container(container)).get_blob_client(name)
        delegated = None
        if self._account.key is None:
            with storage_errors("a user delegation key"):
                delegated = await self._service.get_user_delegation_key(now - CLOCK_SKEW, now + valid)
        signature = generate_blob_sas(
            self._account.name,
            container,
            name,
            account_key=self._account.key,
            user_delegation_key=delegated,
            permission=BlobSasPermissions(read=True),
            expiry=now + valid,
            protocol="https,http" if self._account.emulated else "https",
        )
        return f"{client.url}?{signature}"

    async def _upload(
        self,
        container: str,
        name: str,
        content: bytes | AsyncIterator[bytes],
        settings: ContentSettings,
        *,
        overwrite: bool,
    ) -> None:
        client = await self.container(container)
        with storage_errors(f"blob {container}/{name}"):
            await client.upload_blob(name, content, overwrite=overwrite, content_settings=settings)
