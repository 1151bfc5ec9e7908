"""The local stack: Azurite, the Graph simulator and one or more hosts, started and stopped as one.

``python -m dev.stack`` runs it in the foreground; tests, the demo and the bench use it as

    async with Stack(env={"GRAPH_LIMIT_FACTOR": "0"}, in_memory=True, world="demo") as stack:
        ...  # stack.api_url, stack.api_key, stack.simulator_url, stack.storage
"""

from dev.stack.parts import StackError
from dev.stack.stack import Host, Stack, World
from dev.stack.tenants import loaded_tenants, register_tenants

__all__ = ["Host", "Stack", "StackError", "World", "loaded_tenants", "register_tenants"]
