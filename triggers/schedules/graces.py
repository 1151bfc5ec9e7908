"""The end of a grace: the operation that takes the licences when it is over, or the one that ends it early."""

from dataclasses import replace

from shared.contracts.stored import StoredRemove, parse_stored
from shared.domain.caller import SYSTEM
from shared.domain.operation import Actor, Operation, OperationKind, Outcome, Status, TenantPart
from shared.domain.schedule import Schedule
from shared.domain.selection import NamedUser, Recorded, RowLicence, Wish
from shared.errors import StateConflict
from shared.services import Services
from triggers.requests.claims import store_request
from triggers.requests.repeating import outcomes_of, part_by_rows, revert_request
from triggers.schedules.run_ids import actor_of, following_id


async def over(app: Services, schedule: Schedule, owner: Operation, operation_id: str) -> Operation | None:
    """The remove that ends a grace that is over, for whom it began; None where it began for nobody."""
    request = parse_stored(schedule.kind, await app.staging.get(schedule.request_sha))
    if not isinstance(request, StoredRemove):
        raise TypeError(f"the request of schedule {schedule.id} is no remove")
    dark = request.grace is not None and request.grace.during == "disablePlans"
    begun: dict[str, str] = {}
    parts: list[TenantPart] = []
    for part in owner.tenants:
        rows = [_row(each, dark=dark) async for each in outcomes_of(app, owner, part, "succeeded") if each.graced]
        if rows:
            begun[part.tenant_id] = await app.rows.write(rows)
            parts.append(part_by_rows(operation_id, part))
    if not begun:
        return None
    targets = tuple(target for target in request.targets if target.tenant in begun)
    request = request.model_copy(update={"targets": targets, "begun": begun, "grace": None, "confirm": None})
    guards = replace(owner.guards, confirm=None, confirmed=True)
    operation = await _operation(app, operation_id, schedule, "remove", request.stored(), parts)
    return replace(operation, created_by=actor_of(schedule), reason=owner.reason, guards=guards)


async def ended_early(app: Services, schedule: Schedule, owner: Operation, by: Actor) -> Operation | None:
    """The revert that switches on again what the grace has switched off; None where it has changed nobody."""
    operation_id = following_id(schedule, "cancelled")
    try:
        request, parts = await revert_request(app, SYSTEM, operation_id, owner.id)
    except StateConflict:  # it has ended, so this says that there is nothing to revert
        return None
    operation = await _operation(app, operation_id, schedule, "revert", request.stored(), list(parts))
    return replace(operation, created_by=by)


async def _operation(
    app: Services, operation_id: str, schedule: Schedule, kind: OperationKind, request: bytes, parts: list[TenantPart]
) -> Operation:
    request_sha = await store_request(app, request)
    await app.tables.refresh_clock()
    return Operation(
        id=operation_id,
        kind=kind,
        status=Status.QUEUED,
        created_at=app.tables.now(),
        created_by=schedule.created_by,
        request_sha=request_sha,
        body_sha=request_sha,
        schedule_id=schedule.id,
        parent_id=schedule.owner_id,
        tenants=tuple(parts),
    )


def _row(outcome: Outcome, *, dark: bool) -> NamedUser:
    """A user whose grace has begun, with the SKUs that go and, where service plans went ``dark``, how it was left."""
    going = tuple(RowLicence(sku_id) for sku_id in outcome.graced)
    left = None
    if dark and outcome.after:
        left = Recorded(outcome.before or outcome.after, outcome.after, frozenset(outcome.graced))
    return NamedUser(outcome.user_id, Wish(going, with_request=False, undo=left))
