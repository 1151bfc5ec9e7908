"""Hand a tenant's turn on after a window: give back what was not sent, confirm seats, show the progress."""

from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.guard import look_in
from activities.traced import traced
from shared import measures
from shared.contracts.work import WindowDone
from shared.domain.budget import blocked
from shared.domain.operation import TenantPart, Totals
from shared.domain.pacing import Limits, app_throttled, corrected, throttled
from shared.domain.pacing import hand_on as hand_on_turn
from shared.domain.seats import confirm
from shared.domain.states import ENDED
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()


async def finish_window(app: Services, done: WindowDone) -> None:
    """Free the turn, then write down seats and progress.

    Doing it twice changes nothing, but that a budget of the app which Graph refused rests from then on.
    """
    operation, _ = await look_in(app, done)
    if done.app_blocked_for:
        await _block_app(app, done.app_blocked_for)
        # What Graph told is the app's limit then, and says nothing of the tenant's.
        done = done.model_copy(update={"limit_used": 0.0})
    await _free_turn(app, done)
    if done.seats:
        await _confirm_seats(app, done)

    earlier = Totals()

    def progressed(part: TenantPart) -> TenantPart:
        nonlocal earlier
        earlier = part.totals
        late = part.status in ENDED or sum(done.by_code.values()) < sum(part.totals.by_code.values())
        if late:  # a later run has counted more
            return part
        return replace(part, totals=Totals(part.totals.total, done.by_code, done.throttled))

    part = await app.operations.change_part(done.operation, done.tenant, progressed)
    measures.users(operation.kind, done.tenant, earlier, part.totals)


async def _free_turn(app: Services, done: WindowDone) -> None:
    name, factor = f"{done.operation}:{done.epoch}", app.settings.graph_limit_factor
    known = await _used_by_app(app) if done.limit_used else 0.0

    async def try_once() -> None:
        turn, etag = await app.turns.read(done.tenant)
        now = app.tables.now().timestamp()
        changed = hand_on_turn(
            turn, name, done.window, unused=done.unused, now=now, more=done.more, keep=done.keep_turn
        )
        if changed == turn:  # handed on before
            return
        changed = corrected(changed, done.limit_used, now, Limits.writes(factor), known=known)
        if done.blocked_for:
            changed = throttled(changed, now + done.blocked_for, now)
        if done.app_blocked_for:
            changed = app_throttled(changed, now + done.app_blocked_for)
        await app.turns.write(done.tenant, changed, etag)

    await until_settled(try_once)


async def _used_by_app(app: Services) -> float:
    """The share of the app's own limit, over all tenants, that is in use as far as we know."""
    limits = Limits.app_writes(app.settings.graph_limit_factor)
    budget, _ = await app.budget.read()
    return budget.used(app.tables.now().timestamp(), limits) if limits else 0.0


async def _block_app(app: Services, seconds: float) -> None:
    """Let nobody draw from the budget over all tenants before Graph wants to be asked again."""
    limits = Limits.app_writes(app.settings.graph_limit_factor)
    if limits is None:
        return

    async def try_once() -> None:
        budget, etag = await app.budget.read()
        now = app.tables.now().timestamp()
        await app.budget.write(blocked(budget, now + seconds, now, limits), etag)

    await until_settled(try_once)


async def _confirm_seats(app: Services, done: WindowDone) -> None:
    """Count the seats taken so far as taken."""

    async def try_once() -> None:
        reservations, guard = await app.seats.read(done.tenant)
        now = app.tables.now().timestamp()
        changed = [
            confirm(reservation, done.seats[reservation.sku_id], now)
            for reservation in reservations
            if reservation.operation_id == done.operation and done.seats.get(reservation.sku_id, 0) > reservation.taken
        ]
        if changed:
            await app.seats.write(done.tenant, changed, (), guard)

    await until_settled(try_once)


@bp.activity_trigger(input_name="work")
@traced
async def hand_on(work: Any) -> Any:
    """See ``finish_window``."""
    await finish_window(await services(), WindowDone.model_validate(work))
    return None
