"""What a refusal by the directory means before anything was written: an end of the tenant's part, or a wait."""

from shared.contracts.work import Halt, Stop
from shared.domain.caller import SYSTEM
from shared.domain.tenant import Tenant
from shared.errors import Denied, GraphError, NotFound, Throttled, Unavailable
from shared.graph.directory import Directory
from shared.refusals import code_of
from shared.services import Services

WAIT_SECONDS = 5.0
"""Where Graph names no time."""


async def open_directory(app: Services, tenant_id: str) -> tuple[Tenant, Directory]:
    """A registered tenant and its directory.

    Raises ``Denied`` for one that was taken out of the registry meanwhile.
    """
    try:
        tenant = await app.tenants.get(SYSTEM, tenant_id)
    except NotFound as gone:
        raise Denied(f"Tenant {tenant_id} is no longer registered.", tenant_id=tenant_id) from gone
    return tenant, app.directory(tenant.id, tenant.credential)


def halt(error: GraphError) -> Halt:
    """Why the tenant ends, or how long to wait before asking again."""
    if isinstance(error, Throttled | Unavailable):
        return Halt(wait=error.retry_after or WAIT_SECONDS, message=str(error))
    return Halt(stop=Stop(code=code_of(error), message=str(error)))
