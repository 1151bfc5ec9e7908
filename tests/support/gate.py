"""A way to a server that can be shut: connections break, new ones are refused, until it is opened again."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class Gate:
    """Hands on what comes to ``port`` to ``upstream`` on this machine; ``shut_at`` shuts it by itself.

    ``shut_at`` counts down with each piece of a request that contains ``mark``; the last one still passes. So many
    answers to such requests as ``lose`` says never come back: their connection breaks instead.
    """

    upstream: int
    mark: bytes = b""
    shut_at: int | None = None
    lose: int = 0
    port: int = 0
    was_shut: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Break every connection, and take no new one."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()
        self.was_shut.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.upstream)
        ends = {writer, back}
        self._open |= ends
        try:
            asked = asyncio.Event()
            await asyncio.gather(self._pass(reader, back, asked, counted=True), self._pass(there, writer, asked))
        except OSError:
            pass  # broken by either side; the other one must hear of it
        finally:
            self._open -= ends
            for each in ends:
                each.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event, *, counted: bool = False
    ) -> None:
        while data := await reader.read(1 << 16):
            if not counted and asked.is_set() and self.lose:
                self.lose -= 1
                raise ConnectionAbortedError("the answer is lost on its way")
            writer.write(data)
            await writer.drain()
            if counted and self.mark in data:
                asked.set()
                self._count()
        writer.write_eof()

    def _count(self) -> None:
        if self.shut_at is not None:
            self.shut_at -= 1
            if not self.shut_at:
                self.shut()
