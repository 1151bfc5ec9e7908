"""Previews as the HTTP contract shows them: what would become of tenants and users, before anything is done."""

from datetime import datetime
from typing import Any, Literal

from shared.contracts.present import Words
from shared.contracts.responses import HeldLicence, ImpactBody, RecordedState, Response, TenantErrorBody
from shared.domain.model import Decision, LicenceState
from shared.domain.operation import Operation, OperationKind, Status
from shared.domain.states import ENDED

PreviewStatus = Literal["computing", "ready", "failed", "expired"]


class PreviewTenant(Response):
    """Why a tenant could not be planned; null where it could."""

    tenant_id: str
    domain: str
    error: TenantErrorBody | None


class PreviewBody(Response):
    """The impact of a request, and until when it may be executed."""

    id: str
    status: PreviewStatus
    operation: OperationKind
    created_at: datetime
    expires_at: datetime
    request: dict[str, Any] | None
    """The request in ids; CSVs and long lists by the name under which their rows are stored. Null once it expired."""
    impact: ImpactBody | None
    """Null while it is computed."""
    tenants: list[PreviewTenant]


class PlannedLicence(Response):
    """A licence that would be assigned, with the service plans that would be off."""

    sku: str
    disabled_plans: list[str]


class PreviewUser(Response):
    """What would become of one user."""

    tenant_id: str
    user_id: str
    user_principal_name: str
    status: Literal["change", "unchanged", "skipped"]
    code: str | None
    message: str | None
    add: list[PlannedLicence]
    remove: list[str]
    usage_location: str | None
    before: RecordedState
    after: RecordedState
    warnings: list[str]


def preview_status(preview: Operation, now: datetime) -> PreviewStatus:
    """How far a preview is: ready when at least one tenant could be planned."""
    if preview.status not in ENDED:
        return "computing"
    if preview.expires_at is not None and now >= preview.expires_at:
        return "expired"
    planned = any(part.status is Status.SUCCEEDED and part.affected is not None for part in preview.tenants)
    return "ready" if planned and preview.status is not Status.CANCELLED else "failed"


def preview_body(
    preview: Operation, request: dict[str, Any] | None, impact: ImpactBody | None, now: datetime
) -> PreviewBody:
    """A preview as it stands."""
    tenants = [
        PreviewTenant(
            tenant_id=part.tenant_id,
            domain=part.domain,
            error=part.error
            and TenantErrorBody(code=part.error.code, message=part.error.message, details=dict(part.error.details)),
        )
        for part in preview.tenants
    ]
    return PreviewBody(
        id=preview.id,
        status=preview_status(preview, now),
        operation=preview.work,
        created_at=preview.created_at,
        expires_at=preview.expires_at or preview.created_at,
        request=request,
        impact=impact,
        tenants=tenants,
    )


def preview_user(tenant_id: str, decision: Decision, words: Words) -> PreviewUser:
    """What a plan would do to one user."""
    change = decision.change
    return PreviewUser(
        tenant_id=tenant_id,
        user_id=decision.user_id,
        user_principal_name=decision.user_principal_name,
        status=decision.status,
        code=decision.code,
        message=decision.message,
        add=[
            PlannedLicence(sku=words.sku(each.sku_id), disabled_plans=words.plans(each.sku_id, each.disabled_plans))
            for each in (change.add if change else ())
        ],
        remove=[words.sku(sku_id) for sku_id in (change.remove if change else ())],
        usage_location=change.usage_location if change else None,
        before=_state(decision.state, words),
        after=_state(change.after if change else decision.state, words),
        warnings=list(decision.warnings),
    )


def _state(state: LicenceState, words: Words) -> RecordedState:
    return RecordedState(
        licenses=[
            HeldLicence(
                sku=words.sku(held.sku_id),
                sku_id=held.sku_id,
                disabled_plans=words.plans(held.sku_id, held.disabled_plans),
                inherited=held.group_id is not None,
            )
            for held in state.assignments
        ],
        usage_location=state.usage_location,
    )
