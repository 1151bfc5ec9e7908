"""Where operations come from: HTTP routes, timers and the CSV drop."""

import azure.durable_functions as df

from triggers.drops import drop
from triggers.follow_ups import outbox
from triggers.routes import (
    audit,
    chains,
    consent,
    csv_template,
    grants,
    kinds,
    me,
    operations,
    people,
    portal,
    previews,
    prices,
    reconciliation,
    repeats,
    schedule_runs,
    schedules,
    selections,
    steering,
    tenants,
)
from triggers.routes.meta import meta_router
from triggers.timers import anchors, counting, housekeeping, products, scheduler, sweeper

API = (
    kinds.router,
    previews.router,
    repeats.router,
    operations.router,
    steering.router,
    schedules.router,
    schedule_runs.router,
    audit.router,
    chains.router,
    reconciliation.router,
    tenants.router,
    consent.router,
    prices.router,
    people.router,
    selections.router,
    csv_template.router,
    grants.router,
    me.router,
    portal.router,
)
META = meta_router(API)

BLUEPRINTS: tuple[df.Blueprint, ...] = (
    *(router.blueprint() for router in (*API, META)),
    sweeper.bp,
    scheduler.bp,
    outbox.bp,
    anchors.bp,
    counting.bp,
    housekeeping.bp,
    products.bp,
    drop.bp,
)
