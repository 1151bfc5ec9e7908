"""Previews: the impact of a request, and what would become of each user, before anything is done."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import azure.functions as func

from shared.contracts import review
from shared.contracts.preview import PreviewBody, PreviewUser, preview_body, preview_status, preview_user
from shared.contracts.preview_requests import PREVIEWS, AssignPreview, RevertPreview, without_kind
from shared.contracts.requests import BODIES, KINDS, PlannedKind
from shared.contracts.responses import Page
from shared.contracts.routes import (
    BASE,
    CSV_OPERATION,
    CSV_TENANT,
    CURSOR,
    FORMAT,
    TENANT,
    TOP,
    Answer,
    Parameter,
    Route,
)
from shared.csv.writing import PREVIEW_COLUMNS, csv_pieces, preview_row
from shared.domain.caller import Role
from shared.domain.model import Decision
from shared.domain.operation import Actor, Operation, OperationKind, Status, TenantPart
from shared.errors import NotFound, Problem, RequestRejected
from shared.services import Services
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from triggers.requests.claims import IDEMPOTENCY_KEY, POLL_AFTER_S, claim_of, claimed_before, start, store_request
from triggers.requests.executing import find_preview
from triggers.requests.guarding import guards_of
from triggers.requests.repeating import revert_request
from triggers.requests.understanding import parts_of, understood
from triggers.routes.operations import tenant_id
from triggers.routes.people import SEARCH_TEXT, searched
from triggers.routes.results import words
from triggers.web.bodies import NOT_VALID, field_of, object_of
from triggers.web.exports import LINKED, PREFER_LINK, csv_answer
from triggers.web.http import Call, json_answer
from triggers.web.query import cursor_number, next_link
from triggers.web.router import Router

router = Router()

LIFETIME = timedelta(hours=24)
WAIT_S, LONGEST_WAIT_S = 20.0, 60.0
LOOK_EVERY_S = 0.25
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")
STATUSES = ("change", "unchanged", "skipped")
PREVIEW = f"{BASE}/previews/{{id}}"


@router.add(
    Route(
        name="preview",
        method="POST",
        path=f"{BASE}/preview",
        summary="Work out the impact of a request; nothing is changed.",
        role=Role.OPERATE,
        body=AssignPreview,
        or_bodies=(PREVIEWS["remove"], PREVIEWS["modify"], PREVIEWS["transfer"], RevertPreview),
        csv=True,
        parameters=(
            CSV_TENANT,
            CSV_OPERATION,
            IDEMPOTENCY_KEY,
            Parameter("Prefer", "wait=N: answer within N seconds, at most 60; 20 unless told.", where="header"),
        ),
        answers=(
            Answer(200, "The preview is ready.", PreviewBody, headers=("Location",)),
            Answer(202, "The preview is being computed.", PreviewBody, headers=("Location", "Retry-After")),
        ),
        problems={
            404: "A tenant, or the operation to revert, is unknown or outside the caller's grants.",
            409: "The idempotency key came with another body, or the operation to revert has not ended.",
            422: "A tenant, SKU or service plan is not known; the nearest names are given.",
        },
        starts=True,
    )
)
async def preview(call: Call, app: Services) -> func.HttpResponse:
    """Claim a preview, and wait for it as long as the caller likes."""
    seconds = _patience(call)
    began = monotonic()
    claim = claim_of(call, "preview")
    operation = await claimed_before(app, call, claim)
    if operation is None:
        operation = await _asked(call, app, claim.id, claim.body_sha)
        _, operation = await start(app, call, claim, operation)
    while True:
        await app.tables.refresh_clock()
        if preview_status(operation, app.tables.now()) != "computing" or monotonic() - began > seconds:
            break
        await asyncio.sleep(LOOK_EVERY_S)
        operation = await find_preview(app, call.caller, operation.id)
    body = await _shown(app, operation)
    headers = {"Location": f"{call.origin}/api/{BASE}/previews/{operation.id}"}
    if body.status != "computing":
        return json_answer(body, 200, headers)
    return json_answer(body, 202, headers | {"Retry-After": POLL_AFTER_S})


async def _asked(call: Call, app: Services, preview_id: str, body_sha: str) -> Operation:
    """The preview that a body asks for."""
    named = field_of(call.body, "operation")
    kind: OperationKind
    if named == "revert":
        kind = "revert"
        asked = call.parsed(RevertPreview)
        request, parts = await revert_request(app, call.caller, preview_id, asked.operation_id)
        guards, reason, parent = guards_of(request.options, None), None, asked.operation_id
    else:
        planned: PlannedKind | None = next((known for known in KINDS if known == named), None)
        if planned is None:
            object_of(call.body)
            detail = f"operation must be one of {', '.join([*PREVIEWS, 'revert'])}"
            raise RequestRejected(400, NOT_VALID, [Problem("/operation", detail)])
        kind = planned
        body = without_kind(call.parsed(PREVIEWS[planned]), BODIES[planned])
        request, tenants = await understood(app, call.caller, planned, body)
        parts, parent = parts_of(preview_id, request, tenants), None
        guards, reason = guards_of(body.options, body.confirm, on_all=body.on_all), body.reason
    request_sha = await store_request(app, request.stored())
    await app.tables.refresh_clock()
    now = app.tables.now()
    return Operation(
        id=preview_id,
        kind="preview",
        planned=kind,
        status=Status.QUEUED,
        created_at=now,
        expires_at=now + LIFETIME,
        created_by=Actor(call.caller.id, call.caller.name),
        request_sha=request_sha,
        body_sha=body_sha,
        reason=reason,
        guards=guards,
        grace_days=request.grace_days,
        parent_id=parent,
        tenants=parts,
    )


def _patience(call: Call) -> float:
    """Seconds to wait for the preview."""
    asked = _WAIT.search(call.headers.get("prefer", ""))
    return min(float(asked[1]), LONGEST_WAIT_S) if asked else WAIT_S


@router.add(
    Route(
        name="get_preview",
        method="GET",
        path=PREVIEW,
        summary="A preview with its impact.",
        role=Role.READ,
        answers=(Answer(200, "The preview.", PreviewBody),),
    )
)
async def get_preview(call: Call, app: Services) -> func.HttpResponse:
    """The preview as it stands."""
    operation = await find_preview(app, call.caller, call.path["id"])
    await app.tables.refresh_clock()
    return json_answer(await _shown(app, operation))


async def _shown(app: Services, operation: Operation) -> PreviewBody:
    now = app.tables.now()
    seen = {part.tenant_id for part in operation.tenants}  # of other tenants a caller with limited grants hears nothing
    try:
        request = json.loads(await app.staging.get(operation.request_sha))
    except NotFound:  # long after the preview itself
        request = None
    else:
        request["targets"] = [target for target in request["targets"] if target["tenant"] in seen]
    impact = None
    if preview_status(operation, now) == "ready":
        found = [await app.plans.impact(operation.id, part.tenant_id) for part in operation.tenants]
        impact = review.impact([each for each in found if each is not None], app.products.known)
    return preview_body(operation, request, impact, now)


@router.add(
    Route(
        name="get_preview_users",
        method="GET",
        path=f"{PREVIEW}/users",
        summary="What would become of each user.",
        role=Role.READ,
        parameters=(
            Parameter("status", "Only with this status.", {"type": "string", "enum": list(STATUSES)}),
            Parameter("search", "Part of the principal name, in any case.", SEARCH_TEXT),
            TENANT,
            TOP,
            CURSOR,
            FORMAT,
            PREFER_LINK,
        ),
        answers=(Answer(200, "A page of users; as CSV all of them.", Page[PreviewUser], types=("text/csv",)), *LINKED),
    )
)
async def get_preview_users(call: Call, app: Services) -> func.HttpResponse:
    """A page of the plan as JSON, or all of it as CSV."""
    top, wanted = call.query.top(), Wanted(call.query.one_of("status", STATUSES), searched(call))
    operation = await find_preview(app, call.caller, call.path["id"])
    tenant = await tenant_id(call, app)
    parts = [part for part in operation.tenants if part.affected is not None and tenant in (None, part.tenant_id)]
    if call.wants_csv():
        rows = (preview_row(user) async for _, user in _users(app, operation, parts, wanted))
        return await csv_answer(call, app, csv_pieces(PREVIEW_COLUMNS, rows), "preview", operation.id)
    place = _place(call.query.text("cursor"), parts)
    value: list[PreviewUser] = []
    following: str | None = None
    async for where, user in _users(app, operation, parts, wanted, *place):
        if len(value) == top:
            following = make_cursor(where[0], str(where[1]))
            break
        value.append(user)
    return json_answer(Page[PreviewUser](value=value, next_link=next_link(call.url, following)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which users of a plan are asked for: those with a status, and with a text in their principal name."""

    status: str | None
    search: str | None

    def has(self, decision: Decision) -> bool:
        """Whether a user is one of them."""
        if self.search and self.search.casefold() not in decision.user_principal_name.casefold():
            return False
        return self.status in (None, decision.status)


