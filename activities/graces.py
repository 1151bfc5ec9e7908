"""The grace of a remove: what is left to record when it has begun, and the schedule that ends it.

The schedule stands before the tenant's end is written, so that a crash loses none; it is carried out only once the
operation has ended, on those users whose grace has begun.
"""

import uuid
from datetime import datetime, timedelta
from itertools import batched

from activities.guard import keep_watch
from activities.settled import OUTCOMES_A_TRANSACTION, TRANSACTIONS_A_CHUNK
from shared import telemetry
from shared.contracts.work import TenantEnd
from shared.domain.operation import Operation, Summary
from shared.domain.outcomes import grace_begun
from shared.domain.schedule import Schedule, put_off
from shared.services import Services

_SERIES = 2
"""The plan's and the reservation's settled users have the numbers before (``s{n}``)."""
_GRACES = uuid.UUID("3b0f3c65-9a0e-5b53-8a7e-0c8e5f6f2f3d")
"""Namespace of the ids of schedules that end a grace."""


async def grace_of(app: Services, work: TenantEnd) -> Operation | None:
    """The operation, where it begins a grace."""
    operation = await app.operations.read_op(work.operation)
    return operation if operation.grace_days is not None and operation.kind != "preview" else None


async def record_graces(app: Services, work: TenantEnd) -> None:
    """Record whose grace begins without a write, once nothing stands against the operation any more.

    Harmless to repeat: the same users get the same rows.
    """
    manifest = await app.plans.manifest(work.plan_id, work.tenant)
    if work.stop or manifest is None:
        return
    for number, chunk in enumerate(manifest.chunks):
        if not chunk.graces:
            continue
        await keep_watch(app, work)
        decisions = await app.plans.read_chunk(work.plan_id, work.tenant, number)
        begun = [each for each in decisions if each.status == "change" and each.change is None]
        first = (_SERIES * len(manifest.chunks) + number) * TRANSACTIONS_A_CHUNK
        for at, some in enumerate(batched(begun, OUTCOMES_A_TRANSACTION, strict=False)):
            name, now = f"s{first + at}", app.tables.now()
            summary = Summary(name, {"": len(some)}, first_index=some[0].index, last_index=some[-1].index)
            outcomes = [grace_begun(decision, now, mark=name) for decision in some]
            await app.results.record(work.operation, work.tenant, outcomes, summary)


async def schedule_removal(app: Services, operation: Operation, tenant: str, now: datetime) -> Schedule:
    """The schedule that ends the operation's grace, with this tenant: not before its last tenant has had all of it."""
    until = now + timedelta(days=operation.grace_days or 0)
    schedule = Schedule(
        id=str(uuid.uuid5(_GRACES, operation.id)),
        name=f"End of the grace of operation {operation.id}",
        kind="remove",
        request_sha=operation.request_sha,
        tenants=(tenant,),
        created_by=operation.created_by,
        created_at=now,
        done_until=now,
        run_at=until,
        owner_id=operation.id,
        trace=telemetry.current(),
    )
    return await app.schedules.put(schedule, lambda stored: put_off(stored, (tenant,), until))
