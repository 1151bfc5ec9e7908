"""Drive one operation: one child a tenant.

The children end the operation themselves: its state is a function of its tenants', written in the transaction that ends
the last one. A child or an activity that is lost is started again by the sweeper.
"""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
from durabletask import task

from orchestrators.retry import call
from orchestrators.spans import ended, now
from shared.contracts.names import BEGIN_OPERATION, RUN_OPERATION, RUN_TENANT, operation_instance, tenant_instance
from shared.contracts.work import Begun, OperationRun, TenantRun

bp = df.Blueprint()


def run_operation(context: task.OrchestrationContext, given: Any) -> Generator[task.Task[Any], Any]:
    """Begin the operation and run each tenant that has work."""
    run, since = OperationRun.model_validate(given), now(context)
    begun = Begun.model_validate((yield call(context, BEGIN_OPERATION, run)))
    children: list[task.Task[Any]] = [
        context.call_sub_orchestrator(
            RUN_TENANT,
            input=TenantRun(**dict(run), tenant=tenant, plan=begun.plan, since=now(context)).wire(),
            instance_id=tenant_instance(run.operation, run.epoch, tenant),
        )
        for tenant in begun.tenants
    ]
    for child in children:
        try:
            yield child
        except task.TaskFailedError:
            continue  # its `due` row stands: the sweeper starts the tenant again
    ended(context, RUN_OPERATION, operation_instance(run.operation, run.epoch), run, since)


bp.orchestration_trigger(context_name="context")(run_operation)
