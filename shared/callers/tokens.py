"""Bearer tokens (RFC 6750): signed by the issuer, meant for this app, and valid now."""

import jwt

from shared.callers.issuer import ALGORITHMS, Issuer
from shared.callers.principal import Principal, principal_of
from shared.errors import NoCaller

TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""Of the header ``typ``, where there is one: a token that a key of the issuer signed for another use is none."""
LEEWAY_S = 60
"""How far the clocks of issuer and app may be apart."""
MAX_KID = 256
_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidAudienceError, "The token is for another audience."),
    (jwt.InvalidIssuerError, "The token is of another issuer."),
    (jwt.MissingRequiredClaimError, "The token lacks its issuer, audience or expiry."),
    (jwt.InvalidSignatureError, "The signature of the token is wrong."),
    (jwt.InvalidAlgorithmError, "The token is signed in a way that is not taken."),
)


class Tokens:
    """Checks tokens of one issuer for one audience."""

    def __init__(self, issuer: Issuer, audience: str) -> None:
        self.issuer = issuer
        self._audience = audience

    async def principal(self, token: str) -> Principal:
        """Who bears this token.

        Raises ``NoCaller`` that says why it is none, without any of its text, and ``DependencyDown`` when the issuer's
        keys cannot be read.
        """
        key = await self._key(token)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self.issuer.url,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            raise _refused(error) from None
        principal = principal_of(claims)
        if principal is None:
            raise NoCaller("The token names nobody: it has neither oid nor sub.", token=True)
        return principal

    async def _key(self, token: str) -> jwt.PyJWK:
        """The issuer's key that the header names; a header that cannot be right asks nobody."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise _refused(error) from None
        type_, kid = header.get("typ", "JWT"), header.get("kid")
        if not isinstance(type_, str) or type_.lower() not in TYPES:
            raise NoCaller("The token is of another type than JWT.", token=True)
        if header.get("alg") not in ALGORITHMS:
            raise _refused(jwt.InvalidAlgorithmError())
        key = await self.issuer.key(kid) if isinstance(kid, str) and 0 < len(kid) <= MAX_KID else None
        if key is None:
            raise NoCaller("The token is signed with none of the keys of its issuer.", token=True)
        return key


def _refused(error: jwt.PyJWTError) -> NoCaller:
    reason = next((text for kind, text in _REASONS if isinstance(error, kind)), "The token cannot be read.")
    return NoCaller(reason, token=True)
