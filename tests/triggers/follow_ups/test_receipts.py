"""Receipts of drops: what became of each user, in a blob, whatever dies before it is written."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

from shared.aftermath import follow_up
from shared.blobs.exports import CONTAINER as RESULTS
from shared.domain.advice import advice
from shared.domain.codes import TenantErrorCode
from shared.domain.operation import Operation, Phase, Status, Summary, TenantError, TenantPart, Totals
from shared.domain.states import close_totals, settle
from shared.services import Services
from tests.triggers.conftest import Api, Without
from tests.triggers.routes.test_operations import NOW, claim, outcome, put_part
from triggers.follow_ups.outbox import run_outbox

ID = "5b1f6f0e-6a0b-5c55-8f0e-1d6f6f1f7d43"
DROP = "assign/contoso.com/new/list.csv"
RECEIPT = f"assign/contoso.com/new/list.{ID}.csv"


async def ended(api: Api, part: TenantPart, status: Status, error: TenantError | None = None) -> None:
    """An operation that a drop has started, and that has ended."""

    def end(operation: Operation) -> Operation:
        [part] = operation.tenants
        totals = close_totals(part.totals, status is Status.CANCELLED)
        over = replace(part, status=status, phase=Phase.DONE, totals=totals, error=error, ended_at=NOW)
        return settle(replace(operation, drop=DROP, tenants=(over,)), NOW)

    await claim(api, ID, part)
    await follow_up(api.app, await api.app.operations.change(ID, end))


async def make_due(app: Services) -> None:
    """Let the time come at which somebody looks, by every clock."""
    [entry] = await app.outbox.due_before(app.tables.now() + timedelta(days=1), 10)
    await app.outbox.move(entry, app.tables.now() - timedelta(minutes=1))


async def told(api: Api) -> dict[str, str]:
    """Everything that is told."""
    results = await api.app.blobs.container(RESULTS)
    names = [name async for name in results.list_blob_names()]
    return {name: (await (await results.download_blob(name)).readall()).decode() for name in names}


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a receipt."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_the_receipt_is_the_csv_of_the_results(api: Api, registered: str) -> None:
    """Every user once, those of a cancelled operation that were never sent too; written again it is the same."""
    await ended(api, await put_part(api, ID, registered, (None, "UserNotFound"), 5), Status.CANCELLED)
    assert await run_outbox(api.app) == 1
    answer = await api.send("GET", f"operations/{ID}/results", format="csv")

    receipts = await told(api)
    assert receipts == {RECEIPT: answer.body.decode()}
    assert [(row["userId"], row["status"]) for row in rows(receipts[RECEIPT])] == [
        ("u0", "succeeded"),
        ("u1", "failed"),
        *((f"u{n}", "skipped") for n in (2, 3, 4)),
    ]
    assert [(item.kind, item.state) for item in await api.app.outbox.of(ID)] == [("receipt", "done")]
    assert await run_outbox(api.app) == 0


async def test_why_nothing_was_done_stands_beside_it(api: Api, registered: str) -> None:
    """A receipt without users would leave whoever dropped the file alone."""
    part = TenantPart(operation_id=ID, tenant_id=registered, domain="contoso.com")
    await ended(api, part, Status.FAILED, TenantError(TenantErrorCode.EMPTY_SELECTION, "The selection holds no users"))
    await run_outbox(api.app)

    receipts = await told(api)
    assert receipts.pop(RECEIPT.replace(".csv", ".error.txt")) == (
        f"EmptySelection: The selection holds no users. {advice(TenantErrorCode.EMPTY_SELECTION)}\n"
    )
    assert rows(receipts.pop(RECEIPT)) == []
    assert receipts == {}


async def test_a_name_that_is_a_formula_is_guarded(api: Api, registered: str) -> None:
    """Trap 42: whoever opens the receipt runs nothing."""
    evil = replace(outcome(0, "UserNotFound", "s0"), user_principal_name="=cmd|'/C calc'!A0@contoso.com")
    await api.app.results.record(ID, registered, [evil], Summary("s0", {"UserNotFound": 1}))
    totals = Totals(1, {"UserNotFound": 1})
    part = TenantPart(operation_id=ID, tenant_id=registered, domain="contoso.com", totals=totals)
    await ended(api, part, Status.FAILED)
    await run_outbox(api.app)

    [row] = rows((await told(api))[RECEIPT])
    assert row["userPrincipalName"] == "'=cmd|'/C calc'!A0@contoso.com"


async def test_a_receipt_that_cannot_be_written_is_written_later(api: Api, registered: str, without: Without) -> None:
    """Without patience's end: storage comes back some day."""
    await ended(api, await put_part(api, ID, registered, (None,), 1), Status.SUCCEEDED)
    whole = api.app
    await make_due(whole)
    await without("blobs")
    assert await run_outbox(api.app) == 1
    api.app = whole
    await make_due(whole)

    assert await told(api) == {}
    assert await run_outbox(api.app) == 1
    assert len(rows((await told(api))[RECEIPT])) == 1
    assert [(item.state, item.tries) for item in await api.app.outbox.of(ID)] == [("done", 2)]
