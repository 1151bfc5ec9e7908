"""Bulk assign through all the walls, under faults."""

import pytest

from dev.api import Json
from dev.stack import Stack
from dev.trial import E5, POWER_BI, Trial
from tests.e2e.chain import assert_chain_intact
from tests.e2e.conftest import FAST


async def test_everyone_in_a_group_gets_the_licence(trial: Trial) -> None:
    """The plain way: one operation, every user once, seats and audit right."""
    tenant = await trial.tenant(250)
    operation = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=60)

    assert operation["status"] == "succeeded"
    await trial.assert_exact(operation, tenant)
    await trial.assert_single_flight(tenant)
    assert all(len(lines) == 1 for lines in (await trial.writes(tenant)).values())


@pytest.mark.parametrize(
    ("seed", "users"), [(1, 1000), *(pytest.param(seed, 2000, marks=pytest.mark.slow) for seed in (2, 3, 4))]
)
async def test_faults_of_every_kind_leave_every_user_right(seed: int, users: int) -> None:
    """Traps 18-21, 24: 5% of items 429, 2% 503, 5% of batches reset, 5% timed out after the commit."""
    async with Stack({**FAST, "GRAPH_TIMEOUT_SECONDS": "1"}) as stack, Trial(stack) as trial:
        await _assign_under_fire(trial, seed * 10, users)


async def _assign_under_fire(trial: Trial, seed: int, users: int) -> None:
    tenant = await trial.tenant(users)
    await trial.fault(match="assignLicense", kind="429", rate=0.05, retryAfter=1, seed=seed + 1)
    await trial.fault(match="assignLicense", kind="503", rate=0.02, seed=seed + 2)
    await trial.fault(match="POST /$batch", kind="reset", rate=0.05, seed=seed + 3)
    await trial.fault(match="POST /$batch", kind="timeoutAfterCommit", rate=0.05, seed=seed + 4)

    operation = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=110)

    await trial.assert_single_flight(tenant)
    assert operation["status"] == "succeeded", operation["errors"]
    await trial.assert_exact(operation, tenant)
    await assert_chain_intact(trial, tenant, users)


async def test_the_last_seats_are_given_in_selection_order(trial: Trial) -> None:
    """Too few seats: ``fail`` touches nobody, ``partial`` serves as many as there are seats."""
    tenant = await trial.tenant(60, seats=25)
    refused = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=30)
    assert refused["status"] == "failed"
    assert refused["tenants"][0]["error"]["code"] == "InsufficientLicenses"
    assert not await trial.writes(tenant)

    options = {"onInsufficientLicenses": "partial"}
    partial = await trial.api.until_ended((await trial.assign(tenant, options=options))["id"], seconds=30)
    results = await trial.assert_exact(partial, tenant)
    assert partial["status"] == "partiallySucceeded"
    assert [result["status"] for result in results] == ["succeeded"] * 25 + ["failed"] * 35
    assert {result["error"]["code"] for result in results[25:]} == {"InsufficientLicenses"}


async def test_the_same_list_again_changes_nothing_and_needs_no_seat(trial: Trial) -> None:
    """Trap 7: who holds it already needs no seat, however full the tenant is."""
    tenant = await trial.tenant(40, seats=40)
    first = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=30)
    again = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=30)

    assert first["status"] == again["status"] == "succeeded"
    assert again["progress"]["skipped"] == 40
    assert {"AlreadyAssigned"} == await _codes(trial, again)


async def test_two_tenants_in_one_request_end_each_by_itself(trial: Trial) -> None:
    """Trap 32: a tenant that cannot be worked on leaves the other alone."""
    good, poor = await trial.tenant(45), await trial.tenant(30, seats=0)
    targets = [{"tenant": t.domain, "users": {"group": {"displayName": "Everyone"}}} for t in (good, poor)]
    body: Json = {"targets": targets, "licenses": [{"sku": E5}, {"sku": POWER_BI}]}
    operation = await trial.api.until_ended((await trial.api.assign(body))["id"], seconds=40)

    assert operation["status"] == "partiallySucceeded"
    states = {part["tenantId"]: part for part in operation["tenants"]}
    assert states[good.id]["progress"]["succeeded"] == 45
    assert states[poor.id]["error"]["code"] == "InsufficientLicenses"


