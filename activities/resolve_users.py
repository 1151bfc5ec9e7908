"""Resolve a tenant's selection to users, written in selection order as blobs of 500.

A failure to read is never "nobody": it ends the tenant (no such group, no consent) or is tried again.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.guard import check_in
from shared.contracts.requests import Selection, Target, parse_stored
from shared.contracts.work import Resolved, Stop, TenantRun
from shared.domain.caller import SYSTEM
from shared.domain.codes import ResultCode, TenantErrorCode
from shared.domain.model import User
from shared.domain.operation import Phase, TenantPart, Totals
from shared.domain.plan import CHUNK_USERS
from shared.errors import Denied, GroupAmbiguous, GroupNotFound
from shared.graph.directory import Directory
from shared.services import Services, services

bp = df.Blueprint()

LOOK_UP_AT_ONCE = 1000


async def resolve(app: Services, run: TenantRun) -> Resolved:
    """Write the selected users of the tenant and count them; the exclusions are counted by code."""
    stop = await check_in(app, run)
    if stop:
        return Resolved(stop=stop)
    operation = await app.operations.read_op(run.operation)
    targets = parse_stored(await app.staging.get(operation.request_sha)).targets_of(run.tenant)
    tenant = await app.tenants.get(SYSTEM, run.tenant)
    directory = app.directory(tenant.id, tenant.credential)
    excluded: Counter[str] = Counter()
    try:
        users = chunks = 0
        async for chunk in _chunks(_selected(directory, targets, tenant.protected_users, excluded)):
            stop = await check_in(app, run)
            if stop:
                return Resolved(stop=stop)
            await app.plans.write_users(run.operation, run.tenant, chunks, chunk)
            users, chunks = users + len(chunk), chunks + 1
    except GroupNotFound as missing:
        return Resolved(stop=Stop(code=TenantErrorCode.GROUP_NOT_FOUND, message=str(missing)))
    except GroupAmbiguous as ambiguous:
        return Resolved(stop=Stop(code=TenantErrorCode.GROUP_AMBIGUOUS, message=str(ambiguous)))
    except Denied as denied:
        return Resolved(stop=Stop(code=ResultCode.PERMISSION_DENIED, message=str(denied)))

    def resolved(part: TenantPart) -> TenantPart:
        return replace(part, phase=Phase.PLANNING, totals=Totals(total=users), excluded=dict(excluded))

    await app.operations.change_part(run.operation, run.tenant, resolved)
    if not users:
        return Resolved(stop=Stop(code=TenantErrorCode.EMPTY_SELECTION, message=_empty(excluded)))
    return Resolved(users=users, chunks=chunks)


def _empty(excluded: Counter[str]) -> str:
    left_out = ", ".join(f"{code} {count}" for code, count in sorted(excluded.items()))
    return "The selection holds no users" + (f" (left out: {left_out})" if left_out else "")


async def _selected(
    directory: Directory, targets: Sequence[Target], protected: tuple[str, ...], excluded: Counter[str]
) -> AsyncIterator[User]:
    """The users of all the tenant's targets, each once; what is left out is counted in ``excluded``."""
    barred = {name.casefold() for name in protected}
    out = {
        user.id for target in targets if target.exclude async for user in _users(directory, target.exclude) if user.id
    }
    seen: set[str] = set()
    for target in targets:
        async for user in _users(directory, target.users):
            key = user.id or user.user_principal_name.casefold()
            if key in seen:
                continue
            seen.add(key)
            code = _left_out(user, target, barred, out)
            if code:
                excluded[code] += 1
            else:
                yield user


def _left_out(user: User, target: Target, barred: set[str], out: set[str]) -> str | None:
    """Why a user is not part of the selection; guests and disabled accounts are when they were named one by one."""
    if user.id in barred or user.user_principal_name.casefold() in barred:
        return "Protected"
    if user.id in out:
        return "Excluded"
    if target.users.group and user.guest and not target.include.guests:
        return "Guest"
    if target.users.group and not user.account_enabled and not target.include.disabled:
        return "Disabled"
    return None


async def _users(directory: Directory, selection: Selection) -> AsyncIterator[User]:
    """The users of one selection; a named user who does not exist comes with an empty id."""
    if selection.group:
        group = await directory.find_group(id=selection.group.id, display_name=selection.group.display_name)
        async for page in directory.users_of_group(group.id, nested=selection.group.nested):
            for user in page:
                yield user
    references = selection.users or ()
    for first in range(0, len(references), LOOK_UP_AT_ONCE):
        some = references[first : first + LOOK_UP_AT_ONCE]
        found = await directory.find_users(some)
        for reference in some:
            yield found[reference] or User(id="", user_principal_name=reference)


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
