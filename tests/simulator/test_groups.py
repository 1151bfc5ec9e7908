"""Groups: members deep and direct, and group-based licensing that runs a while later."""

import pytest

from tests.simulator.harness import BI, E3, E5, PHONE, TENANT, Simulator, error_of, person

DEVICE = "dddddddd-0000-4000-8000-000000000001"


async def _nested(simulator: Simulator) -> dict[str, str]:
    await simulator.load(
        users=[person("ada"), person("bob"), person("guest", userType="Guest")],
        devices=[{"id": DEVICE}],
        groups=[
            {"displayName": "Leaf", "members": ["ada@contoso.example", "Top"]},
            {"displayName": "Middle", "members": ["Leaf", "bob@contoso.example", "ada@contoso.example"]},
            {"displayName": "Top", "members": ["Middle", DEVICE, "guest@contoso.example"]},
        ],
    )
    return {each["displayName"]: each["id"] for each in (await simulator.state())["groups"]}


async def test_transitive_members_hold_everybody_once(simulator: Simulator) -> None:
    """Trap 29: nested groups, a cycle, a guest and a device; direct members are fewer."""
    groups = await _nested(simulator)

    deep = (await simulator.get(f"/groups/{groups['Top']}/transitiveMembers")).json()["value"]
    direct = (await simulator.get(f"/groups/{groups['Top']}/members")).json()["value"]

    assert sorted(each["displayName"] for each in deep) == ["Ada", "Bob", "Device", "Guest", "Leaf", "Middle"]
    assert {each["@odata.type"] for each in deep} == {
        "#microsoft.graph.user",
        "#microsoft.graph.group",
        "#microsoft.graph.device",
    }
    assert [each["displayName"] for each in direct] == ["Middle", "Device", "Guest"]


@pytest.mark.parametrize("cast", ["microsoft.graph.user", "graph.user"])
async def test_the_cast_to_users_is_an_advanced_query(simulator: Simulator, cast: str) -> None:
    """It answers users only, with filter and count, and is refused without the header or without $count=true."""
    groups = await _nested(simulator)
    url = f"/groups/{groups['Top']}/transitiveMembers/{cast}"

    found = (await simulator.get(url, advanced=True, count="true", select="displayName")).json()
    members = await simulator.get(url, advanced=True, count="true", filter="userType eq 'Member'")
    counted = await simulator.get(f"{url}/$count", advanced=True)
    plain = await simulator.get(url)

    assert found["@odata.count"] == 3
    assert found["value"] == [{"displayName": "Guest"}, {"displayName": "Bob"}, {"displayName": "Ada"}]
    assert len(members.json()["value"]) == 2
    assert (counted.text, counted.headers["content-type"]) == ("3", "text/plain")
    assert error_of(plain)[:2] == (400, "Request_UnsupportedQuery")


async def test_membership_changes_reach_the_licences_after_a_while(small: Simulator) -> None:
    """Whoever joins gets the licence later, whoever leaves loses it later; both are asynchronous."""
    group = (await small.state())["groups"][0]["id"]
    change = {"add": ["bob@contoso.example"], "remove": ["dan@contoso.example"]}
    await small.client.post(f"/_sim/tenants/{TENANT}/groups/{group}/members", json=change)
    at_once = (await small.state())["users"]
    small.clock.advance(1)
    later = await small.state()

    assert at_once["dan"]["inherited"]
    assert not at_once["bob"]["inherited"]
    assert [each["skuId"] for each in later["users"]["bob"]["inherited"]] == [BI]
    assert later["users"]["dan"]["inherited"] == []
    assert later["skus"]["POWER_BI_PRO"]["consumed"] == 1


