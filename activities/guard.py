"""What every activity asks first: is this run still the one that works, and shall the work go on."""

from datetime import timedelta

from shared.contracts.work import OperationRun, Stop, TenantRun
from shared.domain.operation import Operation, Status
from shared.domain.steering import paused_by
from shared.services import Services

SUPERSEDED = Stop(code="superseded")
CANCELLING = Stop(code="cancelling")


async def check_in(services: Services, run: TenantRun, seconds: float = 0.0) -> Stop | None:
    """Say that the tenant is looked after, and tell whether to stop.

    Either a later epoch works, or the operation is being cancelled or paused.
    """
    return (await look_in(services, run, seconds))[1]


async def look_in(services: Services, run: TenantRun, seconds: float = 0.0) -> tuple[Operation, Stop | None]:
    """As `check_in`, with the row ``op`` that was read for it."""
    operation = await services.operations.read_op(run.operation)
    stop = stop_of(operation, run)
    if stop != SUPERSEDED:  # the later epoch has a watch of its own
        await keep_watch(services, run, seconds)
    return operation, stop


def stop_of(operation: Operation, run: OperationRun) -> Stop | None:
    """Why this run must not go on, from the operation's row."""
    if operation.epoch != run.epoch or operation.completed_at is not None:
        return SUPERSEDED
    if operation.status is Status.CANCELLING:
        return CANCELLING
    return Stop(code="pausing", message=paused_by(operation)) if operation.hold else None


async def keep_watch(services: Services, run: TenantRun, seconds: float = 0.0) -> None:
    """Move the time at which the sweeper must look at the tenant: after ``seconds``, with the usual allowance."""
    await services.tables.refresh_clock()
    at = services.tables.now() + timedelta(seconds=seconds + services.settings.heartbeat_stale)
    await services.due.move(run.operation, run.tenant, at)
