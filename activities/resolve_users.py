"""Resolve a tenant's selection to users, written in selection order as blobs of 500.

A failure to read is never "nobody": it ends the tenant (no such group, a bad filter, no consent) or is tried again.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import azure.durable_functions as df

from activities.guard import check_in
from activities.refusals import halt, open_directory
from shared.contracts.requests import parse_stored
from shared.contracts.work import Resolved, Stop, TenantRun
from shared.domain.codes import TenantErrorCode
from shared.domain.model import User
from shared.domain.operation import Phase, TenantPart, Totals
from shared.domain.plan import CHUNK_USERS
from shared.errors import GraphError
from shared.selecting import Search, selected
from shared.services import Services, services

bp = df.Blueprint()

LONGEST_PATIENCE = 10.0
"""Seconds after which a user who was created just now should be found, where the horizon is not shorter."""


async def resolve(app: Services, run: TenantRun) -> Resolved:
    """Write the selected users of the tenant and count them; the exclusions are counted by code."""
    stop = await check_in(app, run)
    if stop:
        return Resolved(stop=stop)
    part = await app.operations.get_part(run.operation, run.tenant)
    if part.phase not in (Phase.READING, Phase.RESOLVING):  # resolved before: this is a late second run
        return Resolved(chunks=-(-part.totals.total // CHUNK_USERS))
    operation = await app.operations.read_op(run.operation)
    targets = parse_stored(await app.staging.get(operation.request_sha)).targets_of(run.tenant)
    excluded: Counter[str] = Counter()
    selection = uuid4().hex[:8]  # blobs of this run alone: of two runs one wins, and they are never mixed
    users = chunks = 0
    try:
        tenant, directory = await open_directory(app, run.tenant)
        search = Search(directory, min(app.settings.replication_horizon, LONGEST_PATIENCE))
        async for chunk in _chunks(selected(search, targets, tenant.protected_users, excluded)):
            stop = await check_in(app, run)
            if stop:
                return Resolved(stop=stop)
            await app.plans.write_users(run.operation, run.tenant, selection, chunks, chunk)
            users, chunks = users + len(chunk), chunks + 1
    except GraphError as error:
        return Resolved(**dict(halt(error)))

    def resolved(part: TenantPart) -> TenantPart:
        if part.phase not in (Phase.READING, Phase.RESOLVING):
            return part
        if not users:
            return replace(part, excluded=dict(excluded))
        totals = Totals(total=users)
        return replace(part, phase=Phase.PLANNING, totals=totals, excluded=dict(excluded), selection=selection)

    part = await app.operations.change_part(run.operation, run.tenant, resolved)
    if not part.totals.total:
        return Resolved(stop=Stop(code=TenantErrorCode.EMPTY_SELECTION, message=_empty(excluded)))
    return Resolved(chunks=-(-part.totals.total // CHUNK_USERS))


def _empty(excluded: Counter[str]) -> str:
    left_out = ", ".join(f"{code} {count}" for code, count in sorted(excluded.items()))
    return "The selection holds no users" + (f" (left out: {left_out})" if left_out else "")


async def _chunks(users: AsyncIterator[User]) -> AsyncIterator[list[User]]:
    chunk: list[User] = []
    async for user in users:
        chunk.append(user)
        if len(chunk) == CHUNK_USERS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@bp.activity_trigger(input_name="work")
async def resolve_users(work: Any) -> Any:
    """See ``resolve``."""
    return (await resolve(await services(), TenantRun.model_validate(work))).wire()
