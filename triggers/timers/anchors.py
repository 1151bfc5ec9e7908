"""Hourly anchors: the end of every tenant's audit chain, copied to where the tables' writers cannot change it."""

import logging

import azure.durable_functions as df
import azure.functions as func

from shared import telemetry
from shared.domain.audit import Reached
from shared.services import Services, services

bp = df.Blueprint()
log = logging.getLogger(__name__)

CHECK_SECONDS = 5
"""For what one tenant wrote within an hour; whoever wrote more is checked by ``GET /audit/verify``."""


async def anchor(app: Services) -> int:
    """Append the head of every chain to the anchors, once it is looked at; returns how many.

    A chain that is found broken is not anchored: then the next look finds it so again.
    """
    await app.tables.refresh_clock()
    heads = await app.audit.heads()
    for tenant in await check_since_last(app):
        heads.pop(tenant, None)
    if heads:
        await app.anchors.append(heads, app.tables.now())
    return len(heads)


async def check_since_last(app: Services) -> list[str]:
    """Whether each chain goes on from where it was anchored the last time; ids of the tenants whose chain does not."""
    broken: list[str] = []
    for tenant, last in (await app.anchors.latest()).items():
        begin = Reached(last.sequence, last.hash, last.at)
        found = await app.audit.verify(tenant, (), begin=begin, seconds=CHECK_SECONDS)
        if found.status == "broken":
            log.error("the audit chain of tenant %s is broken at entry %s", tenant, found.first_broken)
            telemetry.count("audit.broken", tenant=tenant)
            broken.append(tenant)
    return broken


@bp.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
async def anchor_audit(timer: func.TimerRequest) -> None:
    """See ``anchor``."""
    await anchor(await services())
