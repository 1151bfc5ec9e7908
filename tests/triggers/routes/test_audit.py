"""The audit over HTTP: filters, pages, CSV and grants."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.audit import AuditEntry, MarkedEntries
from shared.domain.model import Assignment, LicenceState
from shared.domain.operation import Actor
from tests.triggers.conftest import E5, GOLD, Api

NOW = datetime(2026, 11, 23, 2, 0, 0, tzinfo=UTC)


@pytest.fixture
async def audited(api: Api, registered: str) -> str:
    """A tenant with three entries of one operation, a minute apart; one user has an evil name."""
    names = ("ana@contoso.com", "=evil@contoso.com", "bob@contoso.com")
    entries = tuple(
        AuditEntry(
            tenant_id=registered,
            at=NOW + timedelta(minutes=n),
            actor=Actor("key", "key"),
            operation_id="op-1",
            user_id=f"u{n}",
            user_principal_name=name,
            before=LicenceState((), "CH"),
            after=LicenceState((Assignment(E5, frozenset({"p"})),), "CH"),
            seat_change={"SPE_E5": 1},
            part_numbers={E5: "SPE_E5"},
            plan_names={"p": "PLAN"},
            reason="CHG-1",
        )
        for n, name in enumerate(names)
    )
    await api.app.audit.record(registered, [MarkedEntries("op-1", "0.1.1", entries)])
    return registered


async def test_entries_come_in_the_order_of_the_chain_page_by_page(api: Api, audited: str) -> None:
    """Invariant 11: each entry hangs on the one before it, over pages as well."""
    first = await api.send("GET", "audit", tenant="contoso.com", top="2")
    second = await api.send("GET", first.json["nextLink"].removeprefix("https://app.test/api"))
    entries = first.json["value"] + second.json["value"]

    assert [entry["sequence"] for entry in entries] == [1, 2, 3]
    assert [entry["previousHash"] for entry in entries[1:]] == [entry["hash"] for entry in entries[:-1]]
    assert entries[0]["after"]["licenses"] == [
        {"sku": "SPE_E5", "skuId": E5, "disabledPlans": ["PLAN"], "inherited": False}
    ]
    assert second.json["nextLink"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"user": "BOB@contoso.com"}, [3]),
        ({"user": "u0"}, [1]),
        ({"actor": "key", "operation": "op-1"}, [1, 2, 3]),
        ({"operation": "op-2"}, []),
        ({"from": "2026-11-23T02:01:00Z", "to": "2026-11-23T02:02:00Z"}, [2]),
    ],
)
async def test_entries_are_filtered(api: Api, audited: str, query: dict[str, str], expected: list[int]) -> None:
    """``from`` is included, ``to`` is not; a user is named by id or principal name."""
    answer = await api.send("GET", "audit", tenant=audited, query=query)

    assert [entry["sequence"] for entry in answer.json["value"]] == expected


async def test_csv_brings_all_of_them_and_no_formula(api: Api, audited: str) -> None:
    """Trap 42, and ``top`` does not cut a file."""
    answer = await api.send("GET", "audit", tenant=audited, format="csv", top="1")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))

    assert [row["sequence"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["userPrincipalName"] == "'=evil@contoso.com"
    assert rows[0]["licensesAfter"] == "SPE_E5 (PLAN)"
    assert rows[0]["seatChange"] == "SPE_E5: +1"


async def test_the_audit_of_a_foreign_tenant_is_not_shown(api: Api, audited: str) -> None:
    """Invariant 12: neither by name nor in the list of all."""
    assert (await api.send("GET", "audit", key=GOLD, tenant=audited)).status == 404
    assert (await api.send("GET", "audit", key=GOLD)).json["value"] == []
    assert len((await api.send("GET", "audit")).json["value"]) == 3
