"""Who gets in, with which role, and to which tenants."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from dev.issuer import AUDIENCE
from dev.issuer.server import TokenIssuer
from shared.domain.caller import SYSTEM, Role
from shared.domain.grants import Grant
from shared.errors import DependencyDown
from shared.services import Services, open_services
from tests.support.issuer import running_issuer
from tests.triggers.conftest import ADMIN, GOLD, OPERATOR, READER, Answer, Api, assign_body

OID = "8c6c9a0e-0d3b-4c7e-9a52-6f3f2d1b7e44"
READ_ROLE, ADMIN_ROLE = "BulkLicenses.Read", "BulkLicenses.Admin"


@pytest.fixture
async def issuer() -> AsyncIterator[TokenIssuer]:
    """The issuer of the local stack."""
    async with running_issuer() as issuer:
        yield issuer


@pytest.fixture
async def signing_in(app: Services, issuer: TokenIssuer) -> AsyncIterator[Services]:
    """The same app with an issuer, behind the platform's sign-in."""
    settings = replace(app.settings, auth_issuer=issuer.url, auth_audience=AUDIENCE, behind_platform_sign_in=True)
    services = open_services(settings)
    yield services
    await services.close()


@pytest.fixture
def door(api: Api, signing_in: Services) -> Api:
    """The API of that app."""
    return Api(signing_in, api.routes)


def bearer(token: str) -> dict[str, str]:
    """The header with a token."""
    return {"Authorization": f"Bearer {token}"}


def signed_in(oid: str = OID, *roles: str) -> dict[str, str]:
    """The platform's header."""
    claims = [{"typ": "oid", "val": oid}, {"typ": "name", "val": "Ana"}, *({"typ": "roles", "val": r} for r in roles)]
    told = {"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"}
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(told).encode()).decode()}


async def who(api: Api, headers: dict[str, str], key: str | None = None) -> Answer:
    """The answer to a harmless request."""
    return await api.send("GET", "tenants", key=key, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"x-api-key": "guess"}, id="unknown key"),
        pytest.param({"x-api-key": ""}, id="empty key"),
        pytest.param({"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, id="bearer token"),
        pytest.param({"Authorization": "Basic YWRtaW46YWRtaW4="}, id="basic"),
        pytest.param({"X-MS-CLIENT-PRINCIPAL": "eyJ1c2VySWQiOiJhZG1pbiJ9"}, id="sign-in header"),
        pytest.param(signed_in(OID, ADMIN_ROLE), id="well-formed sign-in header"),
        pytest.param({"X-MS-CLIENT-PRINCIPAL-NAME": "admin", "X-MS-CLIENT-PRINCIPAL-ID": "1"}, id="sign-in name"),
    ],
)
async def test_who_is_not_known_by_a_key_is_nobody(api: Api, headers: dict[str, str]) -> None:
    """Trap 45: a sign-in header is not believed where no platform is in front, and a token where no issuer is set."""
    answer = await who(api, headers)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer, ApiKey"
    assert answer.media_type == "application/problem+json"


async def test_a_sign_in_header_adds_nothing_where_no_platform_is_in_front(api: Api) -> None:
    """Trap 45: it is as if it were not there, also beside a good key."""
    reading = await api.send("PUT", f"grants/{OID}", {}, key=READER, headers=signed_in(OID, ADMIN_ROLE))

    assert reading.status == 403
    assert READ_ROLE in reading.json["detail"]


@pytest.mark.parametrize(
    ("method", "path", "key", "role"),
    [
        ("POST", "assign", READER, "BulkLicenses.Operate"),
        ("POST", "operations/x/cancel", READER, "BulkLicenses.Operate"),
        ("PUT", "tenants/contoso.com", OPERATOR, "BulkLicenses.Admin"),
    ],
)
async def test_too_low_a_role_is_refused_and_the_needed_one_named(
    api: Api, method: str, path: str, key: str, role: str
) -> None:
    """Each role includes the ones before it and nothing after it; the body is not even looked at."""
    answer = await api.send(method, path, b"{", key=key, headers={"Content-Type": "text/plain"})

    assert answer.status == 403
    assert role in answer.json["detail"]


