"""Graph or storage does not answer, or a tenant has given no consent: what each route says then."""

import asyncio
from typing import Any

from shared.contracts.routes import Route
from shared.domain.advice import advice
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import GOLD, Answer, Api, Without, assign_body
from tests.triggers.requests.test_listed_users import put_selection
from tests.triggers.routes.test_operations import claim

UNKNOWN_SKU = [{"sku": "BRAND_NEW_PRODUCT"}]


def assert_come_back(answer: Answer, *hidden: str) -> None:
    """A problem that says when to come back, and nothing of what is not the caller's."""
    assert (answer.status, answer.media_type) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json["detail"]
    for text in ("AccountKey", "Traceback", *hidden):
        assert text.encode() not in answer.body


async def ask(api: Api, route: Route, tenant: str, **more: Any) -> Answer:
    """A good request to a route."""
    targeted: dict[str, Any] = {"targets": assign_body(tenant)["targets"]}
    bodies: dict[str, Any] = {
        "assign": assign_body(tenant),
        "resolve_selections": targeted,
        "remove": targeted | {"licenses": "all"},
        "modify": targeted | {"swap": [{"from": "SPE_E3", "to": "SPE_E5"}]},
        "transfer": targeted | {"transfers": [{"from": "SPE_E3", "to": "SPE_E5"}]},
        "preview": assign_body(tenant) | {"operation": "assign"},
        "put_tenant": {"tags": ["gold"]},
        "put_grant": {"role": "BulkLicenses.Read", "tenants": [tenant]},
        "put_prices": {"default": {"currency": "USD", "monthly": {"SPE_E5": 60}}},
    }
    needed = {each.name: tenant for each in route.parameters if each.required and each.where == "query"}
    ids = {"id": "some", "schedule": "some", "principal": "some"}
    path = route.path.removeprefix("automation/bulk-licenses/").format(tenant=tenant, **ids)
    return await api.send(route.method, path, bodies.get(route.name), query=needed, **more)


async def test_without_storage_every_route_says_come_back(api: Api, registered: str, without: Without) -> None:
    """503 with ``Retry-After``, whoever calls; a caller whose grant is looked up by tag is no stranger for it."""
    await without("tables", "blobs")
    routes = [route for route, _ in api.routes.values() if route.role is not None]
    assert len(routes) >= 12

    answers = await asyncio.gather(*(ask(api, route, registered) for route in routes))
    by_tag = await api.send("GET", "tenants", key=GOLD)

    for answer in (*answers, by_tag):
        assert_come_back(answer)
    assert api.started == []


async def test_without_blobs_nothing_is_claimed(api: Api, registered: str, without: Without) -> None:
    """The request is stored before the claim, so a caller who was told 503 may send it again."""
    await claim(api, "op", await put_selection(api, "op", registered))
    await without("blobs")
    assign, results, csv = await asyncio.gather(
        api.send("POST", "assign", assign_body(registered), headers={"Idempotency-Key": "k"}),
        api.send("GET", "operations/op/results"),
        api.send("GET", "operations/op/results", format="csv"),
    )

    for answer in (assign, results, csv):
        assert_come_back(answer)
    assert [each["id"] for each in (await api.send("GET", "operations")).json["value"]] == ["op"]
    assert (await api.send("GET", "tenants")).status == 200


async def test_health_says_what_is_down_and_of_whom_nothing(
    api: Api, registered: str, contoso: SimulatedTenant, without: Without
) -> None:
    """The process is alive whatever is down; who asks for more needs no key, and so learns of no tenant."""
    await without("graph")
    graph = await api.send("GET", "/health", key=None, ready="1")
    await without("tables", "blobs", "graph")
    alive = await api.send("GET", "/health", key=None)
    everything = await api.send("GET", "/health", key=None, ready="1")

    assert (alive.status, alive.json["status"]) == (200, "ok")
    for answer, down in ((graph, ["graph"]), (everything, ["tables", "blobs", "graph"])):
        assert answer.status == 503
        assert answer.json["status"] == "down"
        assert [state["name"] for state in answer.json["dependencies"] if not state["ok"]] == down
        for text in (registered, "contoso", "127.0.0.1", "AccountKey"):
            assert text.encode() not in answer.body


async def test_without_graph_what_reads_a_directory_says_come_back(api: Api, registered: str, without: Without) -> None:
    """Trap 28: refused connections are an outage, never an empty list; what needs no directory goes on."""
    await without("graph")
    body = {"targets": assign_body(registered)["targets"]}
    known, *others, resolved = await asyncio.gather(
        api.send("POST", "assign", assign_body(registered)),
        api.send("GET", f"tenants/{registered}/users", search="ana"),
        api.send("GET", f"tenants/{registered}/groups"),
        api.send("GET", f"tenants/{registered}/licenses"),
        api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]}),
        api.send("PUT", "tenants/new.example", {}),
        api.send("POST", "assign", assign_body(registered, licenses=UNKNOWN_SKU)),
        api.send("POST", "selections/resolve", body),
    )

    for answer in others:
        assert_come_back(answer)
    assert known.status == 202
    (told,) = resolved.json["targets"]
    assert (told["count"], told["error"]["code"]) == (0, "TenantUnavailable")
    assert "not reached" in told["error"]["message"]
    assert (await api.send("GET", f"tenants/{registered}")).json["tags"] == []


async def test_without_consent_what_reads_a_directory_says_so(api: Api, simulator: Simulator) -> None:
    """Trap 28: 409 with what to do, never an empty list; registering works, and waiting would not help."""
    tenant = simulator.load(domains=["silent.example"], consent=False).id
    put = await api.send("PUT", f"tenants/{tenant}", {})
    assert (put.status, put.json["consent"]) == (201, "missing")

    body = {"targets": assign_body(tenant)["targets"]}
    *denied, unknown, known, resolved = await asyncio.gather(
        api.send("GET", f"tenants/{tenant}/users"),
        api.send("GET", f"tenants/{tenant}/groups"),
        api.send("GET", f"tenants/{tenant}/licenses"),
        api.send("POST", "assign", assign_body(tenant, licenses=UNKNOWN_SKU)),
        api.send("POST", "assign", assign_body(tenant)),
        api.send("POST", "selections/resolve", body),
    )

    for answer in denied:
        assert (answer.status, answer.media_type) == (409, "application/problem+json")
        assert advice("PermissionDenied") in answer.json["detail"]
    assert (unknown.status, known.status) == (422, 202)
    (told,) = resolved.json["targets"]
    assert (told["count"], told["error"]["code"]) == (0, "PermissionDenied")
    assert advice("PermissionDenied") in told["error"]["message"]
