"""The CSV drop: a file put into a tenant's folder starts an operation with its rows."""

import logging
from collections.abc import Iterator

import azure.durable_functions as df
import azure.functions as func
from azurefunctions.extensions.bindings.blob import BlobClient

from shared.blobs.drops import CONTAINER as DROPS
from shared.blobs.drops import BadName, Drop, Version, is_rest, rejection_of
from shared.blobs.exports import CONTAINER as RESULTS
from shared.domain.caller import SYSTEM
from shared.errors import NotFound, RequestRejected
from shared.services import Services, services
from triggers.drops.dropped import ROWS, operation_from
from triggers.requests.claims import launch
from triggers.requests.starting import starter
from triggers.web.http import Starter

bp = df.Blueprint()
log = logging.getLogger(__name__)


async def take(app: Services, start: Starter, path: str) -> None:
    """Start what a blob in ``license-drops`` asks for, once a version; or say beside its receipt's place why not.

    What is wrong with the file ends here: a next delivery would find the same. Raises ``DependencyDown``: then it will
    not, and the host delivers again.
    """
    if is_rest(path):
        return
    try:
        drop = Drop.named(path)
    except BadName as error:
        name = rejection_of(path)
        log.warning("a drop whose name leads nowhere is told of in %s/%s", RESULTS, name)  # a hash of the name
        await app.drops.tell(name, _text([ascii(path), f"{error}."]))
        return
    version = await app.drops.look(path)
    if version is None:
        log.info("a drop for tenant %s was deleted before it was read", drop.tenant)
        return
    operation_id = drop.operation_id(version.etag)
    if await app.operations.find(SYSTEM, operation_id):
        log.info("the drop of operation %s was delivered before", operation_id)
        return
    try:
        operation = await operation_from(app, drop, version)
    except (RequestRejected, NotFound) as error:
        log.warning("a drop for tenant %s is refused, its receipt says why", drop.tenant)
        await app.drops.tell(drop.rejection, _text(_refusal(drop, version, error)))
        return
    if operation is None:
        log.info("a drop for tenant %s was replaced or deleted; a newer one comes by itself", drop.tenant)
        return
    new, stored = await launch(app, start, operation)
    log.info("a drop for tenant %s is operation %s%s", drop.tenant, stored.id, "" if new else ", started before")


def _refusal(drop: Drop, version: Version, error: RequestRejected | NotFound) -> Iterator[str]:
    """What is said of a refused file, line by line."""
    yield f"{DROPS}/{drop.path} was not taken, nothing was started."
    yield f"Version {version.etag}, {version.size:,} bytes, of {version.at:%Y-%m-%dT%H:%M:%SZ}."
    yield ""
    yield str(error)
    if isinstance(error, NotFound):
        return
    for problem in error.problems:
        place = "" if problem.pointer == ROWS else f"{drop.rest.rpartition('/')[2]} {problem.pointer} "
        line = "" if problem.line is None else f"line {problem.line}"
        yield f"{(place + line).strip()}: {problem.detail}"
    if error.more:
        yield f"and {error.more:,} more"


def _text(lines: Iterator[str] | list[str]) -> str:
    """Lines as a text, each of which stays one line whatever it quotes."""
    return "".join("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) + "\n" for line in lines)


@bp.blob_trigger(  # pyright: ignore[reportUnknownMemberType] - its further arguments have no types
    arg_name="blob", path=f"{DROPS}/{{name}}", connection="AzureWebJobsStorage", source=func.BlobSource.EVENT_GRID
)
@bp.durable_client_input(client_name="client")
async def csv_drop(blob: BlobClient, client: df.DurableFunctionsClient) -> None:
    """See ``take``; the binding brings the blob's name, and not its content."""
    await take(await services(), starter(client), blob.blob_name)