async def test_a_group_hands_on_all_its_products_or_none(simulator: Simulator) -> None:
    """Trap 23: the product without seats carries CountViolation, its sibling Other; neither takes a seat."""
    await simulator.load(
        skus=[{"skuPartNumber": "SPE_E5", "enabled": 0}, {"skuPartNumber": "POWER_BI_PRO", "enabled": 5}],
        users=[person("ada")],
        groups=[{"displayName": "G", "members": ["ada@contoso.example"], "licenses": [{"skuId": E5}, {"skuId": BI}]}],
    )

    url = "/users/ada@contoso.example"
    states = (await simulator.get(url, select="licenseAssignmentStates")).json()["licenseAssignmentStates"]
    failing = await simulator.get("/groups", filter="hasMembersWithLicenseErrors eq true")
    reprocessed = await simulator.client.post(f"/v1.0{url}/reprocessLicenseAssignment")

    assert {each["skuId"]: (each["state"], each["error"]) for each in states} == {
        E5: ("Error", "CountViolation"),
        BI: ("Error", "Other"),
    }
    assert (await simulator.get(url, select="assignedLicenses")).json()["assignedLicenses"] == []
    assert [each["displayName"] for each in failing.json()["value"]] == ["G"]
    assert error_of(reprocessed)[2] == f"Subscription with SKU {E5} does not have any available licenses."


async def test_an_inherited_licence_that_others_need_lingers(simulator: Simulator) -> None:
    """E3 came from a group; the direct Teams Phone needs it, so it stays as ActiveWithError until that is gone."""
    await simulator.load(
        skus=[{"skuPartNumber": "SPE_E3", "enabled": 5}, {"skuPartNumber": "MCOEV", "enabled": 5}],
        users=[person("ada")],
        groups=[{"displayName": "G", "members": ["ada@contoso.example"], "licenses": [{"skuId": E3}]}],
    )
    await simulator.assign("ada@contoso.example", [PHONE])
    group = (await simulator.state())["groups"][0]["id"]
    await simulator.client.post(
        f"/_sim/tenants/{TENANT}/groups/{group}/members", json={"remove": ["ada@contoso.example"]}
    )
    simulator.clock.advance(1)
    lingering = (await simulator.state())["users"]["ada"]["inherited"]
    await simulator.assign("ada@contoso.example", [], [PHONE])
    reprocessed = await simulator.client.post("/v1.0/users/ada@contoso.example/reprocessLicenseAssignment")

    assert [(each["state"], each["error"]) for each in lingering] == [("ActiveWithError", "DependencyViolation")]
    assert reprocessed.status_code == 200
    assert (await simulator.state())["users"]["ada"]["inherited"] == []


async def test_several_sources_of_one_sku_merge(simulator: Simulator) -> None:
    """One element per source in the states, one per SKU in assignedLicenses; a plan any source enables is enabled."""
    sway, yammer = "SWAY", "YAMMER_ENTERPRISE"
    await simulator.load(
        skus=[{"skuPartNumber": "SPE_E3", "enabled": 5}],
        users=[person("ada", licenses=[{"skuId": E3, "disabledPlans": [sway, yammer]}])],
        groups=[
            {
                "displayName": "G",
                "members": ["ada@contoso.example"],
                "licenses": [{"skuId": E3, "disabledPlans": [sway]}],
            }
        ],
    )
    user = (await simulator.get("/users/ada@contoso.example", select="assignedLicenses,licenseAssignmentStates")).json()
    details = (await simulator.get("/users/ada@contoso.example/licenseDetails")).json()["value"]

    assert len(user["licenseAssignmentStates"]) == 2
    assert len(user["assignedLicenses"][0]["disabledPlans"]) == 1
    plans = {each["servicePlanName"]: each["provisioningStatus"] for each in details[0]["servicePlans"]}
    assert (plans[sway], plans[yammer]) == ("Disabled", "Success")


async def test_get_by_ids_leaves_out_what_it_does_not_know(simulator: Simulator) -> None:
    """Trap 26: up to 1000 ids, unknown ones absent, types respected."""
    groups = await _nested(simulator)
    ada = (await simulator.state())["users"]["ada"]["id"]
    unknown = "aaaaaaaa-0000-4000-8000-000000000000"
    url = "/v1.0/directoryObjects/getByIds"

    both = await simulator.client.post(url, json={"ids": [ada, unknown, groups["Top"]]})
    users = await simulator.client.post(f"{url}?$select=id", json={"ids": [ada, groups["Top"]], "types": ["user"]})
    many = await simulator.client.post(url, json={"ids": [ada] * 1001})

    assert [each["id"] for each in both.json()["value"]] == [ada, groups["Top"]]
    assert users.json()["value"] == [{"@odata.type": "#microsoft.graph.user", "id": ada}]
    assert (users.headers["x-ms-resource-unit"], both.headers["x-ms-resource-unit"]) == ("2", "5")
    assert many.status_code == 400
