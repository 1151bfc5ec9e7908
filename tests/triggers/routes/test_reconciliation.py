"""A month of real operations adds up to what the directory counts, and what nobody of ours did stands out."""

import asyncio
import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.begin_operation import begin
from shared.contracts.work import OperationRun, TenantRun
from shared.domain.audit import MarkedEntries
from shared.domain.caller import SYSTEM
from shared.domain.reconciliation import Count, Month
from shared.tables.paging import make_cursor, read_cursor
from tests.activities.driver import Engine
from tests.support.samples import audit_entry, marked
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import ADMIN, E3, E5, FOREIGN, GOLD, Api, quick_services
from triggers.routes.reconciliation import page
from triggers.timers.counting import count_all, read_seats
from triggers.web.http import Call
from triggers.web.query import Query

PRICES = {
    "default": {"currency": "USD", "monthly": {"SPE_E5": 60, "SPE_E3": 39.1}},
    "tenants": {},
}


app = pytest.fixture(quick_services)


def directory(simulator: Simulator, name: str, **more: Any) -> SimulatedTenant:
    """Six users: two hold E3, one has it from a group, one from both, one has no usage location, one holds nothing."""
    domain = f"{name}.example.com"
    upn = {n: f"user{n}@{domain}" for n in range(6)}
    held = {"licenses": [{"skuId": "SPE_E3"}]}
    users: list[dict[str, Any]] = [{"userPrincipalName": upn[n], "usageLocation": "DE"} for n in range(6)]
    for n in (0, 1, 3):
        users[n] |= held
    del users[4]["usageLocation"]
    group = {"displayName": "Sales", "members": [upn[2], upn[3]], "licenses": [{"skuId": "SPE_E3"}]}
    skus = [{"skuPartNumber": sku, "enabled": 20} for sku in ("SPE_E5", "SPE_E3")]
    return simulator.load(
        displayName=name, domains=[domain], skus=skus, users=users, groups=[group], reprocessSeconds=0, **more
    )


def holders(tenant: SimulatedTenant) -> Counter[str]:
    """Users a SKU, in truth: one who has it twice counts once."""
    return Counter(
        sku
        for user in tenant.state()["users"]
        for sku in {held["skuId"] for held in (*user["direct"], *user["inherited"])}
    )


async def carried_out(api: Api, method_path: str, body: Any, key: str = ADMIN) -> str:
    """Start an operation and run it to its end; gives its id."""
    answer = await api.send("POST", method_path, body, key=key)
    assert answer.status == 202, answer.json
    operation = answer.json["id"]
    await begin(api.app, OperationRun(operation=operation, epoch=1))
    parts = (await api.app.operations.get(SYSTEM, operation)).tenants
    runs = [TenantRun(operation=operation, epoch=1, tenant=part.tenant_id) for part in parts]
    await asyncio.gather(*(Engine(api.app).run(run) for run in runs))
    return operation


def of(tenant: SimulatedTenant, *numbers: int) -> dict[str, Any]:
    """These users of a tenant as a target."""
    domain = tenant.state()["domains"][0]
    return {"tenant": tenant.id, "users": {"users": [f"user{n}@{domain}" for n in numbers]}}


