"""The header in which the platform's own sign-in (App Service authentication) says who is signed in.

The platform takes this header out of what comes from outside and puts its own in. Where no platform is in front,
anybody can write it: it is read only with the setting ``BEHIND_PLATFORM_SIGN_IN`` (trap 45).
https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import base64

from pydantic import BaseModel, ConfigDict

from shared.callers.principal import Principal, principal_of
from shared.errors import NoCaller

HEADER = "x-ms-client-principal"
_SCHEMAS = {
    "http://schemas.microsoft.com/identity/claims/objectidentifier": "oid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier": "sub",
}
"""Claims whose names the platform writes out in the way of older .NET."""


class _Claim(BaseModel):
    model_config = ConfigDict(strict=True)

    typ: str
    val: str


class _ClientPrincipal(BaseModel):
    """The JSON in the header; ``name_typ`` and ``role_typ`` say which claims hold the name and the roles."""

    model_config = ConfigDict(strict=True)

    auth_typ: str
    claims: list[_Claim]
    name_typ: str | None = None
    role_typ: str | None = None


def by_sign_in(header: str, issuer: str | None) -> Principal:
    """Who is signed in by the platform, which has checked it.

    With an ``issuer`` (the setting ``AUTH_ISSUER``) nobody of another one is known: where the platform lets in several
    directories, only this one's administrators assign roles here. Raises ``NoCaller``.
    """
    try:
        told = _ClientPrincipal.model_validate_json(base64.b64decode(header, validate=True))
    except ValueError:  # no base64, or no such JSON
        raise NoCaller("The platform's sign-in header cannot be read.") from None
    names = _SCHEMAS | ({told.name_typ: "name"} if told.name_typ else {})
    claims: dict[str, object] = {}
    for claim in told.claims:
        claims.setdefault(names.get(claim.typ, claim.typ), claim.val)
    if issuer and claims.get("iss", issuer) != issuer:
        raise NoCaller("The sign-in is of another issuer.")
    claims["roles"] = [claim.val for claim in told.claims if claim.typ in {"roles", told.role_typ}]
    principal = principal_of(claims)
    if principal is None:
        raise NoCaller("The sign-in names nobody: it has no object id.")
    return principal
