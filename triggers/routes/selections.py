"""``POST /selections/resolve``: who a selection means, now, with nothing stored."""

import asyncio
from collections.abc import Mapping, Sequence

import azure.functions as func

from shared.blobs.rows import RowsInMemory
from shared.contracts.responses import ExcludedCount, ResolvedSelection, ResolvedSelections, SelectionError
from shared.contracts.routes import BASE, CSV_TENANT, Answer, Route
from shared.contracts.selections import ResolveBody, Target, normalise_targets
from shared.csv.rows import Column
from shared.domain.advice import told
from shared.domain.caller import Role
from shared.domain.codes import ResultCode
from shared.domain.model import User
from shared.domain.tenant import Tenant
from shared.errors import GraphError
from shared.refusals import code_of
from shared.selecting import Rows, Search
from shared.services import Services
from triggers.requests.registry import distinct, targets_of
from triggers.requests.row_meanings import USERS_ALONE
from triggers.requests.sheets import survey, with_rows
from triggers.requests.skus import catalogue_for, skus_of
from triggers.routes.people import shown_users
from triggers.web.http import Call, json_answer
from triggers.web.router import Router

SAMPLE = 20
TENANTS_AT_ONCE = 8
ANSWER_WITHIN_S = 200.0
"""An answer must come within 230 s, whatever the directories take."""

router = Router()


@router.add(
    Route(
        name="resolve_selections",
        method="POST",
        path=f"{BASE}/selections/resolve",
        summary="Count the users that targets select, with the first of them and who is left out; nothing is stored.",
        role=Role.OPERATE,
        body=ResolveBody,
        csv=True,
        parameters=(CSV_TENANT,),
        answers=(Answer(200, "Each tenant's selection, or why it cannot be told.", ResolvedSelections),),
        problems={
            404: "A tenant is outside the caller's grants.",
            422: "A tenant or SKU is not known (the nearest names are given), or a target means no tenant.",
        },
    )
)
async def resolve_selections(call: Call, app: Services) -> func.HttpResponse:
    """Resolve the targets of each tenant by itself; one that fails stops no other."""
    body = call.parsed(ResolveBody)
    tenants = await targets_of(app, call.caller, tuple(target.tenant for target in body.targets))
    sheets = await survey(app, call.caller, body, tenants, frozenset(Column))
    named = distinct(*tenants.values(), sheets.named)
    sku_names = tuple(body.sku_names())
    known = await catalogue_for(app, sku_names, named)
    rows = RowsInMemory()
    targets = normalise_targets(body.targets, tenants, skus_of(known, sku_names))
    body = body.model_copy(update={"targets": await with_rows(sheets, targets, USERS_ALONE, rows), "csv": None})
    wanted = {tenant: found for tenant in named if (found := body.targets_of(tenant.id))}
    return json_answer(ResolvedSelections(targets=await resolve_tenants(app, rows, wanted, ANSWER_WITHIN_S)))


async def resolve_tenants(
    app: Services, rows: Rows, wanted: Mapping[Tenant, Sequence[Target]], seconds: float
) -> list[ResolvedSelection]:
    """The selections of the tenants, in order; a tenant that takes longer than ``seconds`` from now is an error."""
    gate = asyncio.Semaphore(TENANTS_AT_ONCE)
    deadline = asyncio.get_running_loop().time() + seconds

    async def one(tenant: Tenant, targets: Sequence[Target]) -> ResolvedSelection:
        try:
            async with asyncio.timeout_at(deadline), gate:
                return await _resolved(app, rows, tenant, targets)
        except GraphError as error:
            code = code_of(error)
            message = told(code, str(error))
        except TimeoutError:
            code = ResultCode.TENANT_UNAVAILABLE
            message = f"Tenant {tenant.id} was not read within {seconds:g} s; an operation takes the time it needs."
        return ResolvedSelection(tenant_id=tenant.id, error=SelectionError(code=code, message=message))

    return list(await asyncio.gather(*(one(tenant, targets) for tenant, targets in wanted.items())))


async def _resolved(app: Services, rows: Rows, tenant: Tenant, targets: Sequence[Target]) -> ResolvedSelection:
    directory = app.directory(tenant.id, tenant.credential)
    search = Search(directory, rows, targets, tenant.protected_users)
    missing = count = 0
    sample: list[User] = []
    async for page in search.pages():
        found = [selected.user for selected in page if selected.user.id]
        missing += len(page) - len(found)
        count += len(found)
        sample += found[: SAMPLE - len(sample)]
    excluded = search.progress.excluded()
    if missing:
        excluded[ResultCode.USER_NOT_FOUND] = missing
    return ResolvedSelection(
        tenant_id=tenant.id,
        count=count,
        sample=await shown_users(app.products.known, directory, sample),
        excluded=[ExcludedCount(code=code, count=found) for code, found in sorted(excluded.items())],
    )
