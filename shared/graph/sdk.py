"""The one place that touches msgraph-sdk: its request adapter, its middleware and its error model.

Importing this module loads the SDK (some 0.4 s), so it is imported with the first request. Answers are handed on as
bytes: the SDK's typed models cost milliseconds a user and are never loaded.
"""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from azure.core.exceptions import AzureError
from kiota_abstractions.api_error import APIError
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware import HeadersInspectionHandler
from kiota_http.middleware.options import HeadersInspectionHandlerOption
from msgraph._version import VERSION
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import APIVersion, GraphClientFactory
from msgraph_core.middleware import GraphTelemetryHandler
from msgraph_core.middleware.options import GraphTelemetryHandlerOption

from shared.errors import GraphError, OutcomeUnknown, Unavailable
from shared.graph.credentials import Credentials, token_refused
from shared.graph.errors import refusal, seconds
from shared.graph.model import Service
from shared.settings import Settings, is_loopback

_ERRORS: dict[str, Any] = {"XXX": ODataError}
_CONNECT_SECONDS = 5.0
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: the raw body and the headers, names in lower case."""

    body: bytes
    headers: Mapping[str, str]


class Sdk:
    """The SDK of this process: one HTTP client for all tenants, one token source a tenant."""

    def __init__(self, settings: Settings) -> None:
        self.timeout = settings.graph_timeout
        self._credentials = Credentials(settings.graph_credentials)
        # Requests are bounded as a whole in `Line.send`; only the connecting has a bound of its own, because a
        # connection that never came about is known to have carried nothing.
        timeout = httpx.Timeout(None, connect=min(_CONNECT_SECONDS, self.timeout / 2))
        telemetry = GraphTelemetryHandlerOption(api_version=APIVersion.v1, sdk_version=VERSION)
        # The SDK's default middleware would retry inside the activity, follow redirects with the token, and collect the
        # headers of every request in one place for ever. What is left out here is meant to be off.
        self._client = GraphClientFactory.create_with_custom_middleware(
            [HeadersInspectionHandler(), GraphTelemetryHandler(telemetry)],
            client=httpx.AsyncClient(http2=True, timeout=timeout),
        )

    def line(self, tenant_id: str, credential: str, service: Service) -> "Line":
        """A tenant's line to a service, whose tokens go to its host only.

        Raises ``Denied`` when the tenant's credential cannot be built.
        """
        host = urlsplit(service.base_url).hostname or ""
        resource = service.public_url if is_loopback(service.base_url) else service.base_url
        scope = f"https://{urlsplit(resource).hostname}/.default"
        provider = AzureIdentityAuthenticationProvider(
            cast(Any, self._credentials.of(tenant_id, credential)), scopes=[scope], allowed_hosts=[host]
        )
        adapter = GraphRequestAdapter(provider, self._client)
        adapter.base_url = service.base_url
        GraphServiceClient(request_adapter=adapter)  # registers the JSON parsers, without which no error body is read
        return Line(tenant_id, service.name, adapter, provider, self.timeout)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        await self._credentials.close()


class Line:
    """Sends single requests for one tenant, each bounded in time from the token to the last byte, none repeated."""

    def __init__(
        self,
        tenant_id: str,
        service: str,
        adapter: GraphRequestAdapter,
        provider: AzureIdentityAuthenticationProvider,
        timeout: float,
    ) -> None:
        self._tenant_id = tenant_id
        self._service = service
        self._adapter = adapter
        self._provider = provider
        self._timeout = timeout

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send one request to an absolute URL and return the service's success.

        Raises ``Throttled``, ``Denied``, ``Unavailable`` or ``GraphError`` for what was refused; ``Unavailable``
        without a status when nothing was sent; ``OutcomeUnknown`` when it was sent and no answer came.
        """
        seen = HeadersInspectionHandlerOption(inspect_request_headers=False)
        request = _request(method, url, headers, body, seen)
        asked = False
        try:
            async with asyncio.timeout(self._timeout):
                await self._provider.authenticate_request(request)
                asked = True
                content = await self._adapter.send_primitive_async(request, "bytes", _ERRORS)
        except TimeoutError as error:
            text = f"no answer within {self._timeout:g} s"
            raise self._silence(text, maybe_sent=asked) from error
        except httpx.RequestError as error:
            text = str(error) or type(error).__name__
            raise self._silence(text, maybe_sent=not isinstance(error, _NOT_SENT)) from error
        except AzureError as error:
            raise token_refused(error, self._tenant_id) from error
        except APIError as error:
            raise self._refusal(error, _plain(seen)) from error
        return Answer(cast(bytes, content or b""), _plain(seen))

    def _silence(self, text: str, *, maybe_sent: bool) -> GraphError:
        if maybe_sent:
            text = f"{self._service} was asked for tenant {self._tenant_id}: {text}"
            return OutcomeUnknown(text, tenant_id=self._tenant_id)
        text = f"{self._service} was not reached for tenant {self._tenant_id}: {text}"
        return Unavailable(text, tenant_id=self._tenant_id)

    def _refusal(self, error: APIError, headers: Mapping[str, str]) -> GraphError:
        details = error.error if isinstance(error, ODataError) else None
        inner = details.inner_error if details else None
        # Exchange tells its reasons in the details only.
        texts = [details.message, *(each.message for each in details.details or [])] if details else []
        return refusal(
            service=self._service,
            tenant_id=self._tenant_id,
            status=error.response_status_code or 0,
            code=details.code if details else None,
            message=" ".join(dict.fromkeys(text for text in texts if text)) or None,
            request_id=(inner.request_id if inner else None) or headers.get("request-id"),
            retry_after=seconds(headers.get("retry-after")),
        )


def _request(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, seen: HeadersInspectionHandlerOption
) -> RequestInformation:
    request = RequestInformation(Method(method))
    request.url = url
    request.headers.add("Accept", "application/json")
    request.headers.add("client-request-id", str(uuid.uuid4()))
    for name, value in headers.items():
        request.headers.add(name, value)
    if body is not None:
        request.headers.add("Content-Type", "application/json")
        request.content = body
    request.add_request_options([seen])
    return request


def _plain(seen: HeadersInspectionHandlerOption) -> dict[str, str]:
    return {name.lower(): ", ".join(values) for name, values in seen.response_headers.get_all().items()}
