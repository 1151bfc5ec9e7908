"""The stack itself: data that stays, ports, parts that die, nothing left behind."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from azure.storage.blob.aio import BlobServiceClient

from dev.stack import Stack, StackError
from dev.stack.stack import REPOSITORY
from tests.localhost.conftest import wait_until

SCRIPT = """
import asyncio
from dev.stack import Stack

async def main():
    async with Stack(hosts=0, simulator=False) as stack:
        print(stack.pids["azurite"], flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_second_start_goes_on_where_the_first_was(tmp_path: Path) -> None:
    """Blobs and the API key survive; meanwhile the folder belongs to one stack alone."""
    env = {"LOCALHOST_DATA": str(tmp_path)}
    async with Stack(env, in_memory=False, hosts=0, simulator=False) as first:
        key = first.api_key
        async with BlobServiceClient.from_connection_string(first.storage) as service:
            await (await service.create_container("kept")).upload_blob("one", b"1")
        with pytest.raises(StackError, match=f"LOCALHOST_DATA={tmp_path} is in use"):
            async with Stack(env, in_memory=False, hosts=0, simulator=False):
                pass
    async with Stack(env, in_memory=False, hosts=0, simulator=False) as second:
        async with BlobServiceClient.from_connection_string(second.storage) as service:
            stream = await service.get_blob_client("kept", "one").download_blob()
            assert await stream.readall() == b"1"
        assert second.api_key == key


async def test_files_can_be_dropped_as_soon_as_it_runs() -> None:
    """The containers are there, as they are in Azure; a second start finds them."""
    async with (
        Stack(hosts=0, simulator=False) as stack,
        BlobServiceClient.from_connection_string(stack.storage) as service,
    ):
        assert [each.name async for each in service.list_containers()] == ["license-drops", "license-results"]


async def test_a_part_that_dies_is_named_with_its_log() -> None:
    """``died`` answers the part, its exit and where its log is."""
    async with Stack(hosts=0, simulator=False) as stack:
        os.kill(stack.pids["azurite"], signal.SIGKILL)
        assert "azurite ended with exit code -9" in str(await asyncio.wait_for(stack.died(), 10))


async def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    """The parts started before the one that failed are stopped."""
    stack = Stack(simulator=False, app_dir=tmp_path)
    with pytest.raises(StackError, match="host1 ended with exit code 1"):
        async with stack:
            pass
    assert stack.pids == {}


@pytest.mark.parametrize("setting", ["AZURITE_BLOB_PORT", "AZURITE_TABLE_PORT"])
async def test_a_port_that_cannot_be_used_is_named_with_its_setting(setting: str) -> None:
    """A taken port and a value that is no port are told apart."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with server:
        taken = server.sockets[0].getsockname()[1]
        with pytest.raises(StackError, match=f"port {taken} .{setting}"):
            async with Stack({setting: str(taken)}, hosts=0, simulator=False):
                pass
    with pytest.raises(StackError, match=f"{setting}='x' is not a port"):
        async with Stack({setting: "x"}, hosts=0, simulator=False):
            pass


async def test_nothing_is_left_when_the_stack_is_killed() -> None:
    """The process that holds the stack has no chance to stop its parts; they end all the same."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    azurite = int(await process.stdout.readline())
    assert is_running(azurite)

    process.kill()
    await process.wait()

    async def gone() -> bool:
        return not is_running(azurite)

    await wait_until(gone, description="Azurite is gone")


async def test_storage_comes_back_on_its_ports_with_what_it_held(tmp_path: Path) -> None:
    """Stopped, nobody is served; started again, the same connection string finds the same blobs."""
    env = {"LOCALHOST_DATA": str(tmp_path)}
    async with Stack(env, in_memory=False, hosts=0, simulator=False) as stack:
        before, pid = stack.storage, stack.pids["azurite"]
        # An outgoing connection of anybody could have got another port meanwhile, and kept it.
        assert all(int(port) < 32_768 for port in re.findall(r":(\d+)/", before))
        async with BlobServiceClient.from_connection_string(before) as service:
            await (await service.create_container("kept")).upload_blob("one", b"1")
        await stack.stop_azurite()
        assert not is_running(pid)
        assert "azurite" not in stack.pids
        await stack.start_azurite_again()
        async with BlobServiceClient.from_connection_string(before) as service:
            stream = await service.get_blob_client("kept", "one").download_blob()
            assert await stream.readall() == b"1"
        assert stack.storage == before


async def test_a_frozen_host_says_nothing_until_it_is_thawed() -> None:
    """It keeps its port: who asks waits, and is answered later."""
    async with Stack() as stack, httpx.AsyncClient(base_url=stack.api_url) as http:
        stack.hosts[0].freeze()
        with pytest.raises(httpx.ReadTimeout):
            await http.get("/api/health", timeout=0.5)
        stack.hosts[0].thaw()
        assert (await http.get("/api/health", timeout=10)).status_code == 200
