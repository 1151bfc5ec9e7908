"""``POST /assign``, ``/remove``, ``/modify``, ``/transfer``: start an operation, from a body or from a preview."""

import azure.functions as func

from shared.contracts.requests import BODIES, KINDS, ExecuteBody, OperationBody, PlannedKind
from shared.contracts.responses import OperationBody as OperationAnswer
from shared.contracts.routes import BASE, CSV_TENANT, Answer, Route
from shared.contracts.schedules import ScheduleResource
from shared.domain.caller import Role
from shared.services import Services
from triggers.requests.claims import IDEMPOTENCY_KEY, claim_of, claimed_before, start, started
from triggers.requests.executing import executed
from triggers.requests.understanding import operation_of
from triggers.schedules.making import answered, made, scheduled_before
from triggers.web.bodies import field_of
from triggers.web.http import Call, Handler
from triggers.web.router import Router

router = Router()

_SUMMARIES: dict[PlannedKind, str] = {
    "assign": "Start assigning licences to the selected users of one or more tenants.",
    "remove": "Start taking licences from the selected users of one or more tenants.",
    "modify": "Start changing service plans, adding and swapping licences of the selected users.",
    "transfer": "Start moving the selected users from one licence to another, in one call a user.",
}


def _handler(kind: PlannedKind, model: type[OperationBody]) -> Handler:
    async def begin(call: Call, app: Services) -> func.HttpResponse:
        """Claim an operation for the body and start it; a repeated idempotency key finds the claimed one."""
        claim = claim_of(call, kind)
        if known := await claimed_before(app, call, claim):
            return await started(app, call, known, new=False)
        if scheduled := await scheduled_before(app, call, claim):
            return await answered(app, call, scheduled, new=False)
        body = call.parsed(ExecuteBody if field_of(call.body, "previewId") is not None else model)
        if body.schedule:
            return await made(app, call, claim, kind, body.schedule, body, under="/schedule")
        if isinstance(body, ExecuteBody):
            operation = await executed(app, call, claim, kind, body)
        else:
            operation = await operation_of(app, call.caller, kind, body, claim.id, claim.body_sha)
        new, operation = await start(app, call, claim, operation)
        return await started(app, call, operation, new=new)

    return begin


for _kind in KINDS:
    router.add(
        Route(
            name=_kind,
            method="POST",
            path=f"{BASE}/{_kind}",
            summary=_SUMMARIES[_kind],
            role=Role.OPERATE,
            body=BODIES[_kind],
            or_bodies=(ExecuteBody,),
            csv=True,
            parameters=(CSV_TENANT, IDEMPOTENCY_KEY),
            answers=(
                Answer(202, "The operation was started.", OperationAnswer, headers=("Location", "Retry-After")),
                Answer(201, "It is scheduled: the body has a schedule.", ScheduleResource, headers=("Location",)),
                Answer(
                    200,
                    "This key and body had started this operation, or made this schedule, before.",
                    OperationAnswer,
                    headers=("Location",),
                    or_models=(ScheduleResource,),
                ),
            ),
            problems={
                404: "A tenant, or the preview, is unknown or outside the caller's grants.",
                409: "The idempotency key came with another body; the preview is of another kind, or not ready.",
                422: "A tenant, tag, SKU or service plan is not known (with the nearest names), or a setting is off.",
            },
            starts=True,
        )
    )(_handler(_kind, BODIES[_kind]))
