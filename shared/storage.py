"""What tables and blobs share: how to reach the storage account, and what its errors mean to us."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError

from shared.errors import DependencyDown, RowConflict
from shared.settings import Settings, SettingsError

RETRIES = 3
"""Few, and after short waits: an activity is repeated as a whole, and a caller is told within seconds."""
TRANSPORT: Mapping[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 30,
    "use_env_settings": bool(getproxies()),  # else each request would look for a .netrc
}

DEVELOPMENT_ACCOUNT = "devstoreaccount1"
DEVELOPMENT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's account, public by design; the same on every machine.
https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key"""
DEVELOPMENT_PORTS = {"blob": 10000, "table": 10002}


@dataclass(frozen=True, slots=True)
class Account:
    """Where one service of the storage account is; ``key`` None means a token credential."""

    url: str
    name: str
    key: str | None

    @property
    def emulated(self) -> bool:
        """Whether it is an emulator on this machine (it speaks plain HTTP)."""
        return self.url.startswith("http://")


def account(settings: Settings, service: str) -> Account:
    """Read the account from the settings, for ``service`` ``blob`` or ``table``.

    Raises ``SettingsError`` when the connection string lacks a part.
    """
    if settings.storage_connection is None:
        name = settings.storage_account or ""
        return Account(f"https://{name}.{service}.core.windows.net", name, None)
    parts = dict(part.split("=", 1) for part in settings.storage_connection.split(";") if "=" in part)
    if parts.get("UseDevelopmentStorage", "").lower() == "true":
        url = f"http://127.0.0.1:{DEVELOPMENT_PORTS[service]}/{DEVELOPMENT_ACCOUNT}"
        return Account(url, DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY)
    missing = [part for part in ("AccountName", "AccountKey") if not parts.get(part)]
    if missing:
        raise SettingsError(f"AzureWebJobsStorage is a connection string without {' and '.join(missing)}")
    endpoint = parts.get(f"{service.capitalize()}Endpoint")
    if endpoint is None:
        protocol, suffix = (
            parts.get("DefaultEndpointsProtocol", "https"),
            parts.get("EndpointSuffix", "core.windows.net"),
        )
        endpoint = f"{protocol}://{parts['AccountName']}.{service}.{suffix}"
    if not urlsplit(endpoint).hostname:
        raise SettingsError(f"AzureWebJobsStorage: {service.capitalize()}Endpoint is not a URL: {endpoint}")
    return Account(endpoint.rstrip("/"), parts["AccountName"], parts["AccountKey"])


def token_credential() -> AsyncTokenCredential:
    """The app's identity: the managed one in Azure, the developer's own elsewhere."""
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - slow to import, and not needed with a key

    return DefaultAzureCredential()


@contextmanager
def storage_errors(what: str) -> Generator[None]:
    """Turn the SDK's errors into ours.

    Raises ``RowConflict`` when a row or blob exists or moved (409, 412; 404 of a conditional write), ``DependencyDown``
    when storage does not answer or does not let us in; any other refusal is our own mistake and passes as it is.
    """
    try:
        yield
    except HttpResponseError as error:
        status = error.status_code
        if status in (404, 409, 412):
            raise RowConflict(f"{what}: changed or inserted by somebody else") from error
        if status is None or status >= 500 or status in (401, 403, 408, 429):
            raise DependencyDown("storage", f"storage refuses {what} for now (status {status})") from error
        raise
    except AzureError as error:
        raise DependencyDown("storage", f"storage does not answer for {what}") from error
