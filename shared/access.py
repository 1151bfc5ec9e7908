"""Who calls, with which role, and in which tenants.

Of several proofs in one request the first of these counts, alone: API key, the platform's sign-in header (where the
app runs behind that), bearer token. If it is not good, nobody is known; nothing falls back to the next.
"""

from collections.abc import Awaitable, Callable, Mapping

from shared.callers.api_keys import by_key, grant_of_key
from shared.callers.principal import Principal
from shared.callers.sign_in import HEADER, by_sign_in
from shared.domain.caller import ROLE_NAMES, Caller, Role
from shared.domain.grants import Grant, effective
from shared.errors import NoCaller, RequestRejected
from shared.services import Services

BEARER = "bearer"

type FindTenants = Callable[[frozenset[str]], Awaitable[frozenset[str]]]
"""Ids of the registered tenants that bear one of these tags."""


async def authenticate(headers: Mapping[str, str], app: Services, find_tenants: FindTenants) -> Caller:
    """The caller of a request, with the grant that counts for it now.

    ``headers`` have lower-case names. Raises ``NoCaller`` when nobody is known by them, ``RequestRejected`` (403) for
    somebody who has neither role nor grant, ``DependencyDown`` when either cannot be looked up.
    """
    principal = await _principal(headers, app)
    stored = await app.grants.find(principal.id)
    grant = effective(principal.own, stored, of_directory=principal.of_directory)
    if grant is None:
        detail = (
            f"{principal.name} has no role in this app: an administrator assigns an app role in the directory,"
            f" or a grant to the principal {principal.id}."
        )
        raise RequestRejected(403, detail)
    tenants = await _tenants(grant, find_tenants)
    return Caller(principal.id, principal.name, grant.role, tenants, grant.tags)


async def _principal(headers: Mapping[str, str], app: Services) -> Principal:
    if (key := headers.get("x-api-key")) is not None:
        return by_key(key, app.settings)
    if app.settings.behind_platform_sign_in and (header := headers.get(HEADER)) is not None:
        principal = by_sign_in(header, app.settings.auth_issuer)
    elif (authorization := headers.get("authorization")) is not None:
        principal = await _by_authorization(authorization, app)
    else:
        raise NoCaller("A caller is needed: send an API key in the header x-api-key, or a bearer token.")
    if grant_of_key(principal.id, app.settings):
        raise NoCaller("The sign-in bears the name of an API key.")
    return principal


async def _by_authorization(authorization: str, app: Services) -> Principal:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != BEARER:
        raise NoCaller("The header Authorization has no bearer token.")
    if app.tokens is None:
        raise NoCaller("This app takes no bearer tokens: the setting AUTH_ISSUER is not set.")
    return await app.tokens.principal(token.strip())


async def _tenants(grant: Grant, find_tenants: FindTenants) -> frozenset[str] | None:
    """Tenant ids of a grant; None stands for all."""
    if grant.everywhere:
        return None
    return grant.named | await find_tenants(grant.tags) if grant.tags else grant.named


def require(caller: Caller, role: Role) -> None:
    """Raise ``RequestRejected`` (403) when the caller's role does not include ``role``."""
    if caller.role < role:
        detail = f"This needs the role {ROLE_NAMES[role]}; the caller has {ROLE_NAMES[caller.role]}."
        raise RequestRejected(403, detail)
