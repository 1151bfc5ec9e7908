"""API keys from the settings: as they stand there, or not at all."""

import hashlib
import json

import pytest

from shared.callers.api_keys import grant_of_key, keys_of
from shared.domain.caller import Role
from shared.settings import SettingsError
from tests.support.azurite import Azurite


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


def test_the_name_of_the_local_key_is_taken_everywhere(azurite: Azurite) -> None:
    """Also where that key is not set, so that no sign-in can come by its name."""
    own = grant_of_key("localhost", azurite.settings())

    assert own
    assert (own.role, own.everywhere) == (Role.ADMIN, True)
    assert grant_of_key("other", azurite.settings()) is None
