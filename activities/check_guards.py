"""Hold the operation to the number of users that it may change: counted over all tenants, before the first write."""

from typing import Any

import azure.durable_functions as df

from activities.begin_tenant import show_applying, standing_of_plan
from activities.guard import check_in
from activities.traced import traced
from shared import measures
from shared.contracts.work import Standing, Stop, TenantRun
from shared.domain.affected import counts, excess, too_many
from shared.domain.caller import SYSTEM
from shared.domain.codes import ResultCode
from shared.domain.operation import Operation
from shared.domain.states import ENDED
from shared.services import Services, services

bp = df.Blueprint()

LOOK_AGAIN_S = 2.0
"""Seconds after which the other tenants may be planned: a little more for each of them, as each of them asks."""
LOOK_AGAIN_PER_TENANT_S = 0.05


async def check(app: Services, run: TenantRun) -> Standing:
    """Say that the plan may be applied, that the operation would change too many users, or to ask again."""
    stop = await check_in(app, run)
    if stop:
        return Standing(stop=stop)
    operation = await app.operations.get(SYSTEM, run.operation)
    if operation.kind == "preview":
        return Standing(phase="preview")
    if counts(operation.guards, operation.work):
        affected = _affected(operation)
        if affected is None:
            wait = LOOK_AGAIN_S + LOOK_AGAIN_PER_TENANT_S * len(operation.tenants)
            return Standing(wait=wait, message="Other tenants of the operation are still being planned")
        fault = excess(operation.guards, operation.work, affected)
        if fault:
            return Standing(
                stop=Stop(code=ResultCode.GUARD_EXCEEDED, message=fault, details={"affectedUsers": affected})
            )
        why = too_many(operation.guards, affected)
        part = next(part for part in operation.tenants if part.tenant_id == run.tenant)
        if why and part.judged_from is None:  # nobody has resumed the tenant after it was halted for this
            return Standing(stop=Stop(code="halting", message=f"Halted: {why}"))
    manifest = await app.plans.frozen(run.plan_id, run.tenant)
    standing = await standing_of_plan(app, run, manifest)
    before = next(part for part in operation.tenants if part.tenant_id == run.tenant)
    part = await show_applying(app, run, manifest, standing)
    measures.users(operation.kind, run.tenant, before.totals, part.totals)
    return standing


def _affected(operation: Operation) -> int | None:
    """Users that the operation would change; None while a tenant is still being planned."""
    counts = [part.affected for part in operation.tenants if part.status not in ENDED or part.affected is not None]
    return None if None in counts else sum(count or 0 for count in counts)


@bp.activity_trigger(input_name="work")
@traced
async def check_guards(work: Any) -> Any:
    """See ``check``."""
    return (await check(await services(), TenantRun.model_validate(work))).wire()
