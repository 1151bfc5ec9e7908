"""The API without a host: requests go through the routes' own wrapper to real storage and the simulated Graph."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import azure.functions as func
import pytest

from shared.contracts.routes import BASE, Route
from shared.domain.model import AddLicence, Assignment, Change, Decision, LicenceState
from shared.errors import DependencyDown
from shared.services import Services, open_services
from tests.activities.conftest import QUICK
from tests.support.azurite import Azurite, free_ports
from tests.support.simulator import SimulatedTenant, Simulator
from triggers import API, META
from triggers.web.http import Handler, respond

ADMIN, READER, OPERATOR, GOLD = "admin-key", "reader-key", "operator-key", "gold-key"
GOLD_ADMIN = "gold-admin-key"
type Without = Callable[..., Awaitable["Api"]]

FOREIGN = "99999999-9999-4999-8999-999999999999"
E3, E5 = "05e9a617-0261-4cee-bb44-138d3ef5d965", "06ebc4ee-1bb5-47dd-8120-11324bc54e06"


def api_keys() -> str:
    """A reader and an operator of everything, an operator and an administrator of the gold tenants."""
    keys = [
        (READER, "BulkLicenses.Read", ["*"]),
        (OPERATOR, "BulkLicenses.Operate", ["*"]),
        (GOLD, "BulkLicenses.Operate", ["tag:gold", FOREIGN]),
        (GOLD_ADMIN, "BulkLicenses.Admin", ["tag:gold"]),
    ]
    return json.dumps(
        [
            {"name": key, "sha256": hashlib.sha256(key.encode()).hexdigest(), "role": role, "tenants": tenants}
            for key, role, tenants in keys
        ]
    )


@dataclass
class Answer:
    """What came back."""

    status: int
    media_type: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def pointers(self) -> dict[str, str]:
        """Details of a problem by pointer."""
        return {fault["pointer"]: fault["detail"] for fault in self.json["errors"]}


@dataclass
class Api:
    """Sends requests; ``started`` lists the orchestrations that were asked for, unless the host ``takes_none``."""

    app: Services
    routes: dict[str, tuple[Route, Handler]]
    started: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list[Any])
    takes_none: bool = False

    async def start(self, name: str, instance_id: str, given: dict[str, Any]) -> None:
        """Take the place of the durable client."""
        if self.takes_none:
            raise DependencyDown("orchestrations", "the host does not answer")
        self.started.append((name, instance_id, given))

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = ADMIN,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        path_parameters: dict[str, str] | None = None,
        **more: str,
    ) -> Answer:
        """Send a request to ``path`` below the base path (below ``/api`` when it begins with a slash).

        ``query`` and ``more`` are its parameters; ``path_parameters`` stand in for those of the path, decoded.
        """
        parts = urlsplit(path)
        full = parts.path.removeprefix("/") if path.startswith("/") else f"{BASE}/{parts.path}"
        params = dict(parse_qsl(parts.query)) | (query or {}) | more
        route, handler, route_params = self.find(method, full)
        sent = {"x-api-key": key} if key else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
        request = func.HttpRequest(
            method=method,
            url=f"https://app.test/api/{full}" + (f"?{urlencode(params)}" if params else ""),
            headers=sent | (headers or {}),
            params=params,
            route_params=route_params | (path_parameters or {}),
            body=body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode(),
        )
        response = await respond(route, handler, request, self.app, self.start)
        return Answer(response.status_code, response.mimetype, dict(response.headers), response.get_body())

    def find(self, method: str, path: str) -> tuple[Route, Handler, dict[str, str]]:
        """The route of a path, and the path's parameters."""
        for route, handler in self.routes.values():
            whole = re.sub(r"{\*(\w+)}", r"(?P<\1>.+)", route.path)
            match = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", whole), path)
            if match and route.method == method:
                return route, handler, match.groupdict()
        raise AssertionError(f"there is no route {method} {path}")


async def quick_services(azurite: Azurite, simulator: Simulator) -> AsyncIterator[Services]:
    """Services over which operations run: without Graph's limits, and soon sure that a write must show."""
    keys = {"LOCALHOST_API_KEY": ADMIN, "API_KEYS": api_keys()}
    settings = azurite.settings(GRAPH_BASE_URL=simulator.graph_url, GRAPH_LIMIT_FACTOR="0", **QUICK, **keys)
    services = open_services(settings)
    yield services
    await services.close()


