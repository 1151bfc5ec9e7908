"""What callers get to see of a schedule."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from shared.contracts.responses import Response
from shared.domain.operation import OperationKind, Status
from shared.domain.schedule import Schedule, upcoming


class LastRunBody(Response):
    """What a schedule started last; ``at`` is the time at which it was due."""

    operation_id: str
    at: datetime
    status: Status


class ScheduleResource(Response):
    """An operation to come; ``next`` is empty once nothing is due any more."""

    id: str
    name: str
    operation: OperationKind
    request: dict[str, Any]
    enabled: bool
    recurrence: None = None
    run_at: datetime | None
    on_missed: str = "runOnce"
    remove_leavers: bool = False
    max_changes_per_run: int | None = None
    next: list[datetime]
    last_run: LastRunBody | None


def schedule_resource(
    schedule: Schedule, request: dict[str, Any], tenants: Collection[str], status: Status | None
) -> ScheduleResource:
    """A schedule with its stored request, of which only the targets in these tenants are shown.

    ``status`` is that of the operation of its last run.
    """
    targets = [target for target in request.get("targets", []) if target["tenant"] in tenants]
    run = schedule.last_run
    return ScheduleResource(
        id=schedule.id,
        name=schedule.name,
        operation=schedule.kind,
        request=request | {"targets": targets},
        enabled=schedule.enabled,
        run_at=schedule.run_at,
        next=list(upcoming(schedule)),
        last_run=LastRunBody(operation_id=run.operation_id, at=run.at, status=status) if run and status else None,
    )
