"""Resolve a tenant's selection to users, written in selection order as blobs of 500.

A failure to read is never "nobody": it ends the tenant (no such group, no consent) or is tried again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import azure.durable_functions as df

from activities.guard import check_in
from activities.refusals import halt, open_directory
from shared.contracts.requests import Selection, Target, parse_stored
from shared.contracts.work import Resolved, Stop, TenantRun
from shared.domain.codes import TenantErrorCode
from shared.domain.model import User
from shared.domain.operation import Phase, TenantPart, Totals
from shared.domain.plan import CHUNK_USERS
from shared.errors import GraphError, UserMissing
from shared.graph.directory import Directory
from shared.services import Services, services

bp = df.Blueprint()

LOOK_UP_AT_ONCE = 1000
LONGEST_PATIENCE = 10.0
"""Seconds after which a user who was created just now should be found, where the horizon is not shorter."""


@dataclass(slots=True)
class Search:
    """One search for users by name or id."""

    directory: Directory
    patience: float
    """Seconds to wait, once, before a user counts as missing: one created just now answers 404 at first (trap 30)."""

    async def find(self, references: Sequence[str]) -> dict[str, User | None]:
        """The users by reference; None for one that does not exist."""
        found = await self.directory.find_users(references)
        missing = [reference for reference in references if found[reference] is None]
        if missing and self.patience:
            await asyncio.sleep(self.patience)
            self.patience = 0.0
            found |= await self.directory.find_users(missing)
        return found


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
        async for chunk in _chunks(_selected(search, targets, tenant.protected_users, excluded)):
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


async def _selected(
    search: Search, targets: Sequence[Target], protected: tuple[str, ...], excluded: Counter[str]
) -> AsyncIterator[User]:
    """The users of all the tenant's targets, each once; what is left out is counted in ``excluded``."""
    barred = {name.casefold() for name in protected}
    out = {user.id for target in targets if target.exclude async for user in _excluded(search, target.exclude)}
    seen: set[str] = set()
    left_out: dict[str, str] = {}
    for target in targets:
        async for user in _users(search, target.users):
            key = user.id or user.user_principal_name.casefold()
            if key in seen:
                continue
            code = _left_out(user, target, barred, out)
            if code:
                left_out[key] = code
            else:
                seen.add(key)
                left_out.pop(key, None)  # left out of a group, and named in another selection
                yield user
    excluded.update(left_out.values())


async def _excluded(search: Search, selection: Selection) -> AsyncIterator[User]:
    """The users to leave out.

    Raises ``UserMissing`` for a named one who does not exist: a slip in a name must not put the wrong user in.
    """
    async for user in _users(search, selection):
        if not user.id:
            raise UserMissing(
                f"{user.user_principal_name}, who is to be excluded, does not exist",
                tenant_id=search.directory.tenant_id,
            )
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


async def _users(search: Search, selection: Selection) -> AsyncIterator[User]:
    """The users of one selection; a named user who does not exist comes with an empty id."""
    if selection.group:
        group = await search.directory.find_group(id=selection.group.id, display_name=selection.group.display_name)
        async for page in search.directory.users_of_group(group.id, nested=selection.group.nested):
            for user in page:
                yield user
    references = selection.users or ()
    for first in range(0, len(references), LOOK_UP_AT_ONCE):
        some = references[first : first + LOOK_UP_AT_ONCE]
        found = await search.find(some)
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
