"""Gzipped NDJSON: one JSON value a line."""

import gzip
from collections.abc import Iterable

from pydantic import TypeAdapter

LEVEL = 1
"""Fast: a chunk is written once and read a few times, and higher levels save little."""


class Lines[T]:
    """Packs and unpacks values of one type, given as itself and as the tuple of it."""

    def __init__(self, one: type[T], many: type[tuple[T, ...]]) -> None:
        self._one = TypeAdapter(one)
        self._many = TypeAdapter(many)

    def pack(self, values: Iterable[T]) -> bytes:
        """The values as gzipped NDJSON; the same values give the same bytes within a process."""
        dump = self._one.dump_json
        return gzip.compress(b"".join(dump(value) + b"\n" for value in values), LEVEL, mtime=0)

    def unpack(self, content: bytes) -> tuple[T, ...]:
        """The values of gzipped NDJSON.

        Raises ``ValueError`` when a line does not hold such a value, ``gzip.BadGzipFile`` when it is no gzip.
        """
        # All lines are parsed as one list: several times faster than line by line.
        return self._many.validate_json(b"[" + gzip.decompress(content).strip().replace(b"\n", b",") + b"]")
