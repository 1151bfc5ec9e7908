"""The local stack on which the pages' commands are tried."""

import asyncio
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dev.stack import Stack, loaded_tenants, register_tenants
from tests.docs.pages import ROOT
from tests.docs.running import Local


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def local(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Local]:
    """What `make up` starts, on free ports and in memory, without Graph's limits."""
    await asyncio.to_thread(subprocess.run, ["sh", "dev/tools/portal.sh", "build"], cwd=ROOT, check=True)
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}, world="demo", issuer=True) as stack:
        await register_tenants(stack.api_url, stack.api_key, await loaded_tenants(stack.simulator_url))
        yield Local(stack, tmp_path_factory.mktemp("local"))
