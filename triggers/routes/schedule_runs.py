"""The runs of a schedule: what came of its due times, and one more at once."""

from dataclasses import replace

import azure.functions as func

from shared.contracts.responses import OperationBody, Page
from shared.contracts.routes import CURSOR, TOP, Answer, Route
from shared.contracts.schedules import RunResource
from shared.domain.caller import Role
from shared.domain.operation import Actor, Operation, Totals
from shared.domain.schedule import LastRun, Schedule, wholly_within
from shared.errors import NotFound, StateConflict
from shared.services import Services
from shared.tables.runs import Run
from triggers.requests.claims import IDEMPOTENCY_KEY, claim_of, claimed_before, start, started
from triggers.routes.schedules import SCHEDULE, own_schedule
from triggers.schedules.runs import operation_of
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

router = Router()


@router.add(
    Route(
        name="run_schedule",
        method="POST",
        path=f"{SCHEDULE}/run",
        summary="Start the operation of a schedule now, besides its times.",
        role=Role.OPERATE,
        parameters=(IDEMPOTENCY_KEY,),
        answers=(
            Answer(202, "The operation was started.", OperationBody, headers=("Location", "Retry-After")),
            Answer(200, "This key had started it before.", OperationBody, headers=("Location",)),
        ),
        problems={
            403: "Not this caller's role, or it concerns tenants outside the caller's grants.",
            409: "It ends a grace, is being deleted, or what it executes is no longer there.",
            422: "What its request means now cannot be done: no tenant has the tag any more, or a SKU is not known.",
        },
        starts=True,
    )
)
async def run_schedule(call: Call, app: Services) -> func.HttpResponse:
    """Claim an operation of the schedule's request as it is now, and start it."""
    schedule = await own_schedule(app, call)
    claim = claim_of(call, f"run {schedule.id}")
    if known := await claimed_before(app, call, claim):
        await _note(app, schedule, known)  # a host may have died before it did
        return await started(app, call, known, new=False)
    if schedule.owner_id is not None or schedule.cancelled_by is not None:
        raise StateConflict("The schedule ends a grace, or is being deleted: it cannot be run by itself.")
    by = Actor(call.caller.id, call.caller.name)
    try:
        operation = await operation_of(app, schedule, claim.id, by, body_sha=claim.body_sha)
    except (NotFound, ValueError) as error:  # what its template means now may be refused as any request
        raise StateConflict(f"What the schedule would execute is no longer there: {error}") from error
    new, operation = await start(app, call, claim, operation)
    await _note(app, schedule, operation)
    return await started(app, call, operation, new=new)


async def _note(app: Services, schedule: Schedule, operation: Operation) -> None:
    """Note the run in the history and in the schedule; harmless to repeat."""
    await app.runs.record(Run(schedule_id=schedule.id, due_at=operation.created_at, operation_id=operation.id))
    await app.schedules.note_run(schedule.id, LastRun(operation.id, operation.created_at))


@router.add(
    Route(
        name="list_schedule_runs",
        method="GET",
        path=f"{SCHEDULE}/runs",
        summary="What came of the due times of a schedule, newest first.",
        role=Role.READ,
        parameters=(TOP, CURSOR),
        answers=(Answer(200, "A page of runs.", Page[RunResource]),),
    )
)
async def list_schedule_runs(call: Call, app: Services) -> func.HttpResponse:
    """One page of the runs, each with the state of its operation as the caller sees it; others are left out."""
    schedule = await app.schedules.get(call.caller, call.path["schedule"])
    runs, cursor = await app.runs.list(schedule.id, top=call.query.top(), cursor=call.query.text("cursor"))
    whole = wholly_within(schedule, call.caller)  # why nothing was started may name tenants of others
    found = [(run if whole else replace(run, message=None), await _operation(app, call, run)) for run in runs]
    value = [_shown(run, operation) for run, operation in found if operation or run.operation_id is None]
    return json_answer(Page[RunResource](value=value, next_link=next_link(call.url, cursor)))


async def _operation(app: Services, call: Call, run: Run) -> Operation | None:
    """The operation of a run; None where there is none, or none of its tenants is the caller's."""
    if run.operation_id is None:
        return None
    try:
        return await app.operations.get(call.caller, run.operation_id)
    except NotFound:
        return None


def _shown(run: Run, operation: Operation | None) -> RunResource:
    totals = sum((part.totals for part in operation.tenants), Totals()) if operation else Totals()
    return RunResource(
        due_at=run.due_at,
        operation_id=run.operation_id,
        status=operation.status if operation else (run.without or "missed"),
        changes=totals.succeeded,
        message=run.message,
    )
