"""What stands for Entra ID's page of admin consent: whoever comes is an administrator, and says yes.

[D] the path, its parameters and what comes back; ASSUMPTION: the text for a tenant that is not there.
https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from urllib.parse import urlencode

from aiohttp import web

from dev.simulator.engine import Engine

PATH = "/{tenant}/v2.0/adminconsent"


async def grant(engine: Engine, request: web.Request) -> web.Response:
    """Give the app its permissions in a tenant, and send the browser back."""
    tenant = engine.tenants.get(request.match_info["tenant"].lower())
    query = request.query
    if tenant is None or not query.get("redirect_uri") or not query.get("client_id"):
        return web.Response(status=400, text="AADSTS90002: tenant not found, or a parameter is missing")
    tenant.settings.consent = True
    back = {
        "admin_consent": "True",
        "tenant": tenant.id,
        "state": query.get("state", ""),
        "scope": query.get("scope", ""),
    }
    return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(back)}"})
