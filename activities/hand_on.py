"""Hand a tenant's turn on after a window: give back what was not sent, confirm seats, show the progress."""

from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.guard import check_in
from shared.contracts.work import WindowDone
from shared.domain.operation import TenantPart, Totals
from shared.domain.pacing import hand_on as hand_on_turn
from shared.domain.pacing import throttled
from shared.domain.seats import confirm
from shared.domain.states import ENDED
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()


async def finish_window(app: Services, done: WindowDone) -> None:
    """Free the turn, then write down seats and progress; doing it twice changes nothing."""
    await check_in(app, done)
    await _free_turn(app, done)
    if done.seats:
        await _confirm_seats(app, done)

    def progressed(part: TenantPart) -> TenantPart:
        late = part.status in ENDED or sum(done.by_code.values()) < sum(part.totals.by_code.values())
        if late:  # a later run has counted more
            return part
        return replace(part, totals=Totals(part.totals.total, done.by_code, done.throttled))

    await app.operations.change_part(done.operation, done.tenant, progressed)


async def _free_turn(app: Services, done: WindowDone) -> None:
    name = f"{done.operation}:{done.epoch}"

    async def try_once() -> None:
        turn, etag = await app.turns.read(done.tenant)
        now = app.tables.now().timestamp()
        changed = hand_on_turn(
            turn, name, done.window, unused=done.unused, now=now, more=done.more, keep=done.keep_turn
        )
        if changed == turn:  # handed on before
            return
        if done.blocked_for:
            changed = throttled(changed, now + done.blocked_for, now)
        await app.turns.write(done.tenant, changed, etag)

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
async def hand_on(work: Any) -> Any:
    """See ``finish_window``."""
    await finish_window(await services(), WindowDone.model_validate(work))
    return None
