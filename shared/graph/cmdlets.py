"""One tenant's cmdlets of Exchange Online, over the endpoint that Microsoft's own PowerShell module uses.

``POST {EXCHANGE_BASE_URL}/adminapi/beta/{tenantId}/InvokeCommand`` is described on no page of Microsoft and may change
or go at any time: whatever is not as expected raises. The app needs ``Exchange.ManageAsApp`` and a role in Entra ID.
https://learn.microsoft.com/powershell/exchange/app-only-auth-powershell-v2
"""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.errors import GraphError, OutcomeUnknown, Unavailable
from shared.graph.asking import asking
from shared.graph.batch import BROKEN
from shared.graph.channel import Connection
from shared.graph.parse import Json, Unreadable, objects, parse_json
from shared.graph.patience import retrying

if TYPE_CHECKING:
    from shared.graph.sdk import Answer, Line

_SYSTEM_MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
"""The mailbox that stands in where the request cannot be routed by the user's own name."""


class Cmdlets:
    """Runs cmdlets in one tenant; ``anchor`` is the principal name whose mailbox the request is routed to."""

    def __init__(self, connection: Connection, tenant_id: str, credential: str) -> None:
        self.tenant_id = tenant_id
        self._connection = connection
        self._credential = credential
        self._url = f"{connection.exchange.base_url}/adminapi/beta/{quote(tenant_id, safe='')}/InvokeCommand"
        self._line: Line | None = None

    async def read(self, cmdlet: str, parameters: Mapping[str, str], anchor: str) -> list[Json]:
        """The objects that a cmdlet gives, asked for up to three times.

        Raises ``Throttled``, ``Unavailable``, ``Denied``, or ``GraphError``, whose text holds Exchange's own reason.
        """

        async def once() -> list[Json]:
            answer = await self._send(cmdlet, parameters, anchor)
            with self.reading():
                return objects(parse_json(answer.body, f"the answer of {cmdlet}"), "value", f"the answer of {cmdlet}")

        return await retrying(once, self.tenant_id)

    async def write(self, cmdlet: str, parameters: Mapping[str, str], anchor: str) -> None:
        """Run a cmdlet that changes something, once.

        Raises as ``read``, and ``OutcomeUnknown`` when it was sent and nothing says what became of it.
        """
        try:
            answer = await self._send(cmdlet, parameters, anchor)
            parse_json(answer.body, f"the answer of {cmdlet}")
        except Unreadable as error:
            raise OutcomeUnknown(self._unusable(error), tenant_id=self.tenant_id) from error
        except Unavailable as error:
            if error.status not in BROKEN:
                raise
            raise OutcomeUnknown(
                str(error), tenant_id=self.tenant_id, status=error.status, code=error.code, request_id=error.request_id
            ) from error

    @contextmanager
    def reading(self) -> Generator[None]:
        """Within it, an answer that nobody can read becomes a ``GraphError`` of this tenant."""
        try:
            yield
        except Unreadable as error:
            raise GraphError(self._unusable(error), tenant_id=self.tenant_id) from error

    def _unusable(self, error: Unreadable) -> str:
        return f"Exchange's answer for tenant {self.tenant_id} cannot be used: {error}"

    async def _send(self, cmdlet: str, parameters: Mapping[str, str], anchor: str) -> "Answer":
        if self._line is None:
            self._line = self._connection.line(self.tenant_id, self._credential, self._connection.exchange)
        routed = anchor.isascii() and anchor.isprintable()
        headers = {"X-AnchorMailbox": f"UPN:{anchor}" if routed else f"APP:{_SYSTEM_MAILBOX}@{self.tenant_id}"}
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}
        with asking("Exchange", "POST", f"/{cmdlet}", self.tenant_id) as asked:
            return asked.answered(await self._line.send("POST", self._url, headers, json.dumps(body).encode()))
