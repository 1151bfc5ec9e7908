"""From the body of an operation to what is stored and executed: names to ids, CSVs to rows."""

from collections.abc import Mapping
from dataclasses import replace

from shared.contracts.requests import OperationBody, PlannedKind, RemoveBody, normalise
from shared.csv.sources import Source
from shared.csv.template import COLUMNS_OF
from shared.domain.caller import Caller
from shared.domain.operation import Actor, Operation, Phase, Status, TenantPart
from shared.domain.tenant import Tenant
from shared.errors import Problem, RequestRejected
from shared.services import Services
from triggers.requests.claims import store_request
from triggers.requests.guarding import guards_of
from triggers.requests.registry import distinct, targets_of
from triggers.requests.row_meanings import meaning_of
from triggers.requests.sheets import survey, with_rows
from triggers.requests.skus import catalogue_for, skus_of


async def operation_of(
    app: Services,
    caller: Caller,
    kind: PlannedKind,
    body: OperationBody,
    operation_id: str,
    body_sha: str,
    *,
    files: Mapping[str, Source] | None = None,
    drop: str | None = None,
) -> Operation:
    """The operation that a body asks for, to be claimed; its request is stored. See ``understood``."""
    request, tenants = await understood(app, caller, kind, body, files)
    request_sha = await store_request(app, request.stored())
    await app.tables.refresh_clock()
    return Operation(
        id=operation_id,
        kind=kind,
        status=Status.QUEUED,
        created_at=app.tables.now(),
        created_by=Actor(caller.id, caller.name),
        request_sha=request_sha,
        body_sha=body_sha,
        reason=request.reason,
        guards=guards_of(request.options, request.confirm, on_all=body.on_all),
        drop=drop,
        grace_days=request.grace_days,
        tenants=parts_of(operation_id, request, tenants),
    )


async def understood[B: OperationBody](
    app: Services, caller: Caller, kind: PlannedKind, body: B, files: Mapping[str, Source] | None = None
) -> tuple[B, list[Tenant]]:
    """The body in ids, its CSVs stored as rows, and the tenants that it concerns, in the order in which it names them.

    ``files`` are CSVs that do not stand in the body, by the pointer at which they count.
    Raises ``RequestRejected``: 422 for what body, registry and SKUs show to be impossible, 400 with the lines of a CSV;
    ``NotFound`` for a tenant outside the caller's grants.
    """
    _check_switched_on(app, body)
    tenants = await targets_of(app, caller, tuple(target.tenant for target in body.targets))
    sheets = await survey(app, caller, body, tenants, COLUMNS_OF[kind], files)
    named = distinct(*tenants.values(), sheets.named)
    sku_names = tuple(body.sku_names())
    known = await catalogue_for(app, (*sku_names, *sheets.sku_names), named)
    request = normalise(body, tenants, skus_of(known, sku_names))
    targets = await with_rows(sheets, request.targets, meaning_of(kind, request, known), app.rows)
    targeted = {target.tenant for target in targets}
    request = request.model_copy(update={"targets": targets, "csv": None, "schedule": None})
    return request, [tenant for tenant in named if tenant.id in targeted]


def _check_switched_on(app: Services, body: OperationBody) -> None:
    """Refuse what this app does only where its operator has switched it on."""
    converts = isinstance(body, RemoveBody) and body.mailbox == "convertToShared"
    if converts and not app.settings.mailbox_conversion:
        problem = Problem(
            "/mailbox", "The conversion of mailboxes is switched off: convertToShared needs MAILBOX_CONVERSION=on."
        )
        raise RequestRejected(422, "The request asks for what this app is not set up to do.", [problem])


def parts_of(operation_id: str, request: OperationBody, tenants: list[Tenant]) -> tuple[TenantPart, ...]:
    """The tenants' parts at their beginning: one whose users are named by rows reads them first."""
    parts: list[TenantPart] = []
    for tenant in tenants:
        part = TenantPart(operation_id=operation_id, tenant_id=tenant.id, domain=tenant.domain)
        by_rows = any(target.users.csv is not None for target in request.targets_of(tenant.id))
        parts.append(replace(part, phase=Phase.READING, rows_read=0) if by_rows else part)
    return tuple(parts)
