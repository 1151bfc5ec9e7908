"""One tenant's requests: reads that retry a little by themselves, writes that are sent once and judged."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.errors import GraphError, OutcomeUnknown, Throttled, Unavailable
from shared.graph import batch
from shared.graph.model import ItemAnswer
from shared.graph.parse import Json, Unreadable, objects, parse_json
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.graph.sdk import Answer, Line, Sdk

_ADVANCED = {"ConsistencyLevel": "eventual"}
PAUSES = (0.25, 1.0)
"""Seconds before the second and third try of a read, unless Graph says otherwise."""
LONGEST_PAUSE = 10.0
"""Longer waits are the caller's, by a durable timer."""


class Connection:
    """The process's connection to Graph; the SDK is loaded with the first request."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._sdk: Sdk | None = None

    def line(self, tenant_id: str, credential: str) -> "Line":
        """A tenant's line; raises ``Denied`` when its credential cannot be built."""
        if self._sdk is None:
            from shared.graph.sdk import Sdk  # noqa: PLC0415 - loads the SDK, which is not needed to start

            self._sdk = Sdk(self.settings)
        return self._sdk.line(tenant_id, credential)

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
        self._base_url = connection.settings.graph_base_url
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
            answer = await self._send("GET" if body is None else "POST", url, content, _ADVANCED if advanced else {})
            with self.reading():
                return parse_json(answer.body, "the answer")

        return await self._retrying(once)

    async def read_batch(self, requests: Sequence[batch.Request]) -> list[batch.Item]:
        """The judgements of at most 20 reads, in order; the whole is tried up to three times, an item once."""

        async def once() -> list[batch.Item]:
            answer = await self._send_batch(requests)
            with self.reading():
                return batch.judge(len(requests), answer.body, answer.headers)

        return await self._retrying(once)

    async def write_batch(self, requests: Sequence[batch.Request]) -> list[ItemAnswer]:
        """The judgements of at most 20 writes, in order, sent once.

        Once it may have been sent nothing raises but Graph's refusal of the whole: ``Throttled``, ``Denied`` or
        ``GraphError``. Anything else that leaves us without a readable answer makes the items ``unknown``.
        """
        try:
            answer = await self._send_batch(requests)
        except OutcomeUnknown as error:
            return [batch.unanswered(str(error))] * len(requests)
        except Unavailable as error:
            if error.status is None:
                return [batch.unsent(str(error), error.retry_after)] * len(requests)
            return [batch.unanswered(str(error), error.request_id)] * len(requests)
        try:
            return [batch.of_write(item.answer) for item in batch.judge(len(requests), answer.body, answer.headers)]
        except Unreadable as error:
            return [batch.unanswered(str(error), answer.headers.get("request-id"))] * len(requests)

    async def _send_batch(self, requests: Sequence[batch.Request]) -> "Answer":
        return await self._send("POST", f"{self._base_url}/$batch", json.dumps(batch.envelope(requests)).encode(), {})

    async def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> "Answer":
        if self._line is None:
            self._line = self._connection.line(self.tenant_id, self._credential)
        return await self._line.send(method, url, {**batch.PRIORITY, **headers}, body)

    async def _retrying[T](self, once: Callable[[], Awaitable[T]]) -> T:
        for pause in PAUSES:
            try:
                return await once()
            except (Throttled, Unavailable) as error:
                wait = pause if error.retry_after is None else error.retry_after
                if wait > LONGEST_PAUSE:
                    raise
            except OutcomeUnknown:
                wait = pause
            await asyncio.sleep(wait)
        try:
            return await once()
        except OutcomeUnknown as error:  # of a read nothing hangs on whether it arrived
            raise Unavailable(str(error), tenant_id=self.tenant_id) from error

    @contextmanager
    def reading(self) -> Generator[None]:
        """Within it, an answer that nobody can read becomes a ``GraphError`` of this tenant."""
        try:
            yield
        except Unreadable as error:
            raise GraphError(
                f"Graph's answer for tenant {self.tenant_id} cannot be used: {error}", tenant_id=self.tenant_id
            ) from error
