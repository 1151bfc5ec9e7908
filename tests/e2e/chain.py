"""The audit chain of a running stack, checked by the product's own verification."""

from dev.trial import Tenant, Trial
from shared.settings import read_settings
from shared.tables.audit import AuditStore
from shared.tables.client import Tables


async def assert_chain_intact(trial: Trial, tenant: Tenant, entries: int) -> None:
    """Every entry follows the one before, up to the head, and there are so many."""
    environment = {
        "AzureWebJobsStorage": trial.stack.storage,
        "GRAPH_CREDENTIAL": "static:test",
        "GRAPH_BASE_URL": trial.stack.simulator_url,
    }
    tables = Tables.open(read_settings(environment))
    try:
        found = await AuditStore(tables).verify(tenant.id, ())
    finally:
        await tables.close()
    assert (found.status, found.entries) == ("intact", entries)
