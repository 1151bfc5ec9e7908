"""Previews over HTTP: computed, shown, paged, executed once they are ready, and never mistaken for operations."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.names import RUN_OPERATION
from shared.contracts.requests import AssignBody
from shared.domain.guards import Canary, Guards, OffHours
from shared.domain.impact import Impact
from shared.domain.model import User
from shared.domain.operation import Operation, Outcome, Status, Summary, TenantPart, Totals
from shared.domain.plan import Manifest, chunk_info
from shared.domain.selection import RowLicence, SelectedUser, Wish
from tests.support.simulator import Simulator
from tests.triggers.conftest import E5, FOREIGN, GOLD, OPERATOR, READER, Answer, Api, assign_body, decision

SOON = {"Prefer": "respond-async, wait=0"}


async def preview(api: Api, tenant: str, **more: Any) -> Answer:
    """Ask for a preview of assigning E5 to Ana, without waiting for it."""
    return await api.send("POST", "preview", assign_body(tenant, operation="assign", **more), headers=SOON)


async def ready(api: Api, tenant: str, **more: Any) -> str:
    """A preview of two users that is ready; gives its id."""
    asked = (await preview(api, tenant, **more)).json["id"]
    decisions = [decision(0), replace(decision(1), status="unchanged", change=None, code="AlreadyAssigned")]
    await api.app.plans.write_chunk(asked, tenant, 0, decisions)
    await api.app.plans.write_impact(asked, tenant, Impact(tenant_id=tenant, users_affected=1, users_unchanged=1))
    await api.app.plans.freeze(asked, tenant, Manifest.of([chunk_info(decisions)]))

    def computed(operation: Operation) -> Operation:
        parts = tuple(
            replace(part, status=Status.SUCCEEDED, totals=Totals(2), affected=1) for part in operation.tenants
        )
        return replace(operation, status=Status.SUCCEEDED, tenants=parts, completed_at=operation.created_at)

    await api.app.operations.change(asked, computed)
    api.started.clear()
    return asked


async def test_a_preview_is_claimed_started_and_says_where_to_look(api: Api, registered: str) -> None:
    """202 while it is computed, for 24 hours from its beginning."""
    answer = await preview(api, registered)
    told = answer.json

    assert answer.status == 202
    assert answer.headers["Location"].endswith(f"/previews/{told['id']}")
    assert (told["status"], told["operation"], told["impact"]) == ("computing", "assign", None)
    assert [(name, given["operation"]) for name, _, given in api.started] == [(RUN_OPERATION, told["id"])]
    operation = await api.app.operations.read_op(told["id"])
    assert operation.expires_at == operation.created_at + timedelta(hours=24)
    assert (await api.send("GET", f"previews/{told['id']}", key=READER)).json["status"] == "computing"


async def test_a_preview_is_no_operation(api: Api, registered: str) -> None:
    """It stands in no list, and none of the operation's routes knows it."""
    asked = await ready(api, registered)

    assert (await api.send("GET", "operations")).json["value"] == []
    for path in (f"operations/{asked}", f"operations/{asked}/results"):
        assert (await api.send("GET", path)).status == 404
    for verb in ("cancel", "pause", "resume", "approve", "retry", "revert"):
        assert (await api.send("POST", f"operations/{asked}/{verb}")).status == 404, verb


async def test_a_caller_is_shown_its_own_tenants_only(api: Api, registered: str, simulator: Simulator) -> None:
    """A preview over own and foreign tenants shows the own part, the request included."""
    gold = simulator.load(displayName="Gold", domains=["gold.com"])
    await api.send("PUT", f"tenants/{gold.id}", {"tags": ["gold"]})
    users = {"users": ["ana@contoso.com"]}
    targets = [{"tenant": tenant, "users": users} for tenant in (registered, gold.id)]
    asked = (await preview(api, registered, targets=targets)).json["id"]
    told = (await api.send("GET", f"previews/{asked}", key=GOLD)).json

    assert [target["tenant"] for target in told["request"]["targets"]] == [gold.id]
    assert [tenant["tenantId"] for tenant in told["tenants"]] == [gold.id]


