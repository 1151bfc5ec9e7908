"""The audit: who changed what, when, in which tenant."""

from collections.abc import AsyncIterator, Mapping

import azure.functions as func

from shared.contracts import present
from shared.contracts.responses import AuditEntryBody, Page
from shared.contracts.routes import BASE, CURSOR, FORMAT, FROM, TENANT, TO, TOP, Answer, Parameter, Route
from shared.csv.writing import AUDIT_COLUMNS, audit_row, csv_pieces
from shared.domain.caller import Role
from shared.services import Services
from triggers.routes.audited import audited_tenant
from triggers.web.exports import LINKED, PREFER_LINK, csv_answer
from triggers.web.http import Call, json_answer
from triggers.web.query import MAX_TOP, next_link
from triggers.web.router import Router

router = Router()


@router.add(
    Route(
        name="list_audit",
        method="GET",
        path=f"{BASE}/audit",
        summary="The audit entries, tenant by tenant in the order of their chains.",
        role=Role.READ,
        parameters=(
            TENANT,
            FROM,
            TO,
            Parameter("operation", "Only of this operation (id)."),
            Parameter("user", "Only of this user: object id or user principal name."),
            Parameter("actor", "Only by this actor: id or name."),
            TOP,
            CURSOR,
            FORMAT,
            PREFER_LINK,
        ),
        answers=(
            Answer(200, "A page of entries; as CSV all of them.", Page[AuditEntryBody], types=("text/csv",)),
            *LINKED,
        ),
        problems={
            404: "The tenant is unknown, or outside the caller's grants.",
            409: "An entry cannot be read, as it is not what was recorded.",
        },
    )
)
async def list_audit(call: Call, app: Services) -> func.HttpResponse:
    """A page of entries as JSON, or all of them as CSV."""
    query, top = call.query, call.query.top()
    tenant = await audited_tenant(call, app)
    since, until = query.period(call.now)
    operation, user, actor = query.text("operation"), query.text("user"), query.text("actor")

    async def page(rows: int, cursor: str | None) -> tuple[list[AuditEntryBody], str | None]:
        found, more = await app.audit.page(
            call.caller,
            tenant=tenant,
            since=since,
            until=until,
            operation=operation,
            user=user,
            actor=actor,
            top=rows,
            cursor=cursor,
        )
        return [present.audit_entry(entry) for entry in found], more

    async def rows() -> AsyncIterator[Mapping[str, object]]:
        entries, cursor = await page(MAX_TOP, None)
        while True:
            for entry in entries:
                yield audit_row(entry)
            if cursor is None:
                return
            entries, cursor = await page(MAX_TOP, cursor)

    if call.wants_csv():
        return await csv_answer(call, app, csv_pieces(AUDIT_COLUMNS, rows()), "audit")
    entries, cursor = await page(top, query.text("cursor"))
    return json_answer(Page[AuditEntryBody](value=entries, next_link=next_link(call.url, cursor)))
