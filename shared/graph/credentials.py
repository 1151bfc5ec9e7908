"""Who the app is in each tenant: one token source a tenant, made when first asked for and kept for its cache.

The app is one multi-tenant registration. Without a secret it proves itself by a user-assigned managed identity of its
home tenant, whose token Entra ID accepts as a client assertion.
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
"""

import base64
import binascii
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import CredentialUnavailableError
from azure.identity.aio import CertificateCredential, ClientAssertionCredential, ClientSecretCredential
from azure.identity.aio import ManagedIdentityCredential as ManagedIdentity

from shared.errors import Denied, GraphError, Unavailable
from shared.settings import GraphCredential

_EXCHANGE_SCOPE = "api://AzureADTokenExchange/.default"

_AADSTS = {
    "7000215": "the client secret is wrong",
    "7000222": "the client secret has expired",
    "700016": "the app is not in this tenant: an administrator must consent first",
    "700027": "the certificate is not registered with the app",
    "700213": "no federated credential of the app matches the managed identity",
    "70021": "no federated credential of the app matches the managed identity",
    "7000229": "the app has no service principal in this tenant: an administrator must consent first",
    "65001": "an administrator of the tenant has not consented",
    "90002": "there is no such tenant",
    "900023": "the tenant id is neither a GUID nor a domain",
    "53003": "a conditional access policy blocks the app",
}
_ONCE: dict[str, Any] = {"retry_total": 0}
"""azure-identity does not retry by itself: reads and the engine do, and the error says what is wrong at once."""

_LONGEST_PATH = 256
"""A certificate in base64 is longer than any sensible path, and too long a path is an error of its own to ask for."""

_CODE = re.compile(r"AADSTS(\d+)")
_PASSING = {"90033", "50196", "90055"}
"""Entra ID's own words for *try again*: a transient fault, too many requests, throttled."""


class TokenSource(Protocol):
    """What the SDK asks for tokens: an asynchronous credential of azure-identity, or one that behaves like it."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken: ...

    async def close(self) -> None: ...


class Credentials:
    """The token sources of this process by tenant and credential name."""

    def __init__(self, configured: Mapping[str, GraphCredential]) -> None:
        self._configured = configured
        self._sources: dict[tuple[str, str], TokenSource] = {}

    def of(self, tenant_id: str, name: str) -> TokenSource:
        """The token source of a tenant.

        Raises ``Denied`` when the name is not configured or the credential cannot be built.
        """
        source = self._sources.get((tenant_id, name))
        if source is None:
            credential = self._configured.get(name.lower().replace("-", "_"))
            if credential is None:
                raise Denied(
                    f"Tenant {tenant_id} uses the credential {name!r}, but GRAPH_CREDENTIAL_{name.upper()} is not set.",
                    tenant_id=tenant_id,
                )
            try:
                source = _source(credential, tenant_id)
            except ValueError as error:  # azure-identity's word for a certificate or tenant id it cannot use
                raise Denied(
                    f"The credential {name!r} cannot be used for tenant {tenant_id}: {error}", tenant_id=tenant_id
                ) from error
            self._sources[tenant_id, name] = source
        return source

    async def close(self) -> None:
        """Close the connections of all token sources."""
        while self._sources:
            _, source = self._sources.popitem()
            await source.close()


def _source(credential: GraphCredential, tenant_id: str) -> TokenSource:
    client_id = credential.client_id or ""
    match credential.kind:
        case "static":
            return StaticToken(f"{credential.token}.{tenant_id}")
        case "clientSecret":
            source = ClientSecretCredential(tenant_id, client_id, credential.client_secret or "", **_ONCE)
        case "certificate":
            source = CertificateCredential(tenant_id, client_id, **_certificate(credential.certificate or ""), **_ONCE)
        case "managedIdentity":
            return FederatedToken(tenant_id, client_id, credential.managed_identity_client_id or "")
        case kind:
            raise ValueError(f"there is no kind of credential {kind!r}")
    return cast(TokenSource, source)


def _certificate(text: str) -> dict[str, Any]:
    if "-----BEGIN" in text:
        return {"certificate_data": text.encode()}
    if len(text) < _LONGEST_PATH and Path(text).is_file():
        return {"certificate_path": text}
    try:
        return {"certificate_data": base64.b64decode(text, validate=True)}
    except binascii.Error as error:
        raise ValueError("GRAPH_CERTIFICATE is neither a file, nor a PEM text, nor a PFX in base64") from error


class StaticToken:
    """The token that the simulator takes: it names the tenant."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """The token, whatever the scope."""
        return AccessToken(self._token, int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing to close."""


class FederatedToken:
    """The app's token in a tenant, got with a managed identity's token as the client assertion.

    azure-identity calls its ``func`` synchronously; the assertion is therefore fetched before, so that the loop never
    blocks.
    """

    def __init__(self, tenant_id: str, client_id: str, managed_identity_client_id: str) -> None:
        self._identity = ManagedIdentity(client_id=managed_identity_client_id)
        self._assertion = ""
        self._app = ClientAssertionCredential(tenant_id, client_id, lambda: self._assertion, **_ONCE)

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token of the app; both steps answer from their caches while they can."""
        self._assertion = (await self._identity.get_token(_EXCHANGE_SCOPE)).token
        return await self._app.get_token(*scopes, **options)

    async def close(self) -> None:
        """Close the connections of both steps."""
        await self._identity.close()
        await self._app.close()


def token_refused(error: AzureError, tenant_id: str) -> GraphError:
    """The error of a token not given: ``Denied`` when Entra ID said no, ``Unavailable`` when it did not answer."""
    text = str(error.message)
    found = _CODE.search(text)
    code = found[1] if found else None
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    said_no = isinstance(error, ClientAuthenticationError) and code not in _PASSING and (status or 400) < 500
    if status == 429 or not said_no:
        return Unavailable(f"Entra ID gave no token for tenant {tenant_id} yet: {text}", tenant_id=tenant_id)
    if isinstance(error, CredentialUnavailableError):
        reason = "the managed identity is not available"
    else:
        reason = _AADSTS.get(code or "", "Entra ID refused the app")
    return Denied(
        f"No token for tenant {tenant_id}: {reason}. {text}",
        tenant_id=tenant_id,
        status=status,
        code=f"AADSTS{code}" if code else None,
    )