async def test_a_grant_by_tag_shows_the_tenants_that_bear_it_now(api: Api, registered: str) -> None:
    """Trap 44: what a caller sees comes from its grant and the registry, never from what it asks for."""
    assert (await api.send("GET", f"tenants/{registered}", key=GOLD)).status == 404
    assert (await api.send("GET", "tenants", key=GOLD)).json["value"] == []
    refused = await api.send("POST", "assign", assign_body(registered), key=GOLD)
    assert refused.status == 404

    await api.send("PUT", f"tenants/{registered}", {"tags": ["Gold"]})

    assert [each["tenantId"] for each in (await api.send("GET", "tenants", key=GOLD)).json["value"]] == [registered]
    assert (await api.send("POST", "assign", assign_body(registered), key=GOLD)).status == 202


async def test_the_local_key_counts_beside_the_others(api: Api) -> None:
    """It is an Admin of every tenant; the other keys go on working."""
    assert (await api.send("GET", "tenants", key=ADMIN)).status == 200
    assert (await api.send("GET", "tenants", key=READER)).status == 200


async def test_an_app_role_is_one_on_all_tenants(door: Api, issuer: TokenIssuer, registered: str) -> None:
    """By token and by the platform's sign-in alike; what is started bears the directory's id and name."""
    token = issuer.token({"oid": OID, "name": "Ana", "roles": ["BulkLicenses.Operate"]})
    for headers in (bearer(token), signed_in(OID, "BulkLicenses.Operate"), {"Authorization": f"bearer {token}"}):
        started = await door.send("POST", "assign", assign_body(registered), key=None, headers=headers)

        assert started.status == 202
        assert started.json["createdBy"] == {"id": OID, "name": "Ana"}
        assert (await door.send("PUT", f"tenants/{registered}", {}, key=None, headers=headers)).status == 403


async def test_who_has_neither_role_nor_grant_is_told_so(door: Api, app: Services, issuer: TokenIssuer) -> None:
    """403 with the id that a grant would need; the grant counts at once, and so does its end."""
    for headers in (bearer(issuer.token({"oid": OID, "roles": ["Other.Role"]})), signed_in()):
        answer = await who(door, headers)
        assert answer.status == 403
        assert OID in answer.json["detail"]
        assert "WWW-Authenticate" not in answer.headers

        await app.grants.put(SYSTEM, Grant(OID, Role.READ, frozenset({"*"})))
        assert (await who(door, headers)).status == 200
        await app.grants.delete(SYSTEM, OID)
        assert (await who(door, headers)).status == 403


async def test_a_stored_grant_stands_above_role_and_settings(
    door: Api, app: Services, issuer: TokenIssuer, registered: str
) -> None:
    """For tokens, sign-ins, keys and the local key: with fewer rights as with more, in fewer tenants as in more."""
    for principal in (OID, READER, "localhost"):
        await app.grants.put(SYSTEM, Grant(principal, Role.OPERATE, frozenset()))
    callers: list[tuple[str | None, dict[str, str]]] = [
        (None, bearer(issuer.token({"oid": OID, "roles": [ADMIN_ROLE]}))),
        (None, signed_in(OID, ADMIN_ROLE)),
        (READER, {}),
        (ADMIN, {}),
    ]
    for key, headers in callers:
        seen = await who(door, headers, key)
        assert (seen.status, seen.json["value"]) == (200, [])
        started = await door.send("POST", "assign", assign_body(registered), key=key, headers=headers)
        assert started.status == 404
        put = await door.send("PUT", f"tenants/{registered}", {}, key=key, headers=headers)
        assert put.status == 403


async def test_an_administrator_of_some_tenants_takes_no_role_from_the_directory(
    door: Api, app: Services, issuer: TokenIssuer
) -> None:
    """What such a one gives counts for who has nothing else."""
    limited = replace(SYSTEM, tenants=frozenset({OID}))
    await app.grants.put(limited, Grant(OID, Role.READ, frozenset({OID})))

    without = await door.send("PUT", "grants/x", {}, key=None, headers=bearer(issuer.token({"oid": OID})))
    above = await door.send("PUT", "grants/x", {}, key=None, headers=signed_in(OID, ADMIN_ROLE))

    assert (without.status, above.status) == (403, 400)


