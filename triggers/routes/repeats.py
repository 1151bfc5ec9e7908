"""``POST /operations/{id}/retry`` and ``/revert``: new operations that follow one that has ended."""

from dataclasses import replace

import azure.functions as func

from shared.contracts.operation_body import OperationBody
from shared.contracts.requests import ExecuteBody, RevertBody
from shared.contracts.responses import OperationBody as OperationAnswer
from shared.contracts.routes import Answer, Route
from shared.domain.caller import Role
from shared.domain.guards import Guards
from shared.domain.operation import Actor, Operation, OperationKind, Status, TenantPart
from shared.services import Services
from triggers.requests.claims import IDEMPOTENCY_KEY, Claim, claim_of, claimed_before, start, started, store_request
from triggers.requests.executing import executed, find_preview
from triggers.requests.guarding import guards_of
from triggers.requests.repeating import retry_request, revert_request
from triggers.routes.operations import OPERATION
from triggers.web.http import Call
from triggers.web.router import Router

router = Router()

ANSWERS = (
    Answer(202, "The new operation was started.", OperationAnswer, headers=("Location", "Retry-After")),
    Answer(200, "This key had started it before.", OperationAnswer, headers=("Location",)),
)


@router.add(
    Route(
        name="retry_operation",
        method="POST",
        path=f"{OPERATION}/retry",
        summary="Start a new operation for the users of this one that failed.",
        role=Role.OPERATE,
        parameters=(IDEMPOTENCY_KEY,),
        answers=ANSWERS,
        problems={409: "It has not ended, or no user failed."},
        starts=True,
    )
)
async def retry_operation(call: Call, app: Services) -> func.HttpResponse:
    """Claim an operation of the same kind for the failed users, and start it."""
    parent = call.path["id"]
    claim = claim_of(call, f"retry {parent}")
    if known := await claimed_before(app, call, claim):
        return await started(app, call, known, new=False)
    before, request, parts = await retry_request(app, call.caller, claim.id, parent)
    held_to = before.guards
    # Who is left of a number that was confirmed need not be counted and confirmed once more.
    guards = replace(held_to, confirm=None, confirmed=held_to.confirmed or held_to.confirm is not None)
    operation = await _operation(app, call, claim, before.work, request, parts, guards, before.reason)
    return await _started(app, call, claim, replace(operation, grace_days=before.grace_days), parent)


@router.add(
    Route(
        name="revert_operation",
        method="POST",
        path=f"{OPERATION}/revert",
        summary="Start a new operation that gives changed users back what they had, where nobody changed them since.",
        role=Role.OPERATE,
        body=RevertBody,
        may_be_empty=True,
        parameters=(IDEMPOTENCY_KEY,),
        answers=ANSWERS,
        problems={409: "It has not ended, changed nobody, or the preview is not ready, expired or of something else."},
        starts=True,
    )
)
async def revert_operation(call: Call, app: Services) -> func.HttpResponse:
    """Claim a revert, from the recorded states or from its preview, and start it."""
    parent = call.path["id"]
    claim = claim_of(call, f"revert {parent}")
    if known := await claimed_before(app, call, claim):
        return await started(app, call, known, new=False)
    body = call.parsed(RevertBody)
    if body.preview_id:
        preview = await find_preview(app, call.caller, body.preview_id)
        asked = ExecuteBody.model_construct(
            preview_id=preview.id, options=body.options, confirm=body.confirm, reason=body.reason
        )
        operation = await executed(app, call, claim, "revert", asked, of=parent)
    else:
        request, parts = await revert_request(app, call.caller, claim.id, parent)
        guards = guards_of(body.options, body.confirm)
        operation = await _operation(app, call, claim, "revert", request, parts, guards, body.reason)
    return await _started(app, call, claim, operation, parent)


async def _operation(
    app: Services,
    call: Call,
    claim: Claim,
    kind: OperationKind,
    request: OperationBody,
    parts: tuple[TenantPart, ...],
    guards: Guards,
    reason: str | None,
) -> Operation:
    request_sha = await store_request(app, request.stored())
    await app.tables.refresh_clock()
    return Operation(
        id=claim.id,
        kind=kind,
        status=Status.QUEUED,
        created_at=app.tables.now(),
        created_by=Actor(call.caller.id, call.caller.name),
        request_sha=request_sha,
        body_sha=claim.body_sha,
        reason=reason,
        guards=guards,
        tenants=parts,
    )


async def _started(app: Services, call: Call, claim: Claim, operation: Operation, parent: str) -> func.HttpResponse:
    new, operation = await start(app, call, claim, replace(operation, parent_id=parent))
    return await started(app, call, operation, new=new)
