"""What Microsoft Graph counts in each tenant, kept by the hour: without it no month could be reconciled."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

from shared.domain.audit import Head
from shared.domain.caller import SYSTEM
from shared.domain.model import Sku
from shared.domain.reconciliation import Count
from shared.domain.states import ENDED, RESTING
from shared.domain.tenant import Tenant
from shared.errors import GraphError, LicenceError, NotFound
from shared.services import Services, services
from shared.settings import count_schedule
from triggers.routes.audited import registered

bp = df.Blueprint()
log = logging.getLogger(__name__)

TENANTS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tenant's directory says now; ``count`` None where it cannot be compared with the audit yet."""

    skus: list[Sku]
    count: Count | None


async def read_seats(app: Services, tenant: Tenant) -> Reading:
    """Read a tenant's seats, and tell whether they are settled.

    They are when nobody of ours works there, before the read and after it, and the last entry of the audit is older
    than the replication horizon: then every write of ours is in the count, and every one of them in the audit. Raises
    ``GraphError`` where the directory cannot be read.
    """
    await app.tables.refresh_clock()
    before, at = await _standing(app, tenant.id), app.tables.now()
    skus = await app.directory(tenant.id, tenant.credential).skus()
    after = await _standing(app, tenant.id)
    horizon = timedelta(seconds=app.settings.replication_horizon)
    if before is None or before != after or (before.at is not None and before.at > at - horizon):
        return Reading(skus, None)
    count = Count(
        at=at,
        until=at,
        sequence=before.sequence,
        consumed={sku.id: sku.consumed for sku in skus if sku.consumed},
        part_numbers={sku.id: sku.part_number for sku in skus if sku.consumed},
    )
    return Reading(skus, count)


async def _standing(app: Services, tenant_id: str) -> Head | None:
    """The end of the tenant's chain; None while somebody works there."""
    for due in await app.due.of_tenant(tenant_id):
        try:
            part = await app.operations.get_part(due.operation_id, tenant_id)
        except NotFound:  # it is not claimed yet
            continue
        if part.status not in ENDED | RESTING:  # who rests has all of its writes in the audit
            return None
    return await app.audit.head(tenant_id) or Head()


async def count(app: Services, tenant: Tenant) -> bool:
    """Keep what a tenant's directory counts; False where it cannot be read, or is not settled.

    The next hour's look makes good what this one missed.
    """
    try:
        reading = await read_seats(app, tenant)
    except GraphError as error:
        log.warning("the seats of tenant %s cannot be counted: %s", tenant.id, error)
        return False
    if reading.count is None:
        return False
    await app.counts.add(tenant.id, reading.count)
    return True


async def count_all(app: Services) -> int:
    """Count in every tenant with consent; returns in how many it was possible."""
    gate = asyncio.Semaphore(TENANTS_AT_ONCE)

    async def one(tenant: Tenant) -> bool:
        async with gate:
            try:
                return await count(app, tenant)
            except (LicenceError, ValueError):  # one tenant's rows keep no other from being counted
                log.exception("the seats of tenant %s were not counted", tenant.id)
                return False

    tenants = await registered(app, SYSTEM)
    consented = [tenant for tenant in tenants.values() if tenant.consent == "granted"]
    return sum(await asyncio.gather(*map(one, consented)))


@bp.timer_trigger(arg_name="timer", schedule=count_schedule())
async def count_seats(timer: func.TimerRequest) -> None:
    """See ``count_all``."""
    await count_all(await services())
