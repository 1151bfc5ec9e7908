"""Status, results and cancel, over rows and plans as the engine leaves them."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.domain.caller import SYSTEM
from shared.domain.model import AddLicence
from shared.domain.operation import Actor, Operation, Outcome, Phase, Status, Summary, TenantPart, Totals
from shared.domain.plan import Manifest, chunk_info
from tests.triggers.conftest import ADMIN, E5, FOREIGN, GOLD, READER, Answer, Api, decision

NOW = datetime(2026, 11, 23, 2, 0, 0, tzinfo=UTC)
OTHER = "22222222-2222-4222-8222-222222222222"


def outcome(index: int, code: str | None, mark: str) -> Outcome:
    """How user ``index`` ended."""
    return Outcome(
        index=index,
        user_id=f"u{index}",
        user_principal_name=f"user{index}@contoso.com",
        code=code,
        mark=mark,
        completed_at=NOW,
        added=() if code else (AddLicence(E5),),
        attempts=1,
    )


async def put_part(
    api: Api, operation_id: str, tenant: str, codes: Sequence[str | None], users: int, *, chunk: int = 4
) -> TenantPart:
    """A tenant's part with a frozen plan of ``users``, whose first ones have outcomes."""
    infos = []
    for n, first in enumerate(range(0, users, chunk)):
        decisions = [decision(index) for index in range(first, min(first + chunk, users))]
        await api.app.plans.write_chunk(operation_id, tenant, n, decisions)
        infos.append(chunk_info(decisions))
    await api.app.plans.freeze(operation_id, tenant, Manifest.of(infos))
    by_code: dict[str, int] = {}
    for code in codes:
        by_code[code or ""] = by_code.get(code or "", 0) + 1
    if codes:
        outcomes = [outcome(index, code, "0.1.1") for index, code in enumerate(codes)]
        await api.app.results.record(operation_id, tenant, outcomes, Summary("0", by_code, ("0.1.1",)))
    return TenantPart(
        operation_id=operation_id,
        tenant_id=tenant,
        domain="contoso.com",
        status=Status.RUNNING,
        phase=Phase.APPLYING,
        totals=Totals(users, by_code),
        started_at=NOW,
    )


async def claim(api: Api, operation_id: str, *parts: TenantPart, status: Status = Status.RUNNING) -> str:
    """Claim and index an operation of these parts."""
    operation = Operation(
        id=operation_id,
        kind="assign",
        status=status,
        created_at=NOW,
        created_by=Actor("admin", "admin"),
        request_sha="0" * 64,
        body_sha="0" * 64,
        tenants=parts,
    )
    await api.app.operations.claim(operation)
    await api.app.operations.index(operation)
    return operation_id


CODES = (None, "AlreadyAssigned", "MissingUsageLocation", None, "GraphError")


@pytest.fixture
async def running(api: Api, registered: str) -> str:
    """Ten users in chunks of four: two succeeded, one skipped, two failed, five pending."""
    return await claim(api, "op-1", await put_part(api, "op-1", registered, CODES, 10))


async def pages(api: Api, path: str, **query: str) -> list[Answer]:
    """All pages of a list, by their links."""
    found = [await api.send("GET", path, query=query)]
    while link := found[-1].json["nextLink"]:
        found.append(await api.send("GET", link.removeprefix("https://app.test/api")))
    return found


def users(*answers: Answer) -> list[str]:
    """The users of some pages."""
    return [each["userId"] for answer in answers for each in answer.json["value"]]


async def test_the_status_adds_up_and_brings_the_first_results(api: Api, running: str) -> None:
    """Invariant 9, grouped errors with samples, and every user in the results."""
    body = (await api.send("GET", f"operations/{running}", key=READER)).json

    progress = body["progress"]
    assert (progress["total"], progress["pending"], progress["percent"]) == (10, 5, 50.0)
    assert (progress["succeeded"], progress["skipped"], progress["failed"]) == (2, 1, 2)
    assert {(group["code"], group["count"], tuple(group["sample"])) for group in body["errors"]} == {
        ("GraphError", 1, ("user4@contoso.com",)),
        ("MissingUsageLocation", 1, ("user2@contoso.com",)),
    }
    assert [each["userId"] for each in body["results"]["value"]] == [f"u{n}" for n in range(10)]
    assert body["results"]["nextLink"] is None


