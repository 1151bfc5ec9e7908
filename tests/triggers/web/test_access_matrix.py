"""Who may call what: every route of openapi.json, each way to be known, each role, own and foreign tenants."""

import base64
import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient

from dev.issuer import AUDIENCE
from dev.issuer.server import TokenIssuer
from shared.domain.caller import ROLE_NAMES, SYSTEM, Caller, Role
from shared.domain.grants import Grant
from shared.domain.tenant import Tenant
from shared.services import open_services
from tests.support.azurite import Azurite
from tests.support.issuer import part, running_issuer
from tests.support.simulator import Simulator
from tests.triggers.conftest import Answer, Api
from tests.triggers.matrix import Document, Make, Request, Side, requests
from triggers import API, META

OWN, FOREIGN = "own", "foreign"
KINDS = ("key", "token", "sign-in")
REFUSED = {401, 403, 404}

type Headers = dict[str, str]


@dataclass
class World:
    """The API with an issuer, behind the platform's sign-in; own tenants bear a tag, foreign ones do not.

    Of each kind and role there is a caller for the own tenants (by a grant for the tag), and one for all.
    """

    api: Api
    issuer: TokenIssuer
    simulator: Simulator
    document: Document

    def headers(self, kind: str, role: Role, *, everywhere: bool = False) -> Headers:
        """What such a caller sends."""
        name = caller_id(kind, role, everywhere=everywhere)
        roles = [ROLE_NAMES[role]] if everywhere else []
        match kind:
            case "key":
                return {"x-api-key": name}
            case "token":
                return {"Authorization": f"Bearer {self.issuer.token({'oid': name, 'roles': roles})}"}
            case _:
                return signed_in(name, roles)

    async def side(self, side: str) -> Side:
        """A new tenant, and how things in it are made."""
        domain = f"{side}-{uuid.uuid4().hex[:8]}.onmicrosoft.com"
        tenant = self.simulator.load(
            domains=[domain],
            skus=[{"skuPartNumber": sku, "enabled": 10} for sku in ("SPE_E5", "SPE_E3", "POWER_BI_PRO", "EMS")],
            users=[{"userPrincipalName": f"ana@{domain}", "usageLocation": "US"}],
            groups=[{"displayName": "Sales Department", "members": [f"ana@{domain}"]}],
        )
        tags = ("own",) if side == OWN else ()
        await self.api.app.tenants.put(Tenant(id=tenant.id, domains=(domain,), tags=tags, consent="granted"))

        async def that() -> str:
            return tenant.id

        async def operation() -> str:
            return await self._made("assign", domain)

        async def preview() -> str:
            return await self._made("preview", domain, operation="assign")

        async def schedule() -> str:
            at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
            return await self._made("assign", domain, schedule={"name": "Tomorrow", "runAt": at})

        async def principal() -> str:
            giver = Caller("giver", "giver", Role.ADMIN, frozenset({tenant.id}))
            grant = Grant(str(uuid.uuid4()), Role.READ, frozenset({tenant.id}))
            return (await self.api.app.grants.put(giver, grant))[0].principal

        return Side(
            tenant.id,
            domain,
            {
                "tenant": that,
                "operation": operation,
                "preview": preview,
                "schedule": schedule,
                "principal": principal,
            },
        )

    async def _made(self, what: str, domain: str, **more: Any) -> str:
        body: dict[str, Any] = {
            "targets": [{"tenant": domain, "users": {"group": {"displayName": "Sales Department"}}}],
            "licenses": [{"sku": "SPE_E5"}],
        }
        headers = self.headers("key", Role.ADMIN, everywhere=True) | {"Prefer": "wait=0"}
        answer = await self.api.send("POST", what, body | more, key=None, headers=headers)
        assert answer.status in (201, 202), answer.json
        return answer.json["id"]

    async def send(self, request: Request, headers: Headers, side: Side, text: Side | None = None) -> Answer:
        """Send a request about the things of this side."""
        given = await request.about(side, text)
        given["headers"] |= headers | {"Prefer": "wait=0"}
        return await self.api.send(given.pop("method"), given.pop("path"), given.pop("body"), key=None, **given)

    async def everything(self) -> dict[str, Any]:
        """All rows and the names of all blobs, and what was started."""
        found: dict[str, Any] = {"started": len(self.api.started)}
        connection = self.api.app.settings.storage_connection or ""
        async with TableServiceClient.from_connection_string(connection) as tables:
            async for table in tables.list_tables():
                async for row in tables.get_table_client(table.name).list_entities():
                    found[f"{table.name} {row['PartitionKey']} {row['RowKey']}"] = dict(row)
        async with BlobServiceClient.from_connection_string(connection) as blobs:
            async for container in blobs.list_containers():
                async for blob in blobs.get_container_client(container.name).list_blobs():
                    found[f"{container.name}/{blob.name}"] = blob.etag
        return found


def caller_id(kind: str, role: Role, *, everywhere: bool) -> str:
    """The name of a key, or the object id of who signs in."""
    name = f"{kind} {role.name} {everywhere}"
    return name if kind == "key" else str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def signed_in(oid: str, roles: list[str]) -> Headers:
    """The platform's header."""
    claims = [{"typ": "oid", "val": oid}, *({"typ": "roles", "val": role} for role in roles)]
    told = {"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"}
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(told).encode()).decode()}


def api_keys() -> str:
    """A key of each role for the own tenants, and one for all."""
    return json.dumps(
        [
            {
                "name": (name := caller_id("key", role, everywhere=everywhere)),
                "sha256": hashlib.sha256(name.encode()).hexdigest(),
                "role": ROLE_NAMES[role],
                "tenants": ["*"] if everywhere else ["tag:own"],
            }
            for role in Role
            for everywhere in (True, False)
        ]
    )


