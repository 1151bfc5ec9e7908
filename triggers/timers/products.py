"""Daily: Microsoft's list of products, so that each can be named as Microsoft names it."""

import logging

import azure.durable_functions as df
import azure.functions as func

from shared.product_list import NotTheList, ProductList, check_against, read_list
from shared.product_source import download
from shared.services import Services, services
from shared.settings import catalogue_schedule

bp = df.Blueprint()
log = logging.getLogger(__name__)


async def refresh_products(app: Services) -> bool:
    """Read the list where it has changed, and keep it if it can be believed; else the last one stays. True if kept."""
    url = app.settings.catalogue_url
    if url is None:
        return False
    try:
        before = await app.products.read()
    except (ValueError, OSError) as error:
        log.warning("The stored list of products is none, and is written anew: %s", error)
        before = None
    if before is not None and before.source != url:
        before = None
    try:
        found = await download(url, before.etag if before else None)
        if found is None:
            return False
        skus, rows = read_list(found.content)
        check_against(before, rows)
    except NotTheList as error:
        log.warning("The list of products is not taken over: %s", error)
        return False
    await app.tables.refresh_clock()
    kept = ProductList(source=url, etag=found.etag, read_at=app.tables.now(), rows=rows, skus=skus)
    await app.products.write(kept)
    log.info("The list of products has %d SKUs in %d rows", len(skus), rows)
    return True


@bp.timer_trigger(arg_name="timer", schedule=catalogue_schedule())
async def refresh_catalogue(timer: func.TimerRequest) -> None:
    """See ``refresh_products``."""
    await refresh_products(await services())
