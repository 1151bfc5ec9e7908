"""Drive one tenant's part: resolve → plan → reserve seats → windows → end or rest.

Every step can be taken up again from the rows by a later epoch, so a step that fails for good simply ends this run.
"""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
from durabletask import task

from orchestrators.rests import rest_for
from orchestrators.retry import call
from orchestrators.spans import ended
from orchestrators.windows import apply_windows
from shared.contracts.names import (
    BEGIN_TENANT,
    CHECK_GUARDS,
    END_TENANT,
    PLAN_USERS,
    RESERVE_SEATS,
    RESOLVE_USERS,
    REST_TENANT,
    RUN_TENANT,
    tenant_instance,
)
from shared.contracts.work import (
    Halt,
    PlanWork,
    Resolved,
    ResolveWork,
    Standing,
    Stop,
    TenantEnd,
    TenantRest,
    TenantRun,
    Windows,
)
from shared.domain.codes import ResultCode
from shared.domain.states import STOPS_TO_REST

bp = df.Blueprint()

CHUNKS_AT_ONCE = 4
TRIES = 8
"""Times that a directory which asks for patience is asked in all."""

type Steps[T] = Generator[task.Task[Any], Any, T]


def run_tenant(context: task.OrchestrationContext, given: Any) -> Generator[task.Task[Any], Any]:
    """Run a tenant's part from where its rows stand, or from the windows that ``continue_as_new`` carries on."""
    run = TenantRun.model_validate({name: given[name] for name in TenantRun.model_fields if name in given})
    prepared = Windows.model_validate(given) if "progress" in given else (yield from _prepare(context, run))
    if isinstance(prepared, Windows):
        after = yield from apply_windows(context, prepared)
        if isinstance(after, Windows):
            context.continue_as_new(after.wire())
            return
        prepared = after
    if prepared is None or prepared.code != "superseded":
        too_early = yield from _leave(context, run, prepared)
        if too_early:  # what an older epoch sent meanwhile stands in the rows then
            context.continue_as_new(run.wire())
            return
    ended(context, RUN_TENANT, tenant_instance(run.operation, run.epoch, run.tenant), run, run.since)


def _leave(context: task.OrchestrationContext, run: TenantRun, stop: Stop | None) -> "Steps[bool]":
    """Bring the tenant to rest or to its end; True: not yet, as an older epoch may still send."""
    if stop and stop.code in STOPS_TO_REST:
        left = Halt.model_validate((yield call(context, REST_TENANT, TenantRest(**dict(run), stop=stop))))
    else:
        left = Halt.model_validate((yield call(context, END_TENANT, TenantEnd(**dict(run), stop=stop))))
    if left.wait is None:
        return False
    found = yield from rest_for(context, run, left.wait, stopped=True)
    return found is None


def _prepare(context: task.OrchestrationContext, run: TenantRun) -> "Steps[Windows | Stop | None]":
    """Come to a frozen plan with its seats reserved; None when that is all, as for a preview.

    A directory that cannot be read ends the tenant before its first write.
    """
    standing = Standing.model_validate((yield call(context, BEGIN_TENANT, run)))
    chunks = standing.chunks
    if standing.stop is None and standing.phase == "resolve":
        resolved = yield from _resolve(context, run)
        if resolved.stop:
            return resolved.stop
        chunks = resolved.chunks
    if standing.stop is None and standing.phase != "apply":
        stop = (yield from _plan(context, run, chunks)) or (yield from _reserve(context, run))
        if stop:
            return stop
        standing = yield from _guards(context, run)
        if standing.phase == "preview":
            return None
    if standing.stop and standing.phase != "apply":
        return standing.stop
    return Windows(
        **dict(run),
        stop=standing.stop,
        progress=standing.progress,
        users=standing.users,
        by_code=standing.by_code,
        throttled=standing.throttled,
        seats=standing.seats,
    )


def _resolve(context: task.OrchestrationContext, run: TenantRun) -> "Steps[Resolved]":
    """Resolve the users step by step; a directory that asks for patience gets it as long as it lets us go on."""
    work, refused = ResolveWork(**dict(run)), 0
    while True:
        done = Resolved.model_validate((yield call(context, RESOLVE_USERS, work)))
        if done.wait is not None:
            refused = refused + 1 if done.step == work.step else 1
            if refused == TRIES:
                return Resolved(stop=Stop(code=ResultCode.TENANT_UNAVAILABLE, message=done.message))
            yield from _rest(context, run, done.wait)
        elif done.step is None:
            return done
        work = work.model_copy(update={"step": done.step})


def _plan(context: task.OrchestrationContext, run: TenantRun, chunks: int) -> "Steps[Stop | None]":
    """Plan all blobs, some side by side; those that the directory put off are planned in the next round."""
    left, message, wait = list(range(chunks)), "", 0.0
    for tried in range(TRIES):
        if tried:
            yield from _rest(context, run, wait)
        again: list[int] = []
        wait = 0.0
        for first in range(0, len(left), CHUNKS_AT_ONCE):
            some = left[first : first + CHUNKS_AT_ONCE]
            plans = [call(context, PLAN_USERS, PlanWork(**dict(run), chunk=chunk)) for chunk in some]
            stop: Stop | None = None
            for chunk, planning in zip(some, plans, strict=True):
                planned = Halt.model_validate((yield planning))
                stop = stop or planned.stop
                if planned.wait is not None:
                    again.append(chunk)
                    wait, message = max(wait, planned.wait), planned.message
            if stop:
                return stop
        if not again:
            return None
        left = again
    return Stop(code=ResultCode.TENANT_UNAVAILABLE, message=message)


def _reserve(context: task.OrchestrationContext, run: TenantRun) -> "Steps[Stop | None]":
    """Reserve the seats; after the last wait that the directory asks for the tenant is unavailable."""
    message, wait = "", 0.0
    for tried in range(TRIES):
        if tried:
            yield from _rest(context, run, wait)
        done = Halt.model_validate((yield call(context, RESERVE_SEATS, run)))
        if done.wait is None:
            return done.stop
        message, wait = done.message, done.wait
    return Stop(code=ResultCode.TENANT_UNAVAILABLE, message=message)


def _guards(context: task.OrchestrationContext, run: TenantRun) -> "Steps[Standing]":
    """Wait until all tenants are planned, where their users are counted together; the seats stay reserved meanwhile."""
    while True:
        done = Standing.model_validate((yield call(context, CHECK_GUARDS, run)))
        if done.wait is None:
            return done
        yield from _rest(context, run, done.wait)


def _rest(context: task.OrchestrationContext, run: TenantRun, seconds: float) -> "Steps[None]":
    """Wait as long as the work may go on; the next step then says why it may not."""
    _ = yield from rest_for(context, run, seconds)


bp.orchestration_trigger(context_name="context")(run_tenant)
