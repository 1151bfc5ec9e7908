"""Resolve a tenant's selection to users, written in selection order as blobs of 500.

A failure to read is never "nobody": it ends the tenant (no such group, a bad filter, no consent) or is tried again.
A long search goes in steps. Each is committed to the tenant's row, so that a later run goes on behind it, and its users
stand from then on: their decisions are made while the users after them are read.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from uuid import uuid4

import azure.durable_functions as df
from pydantic import TypeAdapter

from activities.deciding import Ahead
from activities.guard import check_in, look_in
from activities.refusals import halt, open_directory
from activities.traced import traced
from shared.contracts.stored import parse_stored
from shared.contracts.work import Resolved, Stop, TenantRun
from shared.domain.codes import TenantErrorCode
from shared.domain.operation import Operation, Phase, TenantPart, Totals
from shared.domain.plan import CHUNK_USERS
from shared.domain.selection import SelectedUser, Steps
from shared.errors import GraphError
from shared.selecting import Progress, Search
from shared.services import Services, services

bp = df.Blueprint()

LONGEST_PATIENCE = 10.0
"""Seconds after which a user who was created just now should be found, where the horizon is not shorter."""
STEP_SECONDS = 10.0
"""Seconds of reading that are committed at once: with each its search is stored, which holds whom it has met."""
RUN_SECONDS = 60.0
"""An activity has ten minutes (`host.json`), and a page may take its time."""


@dataclass(slots=True)
class Aside:
    """A search put aside: what it has met, and the users of a blob that is not full yet."""

    progress: Progress = field(default_factory=Progress)
    rest: tuple[SelectedUser, ...] = ()


ASIDE: TypeAdapter[Aside] = TypeAdapter(Aside)


async def resolve(
    app: Services, run: TenantRun, seconds: float = RUN_SECONDS, step_seconds: float = STEP_SECONDS
) -> Resolved:
    """Write the selected users of the tenant and count them; the exclusions are counted by code.

    After ``seconds`` the rest is left to a next run.
    """
    operation, stop = await look_in(app, run)
    if stop:
        return Resolved(stop=stop)
    part = await app.operations.get_part(run.operation, run.tenant)
    if part.phase not in (Phase.READING, Phase.RESOLVING):  # resolved before: this is a late second run
        return Resolved(chunks=-(-part.totals.total // CHUNK_USERS))
    reading = await _Reading.taken_up(app, run, operation, Steps.parse(part.selection))
    ahead = Ahead(app, run, operation)
    began = monotonic()
    try:
        search = await reading.search()
        async with aclosing(search.pages()) as pages:
            async for page in pages:
                stop = await reading.take(page)
                if stop:
                    return Resolved(stop=stop)
                over = monotonic() - began > seconds
                if not search.done and (over or reading.seconds > step_seconds):
                    written = await reading.commit()
                    if written is None or over:
                        return reading.so_far
                    ahead.begin(written)
    except GraphError as error:
        refused = halt(error)
        # What was read before the directory asked for patience need not be read again.
        if refused.wait is not None and reading.pages:
            await reading.commit()
        return Resolved(**dict(refused), step=reading.so_far.step)
    finally:
        await ahead.close()
    return await reading.finish()


class _Reading:
    """The reading of a selection, from the last step that the tenant's row tells of.

    A step names its own blobs, so that of two runs of one step the first to commit counts and they are never mixed.
    """

    def __init__(self, app: Services, run: TenantRun, operation: Operation, steps: Steps, aside: Aside) -> None:
        self.pages = 0
        """Pages of this step."""
        self._app, self._run, self._operation = app, run, operation
        self._steps = steps
        self._progress = aside.progress
        self._pending = list(aside.rest)
        self._new_step()

    @classmethod
    async def taken_up(cls, app: Services, run: TenantRun, operation: Operation, steps: Steps) -> "_Reading":
        """The reading behind these steps."""
        aside = Aside()
        if steps.last:
            aside = ASIDE.validate_json(await app.plans.take_up(run.operation, run.tenant, steps.last))
        return cls(app, run, operation, steps, aside)

    async def search(self) -> Search:
        """The tenant's search, from where it was put aside."""
        app, run, operation = self._app, self._run, self._operation
        request = parse_stored(operation.work, await app.staging.get(operation.request_sha))
        tenant, directory = await open_directory(app, run.tenant)
        return Search(
            directory,
            app.rows,
            request.targets_of(run.tenant),
            tenant.protected_users,
            earlier=request.earlier_rows(run.tenant),
            progress=self._progress,
            patience=min(app.settings.replication_horizon, LONGEST_PATIENCE),
        )

    @property
    def seconds(self) -> float:
        """How long this step has been going."""
        return monotonic() - self._began

    @property
    def so_far(self) -> Resolved:
        """What is known of the users until now."""
        return Resolved(chunks=self._steps.chunks, step=self._steps.last, more=True)

    async def take(self, page: list[SelectedUser]) -> Stop | None:
        """Write what a page has filled, and say how far it is; gives why not to go on."""
        self.pages += 1
        self._pending += page
        while len(self._pending) >= CHUNK_USERS:
            await self._write(CHUNK_USERS)
        stop = await check_in(self._app, self._run)
        read = self._progress.rows_read
        if stop is None and read:
            await self._change(lambda part: replace(part, rows_read=max(read, part.rows_read or 0)))
        return stop

    async def commit(self) -> range | None:
        """End the step, and give its chunks, which stand from now on; None where another run came first."""
        aside = ASIDE.dump_json(Aside(self._progress, tuple(self._pending)))
        await self._app.plans.put_aside(self._run.operation, self._run.tenant, self._name, aside)
        before, after = self._steps, self._steps.plus(self._name, self._chunks)
        part = await self._change(
            lambda part: replace(part, selection=after.text) if part.selection == before.text else part
        )
        self._steps = Steps.parse(part.selection)
        if self._steps != after:
            return None
        self._new_step()
        return range(before.chunks, after.chunks)

    async def finish(self) -> Resolved:
        """Say in the tenant's row who is selected; of two runs the first one counts."""
        users = (self._steps.chunks + self._chunks) * CHUNK_USERS + len(self._pending)
        if self._pending:
            await self._write(len(self._pending))
        excluded, samples = self._progress.excluded(), self._progress.samples()
        if self._operation.schedule_id:  # whose account is disabled has not left the selection of a schedule
            disabled = [key for key, code in self._progress.left_out.items() if code == "Disabled"]
            await self._app.plans.write_disabled(self._run.operation, self._run.tenant, disabled)
        before, after = self._steps, self._steps.plus(self._name, self._chunks)

        def resolved(part: TenantPart) -> TenantPart:
            if part.selection != before.text:
                return part
            if not users:
                return replace(part, excluded=excluded, excluded_samples=samples)
            selected = replace(part, phase=Phase.PLANNING, totals=Totals(total=users), selection=after.text)
            return replace(selected, excluded=excluded, excluded_samples=samples)

        part = await self._change(resolved)
        if part.phase in (Phase.READING, Phase.RESOLVING):
            if part.selection != before.text:  # another run came first, and has not come to the end yet
                self._steps = Steps.parse(part.selection)
                return self.so_far
            return Resolved(stop=Stop(code=TenantErrorCode.EMPTY_SELECTION, message=_empty(Counter(excluded))))
        return Resolved(chunks=-(-part.totals.total // CHUNK_USERS))

    def _new_step(self) -> None:
        self._name, self._chunks, self.pages = uuid4().hex[:8], 0, 0
        self._began = monotonic()

    async def _write(self, users: int) -> None:
        chunk, self._pending = self._pending[:users], self._pending[users:]
        await self._app.plans.write_users(self._run.operation, self._run.tenant, self._name, self._chunks, chunk)
        self._chunks += 1

    async def _change(self, change: Callable[[TenantPart], TenantPart]) -> TenantPart:
        """Change the tenant's row as long as its users are not all resolved."""

        def changed(part: TenantPart) -> TenantPart:
            return change(part) if part.phase in (Phase.READING, Phase.RESOLVING) else part

        return await self._app.operations.change_part(self._run.operation, self._run.tenant, changed)


def _empty(excluded: Counter[str]) -> str:
    left_out = ", ".join(f"{code} {count}" for code, count in sorted(excluded.items()))
    return "The selection holds no users" + (f" (left out: {left_out})" if left_out else "")


@bp.activity_trigger(input_name="work")
@traced
async def resolve_users(work: Any) -> Any:
    """See ``resolve``."""
    return (await resolve(await services(), TenantRun.model_validate(work))).wire()
