"""Who may do what in which tenants: the grants that stand above app roles and the keys of the settings."""

import asyncio
import logging

import azure.functions as func

from shared.callers.api_keys import grant_of_key
from shared.catalogue import is_guid
from shared.contracts.grants import GrantBody, GrantResource, grant_resource
from shared.contracts.responses import Page
from shared.contracts.routes import BASE, CURSOR, TOP, Answer, Route
from shared.domain import nearest
from shared.domain.caller import ROLES, Caller, Role
from shared.domain.grants import EVERYWHERE, TAG, Grant, principal_id
from shared.errors import NotFound, Problem, RequestRejected
from shared.services import Services
from shared.tables.table import usable_key
from triggers.requests.registry import nearest_tenants
from triggers.web.bodies import pointer
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

router = Router()

GRANT = f"{BASE}/grants/{{principal}}"
CHANGED = "Somebody else changed the grant at the same time."
AT_ONCE = 16
"""Tenants looked up side by side."""
HINTS = 20
"""So many unknown ones get the nearest ones beside them."""

log = logging.getLogger(__name__)


@router.add(
    Route(
        name="list_grants",
        method="GET",
        path=f"{BASE}/grants",
        summary="The stored grants that reach no further than the caller's own.",
        role=Role.READ,
        parameters=(TOP, CURSOR),
        answers=(Answer(200, "A page of grants.", Page[GrantResource]),),
    )
)
async def list_grants(call: Call, app: Services) -> func.HttpResponse:
    """One page of the grants, by principal; app roles and the keys of the settings are not among them."""
    found, cursor = await app.grants.list(call.caller, top=call.query.top(), cursor=call.query.text("cursor"))
    value = [grant_resource(each) for each in found]
    return json_answer(Page[GrantResource](value=value, next_link=next_link(call.url, cursor)))


@router.add(
    Route(
        name="put_grant",
        method="PUT",
        path=GRANT,
        summary="Say what a principal may do, by its object id or the name of an API key; it counts at once.",
        role=Role.ADMIN,
        body=GrantBody,
        answers=(
            Answer(201, "It is the principal's first grant.", GrantResource),
            Answer(200, "It was changed.", GrantResource),
        ),
        problems={
            403: "Not this caller's role, or the grant would reach beyond the caller's own.",
            409: CHANGED,
            422: "The path names no principal, or the body a tenant that is not registered, with the nearest names.",
        },
    )
)
async def put_grant(call: Call, app: Services) -> func.HttpResponse:
    """Store the grant; domains become ids, a GUID may be that of a tenant still to be registered."""
    principal, body = _principal(call), call.parsed(GrantBody)
    own = grant_of_key(principal, app.settings)
    if own and not own.within(call.caller):
        raise NotFound(f"there is no principal {principal} among those of this caller")
    grant = Grant(principal, ROLES[body.role], await _reach(app, call.caller, body.tenants))
    stored, is_first = await app.grants.put(call.caller, grant)
    log.info("%s gave %s the role %s in %s", call.caller.id, principal, body.role, sorted(stored.tenants))
    return json_answer(grant_resource(stored), 201 if is_first else 200)


@router.add(
    Route(
        name="delete_grant",
        method="DELETE",
        path=GRANT,
        summary="Take a grant away; an app role of the directory, or the key's entry in the settings, counts again.",
        role=Role.ADMIN,
        answers=(Answer(204, "It is gone."),),
        problems={403: "Not this caller's role, or an administrator of all tenants gave it.", 409: CHANGED},
    )
)
async def delete_grant(call: Call, app: Services) -> func.HttpResponse:
    """Delete the stored grant."""
    principal = principal_id(call.path["principal"].strip())
    await app.grants.delete(call.caller, principal)
    log.info("%s took away the grant of %s", call.caller.id, principal)
    return func.HttpResponse(status_code=204)


def _principal(call: Call) -> str:
    principal = principal_id(call.path["principal"].strip())
    if not usable_key(principal) or not principal.isprintable():
        problem = Problem("/principal", "An object id or the name of an API key: at most 256 characters, none of /\\#?")
        raise RequestRejected(422, "The path names no principal.", [problem])
    return principal


async def _reach(app: Services, caller: Caller, names: tuple[str, ...]) -> frozenset[str]:
    """The tenants of a body as a grant keeps them.

    Raises ``RequestRejected``: 422 with the nearest names for a domain that is not registered, 403 for all tenants or a
    tag that is not the caller's; ``NotFound`` for a tenant outside the caller's grants.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> str | None:
        if name == EVERYWHERE or name.startswith(TAG):
            return _wide(caller, name)
        if is_guid(name) and caller.sees(name):
            return name
        try:
            async with gate:
                return (await app.tenants.get(caller, name)).id
        except NotFound:
            return None

    found = await asyncio.gather(*(one(name.lower()) for name in names))
    unknown = [place for place, tenant in enumerate(found) if tenant is None]
    problems: list[Problem] = []
    for place in unknown:
        near = nearest.hint(await nearest_tenants(app, caller, names[place]) if len(problems) < HINTS else ())
        name = nearest.shortened(names[place])
        if caller.tenants is not None:
            raise NotFound(f"there is no tenant {name} among those of this caller{near}")
        problems.append(Problem(pointer("tenants", str(place)), f"{name} is not registered{near}"))
    if problems:
        raise RequestRejected(422, "The body names tenants that are not known.", problems)
    return frozenset(filter(None, found))


def _wide(caller: Caller, name: str) -> str:
    """All tenants, or those of a tag, where the caller's own grant reaches as far."""
    wide = name if name == EVERYWHERE else TAG + name.removeprefix(TAG).strip()
    if not Grant("", Role.READ, frozenset({wide})).within(caller):
        raise RequestRejected(403, f"{nearest.shortened(name)} reaches beyond the caller's own grant.")
    return wide
