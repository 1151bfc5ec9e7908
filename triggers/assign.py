"""``POST /assign``: validate, resolve names, claim, start."""

import hashlib
import logging
import uuid
from dataclasses import replace

import azure.functions as func

from shared.contracts.names import RUN_OPERATION, operation_instance
from shared.contracts.requests import AssignBody, normalise
from shared.contracts.responses import OperationBody
from shared.contracts.routes import BASE, CSV_TENANT, Answer, Parameter, Route
from shared.contracts.work import OperationRun
from shared.csv.template import COLUMNS_OF
from shared.domain.caller import Caller, Role
from shared.domain.operation import Actor, Operation, Phase, Status, TenantPart
from shared.domain.tenant import Tenant
from shared.errors import DependencyDown, NotFound, RequestRejected, StateConflict
from shared.services import Services
from triggers.http import Call, json_answer
from triggers.operations import shown
from triggers.registry import targets_of
from triggers.router import Router
from triggers.sheets import survey, with_rows
from triggers.skus import catalogue_for, skus_of

POLL_AFTER_S = "2"
MAX_KEY = 256
_KEYS = uuid.UUID("7c0e4b0e-0f3c-5d5c-9d6f-5b8d1f0a9c11")
"""Namespace of the operation ids that come from idempotency keys."""

log = logging.getLogger(__name__)
router = Router()

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "The same key and body give the same operation again (200); the same key with another body is a 409.",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    where="header",
)


@router.add(
    Route(
        name="assign",
        method="POST",
        path=f"{BASE}/assign",
        summary="Start assigning licences to the selected users of one or more tenants.",
        role=Role.OPERATE,
        body=AssignBody,
        csv=True,
        parameters=(CSV_TENANT, IDEMPOTENCY_KEY),
        answers=(
            Answer(202, "The operation was started.", OperationBody, headers=("Location", "Retry-After")),
            Answer(200, "This key and body had started this operation before.", OperationBody, headers=("Location",)),
        ),
        problems={
            404: "A tenant is outside the caller's grants.",
            409: "The idempotency key came with another body.",
            422: "A tenant, SKU or service plan is not known; the nearest names are given.",
        },
        starts=True,
    )
)
async def assign(call: Call, app: Services) -> func.HttpResponse:
    """Claim an operation for the body and start it; a repeated idempotency key finds the claimed one."""
    body = call.parsed(AssignBody)
    body_sha = hashlib.sha256(call.body).hexdigest()
    operation_id, keyed = _operation_id(call)
    if keyed and (known := await _known(app, call, operation_id, body_sha)):
        return await _answer(call, app, known, 200)
    request, named = await _understood(app, call.caller, body)
    stored = request.stored()
    request_sha = hashlib.sha256(stored).hexdigest()
    await app.staging.put(request_sha, stored)
    await app.tables.refresh_clock()
    claimed, operation = await app.operations.claim(
        Operation(
            id=operation_id,
            kind="assign",
            status=Status.QUEUED,
            created_at=app.tables.now(),
            created_by=Actor(call.caller.id, call.caller.name),
            request_sha=request_sha,
            body_sha=body_sha,
            reason=request.reason,
            tenants=tuple(_part(operation_id, tenant, request) for tenant in named),
        )
    )
    if not claimed:
        _same_body(operation, body_sha)
        return await _answer(call, app, operation, 200)
    run = OperationRun(operation=operation_id, epoch=operation.epoch)
    try:  # from here on the operation runs, whatever is down: a caller told otherwise would start a second one
        await app.operations.index(operation)
        await call.start(RUN_OPERATION, operation_instance(run.operation, run.epoch), run.wire())
    except DependencyDown as error:
        log.warning("Operation %s is claimed and not started, the sweeper will: %s", operation_id, error)
    return await _answer(call, app, operation, 202)


async def _understood(app: Services, caller: Caller, body: AssignBody) -> tuple[AssignBody, list[Tenant]]:
    """The body in ids, its CSVs stored as rows, and the tenants that it concerns, in the order in which it names them.

    Raises ``RequestRejected``: 422 for what body, registry and SKUs show to be impossible, 400 with the lines of a CSV.
    """
    tenants = await targets_of(app, caller, tuple(target.tenant for target in body.targets))
    sheets = await survey(app, caller, body, tenants, COLUMNS_OF["assign"])
    named = list({tenant.id: tenant for tenant in (*tenants.values(), *sheets.named)}.values())
    sku_names = tuple(body.sku_names())
    known = await catalogue_for(app, (*sku_names, *sheets.sku_names), named)
    request = normalise(body, tenants, skus_of(known, sku_names))
    targets = await with_rows(sheets, request.targets, request.licenses, known, app.rows)
    return request.model_copy(update={"targets": targets, "csv": None}), named


def _part(operation_id: str, tenant: Tenant, request: AssignBody) -> TenantPart:
    """A tenant's part at its beginning: one whose users are named by rows reads them first."""
    part = TenantPart(operation_id=operation_id, tenant_id=tenant.id, domain=tenant.domain)
    by_rows = any(target.users.csv is not None for target in request.targets_of(tenant.id))
    return replace(part, phase=Phase.READING, rows_read=0) if by_rows else part


def _operation_id(call: Call) -> tuple[str, bool]:
    """The id of the operation to be, and whether it comes from an idempotency key."""
    key = call.headers.get("idempotency-key")
    if key is None:
        return str(uuid.uuid4()), False
    if not key.strip() or len(key) > MAX_KEY:
        raise RequestRejected(400, f"Idempotency-Key must have 1 to {MAX_KEY} characters.")
    return str(uuid.uuid5(_KEYS, f"{call.caller.id}\n{key}")), True


async def _known(app: Services, call: Call, operation_id: str, body_sha: str) -> Operation | None:
    """The operation that this key has started before, if it has."""
    try:
        operation = await app.operations.get(call.caller, operation_id)
    except NotFound:
        return None
    _same_body(operation, body_sha)
    return operation


def _same_body(operation: Operation, body_sha: str) -> None:
    if operation.body_sha != body_sha:
        raise StateConflict("The Idempotency-Key was used before with another body.")


async def _answer(call: Call, app: Services, operation: Operation, status: int) -> func.HttpResponse:
    headers = {"Location": f"{call.origin}/api/{BASE}/operations/{operation.id}"}
    if status == 202:
        headers["Retry-After"] = POLL_AFTER_S
    return json_answer(await shown(app, operation), status, headers)