def _place(cursor: str | None, parts: list[TenantPart]) -> tuple[int, int]:
    """Tenant and index at which a page begins."""
    found = read_cursor(cursor, 2)
    if found is None:
        return 0, 0
    at = next((n for n, part in enumerate(parts) if part.tenant_id == found[0]), None)
    if at is None:
        raise bad_cursor()
    return at, cursor_number(found[1])


async def _users(
    app: Services,
    operation: Operation,
    parts: list[TenantPart],
    wanted: Wanted,
    first_tenant: int = 0,
    first_index: int = 0,
) -> AsyncIterator[tuple[tuple[str, int], PreviewUser]]:
    """The users of the plan in order, each with its tenant and index."""
    for part in parts[first_tenant:]:
        manifest = await _kept(operation, app.plans.frozen(operation.id, part.tenant_id))
        named = words(app, manifest)
        for number, chunk in enumerate(manifest.chunks):
            if chunk.first_index + chunk.users <= first_index:
                continue
            for decision in await _kept(operation, app.plans.read_chunk(operation.id, part.tenant_id, number)):
                if decision.index >= first_index and wanted.has(decision):
                    yield (part.tenant_id, decision.index), preview_user(part.tenant_id, decision, named)
        first_index = 0


async def _kept[T](operation: Operation, reading: Awaitable[T]) -> T:
    """What is read of a preview's plan; ``NotFound`` says that it is not kept any more."""
    try:
        return await reading
    except NotFound as gone:
        raise NotFound(f"The plan of the preview {operation.id} is not kept any more: ask for a new one.") from gone