async def test_what_many_watch_is_read_once_for_the_same_counts(api: Api, registered: str, running: str) -> None:
    """As soon as the counts move, everybody sees the new results and samples."""
    first = [(await api.send("GET", f"operations/{running}")).json for _ in range(2)]
    outcomes = [outcome(index, "GraphError", "1.1.1") for index in (5, 6)]
    await api.app.results.record(running, registered, outcomes, Summary("1", {"GraphError": 2}, ("1.1.1",)))
    codes = Counter(code or "" for code in CODES)
    changed = Totals(10, {**codes, "GraphError": 3})
    await api.app.operations.change_part(running, registered, lambda part: replace(part, totals=changed))
    later = (await api.send("GET", f"operations/{running}")).json

    assert first[0] == first[1]
    assert first[0]["results"]["value"][5]["status"] == "pending"
    assert [each["status"] for each in later["results"]["value"][5:7]] == ["failed", "failed"]
    [group] = [group for group in later["errors"] if group["code"] == "GraphError"]
    assert group["sample"] == ["user4@contoso.com", "user5@contoso.com", "user6@contoso.com"]


async def test_no_user_is_lost_or_told_twice_over_pages(api: Api, running: str) -> None:
    """Pages cut anywhere: within a chunk, at its end, across outcomes and plan."""
    for top in ("1", "3", "4", "5", "9", "10", "11"):
        found = await pages(api, f"operations/{running}/results", top=top)
        assert users(*found) == [f"u{n}" for n in range(10)], top
        assert all(len(answer.json["value"]) <= int(top) for answer in found)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("succeeded", [0, 3]), ("skipped", [1]), ("failed", [2, 4]), ("pending", [5, 6, 7, 8, 9])],
)
async def test_results_are_filtered_by_status(api: Api, running: str, status: str, expected: list[int]) -> None:
    """Whatever the page, exactly these users in selection order."""
    for top in ("1", "2", "100"):
        found = await pages(api, f"operations/{running}/results", status=status, top=top)
        assert users(*found) == [f"u{n}" for n in expected]
        assert {each["status"] for answer in found for each in answer.json["value"]} == {status}


async def test_users_whom_a_cancelled_operation_did_not_reach_read_as_cancelled(api: Api, registered: str) -> None:
    """Nobody is left pending after the end; with and without the filter."""
    part = await put_part(api, "op-c", registered, CODES, 10)
    ended = replace(
        part, status=Status.CANCELLED, phase=Phase.DONE, totals=part.totals.plus({"Cancelled": 5}), ended_at=NOW
    )
    await claim(api, "op-c", ended, status=Status.CANCELLED)

    skipped = await pages(api, "operations/op-c/results", status="skipped", top="2")
    codes = [each["error"]["code"] for answer in skipped for each in answer.json["value"]]
    assert codes == ["AlreadyAssigned", *["Cancelled"] * 5]
    assert users(*await pages(api, "operations/op-c/results", status="pending")) == []
    assert len(users(*await pages(api, "operations/op-c/results"))) == 10


async def test_results_before_the_plan_is_frozen_are_the_outcomes_alone(api: Api, registered: str) -> None:
    """While users are still being resolved nobody is listed, and nothing fails."""
    part = TenantPart(operation_id="op-r", tenant_id=registered, domain="contoso.com", status=Status.RUNNING)
    await claim(api, "op-r", part)

    assert (await api.send("GET", "operations/op-r")).json["results"]["value"] == []


async def test_results_go_over_all_tenants_and_can_be_cut_to_one(api: Api, registered: str) -> None:
    """One list over two tenants; ``tenant`` takes a domain; a tenant that is not in it is a 404."""
    parts = [await put_part(api, "op-2", tenant, (None,), 3, chunk=2) for tenant in sorted((registered, OTHER))]
    await claim(api, "op-2", *parts)

    found = await pages(api, "operations/op-2/results", top="2")
    one = await api.send("GET", "operations/op-2/results", tenant="contoso.com")

    told = [(each["tenantId"], each["userId"]) for answer in found for each in answer.json["value"]]
    assert told == [(tenant, f"u{n}") for tenant in sorted((registered, OTHER)) for n in range(3)]
    assert {each["tenantId"] for each in one.json["value"]} == {registered}
    assert (await api.send("GET", "operations/op-2/results", tenant=OTHER)).status == 404


