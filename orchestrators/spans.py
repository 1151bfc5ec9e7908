"""The span of an orchestration, told once it has come to its end: a replay has told it before."""

from datetime import UTC, datetime

from durabletask import task

from shared import telemetry
from shared.contracts.names import operation_instance
from shared.contracts.work import OperationRun, TenantRun


def now(context: task.OrchestrationContext) -> datetime:
    """The orchestration's own time, with its zone."""
    return context.current_utc_datetime.replace(tzinfo=UTC)


def ended(
    context: task.OrchestrationContext, name: str, instance: str, run: OperationRun, since: datetime | None
) -> None:
    """Tell the span of an instance that began ``since``; one of an older release does not know when."""
    if context.is_replaying or since is None:
        return
    tenant = run.tenant if isinstance(run, TenantRun) else None
    above = telemetry.within(run.trace, operation_instance(run.operation, run.epoch)) if tenant else run.trace
    telemetry.orchestrated(
        name,
        instance,
        parent=above,
        since=since,
        until=now(context),
        operation=run.operation,
        epoch=run.epoch,
        tenant=tenant,
    )
