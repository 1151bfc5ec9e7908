"""Where Microsoft's list of products is read from."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from shared.product_list import NotTheList

MAX_BYTES = 20 * 1024 * 1024
WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Download:
    """What the source has; ``etag`` is its own."""

    content: bytes
    etag: str | None


async def download(url: str, known: str | None) -> Download | None:
    """The list; None where the source says that it is still the ``known`` one.

    It is not followed to another address. Raises ``NotTheList`` for any other answer, or none in time.
    """
    import httpx  # noqa: PLC0415 - slow to import, and needed once a day

    headers = {"If-None-Match": known} if known else {}
    try:
        async with (
            asyncio.timeout(WITHIN_SECONDS),
            httpx.AsyncClient() as http,
            http.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code == HTTPStatus.NOT_MODIFIED:
                return None
            if answer.status_code != HTTPStatus.OK:
                raise NotTheList(f"{url} answers {answer.status_code}")
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > MAX_BYTES:
                    raise NotTheList(f"it has more than {MAX_BYTES} bytes")
            return Download(bytes(content), answer.headers.get("ETag"))
    except (httpx.HTTPError, TimeoutError) as error:
        raise NotTheList(f"{url} does not answer: {error or type(error).__name__}") from error