async def test_a_cursor_of_another_list_is_refused(api: Api, running: str) -> None:
    """A cursor is only good where it was given out."""
    for cursor in ("e30", "WyJ4IiwiMSJd", "WyJ4Il0"):
        assert (await api.send("GET", f"operations/{running}/results", cursor=cursor)).status == 400


@pytest.mark.parametrize("ask", [{"format": "csv"}, {}])
async def test_csv_brings_all_results(api: Api, running: str, ask: dict[str, str]) -> None:
    """All of them whatever ``top`` says, asked for by ``format`` or ``Accept``."""
    headers = {} if ask else {"Accept": "text/csv"}
    answer = await api.send("GET", f"operations/{running}/results", headers=headers, query={"top": "2"} | ask)

    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    assert answer.media_type == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [row["userId"] for row in rows] == [f"u{n}" for n in range(10)]
    assert (rows[0]["status"], rows[0]["added"]) == ("succeeded", "SPE_E5")
    assert (rows[2]["status"], rows[2]["code"]) == ("failed", "MissingUsageLocation")


async def test_format_wins_over_accept(api: Api, running: str) -> None:
    """What stands in the URL was meant."""
    answer = await api.send("GET", f"operations/{running}/results", headers={"Accept": "text/csv"}, format="json")

    assert len(answer.json["value"]) == 10


async def test_an_operation_outside_the_grants_does_not_exist(api: Api, running: str) -> None:
    """Invariant 12: status, results and cancel are 404 alike, and lists leave it out."""
    for method, path in (("GET", ""), ("GET", "/results"), ("POST", "/cancel")):
        assert (await api.send(method, f"operations/{running}{path}", key=GOLD)).status == 404
    assert (await api.send("GET", "operations", key=GOLD)).json["value"] == []


async def test_a_caller_sees_its_own_part_and_cannot_cancel_the_whole(api: Api, registered: str) -> None:
    """An operation over own and foreign tenants shows the own part; to stop it one must be allowed all of it."""
    parts = [await put_part(api, "op-3", tenant, (None,), 2) for tenant in (registered, FOREIGN)]
    await claim(api, "op-3", *parts)

    body = (await api.send("GET", "operations/op-3", key=GOLD)).json
    assert [part["tenantId"] for part in body["tenants"]] == [FOREIGN]
    assert body["progress"]["total"] == 2
    assert {each["tenantId"] for each in body["results"]["value"]} == {FOREIGN}
    assert (await api.send("POST", "operations/op-3/cancel", key=GOLD)).status == 403
    assert (await api.app.operations.get(SYSTEM, "op-3")).status is Status.RUNNING


async def test_cancel_takes_effect_once(api: Api, running: str) -> None:
    """202, then 200; the tenants that work are told as well."""
    first = await api.send("POST", f"operations/{running}/cancel")
    again = await api.send("POST", f"operations/{running}/cancel")

    assert (first.status, again.status) == (202, 200)
    assert first.json["status"] == again.json["status"] == "cancelling"
    assert [part["status"] for part in first.json["tenants"]] == ["cancelling"]


async def test_what_has_ended_cannot_be_cancelled(api: Api, registered: str) -> None:
    """409 that names the state."""
    part = replace(await put_part(api, "op-e", registered, (None,), 1), status=Status.SUCCEEDED, ended_at=NOW)
    await claim(api, "op-e", part, status=Status.SUCCEEDED)
    answer = await api.send("POST", "operations/op-e/cancel")

    assert answer.status == 409
    assert "succeeded" in answer.json["detail"]


async def test_lists_can_be_filtered(api: Api, running: str, registered: str) -> None:
    """By tenant (GUID or domain), status, kind, creator and time."""

    async def listed(**query: str) -> list[str]:
        return [each["id"] for each in (await api.send("GET", "operations", query=query)).json["value"]]

    assert await listed() == [running]
    assert await listed(tenant="contoso.com", status="running", type="assign", createdBy="admin") == [running]
    assert await listed(**{"from": "2026-11-23", "to": "2026-11-24T00:00:00Z"}) == [running]
    assert await listed(status="failed") == []
    assert await listed(type="remove") == []
    assert await listed(createdBy=ADMIN) == []
    assert await listed(to="2026-11-22T00:00:00Z") == []
    assert (await api.send("GET", "operations", tenant="nobody.example")).status == 404
