"""Who looks at tenants that rest, as nobody works on them: the sweeper, when the time has come."""

from collections.abc import Collection
from datetime import timedelta

from shared.domain.operation import Operation
from shared.domain.states import RESTING
from shared.domain.steering import Patience, look_at
from shared.services import Services
from shared.settings import Settings
from shared.tables.due import Due


def patience(settings: Settings) -> Patience:
    """How long an operation may rest."""
    return Patience(timedelta(hours=settings.pause_limit_hours), timedelta(hours=settings.approve_within_hours))


async def watch_resting(app: Services, operation: Operation, tenants: Collection[str]) -> None:
    """Let the sweeper look at those of these tenants that rest: when their window opens, or patience is over.

    The rows come first: until this is done the sweeper looks earlier, finds them resting, and does the same.
    """
    now, allowed = app.tables.now(), patience(app.settings)
    resting = [part for part in operation.tenants if part.tenant_id in tenants and part.status in RESTING]
    if not resting:
        return
    soon = now + timedelta(seconds=app.settings.heartbeat_stale)
    times = {part.tenant_id: look_at(operation, part, allowed, now) for part in resting}
    # A limit that is over while another tenant works is looked at again.
    await app.due.move_all(Due(operation.id, tenant, at if at > now else soon) for tenant, at in times.items())
    if (await app.operations.read_op(operation.id)).epoch != operation.epoch:  # set to work again meanwhile
        await app.due.move_all(Due(operation.id, tenant, soon) for tenant in times)
