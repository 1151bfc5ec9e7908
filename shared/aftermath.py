"""What follows from the state of an operation, put down where no crash can lose it.

Whoever writes a state calls ``follow_up`` before the ``due`` rows say that nobody needs to look soon, and whoever leads
an operation out of a state calls it before that: what a crash cuts off, the sweeper or the next one makes good.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from shared.domain.caller import SYSTEM
from shared.domain.follow_up import SCHEDULE, FollowUp, FollowUpKind, event_of
from shared.domain.notify import Notify
from shared.domain.operation import Operation, TenantPart
from shared.errors import NotFound
from shared.services import Services

DROP = "drop"
"""What a receipt is about."""
AT_ONCE = 16
"""Tenants read side by side."""


async def follow_up(app: Services, operation: Operation) -> None:
    """Put down what must follow from the state that an operation, read with all its tenants, has now.

    Harmless to repeat: what was put down before stays as it is.
    """
    if operation.kind == "preview" or event_of(operation, operation.tenants) is None:
        return
    for item in [*await _notifications(app, operation), *_receipts(app, operation), *await _runs(app, operation)]:
        await app.outbox.add(item)


async def _notifications(app: Services, operation: Operation) -> list[FollowUp]:
    """One to the schedule's webhook, and one to that of each tenant that the state concerns, where they want it."""
    now, gate = app.tables.now(), asyncio.Semaphore(AT_ONCE)

    async def of_tenant(part: TenantPart) -> FollowUp | None:
        if event_of(operation, (part,)) is None:
            return None
        try:
            async with gate:
                tenant = await app.tenants.get(SYSTEM, part.tenant_id)
        except NotFound:  # taken out of the registry meanwhile
            return None
        return _notification(operation, tenant.notify, (part,), part.tenant_id, now)

    own = _notification(operation, operation.notify, operation.tenants, SCHEDULE, now)
    found = [own, *await asyncio.gather(*map(of_tenant, operation.tenants))]
    return [item for item in found if item is not None]


async def schedule_of(app: Services, operation: Operation) -> str | None:
    """The schedule that an operation was started by, or that of what it retries or reverts."""
    while operation.schedule_id is None and operation.parent_id is not None:
        operation = await app.operations.read_op(operation.parent_id)
    return operation.schedule_id


async def _runs(app: Services, operation: Operation) -> list[FollowUp]:
    """What the end of a schedule's run means for those who left, and that of whatever follows it for the next run."""
    if operation.kind not in {"assign", "remove", "revert"} or await schedule_of(app, operation) is None:
        return []
    return _at_the_end(app, operation, "leavers", SCHEDULE)


def _receipts(app: Services, operation: Operation) -> list[FollowUp]:
    """The receipt of an operation that a drop has started, once it has ended."""
    return _at_the_end(app, operation, "receipt", DROP) if operation.drop is not None else []


def _at_the_end(app: Services, operation: Operation, kind: FollowUpKind, about: str) -> list[FollowUp]:
    if operation.completed_at is None:
        return []
    since, now = operation.completed_at, app.tables.now()
    return [FollowUp(operation_id=operation.id, kind=kind, about=about, event="completed", since=since, created_at=now)]


def _notification(
    operation: Operation, notify: Notify | None, parts: Iterable[TenantPart], about: str, now: datetime
) -> FollowUp | None:
    found = event_of(operation, parts)
    if found is None or notify is None or found[0] not in notify.on:
        return None
    event, since = found
    return FollowUp(
        operation_id=operation.id,
        kind="notification",
        about=about,
        event=event,
        since=since,
        created_at=now,
        to=notify.shown,
    )