async def test_the_plan_is_paged_and_filtered(api: Api, registered: str) -> None:
    """One user a page, by status, by a part of their names in any case, and all of them as CSV."""
    asked = await ready(api, registered)
    first = (await api.send("GET", f"previews/{asked}/users", top="1")).json
    link = first["nextLink"].partition("/api/automation/bulk-licenses/")[2]
    second = (await api.send("GET", link)).json
    unchanged = (await api.send("GET", f"previews/{asked}/users", status="unchanged")).json["value"]
    csv = await api.send("GET", f"previews/{asked}/users", format="csv")
    found = (await api.send("GET", f"previews/{asked}/users", search="USER0@")).json["value"]
    none = (await api.send("GET", f"previews/{asked}/users", search="user0@", status="unchanged")).json["value"]
    too_long = await api.send("GET", f"previews/{asked}/users", search="a" * 513)

    assert [user["userId"] for user in found] == ["u0"]
    assert none == []
    assert too_long.status == 400
    assert [user["userId"] for user in first["value"]] == ["u0"]
    assert first["value"][0]["add"] == [{"sku": "SPE_E5", "disabledPlans": []}]
    assert first["value"][0]["after"]["licenses"][0]["skuId"] == E5
    assert ([user["userId"] for user in second["value"]], second["nextLink"]) == (["u1"], None)
    assert [user["code"] for user in unchanged] == ["AlreadyAssigned"]
    assert len(csv.body.decode().splitlines()) == 3


async def test_a_ready_preview_is_executed_with_its_own_request(api: Api, registered: str) -> None:
    """A new operation with the preview's plan; the guards that stand beside it count."""
    asked = await ready(api, registered)
    body = {"previewId": asked, "confirm": 1, "reason": "CHG-2", "options": {"canary": {"users": 1, "approve": "auto"}}}
    answer = await api.send("POST", "assign", body, key=OPERATOR)

    assert answer.status == 202
    told = answer.json
    assert (told["previewId"], told["reason"], told["impact"]) == (asked, "CHG-2", None)
    executed = await api.app.operations.read_op(told["id"])
    previewed = await api.app.operations.read_op(asked)
    assert (executed.plan_id, executed.request_sha, executed.guards.confirm) == (asked, previewed.request_sha, 1)
    assert executed.guards.canary is not None
    assert [given["operation"] for _, _, given in api.started] == [told["id"]]


async def test_a_preview_is_executed_within_the_guards_of_its_request(api: Api, registered: str) -> None:
    """What the previewed request asked for is not lost on the way; what stands beside the preview goes before it."""
    options = {
        "canary": {"users": 5, "approve": "manual"},
        "stopWhen": {"failedPercent": 20, "minimum": 5},
        "window": {"days": ["saturday"], "from": "22:00", "to": "05:00", "timeZone": "Europe/Berlin"},
        "maxUsers": 7,
    }
    asked = await ready(api, registered, options=options, confirm=3)
    beside = {"canary": {"users": 1, "approve": "auto"}}
    plain = await api.send("POST", "assign", {"previewId": asked})
    other = await api.send("POST", "assign", {"previewId": asked, "options": beside, "confirm": 1})
    guards = [(await api.app.operations.read_op(told.json["id"])).guards for told in (plain, other)]

    previewed = (await api.app.operations.read_op(asked)).guards
    assert None not in (previewed.window, previewed.stop_when, previewed.max_users)
    assert guards == [previewed, replace(previewed, canary=Canary(1, "auto"), confirm=1)]


