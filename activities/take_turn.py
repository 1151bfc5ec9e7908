"""Take a tenant's turn: wait in line, and pay for a window before anything is sent."""

import asyncio
from time import monotonic
from typing import Any

import azure.durable_functions as df

from activities.brakes import closed, held_back
from activities.guard import check_in, look_in
from shared.contracts.work import TurnTaken, TurnWork
from shared.domain.pacing import APP_CHUNK, LARGE_USERS, Ask, Grant, Limits, Turn, Wait, draw, prepay, take
from shared.errors import RowConflict
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()

LOOK_EVERY = 0.2
LOOK_FOR = 10.0


async def wait_in_line(app: Services, work: TurnWork) -> TurnTaken:
    """Look at the turn every 0.2 s for at most 10 s; no batches means to ask again."""
    operation, stop = await look_in(app, work)
    if stop:
        return TurnTaken(stop=stop)
    manifest = await app.plans.frozen(work.plan_id, work.tenant)
    if held := await held_back(app, operation, manifest, work):
        return held
    ask = Ask(
        name=f"{work.operation}:{work.epoch}",
        window=work.window,
        costs=tuple(manifest.writes_of(batch) for batch in work.batches[: app.settings.batches_at_once]),
        large=work.users > LARGE_USERS,
    )
    started = watched = monotonic()
    while monotonic() - started < LOOK_FOR:
        if monotonic() - watched > app.settings.heartbeat_stale / 3:
            watched = monotonic()
            stop = await check_in(app, work)
            if stop:
                return TurnTaken(stop=stop)
        if stop := closed(app, operation):
            return TurnTaken(stop=stop)
        taken = await look(app, work.tenant, ask)
        if taken:
            return taken
        await asyncio.sleep(LOOK_EVERY)
    return TurnTaken()


async def look(app: Services, tenant: str, ask: Ask) -> TurnTaken | None:
    """One look: the turn if it is ours now, else None."""
    turn, etag = await app.turns.read(tenant)
    factor, now = app.settings.graph_limit_factor, app.tables.now().timestamp()
    limits = Limits.writes(factor)

    def try_to_take(turn: Turn) -> tuple[Turn, Grant | Wait]:
        return take(turn, ask, now, lease=app.settings.turn_lease, limits=limits, app=limits is not None)

    changed, answer = try_to_take(turn)
    if isinstance(answer, Wait) and answer.app_tokens:
        drawn = await _draw(app, max(answer.app_tokens, APP_CHUNK))
        changed, answer = try_to_take(prepay(changed, drawn))
    try:
        if changed != turn:
            await app.turns.write(tenant, changed, etag)
    except RowConflict:
        return None
    return TurnTaken(batches=answer.batches, paid=answer.paid) if isinstance(answer, Grant) else None


async def _draw(app: Services, wanted: int) -> int:
    """Draw from the budget over all tenants; what a crash loses between the two rows is wasted, never sent."""

    async def try_once() -> int:
        budget, etag = await app.budget.read()
        limits = Limits.app_writes(app.settings.graph_limit_factor)
        changed, drawn = draw(budget, wanted, app.tables.now().timestamp(), limits)
        if changed != budget:
            await app.budget.write(changed, etag)
        return drawn

    return await until_settled(try_once)


@bp.activity_trigger(input_name="work")
async def take_turn(work: Any) -> Any:
    """See ``wait_in_line``."""
    return (await wait_in_line(await services(), TurnWork.model_validate(work))).wire()
