"""How the app proves who it is: settings, token sources, and what Entra ID's refusals become."""

import asyncio
import base64
import datetime
import ipaddress
import json
import os
import ssl
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from shared.errors import Denied, Unavailable
from shared.graph.credentials import Credentials, token_refused
from shared.graph.directory import Graph
from shared.settings import GRAPH, GraphCredential, SettingsError
from tests.graph.conftest import settings_for
from tests.support.simulator import ROOT, SimulatedTenant

TENANT = "11111111-0000-4000-8000-000000000000"
LOOPBACK = "http://127.0.0.1:7073/v1.0"


def certificate_pair(name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> x509.Certificate:
    """A self-signed certificate of this machine, valid today."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    return (
        builder.not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """A private key as PEM without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass
class Authority:
    """Entra ID's token endpoint as far as a client needs it; ``refuse`` with an AADSTS text, or give ``token``."""

    certificate: str
    url: str = ""
    token: str = "given"
    refuse: str | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])

    async def answer(self, request: web.Request) -> web.Response:
        """``POST /{tenant}/oauth2/v2.0/token``."""
        self.asked.append((request.path, dict(await request.post())))
        if self.refuse:
            return web.json_response({"error": "invalid_client", "error_description": self.refuse}, status=401)
        tenant_id = request.path.split("/")[1]
        body = {"token_type": "Bearer", "expires_in": 3600, "access_token": f"{self.token}.{tenant_id}"}
        return web.json_response(body)


PROGRAM = """
import asyncio, json, os, sys
from shared.errors import GraphError
from shared.graph.directory import Graph
from shared.settings import read_settings

async def main():
    graph = Graph(read_settings(os.environ))
    try:
        for _ in range(2):
            organization = await graph.directory(sys.argv[1]).organization()
        print(json.dumps({"name": organization.display_name}))
    except GraphError as error:
        print(json.dumps({"error": type(error).__name__, "code": error.code, "text": str(error)}))
    finally:
        await graph.close()

asyncio.run(main())
"""
CONVERT = """
import asyncio, json, os, sys
from shared.graph.directory import Graph
from shared.settings import read_settings

async def main():
    graph = Graph(read_settings(os.environ))
    users = await graph.directory(sys.argv[1]).find_users(["bob@contoso.com"])
    answer = await graph.mailboxes(sys.argv[1]).convert_to_shared(users["bob@contoso.com"].id, "bob@contoso.com")
    print(json.dumps({"kind": answer.kind, "reason": answer.reason, "text": answer.message}))
    await graph.close()

asyncio.run(main())
"""


async def ask(tenant: SimulatedTenant, authority: Authority, program: str = PROGRAM, **settings: str) -> dict[str, Any]:
    """Ask twice for the tenant's name, in a process that trusts the authority's certificate from its start."""
    environment = {
        **os.environ,
        "AzureWebJobsStorage": "x",
        "GRAPH_BASE_URL": tenant.simulator.graph_url,
        "GRAPH_CLIENT_ID": "app",
        "AZURE_AUTHORITY_HOST": authority.url,
        "SSL_CERT_FILE": authority.certificate,
        "REQUESTS_CA_BUNDLE": authority.certificate,
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, tenant.id, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


@pytest.fixture
async def authority(tmp_path: Path) -> AsyncIterator[Authority]:
    """An authority over HTTPS with a certificate made for this run."""
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "authority.pem"
    file.write_bytes(pem(key) + certificate_pair("localhost", key).public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    authority = Authority(certificate=str(file))
    app = web.Application()
    app.router.add_post("/{path:.*}", authority.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    authority.url = f"https://localhost:{runner.addresses[0][1]}"
    yield authority
    await runner.cleanup()


@pytest.mark.parametrize(
    "base_url", [GRAPH, "https://127.0.0.1.example.org/v1.0", "https://localhost.example.org/v1.0"]
)
def test_a_static_token_is_refused_for_any_other_machine(base_url: str):
    """A made-up token is for the simulator on this machine only."""
    with pytest.raises(SettingsError, match="this machine only"):
        settings_for(base_url)


def test_graph_is_never_asked_in_the_clear():
    """A token must not travel over plain HTTP."""
    with pytest.raises(SettingsError, match="must be https"):
        settings_for("http://graph.microsoft.com/v1.0", GRAPH_CREDENTIAL="clientSecret")


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"GRAPH_CREDENTIAL": ""}, ["GRAPH_CREDENTIAL is missing"]),
        ({"GRAPH_CREDENTIAL": "password"}, ["GRAPH_CREDENTIAL is none of these"]),
        ({"GRAPH_CREDENTIAL": "static:"}, ["the token after static:"]),
        ({"GRAPH_CREDENTIAL": "clientSecret"}, ["GRAPH_CLIENT_ID is missing", "GRAPH_CLIENT_SECRET is missing"]),
        ({"GRAPH_CREDENTIAL": "certificate"}, ["GRAPH_CLIENT_ID is missing", "GRAPH_CERTIFICATE is missing"]),
        ({"GRAPH_CREDENTIAL": "managedIdentity"}, ["GRAPH_CLIENT_ID is missing", "(or AZURE_CLIENT_ID) is missing"]),
        ({"GRAPH_CREDENTIAL_GOLD": "clientSecret"}, ["GRAPH_CLIENT_ID_GOLD is missing"]),
    ],
)
def test_what_a_credential_lacks_is_named(given: dict[str, str], faults: list[str]):
    """Every missing setting of a credential is named at the start, all at once."""
    with pytest.raises(SettingsError) as caught:
        settings_for(LOOPBACK, **given)

    for fault in faults:
        assert fault in str(caught.value)


