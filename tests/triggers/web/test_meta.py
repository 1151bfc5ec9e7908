"""Health and the description, for anyone."""

import pytest

from shared.services import open_services
from tests.support.azurite import Azurite, free_ports
from tests.support.simulator import SimulatedTenant
from tests.triggers.conftest import Api


async def test_the_process_is_alive_without_asking_anybody(api: Api) -> None:
    """Liveness must not depend on what is down elsewhere."""
    answer = await api.send("GET", "/health", key=None)

    assert (answer.status, answer.json["status"]) == (200, "ok")


async def test_ready_means_that_every_dependency_answers(api: Api) -> None:
    """Also before the first tenant is registered."""
    answer = await api.send("GET", "/health", key=None, ready="1")

    assert answer.status == 200
    assert {state["name"]: state["ok"] for state in answer.json["dependencies"]} == {
        "tables": True,
        "blobs": True,
        "graph": True,
    }


async def test_a_refusal_of_graph_is_an_answer(api: Api, registered: str, contoso: SimulatedTenant) -> None:
    """A tenant that withdrew its consent does not take the app out of service."""
    contoso.fault("GET /organization", "403")

    assert (await api.send("GET", "/health", key=None, ready="1")).status == 200


@pytest.mark.parametrize("down", ["graph", "tables", "blobs"])
async def test_what_is_down_is_named(api: Api, azurite: Azurite, down: str) -> None:
    """503, the name of the dependency, and no secret of the connection."""
    (port,) = free_ports(1)
    nowhere = f"http://127.0.0.1:{port}"
    environ = {"GRAPH_BASE_URL": api.app.settings.graph_base_url}
    if down == "graph":
        environ["GRAPH_BASE_URL"] = f"{nowhere}/v1.0"
    else:
        endpoint = {"tables": "TableEndpoint", "blobs": "BlobEndpoint"}[down]
        parts = azurite.fresh().split(";")
        moved = [f"{endpoint}={nowhere}/x" if part.startswith(endpoint) else part for part in parts]
        environ["AzureWebJobsStorage"] = ";".join(moved)
    services = open_services(azurite.settings(**environ))
    try:
        api.app = services
        answer = await api.send("GET", "/health", key=None, ready="1")
    finally:
        await services.close()

    assert answer.status == 503
    assert [state["name"] for state in answer.json["dependencies"] if not state["ok"]] == [down]
    assert b"AccountKey" not in answer.body


async def test_the_description_is_served_to_anyone(api: Api) -> None:
    """The document and its page need no caller."""
    document = await api.send("GET", "/openapi.json", key=None)
    page = await api.send("GET", "/docs", key=None)

    assert document.json["openapi"].startswith("3.1")
    assert "/api/automation/bulk-licenses/assign" in document.json["paths"]
    assert page.media_type == "text/html"