async def test_a_cancelled_operation_ends_with_what_was_sent(trial: Trial) -> None:
    """Cancel: what went out is recorded, everyone else reads as ``Cancelled``, and nobody is sent afterwards."""
    tenant = await trial.tenant(1500)
    started = await trial.assign(tenant)
    await _until_some_succeeded(trial, started["id"])
    await trial.api.call("POST", f"/operations/{started['id']}/cancel")
    operation = await trial.api.until_ended(started["id"], seconds=40)

    assert operation["status"] == "cancelled"
    await trial.assert_exact(operation, tenant)
    assert 0 < operation["progress"]["succeeded"] < 1500


async def test_a_user_created_a_moment_ago_is_found(trial: Trial) -> None:
    """Trap 30: a replica that does not know the user yet answers 404; somebody who does not exist fails by name."""
    tenant = await trial.tenant(1, lagSeconds=[1.2, 1.5])
    new = f"new@{tenant.domain}"
    created = await trial.sim.post(
        f"/tenants/{tenant.id}/users", json={"userPrincipalName": new, "usageLocation": "DE"}
    )
    created.raise_for_status()
    users = {"users": [new, f"nobody@{tenant.domain}"]}
    operation = await trial.api.until_ended((await trial.assign(tenant, users=users))["id"], seconds=40)

    results = await trial.api.all(f"/operations/{operation['id']}/results")
    assert operation["status"] == "partiallySucceeded"
    assert [result["status"] for result in results] == ["succeeded", "failed"]
    assert results[1]["error"]["code"] == "UserNotFound"


async def _codes(trial: Trial, operation: Json) -> set[str]:
    results = await trial.api.all(f"/operations/{operation['id']}/results")
    return {result["error"]["code"] for result in results if result["error"]}


async def _until_some_succeeded(trial: Trial, operation_id: str) -> None:
    await until_succeeded(trial, operation_id, 1)


async def until_succeeded(trial: Trial, operation_id: str, users: int) -> None:
    """Wait until so many users succeeded."""

    class Enough(Exception):
        pass

    def look(operation: Json) -> None:
        if operation["progress"]["succeeded"] >= users:
            raise Enough

    try:
        await trial.api.until_ended(operation_id, seconds=60, every=0.1, look=look)
    except Enough:
        return
    raise AssertionError(f"operation {operation_id} ended before {users} users had succeeded")


async def test_cancelling_settles_what_is_unknown_first(trial: Trial) -> None:
    """Cancel while answers are missing: what came through is recorded, and the operation ends."""
    tenant = await trial.tenant(600)
    await trial.fault(match="POST /$batch", kind="timeoutAfterCommit", rate=0.3, seed=5)
    await trial.fault(match="assignLicense", kind="429", rate=0.1, retryAfter=2, seed=6)
    started = await trial.assign(tenant)
    await until_succeeded(trial, started["id"], 40)
    await trial.api.call("POST", f"/operations/{started['id']}/cancel")
    await trial.heal()
    operation = await trial.api.until_ended(started["id"], seconds=40)

    assert operation["status"] == "cancelled"
    await trial.assert_exact(operation, tenant)
    await trial.assert_single_flight(tenant)


async def test_usage_locations_are_set_first_and_audited(trial: Trial) -> None:
    """Trap 17: the location is set before the licence, survives Graph's lag, and stands in the audit either way."""
    tenant = await trial.tenant(25, lagSeconds=[0.5, 1.5], location=None)
    location = {"value": "CH", "mode": "ifMissing"}
    operation = await trial.api.until_ended((await trial.assign(tenant, usageLocation=location))["id"], seconds=60)

    assert operation["status"] == "succeeded", operation["errors"]
    results = await trial.assert_exact(operation, tenant)
    assert {result["usageLocationSet"] for result in results} == {"CH"}
    state = await trial.state(tenant)
    assert {user["usageLocation"] for user in state["users"]} == {"CH"}
    for entry in await trial.api.all("/audit", operation=operation["id"]):
        assert entry["before"]["usageLocation"] is None
        assert entry["after"]["usageLocation"] == "CH"
