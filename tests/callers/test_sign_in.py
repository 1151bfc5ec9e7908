"""The platform's sign-in header: what it says of who is signed in."""

import base64
import json
from typing import Any

import pytest

from shared.callers.sign_in import by_sign_in
from shared.domain.caller import Role
from shared.domain.grants import Grant
from shared.errors import NoCaller

OID = "8c6c9a0e-0d3b-4c7e-9a52-6f3f2d1b7e44"
OID_TYPE = "http://schemas.microsoft.com/identity/claims/objectidentifier"
SUB_TYPE = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
NAME_TYPE = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
ISSUER = "https://login.microsoftonline.com/8f0c1a52-0000-4000-8000-000000000000/v2.0"


def encoded(value: Any) -> str:
    """A value as the platform sends it."""
    return base64.b64encode(json.dumps(value).encode()).decode()


def header(*claims: tuple[str, str], **fields: Any) -> str:
    """The header with these claims."""
    told = {"auth_typ": "aad", "name_typ": NAME_TYPE, "role_typ": ROLE_TYPE}
    return encoded(told | {"claims": [{"typ": typ, "val": val} for typ, val in claims]} | fields)


def test_who_is_signed_in() -> None:
    """Claims by their long names and by their short ones; roles as ``roles`` or as ``role_typ`` says."""
    long = by_sign_in(header((SUB_TYPE, "s"), (OID_TYPE, OID.upper()), (NAME_TYPE, "ana@contoso.com")), None)
    short = by_sign_in(header(("sub", "s"), ("oid", OID), ("name", "Ana"), ("roles", "BulkLicenses.Operate")), None)
    other = by_sign_in(header((SUB_TYPE, "s"), (ROLE_TYPE, "BulkLicenses.Admin"), ("roles", "BulkLicenses.Read")), None)

    assert (long.id, long.name, long.own) == (OID, "ana@contoso.com", None)
    assert (short.id, short.name) == (OID, "Ana")
    assert short.own == Grant(OID, Role.OPERATE, frozenset({"*"}))
    assert other.own == Grant("s", Role.ADMIN, frozenset({"*"}))
    assert long.of_directory
    assert short.of_directory


def test_a_role_is_only_what_the_role_claims_say() -> None:
    """Another claim with the same text gives nothing."""
    found = by_sign_in(header(("oid", OID), ("groups", "BulkLicenses.Admin"), ("scp", "BulkLicenses.Admin")), None)

    assert found.own is None


def test_another_directory_is_not_ours() -> None:
    """Where an issuer is set, an administrator of another directory assigns no roles here."""
    claims = (("oid", OID), ("roles", "BulkLicenses.Admin"))

    assert by_sign_in(header(*claims, ("iss", ISSUER)), ISSUER).id == OID
    with pytest.raises(NoCaller, match="another issuer"):
        by_sign_in(header(*claims, ("iss", "https://login.microsoftonline.com/other/v2.0")), ISSUER)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("e30", id="no padding"),
        pytest.param("not base64!", id="no base64"),
        pytest.param("é", id="no ASCII"),
        pytest.param(base64.b64encode(b"\xff{").decode(), id="no JSON"),
        pytest.param(encoded([]), id="a list"),
        pytest.param(encoded({"userId": OID, "userRoles": ["BulkLicenses.Admin"]}), id="of another platform"),
        pytest.param(header(claims=[{"typ": "oid", "val": 5}]), id="a number for an id"),
        pytest.param(header(), id="nobody"),
        pytest.param(header(("roles", "BulkLicenses.Admin")), id="a role without anybody"),
    ],
)
def test_a_header_that_says_nobody_is_nobody(text: str) -> None:
    """It is refused, and nothing of it is told."""
    with pytest.raises(NoCaller):
        by_sign_in(text, None)
