"""Which tenants have an audit: the registered ones, those that left the registry, and those that were anchored."""

from collections import deque
from collections.abc import AsyncIterator, Collection

from shared.catalogue import is_guid
from shared.domain.caller import Caller
from shared.domain.tenant import Tenant
from shared.errors import NotFound
from shared.services import Services
from triggers.web.http import Call

PAGE = 1000


async def registered(app: Services, caller: Caller) -> dict[str, Tenant]:
    """All registered tenants that the caller sees, by id, in the order of their ids."""
    found: dict[str, Tenant] = {}
    cursor = None
    while True:
        tenants, cursor = await app.tenants.list(caller, top=PAGE, cursor=cursor)
        found |= {tenant.id: tenant for tenant in tenants}
        if cursor is None:
            return found


async def audited_tenants(
    app: Services, caller: Caller, known: Collection[str], resume: str = ""
) -> AsyncIterator[str]:
    """Ids of the ``known`` tenants (sorted) and of others with an audit that the caller sees, from ``resume`` on."""
    waiting = deque(tenant for tenant in known if tenant >= resume)
    async for tenant in app.audit.tenants(caller, resume):
        while waiting and waiting[0] < tenant:
            yield waiting.popleft()
        if waiting and waiting[0] == tenant:
            waiting.popleft()
        yield tenant
    for tenant in waiting:
        yield tenant


async def audited_tenant(call: Call, app: Services) -> str | None:
    """Id of the tenant in the query, which may have left the registry; None where none is named.

    Raises ``NotFound`` when there is none for this caller.
    """
    name = call.query.text("tenant")
    if name is None:
        return None
    try:
        return (await app.tenants.get(call.caller, name)).id
    except NotFound:
        tenant = name.lower()
        if not is_guid(tenant) or not call.caller.sees(tenant):
            raise
        if await app.audit.head(tenant) is None and tenant not in await app.anchors.tenants():
            raise
        return tenant