async def rows(api: Api, **query: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The reconciliation by tenant and SKU."""
    answer = await api.send("GET", "reconciliation", query=query)
    assert answer.status == 200, answer.json
    return {(row["tenantId"], row["sku"]): row for row in answer.json["value"]}


async def settle(api: Api) -> None:
    """Wait out the horizon."""
    await asyncio.sleep(api.app.settings.replication_horizon + 0.2)


async def test_a_month_of_mixed_operations_reconciles_to_the_seat(api: Api, simulator: Simulator) -> None:
    """Trap 38: assign, swap, transfer, remove, revert, partly failed or unanswered, three tenants; then a stranger."""
    tenants = [directory(simulator, name) for name in ("alpha", "beta", "gamma")]
    alpha, beta, gamma = tenants
    for tenant in tenants:
        assert (await api.send("PUT", f"tenants/{tenant.id}", {})).status == 201
    books = {beta.id: {"currency": "EUR", "monthly": {"SPE_E5": 50, "SPE_E3": 30}}}
    books[gamma.id] = {"currency": "USD", "monthly": {"SPE_E5": 60}}
    assert (await api.send("PUT", "prices", PRICES | {"tenants": books})).status == 200
    began = {tenant.id: holders(tenant) for tenant in tenants}
    alpha.fault("assignLicense", "timeoutAfterCommit", count=1)
    beta.fault("assignLicense", "429", count=1, retryAfter=0)

    await carried_out(api, "assign", {"targets": [of(t, 4, 5) for t in tenants], "licenses": [{"sku": "SPE_E5"}]})
    swap = {"targets": [of(alpha, 0, 1)], "licenses": [], "swap": [{"from": "SPE_E3", "to": "SPE_E5"}]}
    swapped = await carried_out(api, "modify", swap)
    transfer = {"targets": [of(beta, 0, 1, 5)], "transfers": [{"from": "SPE_E3", "to": "SPE_E5"}]}
    await carried_out(api, "transfer", transfer)
    await carried_out(api, "remove", {"targets": [of(gamma, 0, 3)], "licenses": [{"sku": "SPE_E3"}]})
    await carried_out(api, f"operations/{swapped}/revert", {})
    await settle(api)

    found = await rows(api)
    for tenant in tenants:
        now = holders(tenant)
        for sku, sku_id in (("SPE_E5", E5), ("SPE_E3", E3)):
            row = found[tenant.id, sku]
            assert row["skuId"] == sku_id
            assert row["consumedNow"] == now[sku_id]
            assert row["net"] == now[sku_id] - began[tenant.id][sku_id]
            assert row["unexplained"] == 0
    told = {key: (row["added"], row["removed"], row["monthlyChange"], row["currency"]) for key, row in found.items()}
    assert told == {
        (alpha.id, "SPE_E5"): (3, 2, 60.0, "USD"),
        (alpha.id, "SPE_E3"): (2, 2, 0.0, "USD"),
        (beta.id, "SPE_E5"): (3, 0, 150.0, "EUR"),
        (beta.id, "SPE_E3"): (0, 2, -60.0, "EUR"),
        (gamma.id, "SPE_E5"): (1, 0, 60.0, "USD"),
        (gamma.id, "SPE_E3"): (0, 1, None, None),  # no price in the tenant's own book, and never zero for it
    }

    outsider = f"user4@{beta.state()['domains'][0]}"
    simulator.call("PATCH", f"/tenants/{beta.id}/users/{outsider}", json={"licenses": [{"skuId": "SPE_E5"}]})
    found = await rows(api)
    assert {key: row["unexplained"] for key, row in found.items() if row["unexplained"]} == {(beta.id, "SPE_E5"): 1}

    cells = await api.send("GET", "reconciliation", format="csv", tenant=beta.id)
    read = list(csv.DictReader(io.StringIO(cells.body.decode(), newline="")))
    assert [(row["sku"], row["unexplained"], row["monthlyChange"]) for row in read] == [
        ("SPE_E3", "0", "-60.0"),
        ("SPE_E5", "1", "150.0"),
    ]
    past = await rows(api, month="2026-10")
    assert {row["unexplained"] for row in past.values()} == {None}


@pytest.fixture
async def counted(api: Api, simulator: Simulator) -> SimulatedTenant:
    """A registered tenant: its seats were counted at that time."""
    tenant = directory(simulator, "delta")
    assert (await api.send("PUT", f"tenants/{tenant.id}", {})).status == 201
    return tenant


def take(tenant: SimulatedTenant, number: int) -> None:
    """Somebody else gives a user E5."""
    upn = f"user{number}@{tenant.state()['domains'][0]}"
    body = {"licenses": [{"skuId": "SPE_E5"}, {"skuId": "SPE_E3"}]}
    tenant.simulator.call("PATCH", f"/tenants/{tenant.id}/users/{upn}", json=body)


async def test_a_write_that_may_not_show_yet_is_not_called_unexplained(api: Api, counted: SimulatedTenant) -> None:
    """Within the horizon, and while an operation works, the last settled count stands in for what is read now."""
    tenant = await api.app.tenants.get(SYSTEM, counted.id)
    assert (await read_seats(api.app, tenant)).count is not None
    body = {"targets": [of(counted, 5)], "licenses": [{"sku": "SPE_E5"}]}
    begun = (await api.send("POST", "assign", body)).json["id"]
    assert (await read_seats(api.app, tenant)).count is None

    await begin(api.app, OperationRun(operation=begun, epoch=1))
    await Engine(api.app).run(TenantRun(operation=begun, epoch=1, tenant=counted.id))
    slow = replace(api.app, settings=replace(api.app.settings, replication_horizon=3_600))
    assert (await read_seats(slow, tenant)).count is None
    row = (await rows(replace(api, app=slow)))[counted.id, "SPE_E5"]
    assert (row["added"], row["consumedNow"], row["unexplained"]) == (1, 1, None)

    await settle(api)
    assert (await rows(api))[counted.id, "SPE_E5"]["unexplained"] == 0


async def test_a_tenant_that_cannot_be_read_is_told_and_stops_no_other(
    api: Api, counted: SimulatedTenant, simulator: Simulator
) -> None:
    """What Graph counts is null, never 0, and the reason stands beside it; the last count explains what it can."""
    silent = directory(simulator, "epsilon", consent=False)
    assert (await api.send("PUT", f"tenants/{silent.id}", {})).json["consent"] == "missing"
    take(counted, 0)
    assert await count_all(api.app) == 1
    counted.fault("subscribedSkus", "403")

    answer = (await api.send("GET", "reconciliation")).json["value"]

    found = {(row["tenantId"], row["sku"]): row for row in answer}
    assert set(found) == {(counted.id, "SPE_E5"), (counted.id, "SPE_E3"), (silent.id, None)}
    row = found[counted.id, "SPE_E5"]
    assert (row["consumedNow"], row["unexplained"]) == (None, 1)
    assert row["error"]["code"] == found[silent.id, None]["error"]["code"] == "PermissionDenied"


def at(month: int, day: int) -> datetime:
    """A day of 2025."""
    return datetime(2025, month, day, tzinfo=UTC)


async def changes(api: Api, tenant: str, *seats: tuple[datetime, int]) -> None:
    """Entries that take or free seats of E5."""
    for when, number in seats:
        entry = replace(audit_entry(tenant, 1, at=when), seat_change={"SPE_E5": number}, part_numbers={E5: "SPE_E5"})
        await api.app.audit.record(tenant, [MarkedEntries(f"op{when}", "0.1.1", (entry,))])


async def counts(api: Api, tenant: str, when: datetime, sequence: int, consumed: int) -> None:
    """What Graph counted after so many entries."""
    names = {E5: "SPE_E5"}
    count = Count(at=when, until=when, sequence=sequence, consumed={E5: consumed}, part_numbers=names)
    await api.app.counts.add(tenant, count)


async def test_a_past_month_is_compared_by_its_own_counts(api: Api, registered: str) -> None:
    """Other months' entries are not its business, and an entry counts on that side of a count on which it stood."""
    await changes(api, registered, (at(2, 1), 4), (at(2, 2), 1))
    await counts(api, registered, at(2, 27), 2, 5)
    await changes(api, registered, (at(3, 1), 1), (at(3, 2), 1), (at(3, 3), -1))
    await counts(api, registered, at(3, 20), 5, 7)
    await changes(api, registered, (at(3, 25), 1), (at(4, 2), 2))
    await counts(api, registered, at(4, 28), 7, 10)
    await counts(api, registered, at(6, 3), 7, 10)

    async def told(month: str) -> tuple[int, int, int | None, float | None]:
        row = (await rows(api, month=month))[registered, "SPE_E5"]
        return row["added"], row["removed"], row["unexplained"], row["monthlyChange"]

    assert await told("2025-02") == (5, 0, None, 287.5)  # one count alone says nothing of a change
    assert await told("2025-03") == (3, 1, 1, 115.0)
    assert await told("2025-04") == (2, 0, 0, 115.0)
    assert await told("2025-05") == (0, 0, 0, 0.0)
    assert await told("2025-07") == (0, 0, None, 0.0)  # nobody has counted since June


async def test_rows_come_in_pages_within_the_grants(api: Api, registered: str) -> None:
    """Invariant 12: nobody sees another one's month; a page goes on in the month in which it began."""
    others = [f"{n:08x}-0000-4000-8000-000000000000" for n in (1, 0xF0000000)]
    for tenant in (*others, registered):
        await api.app.audit.record(tenant, [marked(tenant, "0.1.1", [1])])
    begun = {"month": "2026-11"}

    found: list[dict[str, Any]] = []
    answer = (await api.send("GET", "reconciliation", query=begun, top="2")).json
    while True:
        found += answer["value"]
        if answer["nextLink"] is None:
            break
        link = answer["nextLink"].removeprefix("https://app.test/api").replace("month=2026-11&", "")
        answer = (await api.send("GET", link)).json

    whole = (await api.send("GET", "reconciliation", query=begun)).json["value"]
    assert found == whole
    assert [(row["tenantId"], row["sku"]) for row in found] == [
        (tenant, sku) for tenant in sorted([*others, registered]) for sku in ("SPE_E3", "SPE_E5")
    ]
    assert {row["error"] and row["error"]["code"] for row in found if row["tenantId"] in others} == {
        "TenantUnavailable"
    }
    assert (await api.send("GET", "reconciliation", query=begun, key=GOLD)).json["value"] == []
    assert (await api.send("GET", "reconciliation", key=GOLD, tenant=registered)).status == 404
    assert (await api.send("GET", "reconciliation", tenant=FOREIGN)).status == 404


async def test_a_page_ends_in_time(api: Api, registered: str) -> None:
    """However many tenants there are: after its time a page leads to the rest, and nobody is left out."""
    for number in range(1, 4):
        tenant = f"{number:08x}-0000-4000-8000-000000000000"
        await api.app.audit.record(tenant, [marked(tenant, "0.1.1", [1])])
    call = Call(SYSTEM, {}, Query({}, ()), {}, b"", "https://app.test/x", datetime.now(UTC))
    month, place, pages = Month.parse("2026-11"), ("", "", ""), 0
    tenants: list[str] = []
    while True:
        found = await page(call, api.app, month, None, place, 100, seconds=0)
        tenants += dict.fromkeys(row.tenant_id for row in found.value)
        pages += 1
        if found.next_link is None:
            break
        cursor = read_cursor(found.next_link.partition("cursor=")[2], 4)
        assert cursor
        place = cursor[1], cursor[2], cursor[3]

    assert len(tenants) == len(set(tenants)) == 4
    assert pages > 3


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "november", "1999-12", "2026-11-01", ""])
async def test_a_month_that_is_none_is_refused(api: Api, registered: str, month: str) -> None:
    """400, and the message says what a month looks like."""
    answer = await api.send("GET", "reconciliation", query={"month": month})

    assert answer.status == 400
    assert "month" in answer.json["detail"]


async def test_a_month_to_come_has_no_rows(api: Api, registered: str) -> None:
    """Nothing has happened in it yet."""
    assert (await api.send("GET", "reconciliation", query={"month": "2999-01"})).json["value"] == []


@pytest.mark.parametrize("cursor", ["x", make_cursor("2026-11", "t"), make_cursor("soon", "t", "s", "i")])
async def test_a_cursor_that_is_not_ours_is_refused(api: Api, registered: str, cursor: str) -> None:
    """400, and so is one of another month."""
    assert (await api.send("GET", "reconciliation", query={"cursor": cursor})).status == 400
    other = make_cursor("2026-10", "t", "s", "i")
    assert (await api.send("GET", "reconciliation", query={"cursor": other, "month": "2026-11"})).status == 400