async def test_the_first_proof_counts_alone(door: Api, issuer: TokenIssuer) -> None:
    """Key, then the platform's header, then the token: never a mix, and nothing falls back to the next."""
    token = bearer(issuer.token({"roles": [ADMIN_ROLE]}))
    good, bad = signed_in(OID, ADMIN_ROLE), {"X-MS-CLIENT-PRINCIPAL": "nobody"}
    no_role = signed_in()

    for key, headers, status in [
        ("guess", token | good, 401),
        ("", token, 401),
        (READER, token | good, 403),
        (None, token | bad, 401),
        (None, token | no_role, 403),
        (None, bearer("x") | good, 400),
        (ADMIN, bearer("x") | bad, 400),
        (None, token, 400),
    ]:
        sent = headers if key is None else headers | {"x-api-key": key}
        answer = await door.send("PUT", "grants/x", {}, key=None, headers=sent)
        assert answer.status == status, (key, headers, answer.json)


@pytest.mark.parametrize("name", [READER, "localhost"])
async def test_nobody_comes_by_the_name_of_a_key(door: Api, issuer: TokenIssuer, name: str) -> None:
    """A grant for a key, and what the audit says of it, are the key's alone."""
    for headers in (bearer(issuer.token({"oid": None, "sub": name, "roles": [ADMIN_ROLE]})), signed_in(name)):
        answer = await who(door, headers)
        assert answer.status == 401
        assert "name of an API key" in answer.json["detail"]


async def test_a_bad_token_is_told_why_and_never_shown(
    door: Api, issuer: TokenIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 6750: 401 with the error in the challenge; no part of the token in answer or log."""
    caplog.set_level("DEBUG")
    for token in (issuer.token({"lifetime": -600}), issuer.token({"aud": "api://other"}), issuer.token({})[:-9]):
        answer = await who(door, bearer(token))

        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", error_description="The ')
        assert answer.headers["WWW-Authenticate"].endswith('", ApiKey')
        for secret in token.split("."):
            assert secret.encode() not in answer.body
            assert secret not in str(answer.headers)
            assert secret not in caplog.text


async def test_an_issuer_that_is_down_is_an_outage(door: Api, app: Services) -> None:
    """503 with ``Retry-After``, never 401 and never let in; keys go on, and health names it."""
    async with running_issuer() as gone:
        token = gone.token({"roles": [ADMIN_ROLE]})
    services = open_services(replace(app.settings, auth_issuer=gone.url, auth_audience=AUDIENCE))
    shut = Api(services, door.routes)

    answer = await who(shut, bearer(token))
    assert (answer.status, "Retry-After" in answer.headers) == (503, True)
    assert (await who(shut, {}, ADMIN)).status == 200
    health = await shut.send("GET", "/health", key=None, ready="1")
    assert [each["name"] for each in health.json["dependencies"] if not each["ok"]] == ["issuer"]
    assert (await door.send("GET", "/health", key=None, ready="1")).status == 200
    await services.close()


async def test_a_grant_that_cannot_be_read_lets_nobody_in(door: Api, issuer: TokenIssuer) -> None:
    """A restriction that could not be looked up is not none: 503, for key, token and sign-in."""
    nowhere = ";".join(f"{name}Endpoint=http://127.0.0.1:9/a" for name in ("Table", "Blob"))
    connection = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;{nowhere}"
    services = open_services(replace(door.app.settings, storage_connection=connection))
    shut = Api(services, door.routes)
    for key, headers in [(ADMIN, {}), (None, bearer(issuer.token({"roles": [ADMIN_ROLE]}))), (None, signed_in())]:
        answer = await shut.send("GET", "csv-template", key=key, headers=headers, operation="assign")
        assert answer.status == 503
    with pytest.raises(DependencyDown):
        await services.grants.find(OID)
    await services.close()
