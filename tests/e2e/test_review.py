"""The review on the real stack: what a preview says is what its execution leaves."""

from typing import Any

from dev.api import Json
from dev.trial import Tenant, Trial, new_domain

E5, E3, THIRD = "SPE_E5", "SPE_E3", "POWER_BI_PRO"
PLAN = "YAMMER_ENTERPRISE"
PRICES = {E5: 57.50, E3: 9.75, THIRD: 1.50}


def licence(sku: str, *off: str) -> Json:
    """A licence as the simulator takes it."""
    return {"skuId": sku, "disabledPlans": list(off)}


async def golden(trial: Trial) -> Tenant:
    """170 users hold E3, 93 of them also E5; 77 more hold E5 with the plan off; others are in no group.

    659 users in all, each with the third SKU.
    """
    domain = new_domain()
    held: list[tuple[int, list[Json]]] = [
        (93, [licence(E3), licence(E5)]),
        (77, [licence(E3, "SWAY")]),
        (77, [licence(E5, PLAN)]),
        (253, [licence(E5)]),
        (154, [licence(E3)]),
        (5, []),
    ]
    users: list[Json] = []
    for count, licences in held:
        users += [
            {
                "userPrincipalName": f"user{len(users) + n:04d}@{domain}",
                "usageLocation": "US",
                "licenses": [*licences, licence(THIRD)],
            }
            for n in range(count)
        ]
    tenant = await trial.load(
        domain,
        {
            "skus": [{"skuPartNumber": sku, "enabled": seats} for sku, seats in ((E5, 500), (E3, 400), (THIRD, 1_000))],
            "users": users,
            "groups": [{"displayName": "Movers", "members": [user["userPrincipalName"] for user in users[:247]]}],
        },
    )
    book = {"currency": "USD", "monthly": PRICES}
    default = (await trial.api.call("GET", "/prices"))["default"]
    await trial.api.call("PUT", "/prices", json={"default": default, "tenants": {tenant.id: book}})
    return tenant


def body_of(tenant: Tenant, **more: Any) -> Json:
    """Swap E3 for E5, and have the plan on in E5."""
    return {
        "targets": [{"tenant": tenant.domain, "users": {"group": {"displayName": "Movers"}}}],
        "swap": [{"from": E3, "to": E5}],
        "licenses": [{"sku": E5, "enablePlans": [PLAN]}],
        **more,
    }


async def seats_of(trial: Trial, tenant: Tenant) -> dict[str, int]:
    """Consumed seats in truth."""
    return {sku["skuPartNumber"]: sku["consumed"] for sku in (await trial.state(tenant))["skus"]}


async def test_the_products_own_example_reads_and_ends_as_it_says(trial: Trial) -> None:
    """247 users · E5 423/500 → 500/500 · E3 324/400 → 154/400 · $28,470 → $31,240 (+$2,770)."""
    tenant = await golden(trial)
    preview = await trial.api.call("POST", "/preview", json=body_of(tenant, operation="modify"))
    assert await trial.writes(tenant) == {}
    impact = preview["impact"]

    assert preview["status"] == "ready"
    assert (impact["usersSelected"], impact["usersAffected"], impact["usersUnchanged"]) == (247, 247, 0)
    read = {each["sku"]: (each["before"], each["after"], each["total"], each["change"]) for each in impact["licenses"]}
    assert read == {E5: (423, 500, 500, 77), E3: (324, 154, 400, -170)}
    assert impact["totalCost"] == {
        "currency": "USD",
        "monthlyBefore": 28470.0,
        "monthlyAfter": 31240.0,
        "change": 2770.0,
    }

    begun = await trial.api.call("POST", "/modify", json={"previewId": preview["id"]})
    operation = await trial.api.until_ended(begun["id"], seconds=60)
    state = await trial.state(tenant)
    ids = {sku["skuPartNumber"]: sku["skuId"] for sku in state["skus"]}
    movers = [{held["skuId"]: held for held in user["direct"]} for user in state["users"][:247]]

    assert (operation["status"], operation["progress"]["succeeded"]) == ("succeeded", 247)
    assert operation["previewId"] == preview["id"]
    assert await seats_of(trial, tenant) == {E5: 500, E3: 154, THIRD: 659}
    assert all(ids[E3] not in held and ids[E5] in held for held in movers)
    assert sum(len(held[ids[E5]]["disabledPlans"]) for held in movers) == 77  # SWAY, which was off in E3, stays off
    audit = await trial.api.all("/audit", operation=operation["id"])
    assert sum(sum(PRICES[sku] * change for sku, change in entry["seatChange"].items()) for entry in audit) == 2770.0


async def test_a_revert_of_it_gives_everything_back(trial: Trial) -> None:
    """Licences, service plans and seats are those of before; a second revert finds nobody to change."""
    tenant = await golden(trial)
    before = {user["id"]: user["direct"] for user in (await trial.state(tenant))["users"]}
    begun = await trial.api.call("POST", "/modify", json=body_of(tenant))
    operation = await trial.api.until_ended(begun["id"], seconds=60)
    preview = await trial.api.call("POST", "/preview", json={"operation": "revert", "operationId": operation["id"]})
    begun = await trial.api.call("POST", f"/operations/{operation['id']}/revert", json={"previewId": preview["id"]})
    reverted = await trial.api.until_ended(begun["id"], seconds=60)
    after = {user["id"]: user["direct"] for user in (await trial.state(tenant))["users"]}

    assert preview["impact"]["usersAffected"] == 247
    assert (reverted["type"], reverted["parentId"], reverted["status"]) == ("revert", operation["id"], "succeeded")
    assert _as_sets(after) == _as_sets(before)
    assert await seats_of(trial, tenant) == {E5: 423, E3: 324, THIRD: 659}


def _as_sets(users: dict[str, list[Json]]) -> dict[str, set[tuple[str, frozenset[str]]]]:
    return {
        user: {(held["skuId"], frozenset(held["disabledPlans"])) for held in licences}
        for user, licences in users.items()
    }
