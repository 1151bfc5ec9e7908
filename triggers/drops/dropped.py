"""A dropped file as an operation: its rows and the JSON beside it mean what the same two mean over HTTP."""

import asyncio
import hashlib
from tempfile import TemporaryFile
from typing import Any, cast

from pydantic_core import to_json

from shared.blobs.drops import ACTOR, Drop, Version
from shared.blobs.drops import CONTAINER as DROPS
from shared.contracts.requests import BODIES
from shared.csv.decoding import Undecodable
from shared.csv.sources import FileSource
from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.operation import Operation
from shared.domain.tenant import Tenant
from shared.errors import NotFound, Problem, RequestRejected
from shared.services import Services
from triggers.requests.understanding import operation_of
from triggers.web.bodies import MAX_BODY, parsed
from triggers.web.strict_json import Json, json_object

MAX_BYTES = 200 * 1024 * 1024
"""Of a dropped file: a million rows of two hundred characters."""
ROWS = "/targets/0/users/csv"
"""Where the rows count in the body."""
_NOT_BESIDE = {
    "csv": "The rows are the dropped file",
    "previewId": "A drop makes its own plan; a preview is executed over HTTP",
    "schedule": "A drop starts at once; an operation is scheduled over HTTP",
}


async def operation_from(app: Services, drop: Drop, version: Version) -> Operation | None:
    """The operation that a version of a dropped file asks for, to be claimed; None when it was replaced or deleted.

    Raises ``RequestRejected`` or ``NotFound`` for one that cannot be done, ``DependencyDown``.
    """
    if drop.fault:
        raise RequestRejected(400, f"{drop.fault}.")
    tenant = await _tenant(app, drop)
    if version.size > MAX_BYTES:
        raise RequestRejected(413, f"The file has {version.size:,} bytes; at most {MAX_BYTES:,} are taken: split it.")
    body = parsed(BODIES[drop.kind], to_json(await _body(app, drop)))
    # Who may put files here may be trusted with this tenant, and need not learn of any other.
    caller = Caller(ACTOR, f"{DROPS}/{drop.path}", Role.OPERATE, frozenset({tenant.id}))
    identity = hashlib.sha256(f"{drop.path}\n{version.etag}".encode()).hexdigest()
    with TemporaryFile() as file:
        if not await app.drops.fetch(drop.path, version, file):
            return None
        try:
            source = await asyncio.to_thread(FileSource, file)
        except Undecodable as error:
            problem = Problem(ROWS, str(error), line=1)
            raise RequestRejected(400, "The file is no text that can be read.", [problem]) from None
        return await operation_of(
            app,
            caller,
            drop.kind,
            body,
            drop.operation_id(version.etag),
            identity,
            files={ROWS: source},
            drop=drop.path,
        )


async def _tenant(app: Services, drop: Drop) -> Tenant:
    try:
        tenant = await app.tenants.get(SYSTEM, drop.tenant)
    except NotFound:
        raise RequestRejected(422, f"The tenant {drop.tenant} is not registered.") from None
    if not tenant.enabled:
        raise RequestRejected(422, f"The tenant {drop.tenant} is disabled.")
    if drop.kind not in tenant.drops:
        allowed = ", ".join(tenant.drops) or "none"
        detail = f"The tenant {drop.tenant} takes no drops of {drop.kind} (it takes: {allowed})"
        raise RequestRejected(422, f"{detail}; an administrator allows them in its field drops.")
    return tenant


async def _body(app: Services, drop: Drop) -> Json:
    """The JSON beside the file, with a target whose users are the rows."""
    beside = await app.drops.look(drop.rest)
    if beside is not None and beside.size > MAX_BODY:
        raise RequestRejected(413, f"{drop.rest} has {beside.size:,} bytes; at most {MAX_BODY:,} are taken.")
    content = None if beside is None else await app.drops.read(drop.rest)
    body = {} if content is None else json_object(content, drop.rest)
    problems = [Problem(f"/{name}", detail) for name, detail in _NOT_BESIDE.items() if name in body]
    targets: Any = body.setdefault("targets", [{"tenant": drop.tenant}])
    target = cast(list[Any], targets)[0] if isinstance(targets, list) and len(cast(list[Any], targets)) == 1 else None
    if not isinstance(target, dict):
        problems.append(Problem("/targets", "Leave targets out, or give the one of this folder's tenant"))
    elif "users" in target:
        problems.append(Problem("/targets/0/users", "The users are the rows of the dropped file"))
    else:
        target["users"] = {"csv": ""}
    if problems:
        raise RequestRejected(400, f"{drop.rest} is not valid.", problems)
    return body
