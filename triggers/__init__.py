"""Where operations come from: HTTP routes, timers and the CSV drop."""

import azure.durable_functions as df

from triggers import (
    anchors,
    audit,
    chains,
    consent,
    counting,
    csv_template,
    drop,
    grants,
    housekeeping,
    kinds,
    operations,
    outbox,
    people,
    previews,
    prices,
    products,
    reconciliation,
    repeats,
    schedule_runs,
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
