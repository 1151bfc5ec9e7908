"""API keys of the app's own: the setting ``API_KEYS``, and the key of the local stack beside it."""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from shared.callers.principal import Principal
from shared.domain.caller import ROLES, Role
from shared.domain.grants import EVERYWHERE, Grant, principal_id
from shared.errors import NoCaller
from shared.settings import Settings, SettingsError

LOCAL_CALLER = "localhost"

_Text = Annotated[str, StringConstraints(min_length=1)]


class _Key(BaseModel):
    """One entry of the setting ``API_KEYS``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Text
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-fA-F]{64}$")]
    role: Literal["BulkLicenses.Read", "BulkLicenses.Operate", "BulkLicenses.Admin"]
    tenants: list[_Text]


_KEYS = TypeAdapter(list[_Key])


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key by its SHA-256, and what its bearer may do unless a stored grant for its name says otherwise."""

    digest: bytes
    grant: Grant


@lru_cache(maxsize=4)
def keys_of(api_keys: str, local_api_key: str | None) -> tuple[ApiKey, ...]:
    """The keys of the settings.

    Raises ``SettingsError`` that says what is wrong with ``API_KEYS``, without any digest.
    """
    try:
        entries = _KEYS.validate_json(api_keys or "[]")
    except ValidationError as error:
        faults = "; ".join(f"{'/'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SettingsError(f"API_KEYS is wrong: {faults}") from None
    keys = [
        ApiKey(
            bytes.fromhex(key.sha256),
            Grant(principal_id(key.name), ROLES[key.role], frozenset(map(str.lower, key.tenants))),
        )
        for key in entries
    ]
    if local_api_key:
        digest = hashlib.sha256(local_api_key.encode()).digest()
        keys.append(ApiKey(digest, Grant(LOCAL_CALLER, Role.ADMIN, frozenset({EVERYWHERE}))))
    return tuple(keys)


def by_key(key: str, settings: Settings) -> Principal:
    """Who sends this key.

    Raises ``NoCaller`` when it is not one of the settings.
    """
    digest = hashlib.sha256(key.encode()).digest()
    known = keys_of(settings.api_keys, settings.local_api_key)
    matching = [each.grant for each in known if hmac.compare_digest(each.digest, digest)]
    if not matching:
        raise NoCaller("The API key is not known.")
    own = matching[0]
    return Principal(own.principal, own.principal, own, of_directory=False)


def grant_of_key(name: str, settings: Settings) -> Grant | None:
    """What the settings give the key of this name; None when it is the name of no key.

    ``LOCALHOST_API_KEY`` has its name also where it is not set: nobody else may bear it.
    """
    known = keys_of(settings.api_keys, settings.local_api_key)
    own = next((each.grant for each in known if each.grant.principal == name), None)
    if own is None and name == LOCAL_CALLER:
        return Grant(LOCAL_CALLER, Role.ADMIN, frozenset({EVERYWHERE}))
    return own
