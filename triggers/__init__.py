"""Where operations come from: HTTP routes, timers and the CSV drop."""

import azure.durable_functions as df

from triggers import (
    anchors,
    audit,
    csv_template,
    grants,
    kinds,
    operations,
    people,
    previews,
    prices,
    repeats,
    scheduler,
    schedules,
    selections,
    steering,
    sweeper,
    tenants,
)
from triggers.meta import meta_router

API = (
    kinds.router,
    previews.router,
    repeats.router,
    operations.router,
    steering.router,
    schedules.router,
    audit.router,
    tenants.router,
    prices.router,
    people.router,
    selections.router,
    csv_template.router,
    grants.router,
)
META = meta_router(API)

BLUEPRINTS: tuple[df.Blueprint, ...] = (
    *(router.blueprint() for router in (*API, META)),
    sweeper.bp,
    scheduler.bp,
    anchors.bp,
)
