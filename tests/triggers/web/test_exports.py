"""CSV above the limit: streamed into a blob and answered with a link that works on its own."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx

from shared.csv.writing import PIECE_BYTES, csv_pieces
from shared.domain.caller import SYSTEM
from shared.services import Services
from triggers.web.exports import csv_answer
from triggers.web.http import Call
from triggers.web.query import Query

COLUMNS = ("index", "text")


CALL = Call(SYSTEM, {}, Query({}, ()), {}, b"", "http://localhost/api/audit", datetime(2026, 11, 27, tzinfo=UTC))


async def rows(number: int, asked: list[int] | None = None) -> AsyncIterator[dict[str, object]]:
    """So many rows of about 100 bytes; ``asked`` notes what was taken so far."""
    for index in range(number):
        if asked is not None:
            asked.append(index)
        yield {"index": index, "text": "ü" * 50}


async def test_up_to_the_limit_the_csv_is_the_answer(app: Services) -> None:
    """A file to save, and no blob."""
    whole = b"".join([piece async for piece in csv_pieces(COLUMNS, rows(50))])
    answer = await csv_answer(CALL, app, csv_pieces(COLUMNS, rows(50)), "results", "op", limit=len(whole))

    assert (answer.status_code, answer.get_body()) == (200, whole)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="results-op.csv"'
    container = await app.blobs.container("license-results")
    assert [name async for name in container.list_blob_names()] == []


async def test_above_the_limit_a_link_brings_the_same_bytes(app: Services) -> None:
    """307 to one blob, read without any key, saved under the file's name."""
    whole = b"".join([piece async for piece in csv_pieces(COLUMNS, rows(100_000))])
    answer = await csv_answer(CALL, app, csv_pieces(COLUMNS, rows(100_000)), "results", "op", limit=1000)

    assert answer.status_code == 307
    assert answer.get_body() == b""
    link = answer.headers["Location"]
    assert urlsplit(link).path.rpartition("license-results/")[2].startswith("exports/op-")
    async with httpx.AsyncClient() as client:
        found = await client.get(link)
    assert found.status_code == 200
    assert found.content == whole
    assert found.headers["Content-Type"].startswith("text/csv")
    assert found.headers["Content-Disposition"] == 'attachment; filename="results-op.csv"'
    last = list(csv.reader(io.StringIO(found.text, newline="")))[-1]
    assert last == ["99999", "ü" * 50]


async def test_a_page_is_told_the_link_and_not_sent_there(app: Services) -> None:
    """A browser keeps from its scripts where a redirect to another origin leads."""
    call = replace(CALL, headers={"prefer": "link"})
    answer = await csv_answer(call, app, csv_pieces(COLUMNS, rows(50)), "results", "op", limit=1000)

    assert (answer.status_code, answer.get_body()) == (201, b"")
    async with httpx.AsyncClient() as client:
        assert (await client.get(answer.headers["Location"])).status_code == 200


async def test_the_link_reads_one_blob_for_a_quarter_of_an_hour_and_does_nothing_else(app: Services) -> None:
    """Whoever finds it in a log can neither write nor delete, nor read another export."""
    one, other = [
        (await csv_answer(CALL, app, csv_pieces(COLUMNS, rows(5)), "audit", limit=1)).headers["Location"]
        for _ in range(2)
    ]
    signed = parse_qs(urlsplit(one).query)
    expiry = datetime.fromisoformat(signed["se"][0])

    assert urlsplit(one).path != urlsplit(other).path
    assert signed["sp"] == ["r"]
    assert timedelta(minutes=14) < expiry - datetime.now(UTC) <= timedelta(minutes=15)
    async with httpx.AsyncClient() as client:
        elsewhere = urlsplit(other)._replace(query=urlsplit(one).query).geturl()
        assert (await client.get(elsewhere)).status_code == 403
        assert (await client.get(urlsplit(one)._replace(query="").geturl())).status_code in (403, 404)
        assert (await client.delete(one)).status_code == 403
        assert (await client.get(one)).status_code == 200


async def test_rows_are_made_piece_by_piece() -> None:
    """The rows of a large list are never in memory together."""
    asked: list[int] = []
    pieces = csv_pieces(COLUMNS, rows(100_000, asked))
    first = await anext(pieces)

    assert PIECE_BYTES <= len(first) < 3 * PIECE_BYTES
    assert len(asked) < 2_000
