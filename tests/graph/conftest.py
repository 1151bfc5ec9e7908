"""A tenant to work on, and a server that answers what no real Graph should."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from shared.graph.directory import Directory, Graph
from shared.settings import Settings, read_settings
from tests.support.simulator import SimulatedTenant, Simulator

TIMEOUT = 1.0
E3, E5, TEAMS_FREE = "SPE_E3", "SPE_E5", "TEAMS_FREE"
DEVICE = "dddddddd-0000-4000-8000-000000000001"


def settings_for(base_url: str, **more: str) -> Settings:
    """Settings with a static token and a short timeout."""
    return read_settings(
        {
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "GRAPH_BASE_URL": base_url,
            "GRAPH_CREDENTIAL": "static:local",
            "GRAPH_TIMEOUT_SECONDS": str(TIMEOUT),
            **more,
        }
    )


@pytest.fixture
def tenant(simulator: Simulator) -> SimulatedTenant:
    """Contoso: a few users with and without licences, nested groups, two groups of one name."""
    return simulator.load(
        displayName="Contoso",
        domains=["contoso.com", "contoso.onmicrosoft.com"],
        skus=[
            {"skuPartNumber": E3, "enabled": 10, "warning": 2},
            {"skuPartNumber": E5, "enabled": 1},
            {"skuPartNumber": TEAMS_FREE, "enabled": 5},
            {"skuPartNumber": "MCOEV", "enabled": 5},
        ],
        users=[
            {
                "userPrincipalName": "ana@contoso.com",
                "usageLocation": "CH",
                "country": "Switzerland",
                "licenses": [{"skuId": E3, "disabledPlans": ["TEAMS1"]}],
            },
            {"userPrincipalName": "bob@contoso.com", "usageLocation": "DE"},
            {"userPrincipalName": "cleo@contoso.com"},
            {"userPrincipalName": "dan_x.com#EXT#@contoso.com", "userType": "Guest", "usageLocation": "DE"},
            {"userPrincipalName": "eve@contoso.com", "usageLocation": "DE", "accountEnabled": False},
        ],
        devices=[{"id": DEVICE}],
        groups=[
            {"displayName": "Inner", "members": ["eve@contoso.com"], "licenses": [{"skuId": E3}]},
            {"displayName": "Sales & O'Brien", "members": ["bob@contoso.com", "Inner", DEVICE]},
            {"displayName": "Everyone", "membershipRule": "user.accountEnabled -eq true"},
            {"displayName": "Twin", "id": "aaaaaaaa-0000-4000-8000-000000000001"},
            {"displayName": "Twin", "id": "aaaaaaaa-0000-4000-8000-000000000002"},
        ],
    )


@pytest.fixture
async def graph(simulator: Simulator) -> AsyncIterator[Graph]:
    """Graph as the app has it, on the simulator."""
    graph = Graph(settings_for(simulator.graph_url))
    yield graph
    await graph.close()


@pytest.fixture
def directory(graph: Graph, tenant: SimulatedTenant) -> Directory:
    """The directory of Contoso."""
    return graph.directory(tenant.id)


@pytest.fixture
async def oddity() -> AsyncIterator[Callable[[Callable[[web.Request], Any]], Awaitable[Directory]]]:
    """Makes the directory of a server that answers every request as the given function says.

    For answers which a faithful simulator cannot give: a broken gateway, a hostile link, a batch out of order.
    """
    closing: list[Callable[[], Awaitable[None]]] = []

    async def start(answer: Callable[[web.Request], Any]) -> Directory:
        async def handle(request: web.Request) -> web.Response:
            found = answer(request)
            return found if isinstance(found, web.Response) else web.json_response(found)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        graph = Graph(settings_for(f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0"))
        closing.extend([graph.close, runner.cleanup])
        return graph.directory("11111111-0000-4000-8000-000000000000")

    yield start
    for close in closing:
        await close()
