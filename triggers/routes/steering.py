"""Steering an operation: cancel, pause, resume, approve."""

import logging
from collections.abc import Callable

import azure.functions as func

from shared.aftermath import follow_up
from shared.contracts.responses import OperationBody
from shared.contracts.routes import BASE, Answer, Route
from shared.domain.caller import SYSTEM, Role
from shared.domain.operation import Actor, Operation
from shared.domain.states import ENDED, RESTING
from shared.domain.steering import Verb, VerbRefused, approve, cancel, pause, resume
from shared.errors import DependencyDown, NotFound, RequestRejected, StateConflict
from shared.resting import watch_resting
from shared.services import Services
from triggers.requests.epochs import start_epoch, watch_working
from triggers.routes.operations import shown
from triggers.web.http import Call, json_answer
from triggers.web.router import Router

log = logging.getLogger(__name__)
router = Router()

type Change = Callable[[Operation], Operation]


def _route(verb: Verb, summary: str, effect: str, problems: dict[int, str] | None = None) -> Route:
    return Route(
        name=f"{verb}_operation",
        method="POST",
        path=f"{BASE}/operations/{{id}}/{verb}",
        summary=summary,
        role=Role.OPERATE,
        answers=(
            Answer(202, effect, OperationBody),
            Answer(200, "That was done before.", OperationBody),
        ),
        problems={409: "The state does not allow it; the detail names it.", **(problems or {})},
        starts=True,
    )


@router.add(
    _route(
        "cancel",
        "Cancel an operation: what was sent is recorded, the rest is left alone.",
        "It is being cancelled.",
    )
)
async def cancel_operation(call: Call, app: Services) -> func.HttpResponse:
    """Mark the operation as being cancelled; its orchestration ends it."""
    return await _steer(call, app, cancel)


@router.add(
    _route(
        "pause",
        "Pause an operation: work stops after the batches in flight, seats stay reserved.",
        "It is being paused.",
    )
)
async def pause_operation(call: Call, app: Services) -> func.HttpResponse:
    """Hold the operation; what works on it comes to rest."""
    actor = Actor(call.caller.id, call.caller.name)
    return await _steer(call, app, lambda operation: pause(operation, app.tables.now(), actor))


@router.add(_route("resume", "Resume an operation that was paused or halted.", "It goes on."))
async def resume_operation(call: Call, app: Services) -> func.HttpResponse:
    """Set paused and halted tenants to work again."""
    return await _steer(call, app, lambda operation: resume(operation, app.tables.now()))


@router.add(
    _route(
        "approve",
        "Approve an operation whose canary is done.",
        "It goes on.",
        {403: "Somebody else than the one who started it has to approve."},
    )
)
async def approve_operation(call: Call, app: Services) -> func.HttpResponse:
    """Set the tenants that wait for approval to work again."""
    actor = Actor(call.caller.id, call.caller.name)

    def approved(operation: Operation) -> Operation:
        changed = approve(operation, app.tables.now(), actor)
        own = changed is not operation and operation.created_by.id == actor.id
        if own and app.settings.approve_by_another:
            raise RequestRejected(403, f"{operation.created_by.name} started it, so somebody else has to approve it.")
        return changed

    return await _steer(call, app, approved)


async def _steer(call: Call, app: Services, verb: Change) -> func.HttpResponse:
    """Change the row, and start who works then; a crash in between is made good by the sweeper.

    Raises ``NotFound`` and ``StateConflict``, and ``RequestRejected`` (403) where tenants are outside the grants.
    """
    visible = await app.operations.get(call.caller, call.path["id"])
    await app.tables.refresh_clock()
    before = await app.operations.get(SYSTEM, visible.id)
    if before.kind == "preview":
        raise NotFound(f"there is no operation {before.id}")
    if len(visible.tenants) != len(before.tenants):
        raise RequestRejected(403, "The operation has tenants outside the caller's grants.")

    def change(operation: Operation) -> Operation:
        nonlocal before
        before = operation
        return verb(operation)

    try:
        planned = verb(before)
        await follow_up(app, before)
        # First, as nobody looks for days at tenants that rest: a crash after the change would be found that late.
        await watch_working(app, before, _moved(before, planned, to_rest=False))
        operation = await app.operations.change(before.id, change)
    except VerbRefused as refused:
        raise StateConflict(str(refused)) from None
    if operation == before:
        return json_answer(await shown(app, operation), 200)
    await follow_up(app, operation)
    await watch_resting(app, operation, _moved(before, operation, to_rest=True))
    if operation.epoch != before.epoch:
        await _start(call, operation)
    return json_answer(await shown(app, operation), 202)


def _moved(before: Operation, after: Operation, *, to_rest: bool) -> set[str]:
    """The tenants that the verb sent to rest, or set to work."""
    was = {part.tenant_id: part.status for part in before.tenants}
    return {
        part.tenant_id
        for part in after.tenants
        if part.status not in ENDED
        and part.status is not was[part.tenant_id]
        and (part.status in RESTING if to_rest else part.status not in RESTING and was[part.tenant_id] in RESTING)
    }


async def _start(call: Call, operation: Operation) -> None:
    try:
        await start_epoch(call.start, operation)
    except DependencyDown as error:
        log.warning("Epoch %d of operation %s is not started: %s", operation.epoch, operation.id, error)
