"""From the body of an operation to what is stored and executed: names to ids, CSVs to rows."""

from dataclasses import replace

from shared.contracts.requests import OperationBody, PlannedKind, RemoveBody, normalise
from shared.csv.template import COLUMNS_OF
from shared.domain.caller import Caller
from shared.domain.operation import Phase, TenantPart
from shared.domain.tenant import Tenant
from shared.errors import Problem, RequestRejected
from shared.services import Services
from triggers.registry import distinct, targets_of
from triggers.row_meanings import meaning_of
from triggers.sheets import survey, with_rows
from triggers.skus import catalogue_for, skus_of


async def understood[B: OperationBody](
    app: Services, caller: Caller, kind: PlannedKind, body: B
) -> tuple[B, list[Tenant]]:
    """The body in ids, its CSVs stored as rows, and the tenants that it concerns, in the order in which it names them.

    Raises ``RequestRejected``: 422 for what body, registry and SKUs show to be impossible, 400 with the lines of a CSV;
    ``NotFound`` for a tenant outside the caller's grants.
    """
    _check_switched_on(app, body)
    tenants = await targets_of(app, caller, tuple(target.tenant for target in body.targets))
    sheets = await survey(app, caller, body, tenants, COLUMNS_OF[kind])
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
