"""The one place that picks real adapters: built on first use, once a process."""

import asyncio
import logging
from dataclasses import dataclass

from shared.blobs.anchors import AnchorStore
from shared.blobs.client import Blobs
from shared.blobs.drops import DropStore
from shared.blobs.plans import PlanStore
from shared.blobs.products import ProductStore
from shared.blobs.rows import RowStore
from shared.blobs.staging import StagingStore
from shared.callers.issuer import Issuer
from shared.callers.tokens import Tokens
from shared.glances import Glances
from shared.graph.directory import Directory, Graph
from shared.settings import Settings, settings
from shared.tables.audit import AuditStore
from shared.tables.client import Tables
from shared.tables.consents import ConsentStore
from shared.tables.counts import CountStore
from shared.tables.due import DueStore
from shared.tables.given import GivenStore
from shared.tables.grants import GrantStore
from shared.tables.operations import OperationStore
from shared.tables.outbox import OutboxStore
from shared.tables.prices import PriceStore
from shared.tables.recent import RecentStore
from shared.tables.results import ResultStore
from shared.tables.runs import RunStore
from shared.tables.schedules import ScheduleStore
from shared.tables.seats import SeatStore
from shared.tables.tenants import TenantStore
from shared.tables.turns import BudgetStore, TurnStore
from shared.tables.walks import WalkStore


@dataclass(frozen=True, slots=True)
class Services:
    """What triggers and activities work with."""

    settings: Settings
    tables: Tables
    blobs: Blobs
    graph: Graph
    operations: OperationStore
    due: DueStore
    results: ResultStore
    turns: TurnStore
    budget: BudgetStore
    seats: SeatStore
    recent: RecentStore
    audit: AuditStore
    counts: CountStore
    tenants: TenantStore
    consents: ConsentStore
    prices: PriceStore
    grants: GrantStore
    schedules: ScheduleStore
    runs: RunStore
    given: GivenStore
    outbox: OutboxStore
    walks: WalkStore
    plans: PlanStore
    staging: StagingStore
    rows: RowStore
    anchors: AnchorStore
    products: ProductStore
    drops: DropStore
    glances: Glances
    tokens: Tokens | None
    """None where no issuer is set."""

    def directory(self, tenant_id: str, credential: str = "default") -> Directory:
        """The directory of one tenant."""
        return self.graph.directory(tenant_id, credential)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(self.tables.close(), self.blobs.close(), self.graph.close())
        if self.tokens:
            await self.tokens.issuer.close()


_TALKATIVE = ("azure", "httpx")
"""At INFO they log the URL of each request, which may name people, and cost more than the request."""


def open_services(chosen: Settings) -> Services:
    """Build the services on these settings; connections open on first use."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    tables = Tables.open(chosen)
    blobs = Blobs.open(chosen)
    staging = StagingStore(blobs)
    return Services(
        settings=chosen,
        tables=tables,
        blobs=blobs,
        graph=Graph(chosen),
        operations=OperationStore(tables),
        due=DueStore(tables),
        results=ResultStore(tables),
        turns=TurnStore(tables),
        budget=BudgetStore(tables),
        seats=SeatStore(tables),
        recent=RecentStore(tables),
        audit=AuditStore(tables),
        counts=CountStore(tables),
        tenants=TenantStore(tables),
        consents=ConsentStore(tables),
        prices=PriceStore(tables),
        grants=GrantStore(tables),
        schedules=ScheduleStore(tables),
        runs=RunStore(tables),
        given=GivenStore(tables),
        outbox=OutboxStore(tables),
        walks=WalkStore(tables),
        plans=PlanStore(blobs),
        staging=staging,
        rows=RowStore(staging),
        anchors=AnchorStore(blobs),
        products=ProductStore(blobs, off=chosen.catalogue_url is None),
        drops=DropStore(blobs),
        glances=Glances(),
        tokens=_tokens(chosen),
    )


def _tokens(chosen: Settings) -> Tokens | None:
    if chosen.auth_issuer is None or chosen.auth_audience is None:
        return None
    return Tokens(Issuer(chosen.auth_issuer), chosen.auth_audience)


_open: dict[asyncio.AbstractEventLoop, Services] = {}


async def services() -> Services:
    """The services of this process, one set per event loop: asynchronous clients belong to the loop that made them."""
    loop = asyncio.get_running_loop()
    if loop not in _open:
        _open[loop] = open_services(settings())
    return _open[loop]
