"""Is the audit what was recorded? The check of a tenant's chain, and the tenants that have one."""

import logging
import re
from datetime import datetime

import azure.functions as func

from shared import telemetry
from shared.contracts.auditing import AuditedTenant, ChainBody
from shared.contracts.responses import Page
from shared.contracts.routes import BASE, CURSOR, TOP, Answer, Parameter, Route
from shared.domain.audit import Reached, timestamp
from shared.domain.caller import Role
from shared.errors import RequestRejected
from shared.services import Services
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from triggers.routes.audited import audited_tenant, audited_tenants, registered
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

router = Router()
log = logging.getLogger(__name__)

CHECK_SECONDS = 120
"""A request is cut off after 230 s; what one reads of storage at the end must fit as well."""
_SEQUENCE, _HASH = re.compile("[0-9]{1,12}"), re.compile("[0-9a-f]{64}")


@router.add(
    Route(
        name="verify_audit",
        method="GET",
        path=f"{BASE}/audit/verify",
        summary="Whether a tenant's audit chain is what was recorded, up to its head and against its anchors.",
        role=Role.READ,
        parameters=(
            Parameter("tenant", "The tenant: its GUID or a verified domain.", required=True),
            Parameter("cursor", "Where the check goes on, from the nextLink of one that was unfinished."),
        ),
        answers=(Answer(200, "What was found.", ChainBody),),
        problems={404: "The tenant is unknown, or outside the caller's grants."},
    )
)
async def verify_audit(call: Call, app: Services) -> func.HttpResponse:
    """Check the chain, or as much of it as a request has time for."""
    return json_answer(await checked(call, app, CHECK_SECONDS))


async def checked(call: Call, app: Services, seconds: float) -> ChainBody:
    """What a check of so many seconds finds."""
    tenant = await audited_tenant(call, app)
    if tenant is None:
        raise RequestRejected(400, "tenant is missing: a check is of one tenant.")
    begin = _begin(call.query.text("cursor"), tenant)
    anchors = await app.anchors.read(tenant)
    found = await app.audit.verify(tenant, anchors, begin=begin, seconds=seconds)
    if found.status == "broken":
        log.error("the audit chain of tenant %s is broken at entry %s", tenant, found.first_broken)
        telemetry.count("audit.broken", tenant=tenant)
    cursor = None
    if reached := found.reached:
        anchored = timestamp(reached.anchored_at) if reached.anchored_at else ""
        cursor = make_cursor(tenant, str(reached.sequence), reached.hash, anchored)
    return ChainBody(
        tenant_id=tenant,
        status=found.status,
        entries=found.entries,
        first_broken=found.first_broken,
        anchored_at=found.anchored_at,
        next_link=next_link(call.url, cursor),
    )


def _begin(cursor: str | None, tenant: str) -> Reached | None:
    """Where an earlier check of this tenant stopped."""
    place = read_cursor(cursor, 4)
    if place is None:
        return None
    of, sequence, digest, anchored = place
    if of != tenant or not _SEQUENCE.fullmatch(sequence) or not _HASH.fullmatch(digest):
        raise bad_cursor()
    try:
        at = datetime.fromisoformat(anchored) if anchored else None
    except ValueError:
        raise bad_cursor() from None
    if at and at.tzinfo is None:
        raise bad_cursor()
    return Reached(int(sequence), digest, at)


@router.add(
    Route(
        name="list_audited_tenants",
        method="GET",
        path=f"{BASE}/audit/tenants",
        summary="The tenants whose audit can be verified: also those that left the registry.",
        role=Role.READ,
        parameters=(TOP, CURSOR),
        answers=(Answer(200, "A page of tenants, by id.", Page[AuditedTenant]),),
    )
)
async def list_audited_tenants(call: Call, app: Services) -> func.HttpResponse:
    """A page of the tenants that are registered, have entries, or were anchored."""
    top, place = call.query.top(), read_cursor(call.query.text("cursor"), 1)
    after = place[0] if place else ""
    known = await registered(app, call.caller)
    anchored = {tenant for tenant in await app.anchors.tenants() if call.caller.sees(tenant)}
    value: list[AuditedTenant] = []
    async for tenant in audited_tenants(app, call.caller, sorted({*known, *anchored}), after):
        if tenant <= after:
            continue
        if len(value) == top:
            return _page(call, value, make_cursor(value[-1].tenant_id))
        value.append(AuditedTenant(tenant_id=tenant, domain=known[tenant].domain if tenant in known else None))
    return _page(call, value, None)


def _page(call: Call, value: list[AuditedTenant], cursor: str | None) -> func.HttpResponse:
    return json_answer(Page[AuditedTenant](value=value, next_link=next_link(call.url, cursor)))
