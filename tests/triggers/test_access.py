"""Who gets in, with which role, and to which tenants."""

import hashlib
import json

import pytest

from shared.callers.api_keys import keys_of
from shared.settings import SettingsError
from tests.triggers.conftest import ADMIN, GOLD, OPERATOR, READER, Api, assign_body


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"x-api-key": "guess"}, id="unknown key"),
        pytest.param({"x-api-key": ""}, id="empty key"),
        pytest.param({"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, id="bearer token"),
        pytest.param({"X-MS-CLIENT-PRINCIPAL": "eyJ1c2VySWQiOiJhZG1pbiJ9"}, id="sign-in header"),
        pytest.param({"X-MS-CLIENT-PRINCIPAL-NAME": "admin", "X-MS-CLIENT-PRINCIPAL-ID": "1"}, id="sign-in name"),
    ],
)
async def test_who_is_not_known_by_a_key_is_nobody(api: Api, headers: dict[str, str]) -> None:
    """Trap 45: a sign-in header is not believed where no platform is in front."""
    answer = await api.send("GET", "tenants", key=None, headers=headers)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"]


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


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("{", id="no JSON"),
        pytest.param(
            json.dumps([{"name": "n", "sha256": "short", "role": "BulkLicenses.Read", "tenants": []}]), id="digest"
        ),
        pytest.param(json.dumps([{"name": "n", "sha256": "a" * 64, "role": "Owner", "tenants": []}]), id="role"),
        pytest.param(json.dumps([{"name": "n", "sha256": "a" * 64, "role": "BulkLicenses.Read"}]), id="no tenants"),
    ],
)
def test_wrong_keys_are_a_fault_of_the_settings(entry: str) -> None:
    """Nothing is assumed: neither a role nor the tenants. The text tells no digest."""
    with pytest.raises(SettingsError, match="API_KEYS") as caught:
        keys_of(entry, None)

    assert "a" * 64 not in str(caught.value)
    assert "short" not in str(caught.value)


def test_without_settings_no_key_opens() -> None:
    """There is no default key, and an empty local key is none."""
    assert keys_of("[]", None) == ()
    assert keys_of("[]", "") == ()
    (local,) = keys_of("[]", "secret")
    assert local.digest == hashlib.sha256(b"secret").digest()