def test_no_secret_shows_in_the_settings():
    """Invariant 12: what prints the settings prints no secret."""
    settings = settings_for(
        LOOPBACK,
        GRAPH_CREDENTIAL="static:hush-token",
        GRAPH_CLIENT_SECRET="hush-secret",
        GRAPH_CERTIFICATE="hush-certificate",
    )

    assert "hush" not in repr(settings.graph_credentials)


async def test_a_tenant_may_have_a_credential_of_its_own(tenant: SimulatedTenant):
    """``credential: gold`` takes GRAPH_CREDENTIAL_GOLD; a name without settings ends that tenant only."""
    graph = Graph(settings_for(tenant.simulator.graph_url, GRAPH_CREDENTIAL_GOLD="static:gold"))

    assert (await graph.directory(tenant.id, "Gold").organization()).display_name == "Contoso"
    with pytest.raises(Denied, match="GRAPH_CREDENTIAL_SILVER"):
        await graph.directory(tenant.id, "silver").organization()
    await graph.close()


async def test_one_token_source_serves_a_tenant():
    """Tokens are cached in their source, so a tenant has one."""
    credentials = Credentials({"default": GraphCredential("clientSecret", client_id="app", client_secret="s")})

    assert credentials.of(TENANT, "default") is credentials.of(TENANT, "default")
    assert credentials.of("contoso.com", "default") is not credentials.of(TENANT, "default")
    await credentials.close()


async def test_a_client_secret_gets_a_token_of_the_customers_tenant(authority: Authority, tenant: SimulatedTenant):
    """The token is asked once, of the tenant's own authority, for Graph's default scope."""
    told = await ask(tenant, authority, GRAPH_CREDENTIAL="clientSecret", GRAPH_CLIENT_SECRET="s3")

    assert told == {"name": "Contoso"}
    ((path, form),) = authority.asked
    assert path == f"/{tenant.id}/oauth2/v2.0/token"
    assert (form["client_id"], form["client_secret"]) == ("app", "s3")
    assert form["scope"].split()[0] == "https://graph.microsoft.com/.default"


async def test_exchange_is_asked_with_a_token_of_its_own(authority: Authority, tenant: SimulatedTenant):
    """A token for Graph opens no other service: each scope is asked for once, of the tenant's own authority."""
    exchange = {"EXCHANGE_BASE_URL": tenant.simulator.url, "MAILBOX_CONVERSION": "on"}
    told = await ask(tenant, authority, CONVERT, GRAPH_CREDENTIAL="clientSecret", GRAPH_CLIENT_SECRET="s3", **exchange)

    assert (told["kind"], told["reason"]) == ("refused", "no mailbox")
    assert {path for path, _ in authority.asked} == {f"/{tenant.id}/oauth2/v2.0/token"}
    assert [form["scope"].split()[0] for _, form in authority.asked] == [
        "https://graph.microsoft.com/.default",
        "https://outlook.office365.com/.default",
    ]


