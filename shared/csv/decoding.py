"""Bytes of a CSV, as people's programs save them, to text (Trap 41).

In this order, the first that holds wins:

1. a byte order mark: UTF-8, UTF-16, UTF-32;
2. NULs at every other place of the first characters: UTF-16 without a mark, since a header is ASCII;
3. the charset that the sender named;
4. UTF-8;
5. a guess among the code pages of Excel's plain "CSV".

A guess is often wrong, and does no harm: it touches only cells with letters beyond ASCII, and sign-in names, ids, part
numbers and names of service plans have none. A SKU's friendly name that is read wrongly is refused as unknown.
https://learn.microsoft.com/graph/api/resources/user (userPrincipalName: no accents)
"""

import codecs
import re
from io import BytesIO
from typing import BinaryIO, NamedTuple

_BINARY = (
    (
        b"PK\x03\x04",
        "This is an Excel workbook (.xlsx) or another ZIP archive, not a CSV. Save it as CSV UTF-8 in Excel.",
    ),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "This is an old Excel workbook (.xls), not a CSV. Save it as CSV UTF-8 in Excel.",
    ),
    (b"\x1f\x8b", "This is compressed with gzip. Send the CSV itself."),
    (b"%PDF-", "This is a PDF, not a CSV."),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the mark of UTF-16, hence before it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(r"[A-Za-z0-9][\w.:+-]{0,39}", re.ASCII)
_NOT_OF_FILES = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
"""Codecs of Python under which nobody saves a file; some take time that grows with the square of the length."""
_CODE_PAGES = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874",
    "cp932", "gb18030", "cp949", "big5", "mac_roman",
)  # fmt: skip
"""What Excel's plain "CSV" may be in; of those that fit equally well the first one is taken."""
_HEADER_BYTES = 32
_SAMPLE_BYTES = 64 * 1024
_BLOCK_BYTES = 1024 * 1024
_ADVICE = 'Save it as "CSV UTF-8" and send that.'


class Undecodable(ValueError):
    """The bytes are no text, or in no encoding that can be told; the text says what was tried and what to do."""


def decode(content: bytes, charset: str | None = None) -> str:
    """The text of a CSV file, without a byte order mark; line ends and NULs stay as they are.

    See ``encoding_of``.
    """
    return content.decode(encoding_of(BytesIO(content), charset))


def encoding_of(file: BinaryIO, charset: str | None = None) -> str:
    """Python's name of the encoding that a CSV file is in; it is read in pieces, and holds no byte against that name.

    ``charset`` is what the sender said, as in ``Content-Type``. It is followed where the bytes obey it: programs name
    UTF-8 out of habit. Raises ``Undecodable``, also for a charset that does not exist.
    """
    head = _read(file, 0, _HEADER_BYTES)
    for magic, told in _BINARY:
        if head.startswith(magic):
            raise Undecodable(told)
    named = _codec(charset) if charset else None
    certain = _marked(head) or _utf16_without_mark(head)
    if certain:
        fault = _fault(file, certain)
        if fault is None:
            return certain
        encoding = certain.removesuffix("-sig").upper()
        detail = f"The file begins as {encoding} and is broken at byte {fault.at + 1}: {fault.reason}."
        raise Undecodable(f"{detail} {_ADVICE}")
    if named and _fault(file, named) is None:  # else UTF-8 and a guess come next, and the message names all three
        return named
    fault = _fault(file, "utf-8")
    if fault is None:
        return "utf-8"
    return _guessed(file, fault.at, tried=[charset] if charset else [])


def _codec(charset: str) -> str:
    """Python's name of a charset. Raises ``Undecodable``."""
    unknown = f"The charset {charset[:80]!r} is unknown; leave it out or name the one of the file, as utf-8."
    if not _CHARSET.fullmatch(charset):
        raise Undecodable(unknown)
    try:
        name = codecs.lookup(charset).name
        if name.replace("_", "-") in _NOT_OF_FILES:
            raise Undecodable(unknown)
        bytes(4).decode(name)  # unlike a look-up this refuses codecs that are not of text, as zlib
    except LookupError as error:
        raise Undecodable(unknown) from error
    return name


class _Fault(NamedTuple):
    """The first byte of a file that its encoding does not know, and why."""

    at: int
    reason: str


def _fault(file: BinaryIO, encoding: str) -> _Fault | None:
    """What keeps a file from being text in this encoding; None when nothing does."""
    decoder = codecs.getincrementaldecoder(encoding)()
    at = 0
    while True:
        block = _read(file, at, _BLOCK_BYTES)
        waiting = len(decoder.getstate()[0])  # the beginning of a letter that the last block has cut
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return _Fault(at - waiting + error.start, error.reason)
        if not block:
            return None
        at += len(block)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _marked(head: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def _utf16_without_mark(head: bytes) -> str | None:
    even, odd = head[0::2], head[1::2]
    if odd and not any(odd) and all(even):
        return "utf-16-le"
    if odd and not any(even) and all(odd):
        return "utf-16-be"
    return None


def _guessed(file: BinaryIO, first: int, tried: list[str]) -> str:
    """``first``: where the first byte stands that is not UTF-8."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to import, and seldom needed

    fits = from_bytes(_sample(file, first), cp_isolation=list(_CODE_PAGES))
    for match in sorted(fits, key=lambda match: (match.chaos, _CODE_PAGES.index(match.encoding))):
        if _fault(file, match.encoding) is None:
            return match.encoding
        tried.append(match.encoding)
    also = f", nor {', nor '.join(tried)}" if tried else ""
    raise Undecodable(
        f"The encoding of the file cannot be told: it is not UTF-8 (byte 0x{_read(file, first, 1)[0]:02X} on line "
        f"{_line_of(file, first)}){also}, and no code page of Excel fits. {_ADVICE}"
    )


def _line_of(file: BinaryIO, byte: int) -> int:
    """The line on which a byte stands."""
    line, last = 1, b""
    for at in range(0, byte, _BLOCK_BYTES):
        block = _read(file, at, min(_BLOCK_BYTES, byte - at))
        feeds, returns, pairs = (block.count(end) for end in (b"\n", b"\r", b"\r\n"))
        line += feeds + returns - pairs - (last == b"\r" and block.startswith(b"\n"))
        last = block[-1:]
    return line


def _sample(file: BinaryIO, first: int) -> bytes:
    """Whole lines from there on that have letters beyond ASCII; plain ones would only hide what these say."""
    begin = max(0, first - _SAMPLE_BYTES)
    content = _read(file, begin, first - begin + _SAMPLE_BYTES + 1)
    first -= begin
    start = max(content.rfind(b"\n", 0, first), content.rfind(b"\r", 0, first)) + 1
    lines = content[start : first + _SAMPLE_BYTES].splitlines(keepends=True)
    if len(lines) > 1 and first + _SAMPLE_BYTES < len(content):
        lines.pop()  # it may be cut inside a letter
    return b"".join(line for line in lines if not line.isascii())
