"""Operations: lists, status, results."""

from collections.abc import Mapping
from dataclasses import replace

import azure.functions as func

from shared.contracts import present, review
from shared.contracts.responses import OperationBody, Page, ResultBody
from shared.contracts.routes import BASE, CURSOR, FORMAT, FROM, TENANT, TO, TOP, Answer, Parameter, Route
from shared.domain.caller import Role
from shared.domain.operation import Operation, OperationKind, Status
from shared.errors import NotFound
from shared.services import Services
from triggers.routes.results import STATUSES, Results, csv_of, glance, samples
from triggers.web.exports import LINKED, PREFER_LINK, csv_answer
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

router = Router()

KINDS: tuple[OperationKind, ...] = ("assign", "remove", "modify", "transfer", "revert")
OPERATION = f"{BASE}/operations/{{id}}"


async def shown(app: Services, operation: Operation, found: Mapping[str, list[str]] | None = None) -> OperationBody:
    """An operation as the contract shows it, without results; ``found`` are the samples of who failed, if known."""
    await app.tables.refresh_clock()
    found = await samples(app, operation) if found is None else found
    planned = [part.tenant_id for part in operation.tenants if part.affected is not None]
    impacts = [await app.plans.impact(operation.plan_id or operation.id, tenant) for tenant in planned]
    body = present.operation(operation, app.tables.now(), samples=found)
    known = [impact for impact in impacts if impact is not None]
    told = present.notifications(await app.outbox.of(operation.id), {part.tenant_id for part in operation.tenants})
    body = body.model_copy(update={"notifications": told})
    return body.model_copy(update={"impact": review.impact(known, app.products.known)}) if known else body


async def find_operation(app: Services, call: Call) -> Operation:
    """The operation in the path, with those of its tenants that the caller sees; previews are none.

    Raises ``NotFound`` when there is none for this caller.
    """
    operation = await app.operations.get(call.caller, call.path["id"])
    if operation.kind == "preview":
        raise NotFound(f"there is no operation {operation.id}")
    return operation


@router.add(
    Route(
        name="list_operations",
        method="GET",
        path=f"{BASE}/operations",
        summary="The operations, newest first.",
        role=Role.READ,
        parameters=(
            TENANT,
            Parameter("status", "Only with this status.", {"type": "string", "enum": [each.value for each in Status]}),
            Parameter("type", "Only of this kind.", {"type": "string", "enum": list(KINDS)}),
            Parameter("createdBy", "Only those this actor (by id) started."),
            FROM,
            TO,
            TOP,
            CURSOR,
        ),
        answers=(Answer(200, "A page of operations.", Page[OperationBody]),),
        problems={404: "The tenant is unknown, or outside the caller's grants."},
    )
)
async def list_operations(call: Call, app: Services) -> func.HttpResponse:
    """One page of the operations that the caller sees."""
    query = call.query
    since, until = query.period(call.now)
    found, cursor = await app.operations.list(
        call.caller,
        tenant=await tenant_id(call, app),
        status=query.one_of("status", list(Status)),
        kind=query.one_of("type", KINDS),
        created_by=query.text("createdBy"),
        since=since,
        until=until,
        top=query.top(),
        cursor=query.text("cursor"),
    )
    await app.tables.refresh_clock()
    now = app.tables.now()
    value = [present.operation(operation, now) for operation in found]
    return json_answer(Page[OperationBody](value=value, next_link=next_link(call.url, cursor)))


async def tenant_id(call: Call, app: Services) -> str | None:
    """Id of the tenant in the query; ``NotFound`` when there is none for this caller."""
    name = call.query.text("tenant")
    return (await app.tenants.get(call.caller, name)).id if name else None


@router.add(
    Route(
        name="get_operation",
        method="GET",
        path=OPERATION,
        summary="Status, phase, progress and grouped errors of an operation, with the first page of its results.",
        role=Role.READ,
        answers=(Answer(200, "The operation.", OperationBody),),
    )
)
async def get_operation(call: Call, app: Services) -> func.HttpResponse:
    """The operation with its first results."""
    operation = await find_operation(app, call)
    seen = await glance(app, operation)
    url = f"{call.origin}/api/{BASE}/operations/{operation.id}/results"
    results = Page[ResultBody](value=list(seen.results), next_link=next_link(url, seen.cursor))
    body = await shown(app, operation, seen.samples)
    return json_answer(body.model_copy(update={"results": results}))


@router.add(
    Route(
        name="get_results",
        method="GET",
        path=f"{OPERATION}/results",
        summary="The results of an operation, one a user.",
        role=Role.READ,
        parameters=(
            Parameter("status", "Only with this status.", {"type": "string", "enum": list(STATUSES)}),
            TENANT,
            TOP,
            CURSOR,
            FORMAT,
            PREFER_LINK,
        ),
        answers=(Answer(200, "A page of results; as CSV all of them.", Page[ResultBody], types=("text/csv",)), *LINKED),
    )
)
async def get_results(call: Call, app: Services) -> func.HttpResponse:
    """A page of results as JSON, or all of them as CSV."""
    top, status = call.query.top(), call.query.one_of("status", STATUSES)
    operation = await find_operation(app, call)
    if tenant := await tenant_id(call, app):
        parts = tuple(part for part in operation.tenants if part.tenant_id == tenant)
        if not parts:
            raise NotFound(f"The operation has no tenant {tenant}.")
        operation = replace(operation, tenants=parts)
    results = Results(app, operation, status)
    if call.wants_csv():
        return await csv_answer(call, app, csv_of(results), "results", operation.id)
    found, cursor = await results.page(top, call.query.text("cursor"))
    return json_answer(Page[ResultBody](value=found, next_link=next_link(call.url, cursor)))
