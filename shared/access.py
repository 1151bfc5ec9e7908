"""Who calls: an API key makes a caller with a role, limited to the tenants of its grant.

Sign-in headers of a platform in front are not read: the app may be reachable without that platform (Trap 45).
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from shared.domain.caller import Caller, Role
from shared.errors import RequestRejected
from shared.settings import Settings, SettingsError

ROLES = {"BulkLicenses.Read": Role.READ, "BulkLicenses.Operate": Role.OPERATE, "BulkLicenses.Admin": Role.ADMIN}
LOCAL_CALLER = "localhost"

type FindTenants = Callable[[frozenset[str]], Awaitable[frozenset[str]]]
"""Ids of the registered tenants that bear one of these tags."""

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
class Grant:
    """What the bearer of a key may do: ``tenants`` are tenant GUIDs, ``*`` or ``tag:…``."""

    name: str
    digest: bytes
    role: Role
    tenants: frozenset[str]


@lru_cache(maxsize=4)
def grants_of(api_keys: str, local_api_key: str | None) -> tuple[Grant, ...]:
    """The grants of the settings.

    Raises ``SettingsError`` that says what is wrong with ``API_KEYS``, without any digest.
    """
    try:
        entries = _KEYS.validate_json(api_keys or "[]")
    except ValidationError as error:
        faults = "; ".join(f"{'/'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SettingsError(f"API_KEYS is wrong: {faults}") from None
    grants = [
        Grant(key.name, bytes.fromhex(key.sha256), ROLES[key.role], frozenset(map(str.lower, key.tenants)))
        for key in entries
    ]
    if local_api_key:
        digest = hashlib.sha256(local_api_key.encode()).digest()
        grants.append(Grant(LOCAL_CALLER, digest, Role.ADMIN, frozenset({"*"})))
    return tuple(grants)


async def authenticate(headers: Mapping[str, str], settings: Settings, find_tenants: FindTenants) -> Caller:
    """The caller of a request.

    ``headers`` have lower-case names. Raises ``RequestRejected`` (401) when nobody is known by them.
    """
    key = headers.get("x-api-key")
    if not key:
        raise RequestRejected(401, "A caller is needed: send an API key in the header x-api-key.")
    digest = hashlib.sha256(key.encode()).digest()
    matching = [
        grant
        for grant in grants_of(settings.api_keys, settings.local_api_key)
        if hmac.compare_digest(grant.digest, digest)
    ]
    if not matching:
        raise RequestRejected(401, "The API key is not known.")
    grant = matching[0]
    return Caller(grant.name, grant.name, grant.role, await _tenants(grant.tenants, find_tenants))


async def _tenants(granted: frozenset[str], find_tenants: FindTenants) -> frozenset[str] | None:
    """Tenant ids of a grant; None stands for all."""
    if "*" in granted:
        return None
    tags = frozenset(each.removeprefix("tag:") for each in granted if each.startswith("tag:"))
    ids = frozenset(each for each in granted if not each.startswith("tag:"))
    return ids | await find_tenants(tags) if tags else ids


def require(caller: Caller, role: Role) -> None:
    """Raise ``RequestRejected`` (403) when the caller's role does not include ``role``."""
    if caller.role < role:
        names = {value: name for name, value in ROLES.items()}
        raise RequestRejected(403, f"This needs the role {names[role]}; the caller has {names[caller.role]}.")
