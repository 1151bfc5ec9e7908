"""Every user that ``total`` counts is listed, however far the plan had come, and under the tenant's own names."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.domain.model import AddLicence, Decision, ServicePlan, Sku, User
from shared.domain.operation import Phase, Status, Summary, TenantError, TenantPart, Totals
from shared.domain.plan import CHUNK_USERS, Manifest, chunk_info
from shared.domain.selection import SelectedUser
from tests.triggers.conftest import Api, decision
from tests.triggers.routes.test_operations import NOW, claim, outcome, pages, users

TOTAL = CHUNK_USERS + 7
STEP = "s1"


async def put_selection(api: Api, operation_id: str, tenant: str, codes: Sequence[str | None] = ()) -> TenantPart:
    """A tenant's part with two chunks of selected users, none of them planned, whose first ones have outcomes."""
    everybody = [SelectedUser(User(f"u{n}", f"user{n}@contoso.com")) for n in range(TOTAL)]
    for n in (0, 1):
        some = everybody[n * CHUNK_USERS : (n + 1) * CHUNK_USERS]
        await api.app.plans.write_users(operation_id, tenant, STEP, n, some)
    by_code: dict[str, int] = {}
    for code in codes:
        by_code[code or ""] = by_code.get(code or "", 0) + 1
    if codes:
        outcomes = [outcome(index, code, "s0") for index, code in enumerate(codes)]
        await api.app.results.record(operation_id, tenant, outcomes, Summary("s0", by_code))
    return TenantPart(
        operation_id=operation_id,
        tenant_id=tenant,
        domain="contoso.com",
        status=Status.RUNNING,
        phase=Phase.PLANNING,
        totals=Totals(TOTAL, by_code),
        selection=f"{STEP}:2",
        started_at=NOW,
    )


def ended(part: TenantPart) -> TenantPart:
    """The part as a refusal before the first write leaves it."""
    return replace(
        part,
        status=Status.FAILED,
        phase=Phase.DONE,
        totals=part.totals.plus({"Cancelled": part.totals.pending}),
        error=TenantError("InsufficientLicenses", "2 seats are missing"),
        ended_at=NOW,
    )


async def test_a_tenant_that_was_refused_before_its_plan_was_frozen_lists_everybody(api: Api, registered: str) -> None:
    """Invariant 9: users with an outcome, planned ones and those never planned add up to ``total``, each once."""
    part = await put_selection(api, "op", registered, ("AlreadyAssigned", "UserNotFound"))
    await api.app.plans.write_chunk("op", registered, 0, [decision(n) for n in range(CHUNK_USERS)])
    await claim(api, "op", ended(part), status=Status.FAILED)

    told = await pages(api, "operations/op/results", top="200")
    skipped = await pages(api, "operations/op/results", top="1000", status="skipped")

    assert users(*told) == [f"u{n}" for n in range(TOTAL)]
    progress = (await api.send("GET", "operations/op")).json["progress"]
    assert (progress["total"], progress["pending"], progress["percent"]) == (TOTAL, 0, 100.0)
    rows = [each for answer in told for each in answer.json["value"]]
    assert [each["status"] for each in rows].count("skipped") == progress["skipped"] == TOTAL - 1
    assert {each["error"]["code"] for each in rows[2:]} == {"Cancelled"}
    assert rows[-1]["userPrincipalName"] == f"user{TOTAL - 1}@contoso.com"
    assert users(*skipped) == [f"u{n}" for n in range(TOTAL) if n != 1]
    assert users(*await pages(api, "operations/op/results", status="failed")) == ["u1"]


async def test_a_tenant_in_planning_lists_everybody_as_pending(api: Api, registered: str) -> None:
    """From the moment ``total`` is told, with any page size, also across the end of a chunk."""
    await claim(api, "op", await put_selection(api, "op", registered))

    for top in ("250", "499", "1000"):
        for query in ({}, {"status": "pending"}):
            found = await pages(api, "operations/op/results", top=top, **query)
            assert users(*found) == [f"u{n}" for n in range(TOTAL)]
    assert users(*await pages(api, "operations/op/results", status="skipped")) == []


async def test_of_a_plan_that_has_expired_the_outcomes_are_left(api: Api, registered: str) -> None:
    """After 90 days an ended operation can still be read; a running one says that its plan is gone (trap 28)."""
    part = await put_selection(api, "op", registered, ("AlreadyAssigned",))
    await claim(api, "old", ended(replace(part, operation_id="old")), status=Status.FAILED)
    await claim(api, "live", replace(part, operation_id="live"))
    for name in ("old", "live"):
        row = outcome(0, "AlreadyAssigned", "s0")
        await api.app.results.record(name, registered, [row], Summary("s0", {"AlreadyAssigned": 1}))

    assert users(*await pages(api, "operations/old/results")) == ["u0"]
    missing = await api.send("GET", "operations/live/results")
    assert (missing.status, "expired" in missing.json["detail"]) == (404, True)


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_a_sku_that_only_the_tenant_knows_is_shown_by_its_names(api: Api, registered: str, form: str) -> None:
    """The names come from the frozen plan: no catalogue has them, and no directory is asked."""
    sku_id, plan_id = str(uuid.uuid4()), str(uuid.uuid4())
    decisions = [Decision(0, "u0", "user0@contoso.com", "unchanged")]
    await api.app.plans.write_chunk("op", registered, 0, decisions)
    sku = Sku(sku_id, "NEW_PRODUCT", (ServicePlan(plan_id, "NEW_PLAN"),))
    await api.app.plans.freeze("op", registered, Manifest.of([chunk_info(decisions)], [sku]))
    row = replace(outcome(0, None, "0.1.1"), added=(AddLicence(sku_id, frozenset({plan_id})),), removed=(sku_id,))
    await api.app.results.record("op", registered, [row], Summary("0", {"": 1}, ("0.1.1",)))
    part = TenantPart(
        operation_id="op",
        tenant_id=registered,
        domain="contoso.com",
        status=Status.SUCCEEDED,
        totals=Totals(1, {"": 1}),
        ended_at=NOW,
    )
    await claim(api, "op", part, status=Status.SUCCEEDED)

    answer = await api.send("GET", "operations/op/results", format=form)

    if form == "csv":
        assert b",NEW_PRODUCT,NEW_PRODUCT,NEW_PRODUCT: NEW_PLAN," in answer.body
    else:
        (told,) = answer.json["value"]
        assert (told["added"], told["removed"]) == (["NEW_PRODUCT"], ["NEW_PRODUCT"])
        assert told["disabledPlans"] == {"NEW_PRODUCT": ["NEW_PLAN"]}


async def test_an_ended_operation_is_listed_by_its_state_with_and_without_a_second_index(
    api: Api, registered: str
) -> None:
    """An index row that is older than the end never hides or shows an operation wrongly."""
    for name in ("stale", "fresh"):
        part = TenantPart(operation_id=name, tenant_id=registered, domain="contoso.com", status=Status.RUNNING)
        await claim(api, name, part)
        done = await api.app.operations.change(name, lambda o: replace(o, status=Status.SUCCEEDED, completed_at=NOW))
        if name == "fresh":
            await api.app.operations.index(done)

    async def listed(status: str) -> set[str]:
        return {each["id"] for each in (await api.send("GET", "operations", status=status)).json["value"]}

    assert await listed("succeeded") == {"stale", "fresh"}
    assert await listed("running") == set()
