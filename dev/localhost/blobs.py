"""Blob triggers: poll containers, deliver each version of a blob once, give up after five tries.

A version is (container, name, ETag). Each has a receipt, an empty blob in ``azure-webjobs-hosts-local`` whose metadata
says how often it was tried and how it ended, so that neither a restart nor a second host delivers it again. While a
function runs its receipt is leased: a second host passes it by, and when this host is killed the lease runs out and
another try is made.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError, ServiceRequestError
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobLeaseClient, BlobServiceClient
from azure_functions_runtime.bindings.datumdef import Datum

from dev.localhost import background
from dev.localhost.durable import DurableHost
from dev.localhost.errors import AppLoadError, InvocationError
from dev.localhost.loading import Function, invoke

log = logging.getLogger("localhost.blobs")

RECEIPTS = "azure-webjobs-hosts-local"
POLL_SECONDS = 0.5
MAX_TRIES = 5
_LEASE_SECONDS = 15  # the shortest the service grants
_RENEW_SECONDS = 5
_STORAGE_ERRORS = (HttpResponseError, ServiceRequestError)


@dataclass(frozen=True)
class Watch:
    """One blob function: where it looks, which names it takes, and by which storage."""

    function: Function
    connection: str
    container: str
    pattern: re.Pattern[str]


def watches(functions: tuple[Function, ...]) -> tuple[Watch, ...]:
    """The blob triggers among these functions; raises ``AppLoadError`` for one that cannot be served."""
    return tuple(_watch(function) for function in functions if function.trigger["type"] == "blobTrigger")


class BlobTriggers:
    """Polls for new versions of blobs and calls the functions that watch them."""

    def __init__(self, durable: DurableHost) -> None:
        self._durable = durable
        self._services: dict[str, BlobServiceClient] = {}
        self._settled: dict[str, set[str]] = {}  # by function: receipts of listed versions that need no look any more
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def replace(self, watched: tuple[Watch, ...]) -> None:
        """Follow these triggers; a delivery under way is finished first."""
        self._stop.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stop = asyncio.Event()
        self._tasks = [
            background.start(self._follow(w, self._stop), f"blob trigger {w.function.name}") for w in watched
        ]

    async def stop(self) -> None:
        """Take no more versions and drop what runs."""
        self._stop.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for service in self._services.values():
            await service.close()

    async def _follow(self, watch: Watch, stop: asyncio.Event) -> None:
        broken, has_receipts = False, False
        while not stop.is_set():
            try:
                if not has_receipts:
                    with contextlib.suppress(ResourceExistsError):
                        await self._service(watch).get_container_client(RECEIPTS).create_container()
                    has_receipts = True
                await self._look(watch, stop)
                broken = False
            except _STORAGE_ERRORS as error:
                if not broken:  # said once, then tried on: the emulator may be on its way up
                    log.warning("blob trigger %s: storage does not answer: %s", watch.function.name, error.message)
                broken = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)

    async def _look(self, watch: Watch, stop: asyncio.Event) -> None:
        settled = self._settled.setdefault(watch.function.name, set())
        listed: set[str] = set()
        try:
            container = self._service(watch).get_container_client(watch.container)
            async for blob in container.list_blobs(include=["metadata"]):
                receipt = _receipt_name(watch, blob)
                listed.add(receipt)
                if receipt in settled or stop.is_set():
                    continue
                match = watch.pattern.fullmatch(blob.name)
                if match is None or await self._deliver(watch, blob, match.groupdict(), receipt):
                    settled.add(receipt)
        except ResourceNotFoundError:
            return  # the container is not there yet
        settled &= listed

    async def _deliver(self, watch: Watch, blob: BlobProperties, parts: dict[str, str], name: str) -> bool:
        """Make one try if it is ours to make; returns whether the version needs no other look."""
        receipt = self._service(watch).get_blob_client(RECEIPTS, name)
        with contextlib.suppress(ResourceExistsError):
            await receipt.upload_blob(b"", metadata={"state": "open", "tries": "0"})
        try:
            lease = await receipt.acquire_lease(_LEASE_SECONDS)
        except ResourceExistsError:
            return False  # another host is at it
        async with _kept(lease):
            metadata = (await receipt.get_blob_properties()).metadata
            if metadata.get("state") != "open":
                return True
            tries = int(metadata["tries"]) + 1
            path = f"{blob.container}/{blob.name}"
            # Counted before the call, so that a version which takes the host down ends as poison too.
            note = {"state": "open", "tries": str(tries), "function": watch.function.name}
            await receipt.set_blob_metadata(note, lease=lease)
            try:
                await self._call(watch, blob, parts)
                state = "done"
            except InvocationError as error:
                log.error("%s (blob %s, try %d of %d)\n%s", error, path, tries, MAX_TRIES, error.trace)
                state = "poison" if tries >= MAX_TRIES else "open"
            if state == "poison":
                log.error("blob %s (ETag %s) is poison for %s, not tried again", path, blob.etag, watch.function.name)
            await receipt.set_blob_metadata({**note, "state": state}, lease=lease)
            return state != "open"

    async def _call(self, watch: Watch, blob: BlobProperties, parts: dict[str, str]) -> None:
        function = watch.function
        properties = {
            # Listings give it bare; a condition of a request (If-Match) wants the quotes.
            "ETag": f'"{blob.etag.strip('"')}"',
            "ContentLength": blob.size,
            "ContentType": blob.content_settings.content_type,
            "LastModified": blob.last_modified.isoformat(),
        }
        uri = f"{self._service(watch).primary_endpoint}{watch.container}/{blob.name}"
        metadata = {
            "BlobTrigger": Datum(f"{watch.container}/{blob.name}", "string"),
            "Uri": Datum(uri, "string"),
            "Properties": Datum(json.dumps(properties), "json"),
            "Metadata": Datum(json.dumps(blob.metadata or {}), "json"),
            **{part: Datum(text, "string") for part, text in parts.items()},
        }
        inputs = [(function.trigger["name"], Datum(b"", "bytes"))]
        if function.client_parameter:
            inputs.append((function.client_parameter, self._durable.client_input()))
        await invoke(function, inputs, metadata)

    def _service(self, watch: Watch) -> BlobServiceClient:
        if watch.connection not in self._services:
            self._services[watch.connection] = BlobServiceClient.from_connection_string(watch.connection)
        return self._services[watch.connection]


@contextlib.asynccontextmanager
async def _kept(lease: BlobLeaseClient) -> AsyncGenerator[None]:
    """Hold a lease for as long as it takes, then give it back."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            await lease.renew()

    keeper = asyncio.create_task(renew())
    try:
        yield
    finally:
        keeper.cancel()
        with contextlib.suppress(*_STORAGE_ERRORS, asyncio.CancelledError):
            await keeper
        with contextlib.suppress(*_STORAGE_ERRORS):
            await lease.release()


def _receipt_name(watch: Watch, blob: BlobProperties) -> str:
    version = hashlib.sha256(f"{watch.container}/{blob.name}\n{blob.etag}".encode()).hexdigest()
    return f"{watch.function.name}/{version}"


def _watch(function: Function) -> Watch:
    trigger = function.trigger
    setting = str(trigger.get("connection") or "AzureWebJobsStorage")
    connection = os.environ.get(setting)
    if not connection:
        raise AppLoadError(
            f"function {function.name}: its blob trigger needs a connection string in the setting {setting}"
        )
    try:
        BlobServiceClient.from_connection_string(connection)
    except ValueError as error:
        raise AppLoadError(f"function {function.name}: the setting {setting}: {error}") from error
    container, _, names = str(trigger["path"]).partition("/")
    if "{" in container:
        raise AppLoadError(
            f"function {function.name}: {trigger['path']!r} has a pattern as container, not served locally"
        )
    literals = re.split(r"\{(\w+)\}", names or "{name}")
    pattern = "".join(f"(?P<{t}>.+)" if i % 2 else re.escape(t) for i, t in enumerate(literals))
    return Watch(function, connection, container, re.compile(pattern))
