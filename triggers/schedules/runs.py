"""The operation of a due time: the schedule's request, for the tenants as they are then."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from shared.contracts.requests import BODIES, KINDS, ExecuteBody, PlannedKind
from shared.contracts.stored import parse_stored
from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.codes import ResultCode
from shared.domain.guards import Guards
from shared.domain.operation import Actor, Operation, Phase, Status, TenantError, TenantPart
from shared.domain.schedule import Schedule
from shared.domain.tenant import Tenant
from shared.errors import NotFound
from shared.services import Services
from triggers.requests.executing import execution, find_preview
from triggers.requests.guarding import guards_of
from triggers.requests.registry import means_many
from triggers.requests.understanding import operation_of as operation_asked
from triggers.requests.understanding import parts_of
from triggers.schedules.run_ids import actor_of


async def operation_of(
    app: Services, schedule: Schedule, operation_id: str, by: Actor | None = None, *, body_sha: str | None = None
) -> Operation:
    """The operation that a schedule starts now, under this id; ``by`` whom unless by itself.

    ``body_sha`` is what an idempotency key is compared by, where one may come again.

    A tenant that is no longer registered, or disabled, ends its part at once; the others go on. Users are found anew.
    Raises ``NotFound`` or ``ValueError`` where the stored request, or the preview, is gone or cannot be read, and as
    ``understood`` where it means many tenants.
    """
    await app.tables.refresh_clock()
    now, actor = app.tables.now(), by or actor_of(schedule)
    content = await app.staging.get(schedule.request_sha)
    if schedule.preview_id is not None:
        preview = await find_preview(app, SYSTEM, schedule.preview_id)
        operation = execution(preview, operation_id, ExecuteBody.model_validate_json(content), actor, now)
    elif schedule.template_sha is not None:
        operation = await _of_template(app, schedule, schedule.template_sha, operation_id, actor)
    else:
        operation = await _of_request(app, schedule, operation_id, content, actor)
    return replace(
        operation,
        schedule_id=schedule.id,
        notify=schedule.notify,
        body_sha=body_sha or operation.body_sha,
        guards=_limited(operation.guards, schedule),
    )


def _failed(operation_id: str, found: Mapping[str, Tenant | TenantError], now: datetime) -> list[TenantPart]:
    """The parts of the tenants in which nothing can be done."""
    return [
        TenantPart(
            operation_id=operation_id,
            tenant_id=tenant_id,
            domain=tenant_id,
            status=Status.FAILED,
            phase=Phase.DONE,
            error=error,
            ended_at=now,
        )
        for tenant_id, error in found.items()
        if isinstance(error, TenantError)
    ]


def _limited(guards: Guards, schedule: Schedule) -> Guards:
    """The guards with the limit of changes a run, which takes the place of a confirmed number."""
    limit = schedule.max_changes_per_run
    return replace(guards, max_changes=limit, confirmed=guards.confirmed or limit is not None)


async def _of_request(app: Services, schedule: Schedule, operation_id: str, content: bytes, actor: Actor) -> Operation:
    """The operation of a request that names its tenants."""
    request = parse_stored(schedule.kind, content)
    found = await _all_registered(app, (target.tenant for target in request.targets))
    now = app.tables.now()
    ready = parts_of(operation_id, request, [each for each in found.values() if isinstance(each, Tenant)])
    return Operation(
        id=operation_id,
        kind=schedule.kind,
        status=Status.QUEUED,
        created_at=now,
        created_by=actor,
        request_sha=schedule.request_sha,
        body_sha=schedule.request_sha,
        reason=request.reason,
        guards=guards_of(request.options, request.confirm),
        grace_days=request.grace_days,
        tenants=(*ready, *_failed(operation_id, found, now)),
    )


async def _of_template(app: Services, schedule: Schedule, template_sha: str, operation_id: str, by: Actor) -> Operation:
    """The operation of what a template means now: its targets may stand for many tenants."""
    kind: PlannedKind = next(known for known in KINDS if known == schedule.kind)
    template = BODIES[kind].model_validate_json(await app.staging.get(template_sha))
    found = await _all_registered(app, (t.tenant for t in template.targets if not means_many(t.tenant)))
    usable = tuple(t for t in template.targets if not isinstance(found.get(t.tenant), TenantError))
    body = template.model_copy(update={"targets": usable})
    scope = None if schedule.scope is None else frozenset(schedule.scope)
    asked = await operation_asked(app, Caller(by.id, by.name, Role.OPERATE, scope), kind, body, operation_id, "")
    failed = _failed(operation_id, found, app.tables.now())
    return replace(asked, body_sha=asked.request_sha, tenants=(*asked.tenants, *failed))


async def _all_registered(app: Services, tenant_ids: Iterable[str]) -> dict[str, Tenant | TenantError]:
    return {tenant_id: await _registered(app, tenant_id) for tenant_id in dict.fromkeys(tenant_ids)}


async def _registered(app: Services, tenant_id: str) -> Tenant | TenantError:
    """The tenant, or why nothing can be done in it."""
    try:
        tenant = await app.tenants.get(SYSTEM, tenant_id)
    except NotFound:
        detail = "The tenant is no longer registered: register it again, or take it out of the schedule's request."
        return TenantError(ResultCode.TENANT_UNAVAILABLE, detail)
    if not tenant.enabled:
        detail = f"{tenant.domain} is disabled: an administrator of the app can enable it again."
        return TenantError(ResultCode.TENANT_UNAVAILABLE, detail)
    return tenant
