"""Admin consent: a link that is answered once, and nothing believed that the directory does not show."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from shared.domain.caller import SYSTEM
from shared.domain.tenant import Tenant
from shared.services import Services, open_services
from tests.support.azurite import Azurite
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import ADMIN, GOLD_ADMIN, OPERATOR, Answer, Api, api_keys
from triggers.routes import consent

CALLBACK = "https://app.test/api/consent"


@pytest.fixture
async def app(azurite: Azurite, simulator: Simulator) -> AsyncIterator[Services]:
    """Services whose consents are given by the simulator."""
    settings = azurite.settings(
        GRAPH_BASE_URL=simulator.graph_url,
        CONSENT_BASE_URL=simulator.url,
        GRAPH_CREDENTIAL="static:local",
        LOCALHOST_API_KEY=ADMIN,
        API_KEYS=api_keys(),
    )
    services = open_services(settings)
    yield services
    await services.close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that does not show a consent is not waited for."""
    monkeypatch.setattr(consent, "PAUSES_S", (0.0,))


@pytest.fixture
async def closed(api: Api, simulator: Simulator) -> SimulatedTenant:
    """A registered tenant that has not consented."""
    tenant = simulator.load(displayName="Closed <Ltd>", domains=["closed.example"], consent=False)
    registered = await api.send("PUT", f"tenants/{tenant.id}", {"tags": ["gold"]})
    assert (registered.status, registered.json["consent"]) == (201, "missing")
    return tenant


async def link(api: Api, tenant: str, key: str = ADMIN) -> dict[str, str]:
    """What a fresh link asks for."""
    answer = await api.send("POST", f"tenants/{tenant}/consent", key=key)
    assert answer.status == 200, answer.body
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.json["url"]).query).items()}


async def answered(api: Api, **query: str) -> Answer:
    """The page for an answer from Entra ID, with a parameter that nobody here knows."""
    return await api.send("GET", "/consent", key=None, query={"session_state": "x", "empty": "", **query})


async def granted(api: Api, tenant: SimulatedTenant) -> dict[str, str]:
    """What comes back from an administrator who says yes."""
    url = (await api.send("POST", f"tenants/{tenant.id}/consent")).json["url"]
    async with httpx.AsyncClient() as browser:
        sent_back = await browser.get(url)
    assert sent_back.status_code == 302
    assert sent_back.headers["Location"].startswith(f"{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(sent_back.headers["Location"]).query).items()}


async def registry(api: Api, tenant: SimulatedTenant) -> Tenant:
    """The tenant as it is registered."""
    return replace(await api.app.tenants.get(SYSTEM, tenant.id), etag=None)


async def test_an_administrator_who_says_yes_lets_the_app_in(api: Api, closed: SimulatedTenant) -> None:
    """Proven by a real call: name and domains come from the directory; the tags stay, and the link is used up."""
    back = await granted(api, closed)
    page = await answered(api, **back)

    assert (page.status, page.media_type) == (200, "text/html")
    assert b"Consent is granted" in page.body
    assert b"Closed &lt;Ltd&gt;" in page.body
    stored = await registry(api, closed)
    assert (stored.consent, stored.domains, stored.tags) == ("granted", ("closed.example",), ("gold",))
    assert (await answered(api, **back)).status == 400


async def test_the_link_asks_for_what_entra_needs(api: Api, closed: SimulatedTenant) -> None:
    """By any name of the tenant; it expires within the hour, and its state is kept as a digest only."""
    answer = await api.send("POST", f"tenants/{closed.id.upper()}/consent")
    parts = urlsplit(answer.json["url"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}

    assert parts.path == f"/{closed.id}/v2.0/adminconsent"
    assert query["scope"] == "https://graph.microsoft.com/.default"
    assert query["redirect_uri"] == CALLBACK
    assert query["client_id"] == consent.LOCAL_CLIENT_ID
    asked = await api.app.consents.get(closed.id)
    assert asked is not None
    assert timedelta(minutes=59) < asked.expires_at - api.app.tables.now() <= timedelta(hours=1)
    assert query["state"].split(".")[1] not in repr(asked)


async def test_the_redirect_can_be_told(api: Api, closed: SimulatedTenant) -> None:
    """Where the app is reached by another name than the caller used; and the client is the credential's."""
    credential = replace(api.app.settings.graph_credentials["default"], kind="clientSecret", client_id="c-1")
    settings = replace(
        api.app.settings,
        consent_redirect_url="https://public.example/api/consent",
        graph_credentials={"default": credential},
    )
    query = await link(Api(replace(api.app, settings=settings), api.routes), closed.id)

    assert query["redirect_uri"] == "https://public.example/api/consent"
    assert query["client_id"] == "c-1"
    without = replace(api.app.settings, graph_credentials={})
    answer = await Api(replace(api.app, settings=without), api.routes).send("POST", f"tenants/{closed.id}/consent")
    assert answer.status == 409


@pytest.mark.parametrize("forged", ["unknown", "of another tenant", "expired", "replaced", "none", "nonsense"])
async def test_an_answer_that_nobody_asked_for_changes_nothing(
    api: Api, closed: SimulatedTenant, simulator: Simulator, forged: str
) -> None:
    """Although the directory would let the app in by now: whoever forges it can neither register nor change."""
    back = await granted(api, closed)
    stranger = simulator.load(domains=["stranger.example"])
    match forged:
        case "unknown":
            back["state"] = f"{closed.id}.{'x' * 43}"
        case "of another tenant":
            back["state"] = back["state"].replace(closed.id, stranger.id)
            back["tenant"] = stranger.id
        case "expired":
            asked = await api.app.consents.get(closed.id)
            assert asked is not None
            await api.app.consents.put(replace(asked, expires_at=api.app.tables.now() - timedelta(seconds=1)))
        case "replaced":
            await link(api, closed.id)
        case "none":
            del back["state"]
        case _:
            back["state"] = "../" + "é" * 3
    page = await answered(api, **back)

    assert page.status == 400
    assert b"This link is not valid" in page.body
    assert (await registry(api, closed)).consent == "missing"
    assert [tenant.id for tenant in (await api.app.tenants.list(SYSTEM))[0]] == [closed.id]


async def test_what_entra_says_is_shown_as_text(api: Api, closed: SimulatedTenant) -> None:
    """No script, no markup, nothing loaded; and the link is used up."""
    state = (await link(api, closed.id))["state"]
    told = '<script>alert("x")</script><img src=//evil.example>'
    page = await answered(api, state=state, error="access_denied", error_description=told)

    assert page.status == 400
    assert b"<script" not in page.body
    assert b"<img" not in page.body
    assert b"&lt;script&gt;" in page.body
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert (page.headers["Cache-Control"], page.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert (await answered(api, state=state, tenant=closed.id, admin_consent="True")).status == 400


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"tenant": "00000000-0000-4000-8000-000000000000"}, b"Another tenant"),
        ({"tenant": ""}, b"Another tenant"),
        ({"admin_consent": "False"}, b"not given"),
        ({"admin_consent": ""}, b"not given"),
    ],
)
async def test_an_answer_of_another_kind_is_no_consent(
    api: Api, closed: SimulatedTenant, changed: dict[str, str], says: bytes
) -> None:
    """The state is right, the rest is not."""
    page = await answered(api, **{**await granted(api, closed), **changed})

    assert page.status == 400
    assert says in page.body
    assert (await registry(api, closed)).consent == "missing"


