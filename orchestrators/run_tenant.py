"""Drive one tenant's part: resolve → plan → reserve seats → windows → end.

Every step can be taken up again from the rows by a later epoch, so a step that fails for good simply ends this run.
"""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
from durabletask import task

from orchestrators.retry import call
from orchestrators.windows import apply_windows
from shared.contracts.names import BEGIN_TENANT, END_TENANT, PLAN_USERS, RESERVE_SEATS, RESOLVE_USERS
from shared.contracts.work import Planned, PlanWork, Resolved, Standing, Stop, TenantEnd, TenantRun, Windows
from shared.domain.codes import ResultCode

bp = df.Blueprint()

CHUNKS_AT_ONCE = 4
GRAPH_FAULTS = ("Throttled", "Unavailable", "GraphError")


def run_tenant(context: task.OrchestrationContext, given: Any) -> Generator[task.Task[Any], Any]:
    """Run a tenant's part from where its rows stand, or from the windows that ``continue_as_new`` carries on."""
    run = TenantRun(operation=given["operation"], epoch=given["epoch"], tenant=given["tenant"])
    prepared = Windows.model_validate(given) if "progress" in given else (yield from _prepare(context, run))
    if isinstance(prepared, Windows):
        after = yield from apply_windows(context, prepared)
        if isinstance(after, Windows):
            context.continue_as_new(after.wire())
            return
        prepared = after
    if prepared is None or prepared.code != "superseded":
        yield call(context, END_TENANT, TenantEnd(**dict(run), stop=prepared))


def _prepare(context: task.OrchestrationContext, run: TenantRun) -> Generator[task.Task[Any], Any, Windows | Stop]:
    """Come to a frozen plan with its seats reserved.

    A directory that cannot be read ends the tenant before its first write.
    """
    try:
        standing = Standing.model_validate((yield call(context, BEGIN_TENANT, run)))
        chunks = standing.chunks
        if standing.stop is None and standing.phase == "resolve":
            resolved = Resolved.model_validate((yield call(context, RESOLVE_USERS, run)))
            if resolved.stop:
                return resolved.stop
            chunks = resolved.chunks
        if standing.stop is None and standing.phase != "apply":
            stop = yield from _plan(context, run, chunks)
            if stop:
                return stop
            standing = Standing.model_validate((yield call(context, RESERVE_SEATS, run)))
    except task.TaskFailedError as failure:
        if failure.details.error_type.rpartition(".")[2] not in GRAPH_FAULTS:
            raise
        return Stop(code=ResultCode.TENANT_UNAVAILABLE, message=failure.details.message)
    if standing.stop:
        return standing.stop
    return Windows(
        **dict(run),
        progress=standing.progress,
        users=standing.users,
        by_code=standing.by_code,
        throttled=standing.throttled,
        seats=standing.seats,
    )


def _plan(
    context: task.OrchestrationContext, run: TenantRun, chunks: int
) -> Generator[task.Task[Any], Any, Stop | None]:
    for first in range(0, chunks, CHUNKS_AT_ONCE):
        side_by_side = [
            call(context, PLAN_USERS, PlanWork(**dict(run), chunk=chunk))
            for chunk in range(first, min(first + CHUNKS_AT_ONCE, chunks))
        ]
        for planning in side_by_side:
            planned = Planned.model_validate((yield planning))
            if planned.stop:
                return planned.stop
    return None


bp.orchestration_trigger(context_name="context")(run_tenant)
