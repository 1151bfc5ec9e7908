"""The registry of tenants, and what a tenant subscribes to."""

import re
from collections.abc import Container
from dataclasses import replace

import azure.functions as func

from shared.catalogue import is_guid
from shared.contracts import present
from shared.contracts.responses import LicenceBody, Page, TenantResource
from shared.contracts.routes import BASE, CURSOR, TOP, Answer, Route
from shared.contracts.tenant_body import TenantBody
from shared.domain.caller import SYSTEM, Role
from shared.domain.schedule import in_hand, upcoming
from shared.domain.states import ENDED
from shared.domain.tenant import Tenant
from shared.errors import Denied, GraphError, NotFound, Problem, RequestRejected, StateConflict
from shared.services import Services
from shared.tables.paging import bad_cursor, read_cursor
from triggers.follow_ups.notifying import checked_notify
from triggers.timers.counting import count
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

router = Router()

PAGE = 1000
NAMED = 3
"""So many of what stands in the way are named."""

TENANT = f"{BASE}/tenants/{{tenant}}"


@router.add(
    Route(
        name="list_tenants",
        method="GET",
        path=f"{BASE}/tenants",
        summary="The tenants the app may act on.",
        role=Role.READ,
        parameters=(TOP, CURSOR),
        answers=(Answer(200, "A page of tenants.", Page[TenantResource]),),
    )
)
async def list_tenants(call: Call, app: Services) -> func.HttpResponse:
    """One page of the tenants that the caller sees."""
    after = call.query.text("cursor")
    if (place := read_cursor(after, 1)) and not is_guid(place[0]):
        raise bad_cursor()
    found, cursor = await app.tenants.list(call.caller, top=call.query.top(), cursor=after)
    value = [present.tenant(each, call.caller) for each in found]
    return json_answer(Page[TenantResource](value=value, next_link=next_link(call.url, cursor)))


@router.add(
    Route(
        name="get_tenant",
        method="GET",
        path=TENANT,
        summary="One tenant.",
        role=Role.READ,
        answers=(Answer(200, "The tenant.", TenantResource),),
    )
)
async def get_tenant(call: Call, app: Services) -> func.HttpResponse:
    """A tenant by GUID or domain."""
    return json_answer(present.tenant(await app.tenants.get(call.caller, call.path["tenant"]), call.caller))


@router.add(
    Route(
        name="put_tenant",
        method="PUT",
        path=TENANT,
        summary="Register a tenant or change it; its name and domains are read from its directory.",
        role=Role.ADMIN,
        body=TenantBody,
        answers=(
            Answer(201, "It was registered.", TenantResource, headers=("Location",)),
            Answer(200, "It was changed.", TenantResource),
        ),
        problems={
            409: "Somebody else changed the tenant at the same time.",
            422: "The tenant cannot be found by this domain, or the credential is not one of the app's.",
            502: "Graph refused for a reason that trying again does not mend.",
        },
    )
)
async def put_tenant(call: Call, app: Services) -> func.HttpResponse:
    """Register or change a tenant; the directory is asked for what it is."""
    name, body = call.path["tenant"].strip().lower(), call.parsed(TenantBody)
    _refuse_impossible(name, body, app.settings.graph_credentials)
    known = await _registered(call, app, name)
    if known is None and call.caller.tenants is not None and name not in call.caller.tenants:
        raise NotFound(f"there is no tenant {name}")
    told = {field: getattr(body, field) for field in body.model_fields_set & CHANGEABLE}
    if "notify" in body.model_fields_set:
        told["notify"] = checked_notify(app, body.notify, "/notify")
    wished = replace(known or Tenant(id=name), **told)
    tenant = await as_the_directory_says(app, wished)
    if known is None and (known := await _registered(call, app, tenant.id)):
        # It is registered, but not yet by this domain: what is kept of it stays.
        read = {field: getattr(tenant, field) for field in ("domains", "display_name", "consent")}
        tenant = replace(known, **told, **read)
    if body.tenant_id is not None and body.tenant_id.lower() != tenant.id:
        problem = Problem("/tenantId", f"The path names the tenant {tenant.id}")
        raise RequestRejected(422, "The body is of another tenant.", [problem])
    stored = await app.tenants.put(tenant)
    if stored.consent == "granted" and (known is None or known.consent != "granted"):
        await count(app, stored)  # from here on its months can be reconciled
    headers = {} if known else {"Location": f"{call.origin}/api/{BASE}/tenants/{stored.id}"}
    return json_answer(present.tenant(stored, call.caller), 200 if known else 201, headers)


