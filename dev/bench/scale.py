"""A stack whose Graph has the documented limits and usual latencies, all of them so many times faster."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from dev.stack import Stack
from dev.trial import Tenant, Trial
from shared.domain.budget import Budget
from shared.domain.pacing import Limits
from shared.settings import Settings, read_settings
from shared.tables.client import Tables
from shared.tables.turns import BudgetStore, TurnStore

READ_MS, WRITE_MS, BATCH_MS = 200, 300, 1000
"""How long Graph takes for a read, a write, and a batch of twenty."""


@dataclass(frozen=True, slots=True)
class Scale:
    """``factor`` multiplies limits and divides latencies, so that a run shows in less time what a day would."""

    factor: float

    @property
    def environment(self) -> dict[str, str]:
        """Settings of the stack."""
        latencies = {"READ": READ_MS, "WRITE": WRITE_MS, "BATCH": BATCH_MS}
        times = {f"SIMULATOR_{name}_MS": f"{milliseconds / self.factor:g}" for name, milliseconds in latencies.items()}
        # As in Azure: the local stack's own are short, so that recovery can be watched.
        lease = {"TURN_LEASE_SECONDS": "60", "GRAPH_TIMEOUT_SECONDS": "25"}
        return {"GRAPH_LIMIT_FACTOR": f"{self.factor:g}", **times, **lease}

    @property
    def tenant_rate(self) -> float:
        """Writes a second that Graph allows an app in one tenant."""
        return _rate(Limits.writes(self.factor))

    @property
    def app_rate(self) -> float:
        """Writes a second that Graph allows an app over all tenants."""
        return _rate(Limits.app_writes(self.factor))


def _rate(limits: Limits | None) -> float:
    if limits is None:
        raise ValueError("without limits there is no rate")
    return limits.rate


def settings_of(stack: Stack) -> Settings:
    """The settings of the app that the stack runs, as far as its storage is concerned."""
    return read_settings(
        {
            "AzureWebJobsStorage": stack.storage,
            "GRAPH_CREDENTIAL": "static:bench",
            "GRAPH_BASE_URL": f"{stack.simulator_url}/v1.0",
        }
    )


@asynccontextmanager
async def tables_of(stack: Stack) -> AsyncGenerator[Tables]:
    """The tables of the stack."""
    tables = Tables.open(settings_of(stack))
    try:
        await tables.refresh_clock()
        yield tables
    finally:
        await tables.close()


async def drain(trial: Trial, tenants: Sequence[Tenant], *, app: bool = False) -> None:
    """Let the bursts be used up, at Graph and in the app's own rows: what follows is the sustained rate."""
    async with tables_of(trial.stack) as tables:
        now = tables.now().timestamp()
        for tenant in tenants:
            (await trial.sim.post("/drain", params={"tenant": tenant.id})).raise_for_status()
            turns = TurnStore(tables)
            turn, etag = await turns.read(tenant.id)
            await turns.write(tenant.id, replace(turn, tokens=0.0, at=now), etag)
        if app:
            (await trial.sim.post("/drain")).raise_for_status()
            _, etag = await BudgetStore(tables).read()
            await BudgetStore(tables).write(Budget(at=now, kept=0.0), etag)
