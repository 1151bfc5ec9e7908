"""Order, waiting and handing on: deterministic, thin, without I/O."""

import azure.durable_functions as df

from orchestrators.run_operation import bp as run_operation
from orchestrators.run_tenant import bp as run_tenant

BLUEPRINTS: tuple[df.Blueprint, ...] = (run_operation, run_tenant)
