"""``GET /me``: who the caller is here, so that a client offers what the caller may do and nothing else."""

import azure.functions as func

from shared.contracts.grants import CallerResource
from shared.contracts.routes import BASE, Answer, Route
from shared.domain.caller import ROLE_NAMES, Role
from shared.domain.grants import EVERYWHERE
from shared.services import Services
from triggers.web.http import Call, json_answer
from triggers.web.router import Router

router = Router()


@router.add(
    Route(
        name="get_me",
        method="GET",
        path=f"{BASE}/me",
        summary="Who the caller is, and what it may do in which tenants.",
        role=Role.READ,
        answers=(Answer(200, "The caller.", CallerResource),),
    )
)
async def get_me(call: Call, app: Services) -> func.HttpResponse:
    """The caller with the grant that counts for it now."""
    caller = call.caller
    tenants = [EVERYWHERE] if caller.tenants is None else sorted(caller.tenants)
    return json_answer(CallerResource(id=caller.id, name=caller.name, role=ROLE_NAMES[caller.role], tenants=tenants))
