"""Execute a preview: an operation that takes over its frozen plan, tenant by tenant."""

from dataclasses import replace
from datetime import datetime

from shared.contracts.preview import preview_status
from shared.contracts.requests import ExecuteBody
from shared.domain.caller import SYSTEM, Caller
from shared.domain.operation import Actor, Operation, OperationKind, Phase, Status, TenantPart
from shared.errors import NotFound, StateConflict
from shared.services import Services
from triggers.requests.claims import Claim
from triggers.requests.guarding import guards_beside
from triggers.web.http import Call


async def find_preview(app: Services, caller: Caller, preview_id: str) -> Operation:
    """A preview, with those of its tenants that the caller sees.

    Raises ``NotFound`` when there is none, or none of its tenants is visible.
    """
    try:
        found = await app.operations.get(caller, preview_id)
    except NotFound:
        found = None
    if found is None or found.kind != "preview":
        raise NotFound(f"there is no preview {preview_id}")
    return found


async def executed(
    app: Services, call: Call, claim: Claim, kind: OperationKind, body: ExecuteBody, *, of: str | None = None
) -> Operation:
    """The operation that executes a preview now; ``of`` is the operation that it must revert.

    Raises as ``ready_preview``.
    """
    preview = await ready_preview(app, call.caller, kind, body, of=of)
    by = Actor(call.caller.id, call.caller.name)
    return replace(execution(preview, claim.id, body, by, app.tables.now()), body_sha=claim.body_sha)


async def ready_preview(
    app: Services, caller: Caller, kind: OperationKind, body: ExecuteBody, *, of: str | None = None
) -> Operation:
    """The preview that a body names, with all of its tenants.

    Raises ``NotFound`` for one that is not there or has tenants outside the caller's grants, ``StateConflict`` for one
    of another kind, one that is not ready, and one that has expired.
    """
    visible = await find_preview(app, caller, body.preview_id)
    preview = await find_preview(app, SYSTEM, body.preview_id)
    if len(visible.tenants) != len(preview.tenants):
        raise NotFound(f"there is no preview {body.preview_id}")
    if preview.parent_id != of:
        raise StateConflict(f"The preview does not revert the operation {of}.")
    if preview.work != kind:
        raise StateConflict(f"The preview is of the operation {preview.work}, not of {kind}.")
    await app.tables.refresh_clock()
    status = preview_status(preview, app.tables.now())
    if status != "ready":
        raise StateConflict(f"The preview is {status}; only one that is ready can be executed.")
    return preview


def execution(preview: Operation, operation_id: str, body: ExecuteBody, by: Actor, now: datetime) -> Operation:
    """The operation, begun ``now``, that takes over a preview's frozen plan."""
    return Operation(
        id=operation_id,
        kind=preview.work,
        status=Status.QUEUED,
        created_at=now,
        created_by=by,
        request_sha=preview.request_sha,
        body_sha=preview.request_sha,
        reason=body.reason or preview.reason,
        guards=guards_beside(preview.guards, body.options, body.confirm),
        plan_id=preview.id,
        preview_id=preview.id,
        grace_days=preview.grace_days,
        tenants=tuple(_part(operation_id, part) for part in preview.tenants),
    )


def _part(operation_id: str, previewed: TenantPart) -> TenantPart:
    """A tenant's part; one that could not be planned ends as its preview did."""
    if previewed.error is None:
        return TenantPart(operation_id=operation_id, tenant_id=previewed.tenant_id, domain=previewed.domain)
    return TenantPart(
        operation_id=operation_id,
        tenant_id=previewed.tenant_id,
        domain=previewed.domain,
        status=Status.FAILED,
        phase=Phase.DONE,
        error=previewed.error,
        ended_at=previewed.ended_at,
    )
