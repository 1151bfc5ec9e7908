"""One claim: an operation gets its id, is stored with its request, and is started; told twice it is the same one."""

import hashlib
import logging
import uuid
from dataclasses import dataclass, replace

import azure.functions as func

from shared import telemetry
from shared.contracts.names import RUN_OPERATION, operation_instance
from shared.contracts.routes import BASE, Parameter
from shared.contracts.work import OperationRun
from shared.domain.operation import Operation
from shared.errors import DependencyDown, NotFound, RequestRejected, StateConflict
from shared.services import Services
from triggers.routes.operations import shown
from triggers.web.http import Call, Starter, json_answer

POLL_AFTER_S = "2"
MAX_KEY = 256
_KEYS = uuid.UUID("7c0e4b0e-0f3c-5d5c-9d6f-5b8d1f0a9c11")
"""Namespace of the operation ids that come from idempotency keys."""

log = logging.getLogger(__name__)

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "The same key and body give the same operation again (200); the same key with another body is a 409.",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    where="header",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The id of an operation to be; ``keyed`` when it comes from an idempotency key."""

    id: str
    keyed: bool
    body_sha: str
    """What a repeated key is compared by: the route and the body."""


def claim_of(call: Call, route: str) -> Claim:
    """The claim of a call on a route, which tells calls without a body apart.

    Raises ``RequestRejected`` (400) for a key that is none.
    """
    body_sha = hashlib.sha256(route.encode() + b"\n" + call.body).hexdigest()
    key = call.headers.get("idempotency-key")
    if key is None:
        return Claim(str(uuid.uuid4()), False, body_sha)
    if not key.strip() or len(key) > MAX_KEY:
        raise RequestRejected(400, f"Idempotency-Key must have 1 to {MAX_KEY} characters.")
    return Claim(str(uuid.uuid5(_KEYS, f"{call.caller.id}\n{key}")), True, body_sha)


async def claimed_before(app: Services, call: Call, claim: Claim) -> Operation | None:
    """The operation that this key has started before, if it has.

    Raises ``StateConflict`` where it was another request.
    """
    if not claim.keyed:
        return None
    try:
        operation = await app.operations.get(call.caller, claim.id)
    except NotFound:
        return None
    check_same_body(operation.body_sha, claim)
    return operation


async def store_request(app: Services, content: bytes) -> str:
    """Store a normalised request; gives its SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    await app.staging.put(sha256, content)
    return sha256


async def start(app: Services, call: Call, claim: Claim, operation: Operation) -> tuple[bool, Operation]:
    """Claim an operation and start it; gives whether it is new, and the operation as it is stored."""
    new, stored = await launch(app, call.start, operation)
    if not new:
        check_same_body(stored.body_sha, claim)
    return new, stored


async def launch(
    app: Services, begin: Starter, operation: Operation, *, link: str | None = None
) -> tuple[bool, Operation]:
    """As ``start``, for an operation that no call brings: only the id tells whether it is new.

    ``link`` is the trace context of what had it start now.
    """
    with telemetry.span("start_operation", link=link, operation=operation.id, type=operation.kind) as span:
        return await _launch(app, begin, replace(operation, trace=span.context))


async def _launch(app: Services, begin: Starter, operation: Operation) -> tuple[bool, Operation]:
    claimed, stored = await app.operations.claim(operation)
    if not claimed:
        return False, stored
    run = OperationRun(operation=stored.id, epoch=stored.epoch, trace=stored.trace)
    try:  # from here on the operation runs, whatever is down: a caller told otherwise would start a second one
        await app.operations.index(stored)
        await begin(RUN_OPERATION, operation_instance(run.operation, run.epoch), run.wire())
    except DependencyDown as error:
        log.warning("Operation %s is claimed and not started, the sweeper will: %s", stored.id, error)
    return True, stored


def check_same_body(body_sha: str | None, claim: Claim) -> None:
    """Raise ``StateConflict`` where what a key has brought about came of another body, or of another route."""
    if body_sha != claim.body_sha:
        raise StateConflict("The Idempotency-Key was used before with another body.")


async def started(app: Services, call: Call, operation: Operation, *, new: bool) -> func.HttpResponse:
    """202 with the operation and where to look, or 200 when it had been started before."""
    headers = {"Location": f"{call.origin}/api/{BASE}/operations/{operation.id}"}
    if new:
        headers["Retry-After"] = POLL_AFTER_S
    return json_answer(await shown(app, operation), 202 if new else 200, headers)
