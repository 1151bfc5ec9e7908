"""What has had its time goes, what somebody still needs stays, and routes say clearly what is gone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.blobs import plans, staging
from shared.blobs.expiry import BlobShelf
from shared.blobs.exports import CONTAINER as RESULTS
from shared.blobs.exports import ExportStore
from shared.blobs.staging import digest
from shared.contracts.stored import parse_stored
from shared.contracts.work import TenantRun
from shared.domain.audit import MarkedEntries
from shared.domain.caller import SYSTEM
from shared.domain.schedule import cancel
from shared.domain.selection import NamedUser
from shared.services import Services, open_services
from shared.tables.schedules import ScheduleStore
from tests.activities.driver import Engine
from tests.support.samples import audit_entry, schedule
from tests.triggers.conftest import Answer, Api, assign_body, quick_services
from tests.triggers.routes.test_previews import ready
from triggers.timers.housekeeping import EXPORTS_KEPT, KEPT, needed, tidy

MOMENT = timedelta(minutes=1)

app = pytest.fixture(quick_services)


async def later(app: Services, time: timedelta) -> datetime:
    """The service's time, so much later."""
    await app.tables.refresh_clock()
    return app.tables.now() + time


async def blobs_of(app: Services, container: str) -> set[str]:
    """Names of all blobs."""
    client = await app.blobs.container(container)
    return {name async for name in client.list_blob_names()}


@pytest.fixture
async def afresh(app: Services) -> AsyncIterator[Services]:
    """Another process on the same storage: nothing is in its memory."""
    other = open_services(app.settings)
    yield other
    await other.close()


async def ended(api: Api, tenant: str) -> str:
    """An operation that gave Ana a licence and failed for somebody who does not exist; gives its id."""
    users = {"users": ["ana@contoso.com", "nobody@contoso.com"]}
    answer = await api.send("POST", "assign", assign_body(tenant, targets=[{"tenant": tenant, "users": users}]))
    await Engine(api.app).run(TenantRun(operation=answer.json["id"], epoch=1, tenant=tenant))
    return answer.json["id"]


async def test_an_operation_outlives_its_plan_and_request(api: Api, registered: str, afresh: Services) -> None:
    """Results, audit and revert need neither; a retry says that it comes too late."""
    operation = await ended(api, registered)
    await api.app.blobs.write(RESULTS, f"assign/{registered}/a.{operation}.csv", b"receipt", media_type="text/csv")
    before = (await api.send("GET", f"operations/{operation}")).json
    assert await blobs_of(api.app, plans.CONTAINER)
    assert await tidy(api.app, await later(api.app, KEPT - MOMENT)) == 0

    assert await tidy(api.app, await later(api.app, KEPT + MOMENT)) > 3

    api = replace(api, app=afresh)
    assert await blobs_of(api.app, plans.CONTAINER) == await blobs_of(api.app, staging.CONTAINER) == set()
    assert await blobs_of(api.app, RESULTS) == {f"assign/{registered}/a.{operation}.csv"}
    told = (await api.send("GET", f"operations/{operation}")).json
    assert told == before | {"impact": None}
    results = (await api.send("GET", f"operations/{operation}/results", format="csv")).body.decode()
    assert len(results.splitlines()) == 3
    assert len((await api.send("GET", "audit", operation=operation)).json["value"]) == 1
    retry = await api.send("POST", f"operations/{operation}/retry")
    assert (retry.status, "expired" in retry.json["detail"]) == (409, True)
    assert (await api.send("POST", f"operations/{operation}/revert")).status == 202


async def test_a_preview_that_is_gone_says_so(api: Api, registered: str, afresh: Services) -> None:
    """Its row is left: expired, without request and impact; nothing answers with a fault of the app."""
    asked = await ready(api, registered)
    await api.app.operations.change(asked, lambda o: replace(o, expires_at=o.created_at - MOMENT))
    await api.app.due.remove(asked, registered)
    await tidy(api.app, await later(api.app, KEPT + MOMENT))
    api = replace(api, app=afresh)

    told = (await api.send("GET", f"previews/{asked}")).json
    assert (told["status"], told["request"], told["impact"]) == ("expired", None, None)
    users = await api.send("GET", f"previews/{asked}/users")
    assert (users.status, "not kept any more" in users.json["detail"]) == (404, True)
    executed = await api.send("POST", "assign", {"previewId": asked})
    assert (executed.status, "expired" in executed.json["detail"]) == (409, True)


async def asked_by_csv(api: Api, tenant: str) -> Answer:
    """Claim an operation whose users stand in rows of their own."""
    rows = "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E5\n"
    body = assign_body(tenant, targets=[{"tenant": tenant, "users": {"csv": rows}}])
    return await api.send("POST", "assign", body)


