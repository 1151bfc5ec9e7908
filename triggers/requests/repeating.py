"""Operations that follow another one: retry its failed users, or revert what it did."""

from collections.abc import AsyncIterator

from shared.contracts.operation_body import OperationBody
from shared.contracts.selections import Selection, Target
from shared.contracts.stored import parse_stored
from shared.domain.caller import Caller
from shared.domain.operation import Operation, Outcome, Phase, TenantPart
from shared.domain.plan import CHUNK_USERS
from shared.domain.selection import NamedUser, Recorded, SelectedUser, Wish
from shared.domain.states import ENDED
from shared.errors import NotFound, StateConflict
from shared.services import Services

PAGE = 1_000


async def ended_operation(app: Services, caller: Caller, operation_id: str, verb: str) -> Operation:
    """An operation that has ended, with those of its tenants that the caller sees.

    Raises ``NotFound`` when there is none for this caller, ``StateConflict`` where it has not ended.
    """
    operation = await app.operations.get(caller, operation_id)
    if operation.kind == "preview":
        raise NotFound(f"there is no operation {operation_id}")
    if operation.status not in ENDED:
        raise StateConflict(f"{verb} does not fit an operation that is {operation.status}.")
    return operation


async def revert_request(
    app: Services, caller: Caller, new_id: str, operation_id: str
) -> tuple[OperationBody, tuple[TenantPart, ...]]:
    """What it takes to undo an operation: its changed users with what was recorded of them.

    Raises as ``ended_operation``; ``StateConflict`` where it changed nobody.
    """
    operation = await ended_operation(app, caller, operation_id, "revert")
    targets: list[Target] = []
    parts: list[TenantPart] = []
    for part in operation.tenants:
        rows = [
            NamedUser(outcome.user_id, Wish(with_request=False, undo=known))
            async for outcome in outcomes_of(app, operation, part, "succeeded")
            if (known := recorded(outcome))
        ]
        if rows:
            targets.append(await _target(app, part, rows))
            parts.append(part_by_rows(new_id, part))
    if not targets:
        grace = f" Deleting the schedule {operation.schedule_id} ends its grace." if operation.grace_until else ""
        raise StateConflict(f"The operation changed nobody, so there is nothing to revert.{grace}")
    return OperationBody(targets=tuple(targets)), tuple(parts)


async def retry_request(
    app: Services, caller: Caller, new_id: str, operation_id: str
) -> tuple[Operation, OperationBody, tuple[TenantPart, ...]]:
    """The operation, its request for the users that failed, and their tenants.

    Raises as ``ended_operation``; ``StateConflict`` where no user failed, or what was asked for has expired.
    """
    operation = await ended_operation(app, caller, operation_id, "retry")
    targets: list[Target] = []
    parts: list[TenantPart] = []
    try:
        request = parse_stored(operation.work, await app.staging.get(operation.request_sha))
        for part in operation.tenants:
            rows = [row async for row in _failed(app, operation, part)]
            if rows:
                targets.append(await _target(app, part, rows))
                parts.append(part_by_rows(new_id, part))
    except NotFound as gone:
        detail = "The request of the operation has expired, so it cannot be retried: start a new one."
        raise StateConflict(detail) from gone
    if not targets:
        raise StateConflict("No user of the operation failed, so there is nobody to retry.")
    return operation, request.for_users(tuple(targets)), tuple(parts)


async def _failed(app: Services, operation: Operation, part: TenantPart) -> AsyncIterator[NamedUser]:
    """The failed users with what was asked for them; a user who was not found by the name that was given."""
    planned = operation.plan_id or operation.id
    source = await app.operations.get_part(planned, part.tenant_id)
    number, chunk = -1, tuple[SelectedUser, ...]()
    async for outcome in outcomes_of(app, operation, part, "failed"):
        if outcome.index // CHUNK_USERS != number:
            number = outcome.index // CHUNK_USERS
            chunk = await app.plans.read_users(planned, part.tenant_id, source.selection, number)
        wish = chunk[outcome.index % CHUNK_USERS].wish
        yield NamedUser(outcome.user_id or outcome.user_principal_name, wish)


async def outcomes_of(app: Services, operation: Operation, part: TenantPart, status: str) -> AsyncIterator[Outcome]:
    """A tenant's outcomes of one status, in selection order."""
    after = -1
    while True:
        page = await app.results.page(operation.id, part.tenant_id, status=status, after_index=after, top=PAGE)
        for outcome in page:
            yield outcome
        if len(page) < PAGE:
            return
        after = page[-1].index


def recorded(outcome: Outcome) -> Recorded | None:
    """What an operation did to a user; None where it wrote nothing."""
    if outcome.before is None or outcome.after is None:
        return None
    concerned = frozenset(each.sku_id for each in outcome.added) | frozenset(outcome.removed)
    return Recorded(outcome.before, outcome.after, concerned)


async def _target(app: Services, part: TenantPart, rows: list[NamedUser]) -> Target:
    return Target(tenant=part.tenant_id, users=Selection(csv=await app.rows.write(rows)))


def part_by_rows(operation_id: str, part: TenantPart) -> TenantPart:
    """The tenant's part, at its beginning, of an operation whose users are those of an earlier one."""
    return TenantPart(
        operation_id=operation_id,
        tenant_id=part.tenant_id,
        domain=part.domain,
        phase=Phase.READING,
        rows_read=0,
    )
