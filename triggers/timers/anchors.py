"""Hourly anchors: the end of every tenant's audit chain, copied to where the tables' writers cannot change it."""

import azure.durable_functions as df
import azure.functions as func

from shared.services import Services, services

bp = df.Blueprint()


async def anchor(app: Services) -> int:
    """Append the head of every chain to the anchors; returns how many."""
    await app.tables.refresh_clock()
    heads = await app.audit.heads()
    if heads:
        await app.anchors.append(heads, app.tables.now())
    return len(heads)


@bp.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
async def anchor_audit(timer: func.TimerRequest) -> None:
    """See ``anchor``."""
    await anchor(await services())