async def test_what_has_not_ended_keeps_its_request_and_rows(api: Api, registered: str, afresh: Services) -> None:
    """Claimed and never begun, for over a year: the request, the index of its rows and the rows are all there."""
    operation = (await asked_by_csv(api, registered)).json["id"]
    staged = await blobs_of(api.app, staging.CONTAINER)
    assert len(staged) == 3

    assert await tidy(api.app, await later(api.app, timedelta(days=400))) == 0

    await Engine(afresh).run(TenantRun(operation=operation, epoch=1, tenant=registered))
    ended_one = await afresh.operations.get(SYSTEM, operation)
    assert [part.totals.succeeded for part in ended_one.tenants] == [1]
    assert await tidy(api.app, await later(api.app, timedelta(days=400))) > 3
    assert await blobs_of(api.app, staging.CONTAINER) == set()


async def test_a_schedule_keeps_its_request_and_rows(api: Api, registered: str) -> None:
    """Also where no operation of it is left, and until it is deleted."""
    operation = await api.app.operations.read_op((await asked_by_csv(api, registered)).json["id"])
    await api.app.due.remove(operation.id, registered)
    kept = await api.app.schedules.insert(schedule(request_sha=operation.request_sha, tenants=(registered,)))

    assert await tidy(api.app, await later(api.app, timedelta(days=400))) == 0
    request = parse_stored("assign", await api.app.staging.get(operation.request_sha))
    name = request.targets[0].users.csv
    assert name
    found, more = await api.app.rows.read(name, 0)
    assert ([row.reference for row in found], more) == (["ana@contoso.com"], False)

    await api.app.schedules.change(kept.id, lambda s: cancel(s, s.created_by))
    await api.app.schedules.delete(kept.id)
    assert await tidy(api.app, await later(api.app, timedelta(days=400))) == 3


async def test_what_is_put_again_while_the_timer_looks_stays(app: Services) -> None:
    """Somebody asks for the same thing again between the timer's look and its delete."""
    content = b"a request"
    await app.staging.put(digest(content), content)
    shelf = BlobShelf(app.blobs, staging.CONTAINER)
    (seen,), _ = await shelf.page(None, 10)

    await app.staging.put(digest(content), content)

    assert not await shelf.delete(seen)
    assert await app.staging.get(digest(content)) == content
    (renewed,), _ = await shelf.page(None, 10)
    assert renewed.written >= seen.written
    assert await shelf.delete(renewed)
    assert not await shelf.delete(renewed)
    await app.staging.put(digest(content), content)
    assert await app.staging.get(digest(content)) == content


async def test_a_run_is_bounded_and_the_next_one_goes_on(app: Services) -> None:
    """However many there are, each run looks at some pages; together they come round."""
    await app.rows.write([NamedUser(f"u{n}@x") for n in range(5_500)])
    assert len(await blobs_of(app, staging.CONTAINER)) == 7
    then = await later(app, KEPT + MOMENT)

    gone = [await tidy(app, then, rows=2, pages=1) for _ in range(4)]

    assert gone == [2, 2, 2, 1]
    await app.staging.put(digest(b"x"), b"x")
    assert await tidy(app, then + timedelta(days=1), rows=2, pages=1) == 1


async def test_exports_live_a_day_and_the_audit_for_ever(app: Services) -> None:
    """Receipts beside them stay, and so do entries and anchors."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a,b\r\n"

    await ExportStore(app.blobs).put("op", pieces(), download_as="x.csv")
    await app.blobs.write(RESULTS, "exports-of-ours.txt", b"x", media_type="text/plain")
    await app.audit.record("t1", [MarkedEntries("op", "0.1.1", (audit_entry("t1", 1),))])
    head = await app.audit.head("t1")
    assert head
    await app.anchors.append({"t1": head}, await later(app, timedelta()))

    assert await tidy(app, await later(app, EXPORTS_KEPT - MOMENT)) == 0
    assert await tidy(app, await later(app, timedelta(days=4_000))) == 1

    assert await blobs_of(app, RESULTS) == {"exports-of-ours.txt"}
    assert (await app.audit.verify("t1", await app.anchors.read("t1"))).status == "intact"


async def test_an_operation_that_is_being_claimed_is_no_obstacle(app: Services) -> None:
    """Its due row stands before it; a claim that never came about stops no run either."""
    await app.due.move("op-to-be", "t1", await later(app, timedelta()))

    assert "op-to-be" in (await needed(app)).plans
    assert await tidy(app, await later(app, KEPT)) == 0


async def test_the_request_of_a_schedule_that_runs_and_goes_while_the_timer_looks_stays(
    api: Api, registered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its operation names the request in place of the schedule, which was older than what is kept."""
    daily = {"frequency": "daily", "time": "02:00", "timeZone": "UTC"}
    body = {"name": "Nightly", "operation": "assign", "request": assign_body(registered), "recurrence": daily}
    path = f"schedules/{(await api.send('POST', 'schedules', body)).json['id']}"
    started: list[Answer] = []
    real = ScheduleStore.list

    async def late(self: ScheduleStore, *args: Any, **named: Any) -> Any:
        if not started:
            started.append(await api.send("POST", f"{path}/run"))
            assert (await api.send("DELETE", path)).status == 204
        return await real(self, *args, **named)

    monkeypatch.setattr(ScheduleStore, "list", late)
    found = await needed(api.app)

    operation = await api.app.operations.read_op(started[0].json["id"])
    assert operation.request_sha in found.staged