async def test_a_wrong_secret_is_denied_with_the_reason(authority: Authority, tenant: SimulatedTenant):
    """Trap 28: no token, no request; the error names what to fix and never the secret."""
    authority.refuse = "AADSTS7000222: The provided client secret keys for app 'app' are expired."

    told = await ask(tenant, authority, GRAPH_CREDENTIAL="clientSecret", GRAPH_CLIENT_SECRET="hush")

    assert (told["error"], told["code"]) == ("Denied", "AADSTS7000222")
    assert "the client secret has expired" in told["text"]
    assert "hush" not in told["text"]
    assert not tenant.requests()


@pytest.mark.parametrize("form", ["path", "pem", "pfx"])
async def test_a_certificate_comes_as_file_pem_or_pfx(
    form: str, authority: Authority, tenant: SimulatedTenant, tmp_path: Path
):
    """The app signs with its certificate; the secret key itself is never sent."""
    key = await asyncio.to_thread(rsa.generate_private_key, 65537, 2048)
    certificate = certificate_pair("app", key)
    text = (pem(key) + certificate.public_bytes(serialization.Encoding.PEM)).decode()
    file = tmp_path / "app.pem"
    file.write_text(text)
    pfx = pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, serialization.NoEncryption())
    given = {"path": str(file), "pem": text, "pfx": base64.b64encode(pfx).decode()}[form]

    told = await ask(tenant, authority, GRAPH_CREDENTIAL="certificate", GRAPH_CERTIFICATE=given)

    assert told == {"name": "Contoso"}
    sent = authority.asked[0][1]
    assert sent["client_assertion_type"].endswith("jwt-bearer")
    assert "PRIVATE KEY" not in str(sent)


async def test_a_certificate_that_is_none_is_denied(tenant: SimulatedTenant):
    """The text says what a certificate may be."""
    graph = Graph(
        settings_for(
            tenant.simulator.graph_url, GRAPH_CREDENTIAL="certificate", GRAPH_CLIENT_ID="app", GRAPH_CERTIFICATE="?!"
        )
    )

    with pytest.raises(Denied, match="neither a file, nor a PEM text, nor a PFX"):
        await graph.directory(tenant.id).skus()
    await graph.close()


async def test_a_managed_identity_is_the_apps_client_assertion(authority: Authority, tenant: SimulatedTenant):
    """Without a secret: the identity's token for the exchange audience is the assertion in the customer's tenant."""
    asked: list[dict[str, str]] = []

    async def identity(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        body = {"access_token": "of-identity", "expires_on": "4102444800", "resource": "x", "token_type": "Bearer"}
        return web.json_response(body)

    app = web.Application()
    app.router.add_get("/msi/token", identity)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    told = await ask(
        tenant,
        authority,
        GRAPH_CREDENTIAL="managedIdentity",
        AZURE_CLIENT_ID="identity",
        IDENTITY_ENDPOINT=f"http://127.0.0.1:{runner.addresses[0][1]}/msi/token",
        IDENTITY_HEADER="header",
    )
    await runner.cleanup()

    assert told == {"name": "Contoso"}
    assert asked[0]["resource"] == "api://AzureADTokenExchange"
    assert asked[0]["client_id"] == "identity"
    assert (authority.asked[0][1]["client_assertion"], authority.asked[0][1]["client_id"]) == ("of-identity", "app")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ClientAuthenticationError("AADSTS700016: Application not found in the directory"), Denied),
        (ClientAuthenticationError("AADSTS90033: A transient error has occurred. Please try again."), Unavailable),
        (ServiceRequestError("Cannot connect to host login.microsoftonline.com"), Unavailable),
    ],
)
def test_entra_saying_no_ends_the_tenant_and_its_silence_does_not(error: Any, expected: type[Exception]):
    """A refusal needs an administrator; an outage of the token service needs patience."""
    assert type(token_refused(error, TENANT)) is expected


async def test_an_authority_that_is_down_sends_nothing(monkeypatch: pytest.MonkeyPatch, tenant: SimulatedTenant):
    """Without a token no write leaves: the items come later, none is in doubt."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:1")
    graph = Graph(
        settings_for(
            tenant.simulator.graph_url, GRAPH_CREDENTIAL="clientSecret", GRAPH_CLIENT_ID="app", GRAPH_CLIENT_SECRET="s3"
        )
    )

    answers = await graph.directory(tenant.id).set_usage_locations({"u1": "CH"})
    await graph.close()

    assert answers["u1"].kind == "later"
    assert not tenant.requests()
