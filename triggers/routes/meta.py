"""Health and the description of the API: outside the base path, for anyone."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Iterable
from contextlib import suppress

import azure.functions as func

from shared.contracts.openapi import DOCS_POLICY, docs_page, openapi
from shared.contracts.responses import DependencyState, Health
from shared.contracts.routes import Answer, Parameter, Route
from shared.domain.caller import SYSTEM
from shared.domain.tenant import Tenant
from shared.errors import DependencyDown, GraphError, LicenceError, Unavailable
from shared.services import Services
from triggers.web.http import Call, json_answer
from triggers.web.router import Router

VERSION = "0.1.0"
READY_WITHIN_S = 10
NO_TENANT = "00000000-0000-0000-0000-000000000000"

log = logging.getLogger(__name__)


def meta_router(others: Iterable[Router]) -> Router:
    """The routes that describe the others, and health."""
    router = Router()
    described = tuple(others)

    def routes() -> list[Route]:
        return [route for each in (*described, router) for route in each.routes]

    @router.add(
        Route(
            name="health",
            method="GET",
            path="health",
            summary="Whether the process serves; with ready=1 whether what it depends on answers.",
            role=None,
            parameters=(Parameter("ready", "1 asks each dependency.", {"type": "string", "enum": ["0", "1"]}),),
            answers=(Answer(200, "It serves.", Health), Answer(503, "A dependency is down, and named.", Health)),
        )
    )
    async def health(call: Call, app: Services) -> func.HttpResponse:
        if call.query.one_of("ready", ("0", "1")) != "1":
            return json_answer(Health(status="ok"))
        asked = [_state("tables", _tables(app)), _state("blobs", _blobs(app)), _state("graph", _graph(app))]
        if app.tokens:
            asked.append(_state("issuer", app.tokens.issuer.check()))
        states = await asyncio.gather(*asked)
        ready = all(state.ok for state in states)
        return json_answer(Health(status="ok" if ready else "down", dependencies=list(states)), 200 if ready else 503)

    @router.add(
        Route(
            name="openapi",
            method="GET",
            path="openapi.json",
            summary="This API as OpenAPI 3.1.",
            role=None,
            answers=(Answer(200, "The document.", types=("application/json",)),),
        )
    )
    async def document(call: Call, app: Services) -> func.HttpResponse:
        return func.HttpResponse(json.dumps(openapi(routes(), VERSION)), mimetype="application/json")

    @router.add(
        Route(
            name="docs",
            method="GET",
            path="docs",
            summary="This API as a page.",
            role=None,
            answers=(Answer(200, "The page.", types=("text/html",)),),
        )
    )
    async def docs(call: Call, app: Services) -> func.HttpResponse:
        page = docs_page(routes(), openapi(routes(), VERSION))
        headers = {"Content-Security-Policy": DOCS_POLICY, "Referrer-Policy": "no-referrer"}
        return func.HttpResponse(page, headers=headers, mimetype="text/html", charset="utf-8")

    return router


async def _tables(app: Services) -> None:
    await app.tables.table("operations").get("ready", "ready")


async def _blobs(app: Services) -> None:
    await app.blobs.read("staging", "ready")


async def _graph(app: Services) -> None:
    """Graph answers, if only with a refusal: that says something of the tenant asked for, not of Graph."""
    tenant = Tenant(id=NO_TENANT)
    with suppress(DependencyDown):  # the tables' own check tells
        registered, _ = await app.tenants.list(SYSTEM, top=1)
        tenant = registered[0] if registered else tenant
    try:
        await app.directory(tenant.id, tenant.credential).organization()
    except Unavailable:
        raise
    except GraphError as answered:
        log.info("Graph answered the check of health: %s", answered)


async def _state(name: str, answers: Awaitable[None]) -> DependencyState:
    """Whether a dependency answers within ten seconds."""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await answers
    except LicenceError as error:  # anybody may ask: what it says of tenants is for the log
        log.warning("%s does not answer the check of health: %s", name, error)
        return DependencyState(name=name, ok=False, detail="does not answer")
    except TimeoutError:
        return DependencyState(name=name, ok=False, detail=f"no answer within {READY_WITHIN_S} s")
    return DependencyState(name=name, ok=True)
