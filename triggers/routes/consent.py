"""Admin consent: the link for a customer's administrator, and the page to which Entra ID sends them back.

Anybody can call that page. It believes nothing that it is told: the state says that we asked and whom, once, and
whether there is consent is read from the directory itself.
"""

import asyncio
import hashlib
import hmac
import html
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import azure.functions as func

from shared.catalogue import is_guid
from shared.contracts.responses import ConsentLink
from shared.contracts.routes import Answer, Parameter, Route
from shared.domain.caller import SYSTEM, Role
from shared.domain.tenant import Tenant
from shared.errors import GraphError, NotFound, RowConflict, StateConflict
from shared.services import Services
from shared.settings import Settings
from shared.tables.consents import AskedConsent
from shared.tables.contention import until_settled
from triggers.routes.tenants import TENANT, as_the_directory_says
from triggers.web.http import Call, json_answer
from triggers.web.router import Router

LIFETIME: Final = timedelta(hours=1)
SCOPE = "https://graph.microsoft.com/.default"
CALLBACK = "consent"
LOCAL_CLIENT_ID = "11111111-1111-4111-8111-111111111111"
"""Stands for the app where its credential is a simulator's and names none."""
PAUSES_S: tuple[float, ...] = (1.0, 2.0, 4.0)
"""A consent takes a moment until the directory heeds it: so long it is asked again."""
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}

router = Router()


@router.add(
    Route(
        name="ask_consent",
        method="POST",
        path=f"{TENANT}/consent",
        summary="The link with which an administrator of the tenant gives the app its permissions there.",
        role=Role.ADMIN,
        answers=(Answer(200, "The link; an earlier one of the tenant is worth nothing any more.", ConsentLink),),
        problems={409: "The tenant's credential is not one of the app's any more."},
    )
)
async def ask_consent(call: Call, app: Services) -> func.HttpResponse:
    """Remember a fresh state, and give the link that carries it."""
    tenant = await app.tenants.get(call.caller, call.path["tenant"])
    client_id = _client_id(app.settings, tenant)
    await app.tables.refresh_clock()
    state = f"{tenant.id}.{secrets.token_urlsafe(32)}"
    expires_at = app.tables.now() + LIFETIME
    await app.consents.put(AskedConsent(tenant_id=tenant.id, digest=_digest(state), expires_at=expires_at))
    query = urlencode(
        {
            "client_id": client_id,
            "scope": SCOPE,
            "redirect_uri": app.settings.consent_redirect_url or f"{call.origin}/api/{CALLBACK}",
            "state": state,
        }
    )
    url = f"{app.settings.consent_base_url}/{tenant.id}/v2.0/adminconsent?{query}"
    return json_answer(ConsentLink(url=url, expires_at=expires_at))


def _client_id(settings: Settings, tenant: Tenant) -> str:
    credential = settings.graph_credentials.get(tenant.credential.lower())
    if credential is None:
        raise StateConflict(f"The tenant is registered with the credential {tenant.credential}, which the app lacks.")
    return credential.client_id or LOCAL_CLIENT_ID


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


@router.add(
    Route(
        name="consent",
        method="GET",
        path=CALLBACK,
        summary="Where Entra ID sends an administrator back to; a page that says whether the app has its permissions.",
        role=None,
        any_query=True,
        parameters=(
            Parameter("state", "What the link carried."),
            Parameter("tenant", "The tenant whose administrator answered."),
            Parameter("admin_consent", "Whether consent was given."),
            Parameter("error", "Why not."),
            Parameter("error_description", "The same in words."),
        ),
        answers=(
            Answer(200, "The app can read the tenant's directory.", types=("text/html",)),
            Answer(
                400, "Nobody asked for this, it was answered before, or consent was not given.", types=("text/html",)
            ),
            Answer(409, "The directory does not heed the consent yet.", types=("text/html",)),
        ),
    )
)
async def consent(call: Call, app: Services) -> func.HttpResponse:
    """Check that the answer was asked for, then ask the directory itself."""
    given = {name: call.query.given(name) for name in ("state", "tenant", "admin_consent", "error")}
    tenant = await _asked(app, given["state"])
    if tenant is None:
        return _page(400, "This link is not valid", "It was used before, has expired, or was never given out.")
    if given["error"] or given["admin_consent"].lower() != "true":
        told = call.query.given("error_description") or given["error"] or "Microsoft does not say that it was given."
        return _page(400, "Consent was not given", told)
    if given["tenant"].lower() != tenant.id:
        return _page(400, "Consent was not given", "Another tenant's administrator has answered. Ask for a new link.")
    try:
        proven = await _proven(app, tenant)
    except GraphError as error:
        return _page(409, "Consent cannot be checked now", f"{error}. Registering the tenant again checks it.")
    if proven is None:
        return _page(409, "Consent is not there yet", "The directory cannot be read. Registering again checks it anew.")
    return _page(200, "Consent is granted", f"The app can work in {proven.display_name or proven.domain}.")


async def _asked(app: Services, state: str) -> Tenant | None:
    """The tenant of a state that was given out, and is now used up; None for any other."""
    tenant_id = state.partition(".")[0]
    found = await app.consents.get(tenant_id) if is_guid(tenant_id) else None
    if found is None or not hmac.compare_digest(found.digest, _digest(state)):
        return None
    await app.tables.refresh_clock()
    try:
        await app.consents.take(found)
        tenant = await app.tenants.get(SYSTEM, tenant_id)
    except (RowConflict, NotFound):
        return None
    return tenant if app.tables.now() < found.expires_at else None


async def _proven(app: Services, tenant: Tenant) -> Tenant | None:
    """The tenant with what its directory says, stored; None where the directory does not let the app in."""
    found = await as_the_directory_says(app, tenant)
    for pause in PAUSES_S:
        if found.consent == "granted":
            break
        await asyncio.sleep(pause)
        found = await as_the_directory_says(app, tenant)
    if found.consent != "granted" or found.id != tenant.id:
        return None

    async def store() -> Tenant:
        stored = await app.tenants.get(SYSTEM, tenant.id)
        read = replace(stored, domains=found.domains, display_name=found.display_name, consent="granted")
        return await app.tenants.put(read)

    return await until_settled(store)


def _page(status: int, title: str, text: str) -> func.HttpResponse:
    """A page of plain words: nothing in it is loaded or run, and what others have written is text."""
    title, text = html.escape(title), html.escape(text)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{text}</p></body></html>"
    )
    return func.HttpResponse(page, status_code=status, headers=PAGE_HEADERS, mimetype="text/html", charset="utf-8")
