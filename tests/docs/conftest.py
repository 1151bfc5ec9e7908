"""The local stack on which the pages' commands are tried."""

import asyncio
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dev.api import Api
from dev.stack import Stack, loaded_tenants, register_tenants
from tests.docs.pages import ROOT
from tests.docs.running import TENANT, Local


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def local(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Local]:
    """What `make up` starts, on free ports and in memory, without Graph's limits."""
    await asyncio.to_thread(subprocess.run, ["sh", "dev/tools/portal.sh", "build"], cwd=ROOT, check=True)
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}, world="demo", issuer=True) as stack:
        await register_tenants(stack.api_url, stack.api_key, await loaded_tenants(stack.simulator_url))
        targets = [{"tenant": TENANT, "users": {"users": ["new.colleague@contoso.onmicrosoft.com"]}}]
        async with Api(stack.api_url, stack.api_key) as api:
            operation = await api.assign({"targets": targets, "licenses": [{"sku": "FLOW_FREE"}]})
        yield Local(stack, operation["id"], tmp_path_factory.mktemp("local"))
