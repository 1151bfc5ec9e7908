"""One tenant's requests: reads that retry a little by themselves, writes that are sent once and judged."""

import asyncio
import json
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.errors import GraphError, OutcomeUnknown, Unavailable
from shared.graph import batch
from shared.graph.asking import Asked, asking
from shared.graph.errors import refusal
from shared.graph.model import ItemAnswer, Service
from shared.graph.parse import Json, Unreadable, objects, parse_json
from shared.graph.patience import LONGEST_PAUSE, PAUSES, retrying
from shared.settings import EXCHANGE, GRAPH, Settings

if TYPE_CHECKING:
    from shared.graph.sdk import Answer, Line, Sdk

_BATCH = "/$batch"


class Connection:
    """The process's connection to Graph and Exchange; the SDK is loaded with the first request."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.graph = Service("Graph", settings.graph_base_url, GRAPH)
        self.exchange = Service("Exchange", settings.exchange_base_url, EXCHANGE)
        self._sdk: Sdk | None = None

    def line(self, tenant_id: str, credential: str, service: Service) -> "Line":
        """A tenant's line to a service; raises ``Denied`` when its credential cannot be built."""
        if self._sdk is None:
            from shared.graph.sdk import Sdk  # noqa: PLC0415 - loads the SDK, which is not needed to start

            self._sdk = Sdk(self.settings)
        return self._sdk.line(tenant_id, credential, service)

    async def close(self) -> None:
        """Close what was opened."""
        if self._sdk is not None:
            await self._sdk.close()
            self._sdk = None


