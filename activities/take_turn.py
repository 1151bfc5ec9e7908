"""Take a tenant's turn: wait in line, and pay for a window before anything is sent."""

from time import monotonic
from typing import Any

import azure.durable_functions as df

from activities.brakes import closed, held_back
from activities.guard import check_in, look_in
from activities.traced import traced
from shared import telemetry
from shared.contracts.work import TurnTaken, TurnWork
from shared.domain.budget import prepay
from shared.domain.pacing import LARGE_USERS, Ask, Grant, Limits, Turn, Wait, step_back, take
from shared.errors import RowConflict
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()

LOOK_EVERY = 0.2
LOOK_FOR = 10.0


async def wait_in_line(app: Services, work: TurnWork) -> TurnTaken:
    """Look at the turn every 0.2 s, or when it changes, for at most 10 s; no batches means to ask again."""
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
        answer = await look(app, work.tenant, ask)
        if isinstance(answer, TurnTaken):
            return answer
        await app.turns.changed(work.tenant, min(answer, LOOK_EVERY))
    return TurnTaken()


async def look(app: Services, tenant: str, ask: Ask) -> TurnTaken | float:
    """One look: the turn if it is ours now, else the seconds after which another one makes sense."""
    turn, etag = await app.turns.read(tenant)
    factor, now = app.settings.graph_limit_factor, app.tables.now().timestamp()
    limits = Limits.writes(factor)

    def try_to_take(turn: Turn) -> tuple[Turn, Grant | Wait]:
        return take(turn, ask, now, lease=app.settings.turn_lease, limits=limits, app=limits is not None)

    changed, answer = try_to_take(turn)
    if isinstance(answer, Wait) and answer.app_tokens:
        changed, until = await _prepay(app, changed, answer.app_tokens, large=ask.large)
        changed, answer = try_to_take(changed) if until is None else (step_back(changed, ask), Wait(until))
    try:
        if changed != turn:
            await app.turns.write(tenant, changed, etag)
    except RowConflict:
        return 0.0
    if isinstance(answer, Grant):
        if limits is not None:
            telemetry.level("limit.used", 1 - max(0.0, changed.tokens) / limits.capacity, tenant=tenant)
        return TurnTaken(batches=answer.batches, paid=answer.paid)
    return LOOK_EVERY if answer.until is None else max(0.0, answer.until - now)


async def _prepay(app: Services, turn: Turn, wanted: int, *, large: bool) -> tuple[Turn, float | None]:
    """Draw from the budget over all tenants; what a crash loses between the two rows is wasted, never sent."""
    limits = Limits.app_writes(app.settings.graph_limit_factor)
    if limits is None:
        raise ValueError("without limits nothing is to be prepaid")

    async def try_once() -> tuple[Turn, float | None]:
        budget, etag = await app.budget.read()
        paid, changed, until = prepay(turn, budget, wanted, app.tables.now().timestamp(), limits, large=large)
        if changed != budget:
            await app.budget.write(changed, etag)
        return paid, until

    return await until_settled(try_once)


@bp.activity_trigger(input_name="work")
@traced
async def take_turn(work: Any) -> Any:
    """See ``wait_in_line``."""
    return (await wait_in_line(await services(), TurnWork.model_validate(work))).wire()
