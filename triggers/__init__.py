"""Where operations come from: HTTP routes, timers and the CSV drop."""

import azure.durable_functions as df

from triggers import anchors, assign, audit, csv_template, operations, people, selections, sweeper, tenants
from triggers.meta import meta_router

API = (
    assign.router,
    operations.router,
    audit.router,
    tenants.router,
    people.router,
    selections.router,
    csv_template.router,
)
META = meta_router(API)

BLUEPRINTS: tuple[df.Blueprint, ...] = (
    *(router.blueprint() for router in (*API, META)),
    sweeper.bp,
    anchors.bp,
)