async def settled(world: World, side: str) -> Side:
    """A side in which each thing is made once, and then always meant."""

    def always(made: str) -> Make:
        async def give() -> str:
            return made

        return give

    new = await world.side(side)
    return replace(new, made={kind: always(await make()) for kind, make in new.made.items()})


def unknown(world: World) -> dict[str, Headers]:
    """Those who are nobody, whatever they say of themselves."""
    _, claims, signature = world.headers("token", Role.ADMIN, everywhere=True)["Authorization"].split(".")
    head = {"alg": "none", "typ": "JWT", "kid": world.issuer.keys[0].kid}
    return {
        "nobody": {},
        "unknown key": {"x-api-key": "guess"},
        "forged token": {"Authorization": f"Bearer {part(head)}.{claims}."},
        "stolen signature": {"Authorization": f"Bearer {part(head)}.{claims}.{signature}"},
        "unreadable sign-in": {"X-MS-CLIENT-PRINCIPAL": "e30="},
    }


@pytest.fixture
async def world(azurite: Azurite, simulator: Simulator) -> AsyncIterator[World]:
    """An empty registry and every kind of caller."""
    async with running_issuer() as issuer:
        services = open_services(
            azurite.settings(
                GRAPH_BASE_URL=simulator.graph_url,
                GRAPH_CREDENTIAL="static:local",
                API_KEYS=api_keys(),
                AUTH_ISSUER=issuer.url,
                AUTH_AUDIENCE=AUDIENCE,
                BEHIND_PLATFORM_SIGN_IN="on",
            )
        )
        for role in Role:
            for kind in ("token", "sign-in"):
                grant = Grant(caller_id(kind, role, everywhere=False), role, frozenset({"tag:own"}))
                await services.grants.put(SYSTEM, grant)
        api = Api(services, {name: each for router in (*API, META) for name, each in router.handlers.items()})
        document = (await api.send("GET", "/openapi.json", key=None)).json
        yield World(api, issuer, simulator, document)
        await services.close()


async def test_who_may_not_is_refused_and_nothing_changes(world: World) -> None:
    """Trap 44: nobody is 401, too low a role 403, a foreign tenant in path, query or body 403 or 404."""
    own, foreign = await settled(world, OWN), await settled(world, FOREIGN)
    sent = requests(world.document)
    before = await world.everything()
    let_in: list[str] = []

    async def refuse(statuses: set[int], who: str, request: Request, headers: Headers, *sides: Side) -> None:
        answer = await world.send(request, headers, *sides)
        if answer.status not in statuses or answer.media_type != "application/problem+json":
            let_in.append(f"{request.name} by {who}: {answer.status}")

    for request in sent:
        for who, headers in unknown(world).items():
            await refuse({401}, who, request, headers, own)
        for kind in KINDS:
            for role in Role:
                headers = world.headers(kind, role)
                if role < request.role:
                    await refuse({403}, f"{kind} {role.name}", request, headers, own)
                elif request.of_a_tenant:
                    await refuse({403, 404}, f"{kind} {role.name}, foreign", request, headers, foreign)
                    if request.in_path and request.in_text:
                        await refuse({403, 404}, f"{kind} {role.name}, half", request, headers, own, foreign)

    assert let_in == []
    assert {name for name, row in (await world.everything()).items() if before.get(name) != row} == set()


async def test_who_may_is_let_in(world: World) -> None:
    """By each way to be known, in its own tenants; with the needed role and with the highest."""
    shut_out: list[str] = []
    own, read = await world.side(OWN), await settled(world, OWN)
    for request in requests(world.document):
        for kind, role in {*((kind, request.role) for kind in KINDS), ("key", Role.ADMIN)}:
            side = read if request.method == "GET" else own
            if side is own and "{tenant}" in request.path:
                side = await world.side(OWN)  # it may be gone afterwards, or lose its tag
            headers = world.headers(kind, role, everywhere=not request.of_a_tenant)
            answer = await world.send(request, headers, side)
            if answer.status in REFUSED or answer.status >= 500:
                shut_out.append(f"{request.name} by {kind} {role.name}: {answer.status} {answer.body.decode()}")

    assert shut_out == []


async def test_no_answer_tells_of_a_foreign_tenant(world: World) -> None:
    """Invariant 12: lists and single things of a limited caller hold its own tenants only."""
    own, foreign = await settled(world, OWN), await settled(world, FOREIGN)
    told: list[str] = []
    for request in requests(world.document):
        if request.method == "GET":
            answer = await world.send(request, world.headers("token", Role.ADMIN), own)
            if any(text.encode() in answer.body for text in (foreign.tenant_id, foreign.domain)):
                told.append(request.name)

    assert told == []


async def test_a_route_that_is_not_told_enough_of_is_found(world: World) -> None:
    """A new route without role, example or known things in its path cannot slip through."""
    path = next(iter(world.document["paths"]))
    post = world.document["paths"][path]["post"]
    content = {"application/json": {"schema": {}}}
    bare = post | {"requestBody": {}, "parameters": []}

    for change, says in [
        ({"security": []}, "role"),
        ({"security": [{"apiKey": []}]}, "role"),
        ({"requestBody": {"content": content}}, "example"),
        ({"parameters": [{"name": "x", "in": "query", "required": True, "schema": {"type": "string"}}]}, "parameter"),
    ]:
        with pytest.raises(AssertionError, match=says):
            requests({"paths": {path: {"post": post | change}}})
    (new,) = requests({"paths": {"/api/automation/bulk-licenses/news/{thing}": {"get": bare}}})
    with pytest.raises(KeyError, match="thing"):
        await new.about(await world.side(OWN))