@pytest.fixture
def more_settings() -> dict[str, str]:
    """What a file of tests wants set besides."""
    return {}


@pytest.fixture
async def app(azurite: Azurite, simulator: Simulator, more_settings: dict[str, str]) -> AsyncIterator[Services]:
    """Services over a storage account of its own and the simulator."""
    settings = azurite.settings(
        GRAPH_BASE_URL=simulator.graph_url,
        GRAPH_CREDENTIAL="static:local",
        GRAPH_TIMEOUT_SECONDS="2",
        LOCALHOST_API_KEY=ADMIN,
        API_KEYS=api_keys(),
        **more_settings,
    )
    services = open_services(settings)
    yield services
    await services.close()


@pytest.fixture
def api(app: Services) -> Api:
    """The API."""
    return Api(app, {name: each for router in (*API, META) for name, each in router.handlers.items()})


@pytest.fixture
async def without(api: Api) -> AsyncIterator[Without]:
    """Lets the API lose dependencies: ``await without("tables", "blobs", "graph")``; nothing listens there then."""
    opened: list[Services] = []

    async def lose(*lost: str) -> Api:
        now = api.app.settings
        (port,) = free_ports(1)
        parts = dict(part.split("=", 1) for part in (now.storage_connection or "").split(";") if part)
        for name in {"tables", "blobs"} & set(lost):
            endpoint = {"tables": "TableEndpoint", "blobs": "BlobEndpoint"}[name]
            parts[endpoint] = f"http://127.0.0.1:{port}/{parts['AccountName']}"
        connection = ";".join(f"{name}={value}" for name, value in parts.items())
        graph = f"http://127.0.0.1:{port}/v1.0" if "graph" in lost else now.graph_base_url
        opened.append(open_services(replace(now, storage_connection=connection, graph_base_url=graph)))
        api.app = opened[-1]
        return api

    yield lose
    for services in opened:
        await services.close()


@pytest.fixture
def contoso(simulator: Simulator) -> SimulatedTenant:
    """A directory with one user and two SKUs, one of which no catalogue knows."""
    return simulator.load(
        displayName="Contoso",
        domains=["contoso.com", "contoso.onmicrosoft.com"],
        skus=[{"skuPartNumber": "SPE_E5", "enabled": 10}, {"skuPartNumber": "SPE_E3", "enabled": 10, "warning": 1}],
        users=[{"userPrincipalName": "ana@contoso.com", "usageLocation": "CH", "licenses": [{"skuId": "SPE_E3"}]}],
    )


@pytest.fixture
async def registered(api: Api, contoso: SimulatedTenant) -> str:
    """Id of Contoso in the registry."""
    assert (await api.send("PUT", f"tenants/{contoso.id}", {})).status == 201
    return contoso.id


@pytest.fixture
def simulated(api: Api, simulator: Simulator) -> Callable[[str], Awaitable[str]]:
    """Registers another tenant, with a user Ana, under a domain."""

    async def register(domain: str) -> str:
        skus = [{"skuPartNumber": "SPE_E5", "enabled": 10}]
        users = [{"userPrincipalName": "ana@contoso.com", "usageLocation": "CH"}]
        tenant = simulator.load(displayName=domain, domains=[domain], skus=skus, users=users)
        assert (await api.send("PUT", f"tenants/{tenant.id}", {})).status == 201
        return tenant.id

    return register


def assign_body(tenant: str, **changes: Any) -> dict[str, Any]:
    """Assign E5 to Ana."""
    body: dict[str, Any] = {
        "targets": [{"tenant": tenant, "users": {"users": ["ana@contoso.com"]}}],
        "licenses": [{"sku": "SPE_E5"}],
    }
    return body | changes


def decision(index: int) -> Decision:
    """A user who shall get E5."""
    before = LicenceState((), "CH")
    change = Change((AddLicence(E5),), (), None, before, LicenceState((Assignment(E5),), "CH"))
    return Decision(index, f"u{index}", f"user{index}@contoso.com", "change", change=change, state=before)
