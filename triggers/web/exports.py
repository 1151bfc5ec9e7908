"""Lists as CSV: answered directly, or above 20 MB written to a blob and answered with a link to it."""

from collections import deque
from collections.abc import AsyncIterator

import azure.functions as func

from shared.blobs.exports import ExportStore
from shared.contracts.routes import Answer, Parameter
from shared.services import Services
from triggers.web.http import Call

MAX_CSV = 20 * 1024 * 1024
"""Bytes of a CSV that is answered directly."""

_LINK = "The CSV has more than 20 MB: Location is a link to it, for 15 minutes and without the caller's key"
LINKED = (
    Answer(307, f"{_LINK}.", headers=("Location",)),
    Answer(201, f"{_LINK}; instead of 307 where Prefer asks for it.", headers=("Location",)),
)
"""What is answered where a CSV is too large to be the answer itself."""
PREFER_LINK = Parameter(
    "Prefer",
    "link: 201 in place of 307 for a CSV above 20 MB; a web page may not follow a redirect to another origin.",
    where="header",
)


async def csv_answer(
    call: Call, app: Services, pieces: AsyncIterator[bytes], kind: str, of: str = "", *, limit: int = MAX_CSV
) -> func.HttpResponse:
    """The CSV as a file named by its kind and what it is ``of``; above ``limit`` bytes a link to where it stands.

    Only so many bytes are ever held: what comes beyond goes to the blob as it is made.
    """
    file = f"{kind}-{of}.csv" if of else f"{kind}.csv"
    held: deque[bytes] = deque()
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > limit:
            link = await ExportStore(app.blobs).put(of or kind, _all(held, pieces), download_as=file)
            status = 201 if call.headers.get("prefer", "").strip().lower() == "link" else 307
            return func.HttpResponse(status_code=status, headers={"Location": link, "Cache-Control": "no-store"})
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return func.HttpResponse(b"".join(held), headers=headers, mimetype="text/csv", charset="utf-8")


async def _all(held: deque[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while held:
        yield held.popleft()
    async for piece in rest:
        yield piece
