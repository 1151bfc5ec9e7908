"""Resolve a tenant's selection to users, written in selection order as blobs of 500.

A failure to read is never "nobody": it ends the tenant (no such group, a bad filter, no consent) or is tried again.
A long search goes in steps: each ends after a while, or when the directory asks for patience, and the next one takes it
up behind the last page.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from uuid import uuid4

import azure.durable_functions as df
from pydantic import TypeAdapter

from activities.guard import check_in
from activities.refusals import halt, open_directory
from activities.traced import traced
from shared.contracts.stored import parse_stored
from shared.contracts.work import Resolved, ResolveWork, Stop
from shared.domain.codes import TenantErrorCode
from shared.domain.operation import Phase, TenantPart, Totals
from shared.domain.plan import CHUNK_USERS
from shared.domain.selection import SelectedUser, Steps
from shared.errors import GraphError
from shared.selecting import Progress, Search
from shared.services import Services, services

bp = df.Blueprint()

LONGEST_PATIENCE = 10.0
"""Seconds after which a user who was created just now should be found, where the horizon is not shorter."""
STEP_SECONDS = 60.0
"""An activity has ten minutes (`host.json`), and a page may take its time."""


@dataclass(slots=True)
class Aside:
    """A search put aside: what it has met, the blobs written so far, and the users of one that is not full yet."""

    progress: Progress = field(default_factory=Progress)
    steps: Steps = field(default_factory=Steps)
    rest: tuple[SelectedUser, ...] = ()


ASIDE: TypeAdapter[Aside] = TypeAdapter(Aside)


async def resolve(app: Services, work: ResolveWork, seconds: float = STEP_SECONDS) -> Resolved:
    """Write the selected users of the tenant and count them; the exclusions are counted by code.

    After ``seconds`` the rest is left to a next step.
    """
    stop = await check_in(app, work)
    if stop:
        return Resolved(stop=stop)
    part = await app.operations.get_part(work.operation, work.tenant)
    if part.phase not in (Phase.READING, Phase.RESOLVING):  # resolved before: this is a late second run
        return Resolved(chunks=-(-part.totals.total // CHUNK_USERS))
    aside = Aside()
    if work.step:
        aside = ASIDE.validate_json(await app.plans.take_up(work.operation, work.tenant, work.step))
    step = _Step(app, work, aside)
    try:
        search = await step.search()
        async for page in search.pages():
            stop = await step.take(page)
            if stop:
                return Resolved(stop=stop)
            if monotonic() - step.began > seconds and not search.done:
                return Resolved(step=await step.put_aside())
    except GraphError as error:
        refused = halt(error)
        # What was read before the directory asked for patience need not be read again.
        met = await step.put_aside() if refused.wait is not None and step.pages else work.step
        return Resolved(**dict(refused), step=met)
    return await step.finish()


class _Step:
    """One step of resolving: its blobs bear its own name, so that of two runs one counts and they are never mixed."""

    def __init__(self, app: Services, work: ResolveWork, aside: Aside) -> None:
        self.app, self.work = app, work
        self.began = monotonic()
        self.pages = 0
        self._name = uuid4().hex[:8]
        self._chunks = 0
        self._aside = aside
        self._pending = list(aside.rest)
        self._scheduled = False

    async def search(self) -> Search:
        """The tenant's search, from where it was put aside."""
        app, work = self.app, self.work
        operation = await app.operations.read_op(work.operation)
        self._scheduled = operation.schedule_id is not None
        request = parse_stored(operation.work, await app.staging.get(operation.request_sha))
        targets = request.targets_of(work.tenant)
        tenant, directory = await open_directory(app, work.tenant)
        return Search(
            directory,
            app.rows,
            targets,
            tenant.protected_users,
            earlier=request.earlier_rows(work.tenant),
            progress=self._aside.progress,
            patience=min(app.settings.replication_horizon, LONGEST_PATIENCE),
        )

    async def take(self, page: list[SelectedUser]) -> Stop | None:
        """Write what a page has filled, and say how far it is; gives why not to go on."""
        self.pages += 1
        self._pending += page
        while len(self._pending) >= CHUNK_USERS:
            await self._write(CHUNK_USERS)
        stop = await check_in(self.app, self.work)
        read = self._aside.progress.rows_read
        if stop is None and read:
            await self.app.operations.change_part(
                self.work.operation, self.work.tenant, lambda part: _reading(part, read)
            )
        return stop

    async def put_aside(self) -> str:
        """Keep what a next step needs; gives the name of this one."""
        aside = replace(self._aside, steps=self._steps(), rest=tuple(self._pending))
        await self.app.plans.put_aside(self.work.operation, self.work.tenant, self._name, ASIDE.dump_json(aside))
        return self._name

    async def finish(self) -> Resolved:
        """Say in the tenant's row who is selected; of two runs the first one counts."""
        users = sum(chunks for _, chunks in self._steps().steps) * CHUNK_USERS + len(self._pending)
        if self._pending:
            await self._write(len(self._pending))
        progress = self._aside.progress
        excluded, samples = progress.excluded(), progress.samples()
        if self._scheduled:  # whose account is disabled has not left the selection of a schedule
            disabled = [key for key, code in progress.left_out.items() if code == "Disabled"]
            await self.app.plans.write_disabled(self.work.operation, self.work.tenant, disabled)

        def resolved(part: TenantPart) -> TenantPart:
            if part.phase not in (Phase.READING, Phase.RESOLVING):
                return part
            if not users:
                return replace(part, excluded=excluded, excluded_samples=samples)
            totals = Totals(total=users)
            selected = replace(part, phase=Phase.PLANNING, totals=totals, selection=self._steps().text)
            return replace(selected, excluded=excluded, excluded_samples=samples)

        part = await self.app.operations.change_part(self.work.operation, self.work.tenant, resolved)
        if not part.totals.total:
            return Resolved(stop=Stop(code=TenantErrorCode.EMPTY_SELECTION, message=_empty(Counter(excluded))))
        return Resolved(chunks=-(-part.totals.total // CHUNK_USERS))

    def _steps(self) -> Steps:
        return self._aside.steps.plus(self._name, self._chunks)

    async def _write(self, users: int) -> None:
        chunk, self._pending = self._pending[:users], self._pending[users:]
        await self.app.plans.write_users(self.work.operation, self.work.tenant, self._name, self._chunks, chunk)
        self._chunks += 1


def _reading(part: TenantPart, rows: int) -> TenantPart:
    if part.phase not in (Phase.READING, Phase.RESOLVING):
        return part
    return replace(part, rows_read=max(rows, part.rows_read or 0))


def _empty(excluded: Counter[str]) -> str:
    left_out = ", ".join(f"{code} {count}" for code, count in sorted(excluded.items()))
    return "The selection holds no users" + (f" (left out: {left_out})" if left_out else "")


@bp.activity_trigger(input_name="work")
@traced
async def resolve_users(work: Any) -> Any:
    """See ``resolve``."""
    return (await resolve(await services(), ResolveWork.model_validate(work))).wire()
