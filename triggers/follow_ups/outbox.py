"""The outbox: does what follows from the states of operations, and again until it is done or patience is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import azure.durable_functions as df
import azure.functions as func

from shared.domain.follow_up import LONGEST_PAUSE, FollowUp, FollowUpKind, done, missed
from shared.errors import LicenceError, RowConflict
from shared.services import Services, services
from shared.settings import outbox_schedule
from shared.tables.codec import UnknownSchema
from shared.tables.outbox import DueFollowUp
from triggers.follow_ups.leavers import SECONDS, settle_run
from triggers.follow_ups.notifying import PATIENCE, TIMEOUT_S, deliver
from triggers.follow_ups.receipts import RECEIPT_SECONDS, write_receipt
from triggers.requests.starting import starter
from triggers.web.http import Starter

bp = df.Blueprint()
log = logging.getLogger(__name__)

AT_ONCE = 16
LOOK_EVERY_S = 1.0
"""While something is being done, what comes due meanwhile is taken up so soon."""
TAKE_FOR_S = 60.0
"""One call takes up no more after this; what it has taken it brings to an end."""
LEASE_MARGIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Handler:
    """How follow-ups of a kind are done.

    ``run`` returns once it is done, and may be called again for what is done already; what it raises is why the try
    failed, and a ``LicenceError`` is told to callers. A try has ``seconds``; after a host's death that and a little
    more passes before the next. ``patience`` is how long it is tried; None for ever.
    """

    run: Callable[[Services, FollowUp], Awaitable[None]]
    seconds: float
    patience: timedelta | None = None


HANDLERS: Mapping[FollowUpKind, Handler] = {
    "notification": Handler(deliver, 2 * TIMEOUT_S, PATIENCE),
    "receipt": Handler(write_receipt, RECEIPT_SECONDS),
}


def handlers(start: Starter) -> Mapping[FollowUpKind, Handler]:
    """How follow-ups are done where operations can be started."""

    async def leavers(app: Services, item: FollowUp) -> None:
        await settle_run(app, start, item)

    return {**HANDLERS, "leavers": Handler(leavers, SECONDS)}


async def run_outbox(app: Services, handlers: Mapping[FollowUpKind, Handler] = HANDLERS) -> int:
    """Do what is due, and what comes due meanwhile; returns how many tries were made."""
    await app.tables.refresh_clock()
    began, tries = monotonic(), 0
    running: set[asyncio.Task[None]] = set()
    async with asyncio.TaskGroup() as group:
        while True:
            free = AT_ONCE - len(running) if monotonic() - began < TAKE_FOR_S else 0
            for entry in await app.outbox.due_before(app.tables.now(), free) if free else ():
                work = await _claimed(app, handlers, entry)
                if work:
                    running.add(group.create_task(_try(app, *work)))
                    tries += 1
            if not running:
                return tries
            _, running = await asyncio.wait(running, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)


async def _claimed(
    app: Services, handlers: Mapping[FollowUpKind, Handler], entry: DueFollowUp
) -> tuple[Handler, FollowUp, DueFollowUp] | None:
    """A follow-up for this host alone, as long as a try may take; None where there is nothing to do."""
    try:
        try:
            item = await app.outbox.get(entry)
            if item is None or item.state != "open":  # a host died when it was done
                await app.outbox.close(entry)
                return None
            handler = handlers[item.kind]
        except (UnknownSchema, ValueError, KeyError):  # another release's: put off, so that it is in nobody's way
            log.exception("what follows from operation %s cannot be read", entry.operation_id)
            await app.outbox.move(entry, app.tables.now() + LONGEST_PAUSE)
            return None
        lease = timedelta(seconds=handler.seconds + LEASE_MARGIN_S)
        return handler, item, await app.outbox.move(entry, app.tables.now() + lease)
    except RowConflict:  # another host was faster
        return None


async def _try(app: Services, handler: Handler, item: FollowUp, entry: DueFollowUp) -> None:
    """Do it, and note how that went."""
    error = await _error_of(app, handler, item)
    if error is None:
        tried, again = done(item), None
    else:
        tried, again = missed(item, error, app.tables.now(), handler.patience)
        log.warning("%s of operation %s, try %d: %s", item.kind, item.operation_id, tried.tries, error)
    try:
        await app.outbox.write(tried)
        if again:
            await app.outbox.move(entry, again)
        else:
            await app.outbox.close(entry)
    except LicenceError as fault:  # it is tried again when the lease is over
        log.warning("how %s of operation %s went is not noted: %s", item.kind, item.operation_id, fault)


async def _error_of(app: Services, handler: Handler, item: FollowUp) -> str | None:
    """Why a try failed, fit for a caller's eyes; None where it did not."""
    try:
        async with asyncio.timeout(handler.seconds):
            await handler.run(app, item)
    except LicenceError as error:
        return str(error)
    except TimeoutError:
        return f"It was not done within {handler.seconds:g} s"
    except Exception:  # whatever it is, the others are done and this one is tried again
        log.exception("%s of operation %s failed", item.kind, item.operation_id)
        return "A fault of the app; its log says more"
    return None


@bp.timer_trigger(arg_name="timer", schedule=outbox_schedule())
@bp.durable_client_input(client_name="client")
async def outbox(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
    """See ``run_outbox``."""
    await run_outbox(await services(), handlers(starter(client)))
