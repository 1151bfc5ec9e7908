"""Take a tenant's turn: wait in line, and pay for a window before anything is sent."""

import asyncio
from typing import Any

import azure.durable_functions as df

from activities.guard import check_in, stop_of
from shared.contracts.work import TurnTaken, TurnWork
from shared.domain.pacing import APP_CHUNK, Ask, Grant, Limits, draw, take
from shared.errors import RowConflict
from shared.services import Services, services

bp = df.Blueprint()

LOOK_EVERY = 0.2
LOOK_FOR = 10.0
LARGE_OPERATION = 200


async def wait_in_line(app: Services, work: TurnWork) -> TurnTaken:
    """Look at the turn every 0.2 s for at most 10 s; no batches means to ask again."""
    stop = await check_in(app, work)
    if stop:
        return TurnTaken(stop=stop)
    manifest = await app.plans.manifest(work.operation, work.tenant)
    if manifest is None:
        raise LookupError(f"operation {work.operation} has no frozen plan for tenant {work.tenant}")
    ask = Ask(
        name=f"{work.operation}:{work.epoch}",
        window=work.window,
        costs=tuple(manifest.writes_of(batch) for batch in work.batches),
        large=work.users > LARGE_OPERATION,
    )
    started = app.tables.now()
    while (app.tables.now() - started).total_seconds() < LOOK_FOR:
        taken = await look(app, work.tenant, ask)
        if taken:
            stop = stop_of(await app.operations.read_op(work.operation), work)
            return TurnTaken(stop=stop) if stop else taken
        await asyncio.sleep(LOOK_EVERY)
    return TurnTaken()


async def look(app: Services, tenant: str, ask: Ask) -> TurnTaken | None:
    """One look: the turn if it is ours now, else None."""
    turn, etag = await app.turns.read(tenant)
    factor, now = app.settings.graph_limit_factor, app.tables.now().timestamp()
    limits = Limits.writes(factor)
    changed, answer = take(turn, ask, now, lease=app.settings.turn_lease, limits=limits)
    try:
        if isinstance(answer, Grant):
            short = answer.paid - changed.app_tokens
        if changed != turn:
            await app.turns.write(tenant, changed, etag)
    except RowConflict:
        return None
    return TurnTaken(batches=answer.batches, paid=answer.paid) if isinstance(answer, Grant) else None


@bp.activity_trigger(input_name="work")
async def take_turn(work: Any) -> Any:
    """See ``wait_in_line``."""
    return (await wait_in_line(await services(), TurnWork.model_validate(work))).wire()
