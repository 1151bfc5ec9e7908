"""Blob triggers, polled from Azurite."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from dev.stack import Stack
from tests.localhost.conftest import Sample, wait_until

# One loop for the folder: the shared stack and its client live on it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def container(stack: Stack, sample: Sample) -> AsyncGenerator[ContainerClient]:
    """The watched container, with a blob that fails beside the other tests."""
    async with BlobServiceClient.from_connection_string(stack.storage) as service:
        container = service.get_container_client("drops")
        with contextlib.suppress(ResourceExistsError):
            await container.create_container()
        await put(container, "bad.csv", b"x")
        yield container


async def put(container: ContainerClient, name: str, content: bytes) -> str:
    """Write a blob; returns its ETag."""
    return (await container.get_blob_client(name).upload_blob(content, overwrite=True))["etag"]


async def deliveries(sample: Sample, name: str) -> list[dict[str, Any]]:
    """What the function saw of this blob."""
    return [blob for blob in await sample.seen("drop") if blob["name"] == f"drops/{name}"]


async def test_each_version_of_a_blob_is_delivered_once(container: ContainerClient, sample: Sample) -> None:
    """Name, ETag and length arrive once a version; other names are not taken."""
    first = await put(container, "a/b.csv", b"one")
    await put(container, "a/b.txt", b"not ours")

    async def seen_once() -> bool:
        return len(await deliveries(sample, "a/b.csv")) == 1

    await wait_until(seen_once, description="the first version arrived")
    second = await put(container, "a/b.csv", b"three")

    async def seen_twice() -> bool:
        return len(await deliveries(sample, "a/b.csv")) == 2

    await wait_until(seen_twice, description="the second version arrived")
    assert [(d["etag"], d["length"]) for d in await deliveries(sample, "a/b.csv")] == [(first, 3), (second, 5)]
    assert await deliveries(sample, "a/b.txt") == []


async def test_a_blob_that_always_fails_is_poison_after_five_tries(container: ContainerClient, sample: Sample) -> None:
    """Five tries, a log line, and no sixth."""

    async def given_up() -> bool:
        return "blob drops/bad.csv (ETag " in sample.host.log_text()

    await wait_until(given_up, description="the host gave up on the blob")
    await put(container, "later.csv", b"x")

    async def looked_again() -> bool:
        return bool(await deliveries(sample, "later.csv"))

    await wait_until(looked_again, description="the host listed the container once more")
    assert len(await deliveries(sample, "bad.csv")) == 5


async def test_reading_the_stream_of_a_trigger_is_refused(container: ContainerClient, sample: Sample) -> None:
    """The content is not fetched, and an attempt to read it says so instead of giving nothing."""
    await put(container, "read.csv", b"x")

    async def refused() -> bool:
        return "UnsupportedOperation('a blob trigger brings name and ETag" in sample.host.log_text()

    await wait_until(refused, description="the read was refused")
    await container.delete_blob("read.csv")


async def test_a_deferred_binding_gets_a_client_of_the_blob(stack: Stack, sample: Sample) -> None:
    """Made by the extension itself, as in Azure from container and name alone: nothing of the content is fetched."""
    async with BlobServiceClient.from_connection_string(stack.storage) as service:
        container = service.get_container_client("deferred")
        await container.create_container()
        await put(container, "a/b c%2F..csv", b"x")

        async def seen() -> list[dict[str, Any]]:
            return await sample.seen("deferred")

        [found] = await wait_until(seen, description="the blob was delivered")
        assert found == {"container": "deferred", "name": "a/b c%2F..csv", "account": service.account_name}


async def test_a_second_host_delivers_nothing_again(stack: Stack, container: ContainerClient, sample: Sample) -> None:
    """The receipts are in the storage, so a host that starts later knows what was delivered and what is poison."""
    await put(container, "once.csv", b"x")

    async def delivered() -> bool:
        return bool(await deliveries(sample, "once.csv"))

    await wait_until(delivered, description="the first host took the blob")
    host = await stack.start_host()
    async with httpx.AsyncClient(base_url=host.url) as http:
        other = Sample(host, http)
        await put(container, "then.csv", b"x")

        async def taken_by_either() -> bool:
            return bool(await deliveries(sample, "then.csv") + await deliveries(other, "then.csv"))

        await wait_until(taken_by_either, description="one of the hosts took the next blob")
        await asyncio.sleep(0.6)  # each has looked once more by then
        both = [await deliveries(each, name) for name in ("once.csv", "then.csv") for each in (sample, other)]
        assert sum(map(len, both)) == 2
        assert both[1] == []
        assert await deliveries(other, "bad.csv") == []
    await host.stop()
