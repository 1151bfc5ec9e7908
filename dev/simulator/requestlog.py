"""
The log of requests: NDJSON in temporary files, so that memory stays flat; the oldest eighth goes when it is full.

A line has ``n``, ``tenant``, ``method``, ``url``, ``headers`` (no token), ``body``, ``status`` (null when no answer was
sent), ``start``, ``end`` (epoch seconds), ``batch`` (``n`` of the request that carried it, or null), ``retryAfter``
and ``done`` (the work was done, whether or not anybody was told). Lines stand in the order in which they ended, which
is that of what they did; ``n`` counts in the order in which they began. Somebody else's change of a user stands among
them, with the user as it is then for its body.
"""

import json
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

SEGMENTS, LINES_PER_SEGMENT = 8, 250_000
_SECRET = frozenset({"authorization", "cookie"})


@dataclass(slots=True)
class Entry:
    """A request that has begun."""

    n: int
    tenant: str | None
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    start: float
    batch: int | None = None


class RequestLog:
    """Append-only, bounded, readable while it is written."""

    def __init__(self, lines_per_segment: int = LINES_PER_SEGMENT) -> None:
        self._lines_per_segment = lines_per_segment
        self._segments: deque[IO[bytes]] = deque()
        self._lines = 0
        self._next = 1

    def begin(
        self,
        tenant: str | None,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Any,
        start: float,
        batch: int | None = None,
    ) -> Entry:
        """Number a request."""
        entry = Entry(self._next, tenant, method, url, headers, body, start, batch)
        self._next += 1
        return entry

    def end(self, entry: Entry, status: int | None, end: float, retry_after: str | None, *, done: bool = False) -> None:
        """Write the line of a request that is over."""
        line = {
            "n": entry.n,
            "tenant": entry.tenant,
            "method": entry.method,
            "url": entry.url,
            "headers": {name: value for name, value in entry.headers.items() if name not in _SECRET},
            "body": entry.body.decode("utf-8", "replace") if isinstance(entry.body, bytes) else entry.body,
            "status": status,
            "start": round(entry.start, 6),
            "end": round(end, 6),
            "batch": entry.batch,
            "retryAfter": None if retry_after is None else float(retry_after),
            "done": done,
        }
        if not self._segments or self._lines >= self._lines_per_segment:
            self._open_segment()
        self._segments[-1].write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._lines += 1

    def _open_segment(self) -> None:
        self._segments.append(tempfile.TemporaryFile(prefix="simulator-"))  # noqa: SIM115 - closed when dropped
        self._lines = 0
        if len(self._segments) > SEGMENTS:
            self._segments.popleft().close()

    def lines(self, tenant: str | None = None, since: int = 0) -> Iterator[bytes]:
        """The lines of one tenant or all with ``n`` above ``since``; what is written meanwhile may be left out."""
        mark = None if tenant is None else f'"tenant":"{tenant}"'.encode()
        for segment in list(self._segments):
            segment.flush()
            position, end = 0, segment.seek(0, 2)
            while position < end:
                segment.seek(position)
                block = segment.read(min(1 << 20, end - position))
                cut = block.rfind(b"\n") + 1
                if cut == 0:  # a line longer than the block
                    segment.seek(position)
                    block = segment.readline()
                    cut = len(block)
                position += cut
                segment.seek(0, 2)  # ready for the next write
                yield from (each for each in block[:cut].splitlines(keepends=True) if _wanted(each, mark, since))

    def forget(self) -> None:
        """Drop every line; numbers go on."""
        while self._segments:
            self._segments.popleft().close()
        self._lines = 0


def _wanted(line: bytes, mark: bytes | None, since: int) -> bool:
    """``line`` begins ``{"n":12,"tenant":"…"``."""
    comma = line.index(b",")
    if since and int(line[5:comma]) <= since:
        return False
    return mark is None or line.startswith(mark, comma + 1)
