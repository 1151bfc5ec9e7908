"""The table service: tables created on first use, and the service's own time."""

import asyncio
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient

from shared.settings import Settings
from shared.storage import RETRIES, TRANSPORT, Account, account, storage_errors, token_credential
from shared.tables.clock import ServiceClock
from shared.tables.table import EntityClient, Table


class _ReadDate(SansIOHTTPPolicy[Any, Any]):
    """Hands the ``Date`` of every answer to the clock."""

    def __init__(self, clock: ServiceClock) -> None:
        super().__init__()
        self._clock = clock

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Take one sample; an answer without a ``Date`` gives none."""
        date = response.http_response.headers.get("Date")
        if date:
            self._clock.sample(parsedate_to_datetime(date))


class Tables:
    """All tables of the app over one connection pool; belongs to the event loop it is first used in."""

    def __init__(self, settings: Settings, where: Account) -> None:
        self.settings = settings
        self.clock = ServiceClock()
        self._where = where
        self._credential: AzureNamedKeyCredential | AsyncTokenCredential = (
            AzureNamedKeyCredential(where.name, where.key) if where.key else token_credential()
        )
        self._transport = AioHttpTransport(**TRANSPORT)
        self._clients: dict[str, asyncio.Task[EntityClient]] = {}

    @classmethod
    def open(cls, settings: Settings) -> "Tables":
        """The tables of the account in the settings; nothing is sent before the first use."""
        return cls(settings, account(settings, "table"))

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()
        if not isinstance(self._credential, AzureNamedKeyCredential):
            await self._credential.close()

    def table(self, name: str) -> Table:
        """One table; it is created when it is first used."""
        return Table(name, lambda: self._ready(name))

    def now(self) -> datetime:
        """The service's time (UTC): never the host's wall clock, never going back.

        Raises ``DependencyDown`` before the first answer of the service; ``refresh_clock`` fetches one.
        """
        return self.clock.now()

    async def refresh_clock(self) -> None:
        """Ask the service for its time, unless an answer of the last minutes told it.

        Raises ``DependencyDown`` when it does not answer.
        """
        if not self.clock.fresh:
            await self.table("due").get("due", "none")

    async def _ready(self, name: str) -> EntityClient:
        opening = self._clients.get(name)
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception())):
            opening = self._clients[name] = asyncio.create_task(self._open(name))
        return await asyncio.shield(opening)

    async def _open(self, name: str) -> EntityClient:
        client = self._connect(name)
        with storage_errors(f"table {name}"):
            try:
                await client.create_table()
            except ResourceExistsError:
                return client
        return client

    def _connect(self, name: str) -> EntityClient:
        return TableClient(
            self._where.url,
            name,
            credential=self._credential,
            transport=self._transport,
            per_call_policies=[_ReadDate(self.clock)],
            retry_total=RETRIES,
            retry_backoff_factor=0.2,
            retry_backoff_max=2,
        )