@router.add(
    Route(
        name="delete_tenant",
        method="DELETE",
        path=TENANT,
        summary="Take a tenant out of the registry; its operations and its audit stay, its consent is not withdrawn.",
        role=Role.ADMIN,
        answers=(Answer(204, "It is gone."),),
        problems={409: "It has operations that have not ended, or schedules that are still to start one."},
    )
)
async def delete_tenant(call: Call, app: Services) -> func.HttpResponse:
    """Take a tenant out on which nobody works and nobody will."""
    tenant = await app.tenants.get(call.caller, call.path["tenant"])
    if operations := await _open_operations(app, tenant.id):
        raise StateConflict(f"The tenant has operations that have not ended: {_some(operations)}.")
    if schedules := await _open_schedules(app, tenant.id):
        raise StateConflict(f"The tenant has schedules that are still to start an operation: {_some(schedules)}.")
    await app.tenants.delete(tenant.id)
    return func.HttpResponse(status_code=204)


async def _open_operations(app: Services, tenant_id: str) -> list[str]:
    """Ids of the operations and previews of which the tenant's part has not ended; their ``due`` rows name them."""
    found: list[str] = []
    for due in await app.due.of_tenant(tenant_id):
        try:
            part = await app.operations.get_part(due.operation_id, tenant_id)
        except NotFound:  # its claim never came about
            continue
        if part.status not in ENDED:
            found.append(due.operation_id)
    return found


async def _open_schedules(app: Services, tenant_id: str) -> list[str]:
    """Ids of the schedules that concern the tenant and are not done."""
    caller, found, cursor = replace(SYSTEM, tenants=frozenset({tenant_id})), list[str](), None
    while True:
        page, cursor = await app.schedules.list(caller, top=PAGE, cursor=cursor)
        found += [schedule.id for schedule in page if in_hand(schedule) or upcoming(schedule)]
        if cursor is None:
            return found


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more


CHANGEABLE = frozenset({"enabled", "tags", "credential", "default_usage_location", "protected_users", "drops"})


DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")


def _refuse_impossible(name: str, body: TenantBody, credentials: Container[str]) -> None:
    """Raise ``RequestRejected`` (422) for what no directory need be asked about."""
    if not (is_guid(name) or DOMAIN.fullmatch(name)):
        problem = Problem("/tenant", f"{name} is neither a GUID nor a domain (an international one begins with xn--)")
        raise RequestRejected(422, "The path names no tenant.", [problem])
    if "credential" in body.model_fields_set and body.credential.lower() not in credentials:
        setting = f"GRAPH_CREDENTIAL_{body.credential.upper()}"
        problem = Problem("/credential", f"There is no credential {body.credential}: the setting {setting} is missing")
        raise RequestRejected(422, "The body names a credential that the app does not have.", [problem])


async def _registered(call: Call, app: Services, name: str) -> Tenant | None:
    try:
        return await app.tenants.get(call.caller, name)
    except NotFound:
        return None


async def as_the_directory_says(app: Services, wished: Tenant) -> Tenant:
    """The tenant with id, name and domains from its directory, which may be asked for by a domain.

    Without consent a tenant that is named by its GUID is kept as it is, with ``consent`` missing.
    """
    directory = app.directory(wished.id, wished.credential)
    try:
        found = await directory.organization()
        await directory.skus()
    except Denied as denied:
        if not is_guid(wished.id):
            problem = Problem("/tenant", f"{wished.id} cannot be looked up: {denied}")
            detail = "The tenant cannot be found by this domain: name it by its GUID."
            raise RequestRejected(422, detail, [problem]) from denied
        return replace(wished, consent="missing")
    except GraphError as error:
        if error.status == 404:
            raise RequestRejected(422, f"There is no tenant {wished.id}: {error}") from error
        raise
    return replace(
        wished,
        id=found.tenant_id.lower(),
        domains=found.domains,
        display_name=found.display_name,
        consent="granted",
    )


@router.add(
    Route(
        name="list_licenses",
        method="GET",
        path=f"{TENANT}/licenses",
        summary="The SKUs the tenant subscribes to, with seats, price and service plans.",
        role=Role.READ,
        answers=(Answer(200, "All of them, as one page.", Page[LicenceBody]),),
        parameters=(TOP, CURSOR),
        problems={
            409: "Consent or a permission is missing in the tenant.",
            502: "Graph refused for a reason that trying again does not mend.",
        },
    )
)
async def list_licenses(call: Call, app: Services) -> func.HttpResponse:
    """What the tenant subscribes to, read now."""
    tenant = await app.tenants.get(call.caller, call.path["tenant"])
    skus = sorted(await app.directory(tenant.id, tenant.credential).skus(), key=lambda sku: (sku.part_number, sku.id))
    names, prices = app.products.known, await app.prices.book(call.caller, tenant.id)
    found, cursor = call.query.slice([present.licence(sku, names, prices) for sku in skus])
    return json_answer(Page[LicenceBody](value=found, next_link=next_link(call.url, cursor)))