@pytest.mark.parametrize(
    ("kind", "fields", "status", "says"),
    [
        pytest.param("remove", {}, 409, "of the operation assign, not of remove", id="another kind"),
        pytest.param("assign", {"status": Status.RUNNING}, 409, "computing", id="not ready"),
        pytest.param("assign", {"status": Status.CANCELLED}, 409, "failed", id="cancelled"),
        pytest.param("assign", {"expires_at": "past"}, 409, "expired", id="expired"),
    ],
)
async def test_what_cannot_be_executed_says_why(
    api: Api, registered: str, kind: str, fields: dict[str, Any], status: int, says: str
) -> None:
    """409, and nothing is started."""
    asked = await ready(api, registered)

    def changed(operation: Operation) -> Operation:
        given = {**fields, "expires_at": operation.created_at} if "expires_at" in fields else fields
        return replace(operation, **given)

    await api.app.operations.change(asked, changed)
    answer = await api.send("POST", kind, {"previewId": asked})

    assert answer.status == status
    assert says in answer.json["detail"]
    assert api.started == []


async def test_a_preview_outside_the_grants_does_not_exist(api: Api, registered: str) -> None:
    """To show and to execute alike; so does one that was never made, and an operation's id."""
    asked = await ready(api, registered)
    operation = (await api.send("POST", "assign", assign_body(registered))).json["id"]

    assert (await api.send("GET", f"previews/{asked}", key=GOLD)).status == 404
    assert (await api.send("POST", "assign", {"previewId": asked}, key=GOLD)).status == 404
    assert (await api.send("POST", "assign", {"previewId": FOREIGN})).status == 404
    assert (await api.send("GET", f"previews/{operation}")).status == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"previewId": FOREIGN, "targets": []}, "/targets"),
        ({"previewId": FOREIGN, "options": {"maxUsers": 3}}, "/options/maxUsers"),
        ({"previewId": "some"}, "/previewId"),
    ],
)
async def test_only_a_few_things_stand_beside_a_preview(api: Api, body: dict[str, Any], pointer: str) -> None:
    """The plan is made: what would change it is refused."""
    answer = await api.send("POST", "assign", body)

    assert answer.status == 400
    assert list(answer.pointers) == [pointer]


@pytest.mark.parametrize("operation", [None, "asign", 7, ["assign"]])
async def test_a_preview_says_of_what(api: Api, registered: str, operation: Any) -> None:
    """Trap 5: an unknown operation is refused with the names there are."""
    answer = await api.send("POST", "preview", assign_body(registered, operation=operation))

    assert answer.status == 400
    assert "assign, remove, modify, transfer, revert" in answer.pointers["/operation"]


async def ended(api: Api, tenant: str, *codes: str | None) -> str:
    """An operation that has ended with these outcomes; gives its id."""
    operation_id = (await api.send("POST", "assign", assign_body(tenant))).json["id"]
    changed = decision(0).change
    assert changed
    outcomes = [
        Outcome(
            index=n,
            user_id=f"u{n}",
            user_principal_name=f"user{n}@contoso.com",
            code=code,
            mark="s0",
            completed_at=(await api.app.operations.read_op(operation_id)).created_at,
            added=changed.add,
            before=None if code else changed.before,
            after=None if code else changed.after,
        )
        for n, code in enumerate(codes)
    ]
    counts: dict[str, int] = {}
    for code in codes:
        counts[code or ""] = counts.get(code or "", 0) + 1
    await api.app.results.record(operation_id, tenant, outcomes, Summary("s0", counts))

    def done(operation: Operation) -> Operation:
        parts = tuple(
            replace(part, status=Status.SUCCEEDED, totals=Totals(len(codes), counts)) for part in operation.tenants
        )
        return replace(operation, status=Status.SUCCEEDED, completed_at=operation.created_at, tenants=parts)

    await api.app.operations.change(operation_id, done)
    api.started.clear()
    return operation_id


async def test_a_revert_carries_what_was_recorded(api: Api, registered: str) -> None:
    """Trap 39: the states of each changed user, in a new operation of its own kind; the key finds it again."""
    before = await ended(api, registered, None, "Drifted", None)
    key = {"Idempotency-Key": "back"}
    answer = await api.send("POST", f"operations/{before}/revert", headers=key)
    again = await api.send("POST", f"operations/{before}/revert", headers=key)
    told = answer.json

    assert (answer.status, again.status, again.json["id"]) == (202, 200, told["id"])
    assert (told["type"], told["parentId"], told["phase"]) == ("revert", before, "reading")
    stored = await api.app.operations.read_op(told["id"])
    request = (await api.app.staging.get(stored.request_sha)).decode()
    name = request.partition('"csv":"')[2].partition('"')[0]
    rows, _ = await api.app.rows.read(name, 0)
    assert [row.reference for row in rows] == ["u0", "u2"]
    undo = rows[0].wish.undo
    assert undo
    assert undo.sku_ids == {E5}
    assert undo.after.direct(E5)


