"""Where the lines of a CSV come from; a source is read as often as wanted, each time from its beginning."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from typing import BinaryIO, Protocol

from shared.csv.decoding import encoding_of
from shared.csv.reading import MAX_ROW_LENGTH


class Source(Protocol):
    """A CSV; two that are equal hold the same."""

    def lines(self) -> Iterable[str]:
        """Its lines with their ends, from the first on."""
        ...


@dataclass(frozen=True, slots=True)
class TextSource:
    """A CSV that stands in a request."""

    text: str

    def lines(self) -> Iterable[str]:
        """The lines of the text."""
        return StringIO(self.text, newline="")


class FileSource:
    """A CSV in a file that can be sought in; no more than a line of it is in memory."""

    def __init__(self, file: BinaryIO) -> None:
        """Find out the encoding. Raises ``Undecodable``."""
        self._file = file
        self._encoding = encoding_of(file)

    def lines(self) -> Iterator[str]:
        """The lines of the file; what is longer than a row may be comes in pieces."""
        self._file.seek(0)
        text = TextIOWrapper(self._file, self._encoding, newline="")
        try:
            while line := text.readline(MAX_ROW_LENGTH + 1):
                yield line
        finally:
            text.detach()
