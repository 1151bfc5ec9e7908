"""Find out where a tenant's part stands, so that any epoch can take it up."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.guard import SUPERSEDED, check_in
from activities.traced import traced
from shared.contracts.work import Standing, Stop, TenantRun
from shared.domain.codes import ResultCode
from shared.domain.operation import Phase, TenantPart, Totals
from shared.domain.plan import CHUNK_USERS, Manifest
from shared.domain.windows import Progress, Waiting
from shared.services import Services, services

bp = df.Blueprint()

MAX_EPOCHS = 100
"""Times that an operation is taken up again: what fails for ever ends for somebody to look at."""


async def stand(app: Services, run: TenantRun) -> Standing:
    """Where the part stands: resolved, planned, or so many batches of the frozen plan settled."""
    stop = await check_in(app, run)
    if stop == SUPERSEDED:
        return Standing(stop=stop)
    if run.epoch > MAX_EPOCHS and stop is None:
        stop = Stop(
            code=ResultCode.GRAPH_ERROR, message=f"Given up: it was taken up {MAX_EPOCHS} times and never ended"
        )
    part = await app.operations.get_part(run.operation, run.tenant)
    if part.phase in (Phase.APPLYING, Phase.SETTLING, Phase.DONE):
        standing = await standing_of_plan(app, run, await app.plans.frozen(run.plan_id, run.tenant))
        return standing.model_copy(update={"stop": stop})
    if stop:
        return Standing(stop=stop)
    if run.plan and part.phase in (Phase.READING, Phase.RESOLVING):
        part = await _as_previewed(app, run)
    if part.phase in (Phase.READING, Phase.RESOLVING):
        return Standing(phase="resolve")
    users = part.totals.total
    return Standing(phase="plan", users=users, chunks=-(-users // CHUNK_USERS))


async def _as_previewed(app: Services, run: TenantRun) -> TenantPart:
    """Take over whom the preview selected."""
    manifest = await app.plans.frozen(run.plan_id, run.tenant)
    previewed = await app.operations.get_part(run.plan_id, run.tenant)

    def taken(part: TenantPart) -> TenantPart:
        if part.phase not in (Phase.READING, Phase.RESOLVING):
            return part
        return replace(part, phase=Phase.PLANNING, totals=Totals(manifest.users), excluded=previewed.excluded)

    return await app.operations.change_part(run.operation, run.tenant, taken)


async def standing_of_plan(app: Services, run: TenantRun, manifest: Manifest) -> Standing:
    """Which batches of a frozen plan are still to do, which of them went out without a recorded outcome."""
    summaries, attempts = await asyncio.gather(
        app.results.summaries(run.operation, run.tenant), app.results.attempts(run.operation, run.tenant)
    )
    counts: Counter[str] = Counter()
    seats: Counter[str] = Counter()
    for summary in summaries:
        counts.update(summary.by_code)
        seats.update(summary.seats)
    settled = {int(s.batch): sum(s.by_code.values()) for s in summaries if s.batch.isdigit()}
    now = app.tables.now().timestamp()
    fresh: list[int] = []
    waiting: list[Waiting] = []
    for batch in range(manifest.batches):
        left = manifest.users_of(batch) - settled.get(batch, 0)
        if not left:
            continue
        if batch in attempts:
            waiting.append(Waiting(batch=batch, attempt=0, ready_at=now, users=left, unknown=True))
        else:
            fresh.append(batch)
    return Standing(
        phase="apply",
        users=manifest.users,
        chunks=len(manifest.chunks),
        progress=Progress.of(fresh, waiting, manifest.waves).to_dict(),
        by_code=dict(counts),
        throttled=sum(summary.throttled for summary in summaries),
        seats=dict(seats),
    )


async def show_applying(app: Services, run: TenantRun, manifest: Manifest, standing: Standing) -> TenantPart:
    """Say in the tenant's row that its plan is frozen and being applied, where nobody did before."""

    def applying(part: TenantPart) -> TenantPart:
        if part.phase in (Phase.APPLYING, Phase.SETTLING, Phase.DONE):
            return part
        return replace(
            part,
            phase=Phase.APPLYING,
            batches=manifest.batches,
            totals=Totals(part.totals.total, standing.by_code, standing.throttled),
            applying_at=app.tables.now(),
        )

    return await app.operations.change_part(run.operation, run.tenant, applying)


@bp.activity_trigger(input_name="work")
@traced
async def begin_tenant(work: Any) -> Any:
    """See ``stand``."""
    return (await stand(await services(), TenantRun.model_validate(work))).wire()
