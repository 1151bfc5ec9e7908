"""The blob service: containers created on first use."""

import asyncio

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobServiceClient, ContainerClient, LinearRetry

from shared.settings import Settings
from shared.storage import RETRIES, TIMEOUTS, Account, account, storage_errors, token_credential

EMULATOR_API_VERSION = "2025-07-05"
"""The emulator refuses the SDK's newest version of the protocol."""


class Blobs:
    """All containers of the app over one connection pool; belongs to the event loop it is first used in."""

    def __init__(self, settings: Settings, where: Account) -> None:
        self.settings = settings
        self._token: AsyncTokenCredential | None = None if where.key else token_credential()
        key = {"account_name": where.name, "account_key": where.key} if where.key else None
        self._service = BlobServiceClient(
            where.url,
            credential=key or self._token,
            **({"api_version": EMULATOR_API_VERSION} if where.emulated else {}),
            retry_policy=LinearRetry(backoff=1, retry_total=RETRIES, random_jitter_range=1),
            **TIMEOUTS,
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

    async def write(self, container: str, name: str, content: bytes, *, media_type: str) -> None:
        """Write a blob, over an older one if there is one. Raises ``DependencyDown``."""
        await self._upload(container, name, content, media_type, overwrite=True)

    async def create(self, container: str, name: str, content: bytes, *, media_type: str) -> None:
        """Write a blob that must not exist yet. Raises ``RowConflict`` when it does, ``DependencyDown``."""
        await self._upload(container, name, content, media_type, overwrite=False)

    async def _upload(self, container: str, name: str, content: bytes, media_type: str, *, overwrite: bool) -> None:
        client = await self.container(container)
        with storage_errors(f"blob {container}/{name}"):
            await client.upload_blob(
                name, content, overwrite=overwrite, content_settings=ContentSettings(content_type=media_type)
            )