class Channel:
    """The requests of one tenant."""

    def __init__(self, connection: Connection, tenant_id: str, credential: str) -> None:
        self.tenant_id = tenant_id
        self._connection = connection
        self._credential = credential
        self._base_url = connection.graph.base_url
        self._line: Line | None = None

    async def read(self, path: str, *, body: Json | None = None, advanced: bool = False) -> Json:
        """Read a JSON object with GET, or with POST where there is a ``body``; up to three tries.

        ``advanced`` asks the eventually consistent index. Raises ``Throttled``, ``Unavailable``, ``Denied`` or
        ``GraphError``.
        """
        return await self._read(self._base_url + path, body, advanced=advanced)

    async def pages(self, path: str, *, advanced: bool = False) -> AsyncIterator[list[Json]]:
        """The pages of a collection; a page that fails raises, it never ends the collection."""
        following: str | None = path
        while following:
            items, following = await self.page(following, advanced=advanced)
            yield items

    async def page(self, where: str, *, advanced: bool = False) -> tuple[list[Json], str | None]:
        """One page of a collection, by path or by the link that came with the page before, and the link to the next.

        Whoever has a link from elsewhere asks ``owns`` first: our token goes where it leads.
        """
        url = self._base_url + where if where.startswith("/") else where
        page = await self._read(url, None, advanced=advanced)
        with self.reading():
            items = objects(page, "value", "a page")
        return items, self._next(url, page)

    def owns(self, link: str, path: str) -> bool:
        """Whether a link leads to a page of the collection at ``path`` of this Graph."""
        try:
            wanted, found = urlsplit(self._base_url + path), urlsplit(link)
        except ValueError:
            return False
        return found[:3] == wanted[:3] and bool(found.query) and link.isprintable() and link.isascii()

    def _next(self, url: str, page: Json) -> str | None:
        following = page.get("@odata.nextLink")
        if following is None:
            return None
        base, link = urlsplit(self._base_url), urlsplit(str(following))
        if (link.scheme, link.netloc) != (base.scheme, base.netloc):  # our token must not go there
            raise GraphError(f"Graph's next page is on another host: {link.netloc}", tenant_id=self.tenant_id)
        if following == url:
            raise GraphError("Graph's next page is the page itself", tenant_id=self.tenant_id)
        return str(following)

    async def _read(self, url: str, body: Json | None, *, advanced: bool) -> Json:
        async def once() -> Json:
            content = None if body is None else json.dumps(body).encode()
            method = "GET" if body is None else "POST"
            with self._asking(method, url) as asked:
                answer = asked.answered(await self._send(method, url, content, batch.ADVANCED if advanced else {}))
            with self.reading():
                return parse_json(answer.body, "the answer")

        return await retrying(once, self.tenant_id)

    async def read_batch(self, requests: Sequence[batch.Request]) -> list[batch.Item]:
        """The judgements of at most 20 reads, in order; the whole is tried up to three times, an item once."""

        async def once() -> list[batch.Item]:
            with self._asking("POST", _BATCH) as asked:
                answer = await self._send_batch(requests)
                with self.reading():
                    return asked.judged(answer, batch.judge(len(requests), answer.body, answer.headers))

        return await retrying(once, self.tenant_id)

    async def read_items(self, requests: Sequence[batch.Request]) -> list[batch.Item]:
        """The answers of at most 20 reads, in order, each done or not found (404).

        Items that ask for patience are read again, up to three tries. Raises as ``read`` for an item that is refused in
        any other way, or for the whole.
        """
        found: dict[int, batch.Item] = {}
        left = list(range(len(requests)))
        for pause in (*PAUSES, None):
            found |= zip(left, await self.read_batch([requests[number] for number in left]), strict=True)
            refused = {number: found[number].answer for number in left if not found[number].answer.conclusive}
            if not refused:
                break
            worst = max(refused.values(), key=lambda answer: (answer.kind == "rejected", answer.retry_after or 0))
            wait = (pause or 0) if worst.retry_after is None else worst.retry_after
            if worst.kind == "rejected" or pause is None or wait > LONGEST_PAUSE:
                raise self._item_refused(worst)
            await asyncio.sleep(wait)
            left = list(refused)
        return [found[number] for number in range(len(requests))]

    def _item_refused(self, answer: ItemAnswer) -> GraphError:
        if answer.status is None:
            return Unavailable(answer.message or "", tenant_id=self.tenant_id, request_id=answer.request_id)
        return refusal(
            tenant_id=self.tenant_id,
            status=answer.status,
            code=answer.code,
            message=answer.message,
            request_id=answer.request_id,
            retry_after=answer.retry_after,
        )

    async def write_batch(self, requests: Sequence[batch.Request]) -> list[ItemAnswer]:
        """The judgements of at most 20 writes, in order, sent once.

        Once it may have been sent nothing raises but Graph's refusal of the whole: ``Throttled``, ``Denied`` or
        ``GraphError``. Anything else that leaves us without a readable answer makes the items ``unknown``.
        """
        with self._asking("POST", _BATCH) as asked:
            try:
                answer = await self._send_batch(requests)
            except (OutcomeUnknown, Unavailable) as error:
                asked.refused(error)
                if isinstance(error, Unavailable) and error.status is None:
                    return [batch.unsent(str(error), error.retry_after)] * len(requests)
                return [batch.unanswered(str(error), error.request_id)] * len(requests)
            try:
                items = asked.judged(answer, batch.judge(len(requests), answer.body, answer.headers))
            except Unreadable as error:
                return [batch.unanswered(str(error), answer.headers.get("request-id"))] * len(requests)
        return [batch.of_write(item.answer) for item in items]

    async def _send_batch(self, requests: Sequence[batch.Request]) -> "Answer":
        return await self._send("POST", self._base_url + _BATCH, json.dumps(batch.envelope(requests)).encode(), {})

    def _asking(self, method: str, url: str) -> AbstractContextManager[Asked]:
        return asking("Graph", method, url.removeprefix(self._base_url), self.tenant_id)

    async def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> "Answer":
        if self._line is None:
            self._line = self._connection.line(self.tenant_id, self._credential, self._connection.graph)
        return await self._line.send(method, url, {**batch.PRIORITY, **headers}, body)

    @contextmanager
    def reading(self) -> Generator[None]:
        """Within it, an answer that nobody can read becomes a ``GraphError`` of this tenant."""
        try:
            yield
        except Unreadable as error:
            raise GraphError(
                f"Graph's answer for tenant {self.tenant_id} cannot be used: {error}", tenant_id=self.tenant_id
            ) from error