async def test_a_retry_is_for_those_who_failed(api: Api, registered: str) -> None:
    """With the request of before, and what their own rows asked for."""
    before = await ended(api, registered, None, "Throttled", "AlreadyAssigned", "Throttled")
    own = Wish((RowLicence(E5, frozenset({"p"})),), with_request=False)
    users = [SelectedUser(User(f"u{n}", f"user{n}@contoso.com"), own if n == 3 else Wish()) for n in range(4)]
    await api.app.plans.write_users(before, registered, "s", 0, users)

    def selected(part: TenantPart) -> TenantPart:
        return replace(part, selection="s:1")

    await api.app.operations.change_part(before, registered, selected)
    answer = await api.send("POST", f"operations/{before}/retry")
    told = answer.json

    assert answer.status == 202
    assert (told["type"], told["parentId"]) == ("assign", before)
    stored = await api.app.operations.read_op(told["id"])
    request = AssignBody.model_validate_json(await api.app.staging.get(stored.request_sha))
    rows, _ = await api.app.rows.read(request.targets[0].users.csv or "", 0)
    assert [licence.sku for licence in request.licenses] == [E5]
    assert [(row.reference, row.wish) for row in rows] == [("u1", Wish()), ("u3", own)]


async def test_a_grace_that_has_changed_nobody_is_ended_by_its_schedule(api: Api, registered: str) -> None:
    """There is nothing to revert yet; the answer says what to do instead."""
    before = await ended(api, registered, "AlreadyAssigned")
    until = (await api.app.operations.read_op(before)).created_at + timedelta(days=30)
    await api.app.operations.change(before, lambda operation: replace(operation, schedule_id="s1", grace_until=until))

    answer = await api.send("POST", f"operations/{before}/revert")

    assert (answer.status, "schedule s1" in answer.json["detail"]) == (409, True)


@pytest.mark.parametrize("confirm", [None, 4])
async def test_a_retry_is_held_to_what_the_operation_was(api: Api, registered: str, confirm: int | None) -> None:
    """Its hours and limits; but a number that was confirmed was that of all, and holds for those who are left."""
    before = await ended(api, registered, None, "Throttled")
    users = [SelectedUser(User(f"u{n}", f"user{n}@contoso.com")) for n in range(2)]
    await api.app.plans.write_users(before, registered, "s", 0, users)
    await api.app.operations.change_part(before, registered, lambda part: replace(part, selection="s:1"))
    night = OffHours(("saturday",), "22:00", "05:00", "Europe/Berlin")
    guards = Guards(canary=Canary(5, "auto"), window=night, max_users=9, confirm=confirm)
    await api.app.operations.change(before, lambda operation: replace(operation, guards=guards))

    again = (await api.send("POST", f"operations/{before}/retry")).json["id"]

    held_to = (await api.app.operations.read_op(again)).guards
    assert held_to == replace(guards, confirm=None, confirmed=confirm is not None)


@pytest.mark.parametrize(("verb", "says"), [("retry", "No user of the operation failed"), ("revert", "changed nobody")])
async def test_there_must_be_somebody_to_go_on_with(api: Api, registered: str, verb: str, says: str) -> None:
    """409 with the reason; and while it runs neither fits."""
    before = await ended(api, registered, "AlreadyAssigned")
    running = (await api.send("POST", "assign", assign_body(registered))).json["id"]

    nobody = await api.send("POST", f"operations/{before}/{verb}")
    too_early = await api.send("POST", f"operations/{running}/{verb}")

    assert (nobody.status, too_early.status) == (409, 409)
    assert says in nobody.json["detail"]
    assert "queued" in too_early.json["detail"]