async def test_the_directory_has_the_last_word(api: Api, closed: SimulatedTenant) -> None:
    """Everything is as Entra ID sends it, but the app is not let in: nobody is told that it is."""
    state = (await link(api, closed.id))["state"]
    page = await answered(api, state=state, tenant=closed.id, admin_consent="True")

    assert page.status == 409
    assert b"granted" not in page.body
    assert (await registry(api, closed)).consent == "missing"

    back = await granted(api, closed)
    closed.fault("GET /organization", "503")
    page = await answered(api, **back)
    assert page.status == 409
    assert b"granted" not in page.body
    assert (await registry(api, closed)).consent == "missing"


async def test_of_two_answers_at_once_one_counts(api: Api, closed: SimulatedTenant) -> None:
    """The browser was impatient, or somebody read along."""
    back = await granted(api, closed)
    pages = await asyncio.gather(*(answered(api, **back) for _ in range(4)))

    assert sorted(page.status for page in pages) == [200, 400, 400, 400]


async def test_who_may_ask(api: Api, closed: SimulatedTenant, simulator: Simulator) -> None:
    """An administrator, of tenants within the grants; a tenant that is not registered is not known."""
    foreign = simulator.load(consent=False)
    await api.send("PUT", f"tenants/{foreign.id}", {})

    async def status(tenant: str, key: str) -> int:
        return (await api.send("POST", f"tenants/{tenant}/consent", key=key)).status

    assert await status(closed.id, OPERATOR) == 403
    assert await status(closed.id, GOLD_ADMIN) == 200
    assert await status(foreign.id, GOLD_ADMIN) == 404
    assert await status("nobody.example", ADMIN) == 404


async def test_the_simulators_page_refuses_what_entra_would(simulator: Simulator, closed: SimulatedTenant) -> None:
    """A tenant that is not there, and a link without a way back."""
    good: dict[str, Any] = {"client_id": "c", "redirect_uri": CALLBACK}
    async with httpx.AsyncClient(base_url=simulator.url) as browser:
        for tenant, query in (("00000000-0000-4000-8000-000000000000", good), (closed.id, {"client_id": "c"})):
            assert (await browser.get(f"/{tenant}/v2.0/adminconsent?{urlencode(query)}")).status_code == 400
