"""``python -m dev.stack`` as a user starts it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psutil

from dev.stack.stack import REPOSITORY
from tests.localhost.conftest import SAMPLE_APP, SETTINGS

FREE_PORTS = {
    "LOCALHOST_PORT": "0",
    "SIMULATOR_PORT": "0",
    "ISSUER_PORT": "0",
    "AZURITE_BLOB_PORT": "0",
    "AZURITE_QUEUE_PORT": "0",
    "AZURITE_TABLE_PORT": "0",
}


@asynccontextmanager
async def up(**settings: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """The stack with the sample app; ``GRAPH_BASE_URL`` is set, so that no simulator starts."""
    env = {**os.environ, **SETTINGS, **FREE_PORTS, "LOCALHOST_DATA": "", "GRAPH_BASE_URL": "http://127.0.0.1:9/v1.0"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dev.stack", "--app", str(SAMPLE_APP)),
        env={**env, **settings},
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_ready(process: asyncio.subprocess.Process) -> str:
    """What it printed up to the line ``ready``."""
    assert process.stdout
    return (await asyncio.wait_for(process.stdout.readuntil(b"ready\n"), 30)).decode()


async def test_it_prints_its_addresses_then_ready_and_obeys_sigterm() -> None:
    """The addresses come before the line ``ready``; a stop ends every part and the exit code is 0."""
    async with up() as process:
        printed = await until_ready(process)
        parts = psutil.Process(process.pid).children(recursive=True)
        assert len(parts) == 3  # Azurite, the host, the guard

        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert not [part for part in parts if part.is_running() and part.status() != psutil.STATUS_ZOMBIE]
    for name in ("docs", "API", "API key", "storage", "logs"):
        assert f"\n  {name} " in f"\n{printed}"


async def test_it_ends_with_1_and_names_the_part_that_died() -> None:
    """When the host dies, Azurite is stopped too, and the message shows the end of the host's log."""
    async with up() as process:
        await until_ready(process)
        parts = psutil.Process(process.pid).children(recursive=True)
        next(part for part in parts if "dev.localhost" in part.cmdline()).kill()

        _, errors = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert "stack: host1 ended with exit code -9" in errors.decode()
        assert not [part for part in parts if part.is_running() and part.status() != psutil.STATUS_ZOMBIE]


async def test_it_refuses_a_bad_port_by_name() -> None:
    """Exit code 1 and one line that names the setting."""
    async with up(AZURITE_QUEUE_PORT="http") as process:
        _, errors = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert "stack: AZURITE_QUEUE_PORT='http' is not a port" in errors.decode()
