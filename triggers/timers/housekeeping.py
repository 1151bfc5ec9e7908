"""What has had its time goes: plans and staged requests after 90 days, exports after one.

Receipts, the audit and its anchors are not touched, nor is what somebody may still read: the plans and requests of
operations and previews that have not ended, and the requests of schedules with the rows that they name.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import azure.durable_functions as df
import azure.functions as func

from shared.blobs import exports, plans, staging
from shared.blobs.expiry import BlobShelf, Listed
from shared.domain.caller import SYSTEM
from shared.errors import NotFound
from shared.services import Services, services
from shared.settings import housekeeping_schedule

bp = df.Blueprint()
log = logging.getLogger(__name__)

KEPT = timedelta(days=90)
"""Far longer than a preview may wait to be executed, also by a schedule: what is executed is never as old."""
EXPORTS_KEPT = timedelta(days=1)
PAGE, PAGES = 1_000, 20
"""What one run looks at in each container at most; the next one goes on from there."""
DELETES_AT_ONCE = 16
_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class Needed:
    """What may not go however old it is: plans by operation id, staged contents by digest."""

    plans: frozenset[str]
    staged: frozenset[str]


async def needed(app: Services) -> Needed:
    """What operations that have not ended and schedules still need.

    Each of an operation's tenants has a ``due`` row until its end, written before the operation is claimed. Raises
    where something cannot be read: then nothing is known to be free.
    """
    plan_ids, digests = set[str](), set[str]()
    # The schedules first: one that starts its operation meanwhile, and is then deleted, has a `due` row by then.
    cursor = None
    while True:
        schedules, cursor = await app.schedules.list(SYSTEM, top=1_000, cursor=cursor)
        for schedule in schedules:
            digests |= {each for each in (schedule.request_sha, schedule.template_sha) if each}
            plan_ids |= {each for each in (schedule.owner_id, schedule.preview_id) if each}
        if cursor is None:
            break
    for operation_id in await app.due.operations():
        plan_ids.add(operation_id)
        try:
            operation = await app.operations.read_op(operation_id)
        except NotFound:  # it is being claimed: what it needs was stored a moment ago
            continue
        digests.add(operation.request_sha)
        plan_ids |= {each for each in (operation.plan_id, operation.preview_id) if each}
    rows = await _named_in(app, digests)
    chunks = await _named_in(app, rows)
    return Needed(frozenset(plan_ids), frozenset(digests | rows | chunks))


async def _named_in(app: Services, digests: set[str]) -> set[str]:
    """Whatever looks like a digest in these contents: a request names rows, and rows their chunks."""
    found = set[str]()
    for digest in digests:
        content = await app.blobs.read(staging.CONTAINER, digest)
        found |= {each.decode() for each in _DIGEST.findall(content or b"")}
    return found


async def tidy(app: Services, now: datetime, *, rows: int = PAGE, pages: int = PAGES) -> int:
    """Delete what has had its time at ``now``, in a bounded part of each container; returns how many blobs."""
    still = await needed(app)
    walks: tuple[tuple[BlobShelf, datetime, frozenset[str]], ...] = (
        (BlobShelf(app.blobs, plans.CONTAINER), now - KEPT, still.plans),
        (BlobShelf(app.blobs, staging.CONTAINER), now - KEPT, still.staged),
        (BlobShelf(app.blobs, exports.CONTAINER, exports.FOLDER), now - EXPORTS_KEPT, frozenset()),
    )
    return sum([await _walk(app, *walk, rows, pages) for walk in walks])


async def _walk(app: Services, shelf: BlobShelf, before: datetime, needs: frozenset[str], rows: int, pages: int) -> int:
    """Go through some pages of a shelf, from where the last run stopped, and delete what is old and not needed.

    ``needs`` has names, or the folders in which everything is needed.
    """
    gate, gone = asyncio.Semaphore(DELETES_AT_ONCE), 0

    async def delete(blob: Listed) -> bool:
        async with gate:
            return await shelf.delete(blob)

    token = await app.walks.read(shelf.name)
    if token:  # one that storage does not take any more stops this run only
        await app.walks.write(shelf.name, None)
    for _ in range(pages):
        blobs, token = await shelf.page(token, rows)
        old = [blob for blob in blobs if blob.written < before and blob.name.partition("/")[0] not in needs]
        gone += sum(await asyncio.gather(*map(delete, old)))
        await app.walks.write(shelf.name, token)
        if token is None:
            break
    if gone:
        log.info("%d blobs of %s had their time", gone, shelf.name)
    return gone


@bp.timer_trigger(arg_name="timer", schedule=housekeeping_schedule())
async def housekeeping(timer: func.TimerRequest) -> None:
    """See ``tidy``."""
    app = await services()
    await app.tables.refresh_clock()
    await tidy(app, app.tables.now())
