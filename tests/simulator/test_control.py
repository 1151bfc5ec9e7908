"""Control routes: loading, looking, changing from outside, statistics and the log of requests."""

import json
from typing import Any

import httpx
import pytest

from dev.simulator.requestlog import SEGMENTS, RequestLog
from tests.simulator.harness import BI, E3, SWAY, TENANT, Simulator, assign_item, person


async def _log(simulator: Simulator, **query: str) -> list[dict[str, Any]]:
    response = await simulator.client.get("/_sim/requests", params=query)
    return [json.loads(line) for line in response.text.splitlines()]


async def test_the_state_tells_direct_from_inherited(small: Simulator) -> None:
    """The truth, per source; ?users= restricts it by id or userPrincipalName."""
    everybody = await small.state()
    some = (await small.client.get(f"/_sim/tenants/{TENANT}?users=ada@contoso.example")).json()
    nobody = await small.client.get(f"/_sim/tenants/{TENANT}?users=nobody")

    assert everybody["users"]["ada"]["direct"] == [{"skuId": E3, "disabledPlans": [SWAY]}]
    assert everybody["users"]["dan"]["inherited"][0]["groupId"] == everybody["groups"][0]["id"]
    assert [each["displayName"] for each in some["users"]] == ["Ada"]
    assert nobody.status_code == 400


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"users": [person("a"), person("a")]}, "a@contoso.example"),
        ({"users": [person("a", licenses=[{"skuId": E3}])]}, E3),
        ({"skus": [{"skuPartNumber": "NO_SUCH_SKU"}]}, "NO_SUCH_SKU"),
        ({"groups": [{"displayName": "g", "members": ["ghost"]}]}, "ghost"),
        ({"users": [{"userPrincipalName": "a@b.c", "shoeSize": 4}]}, "shoeSize"),
        ({"lagSeconds": [3, 1]}, "lagSeconds"),
    ],
)
async def test_a_tenant_that_makes_no_sense_is_refused(simulator: Simulator, spec: dict[str, Any], named: str) -> None:
    """The answer is 400 and names what is wrong; no half tenant stays."""
    response = await simulator.client.put(f"/_sim/tenants/{TENANT}", json=spec)

    assert response.status_code == 400
    assert named in response.json()["error"]
    assert (await simulator.client.get("/_sim/tenants")).json() == []


async def test_a_user_is_changed_from_outside(small: Simulator) -> None:
    """Somebody else's change: usage location, direct licences, account; inherited ones stay."""
    change = {"usageLocation": "DE", "accountEnabled": False, "licenses": [{"skuId": "POWER_BI_PRO"}]}
    changed = await small.client.patch(f"/_sim/tenants/{TENANT}/users/ada@contoso.example", json=change)
    unknown = await small.client.patch(f"/_sim/tenants/{TENANT}/users/ghost", json=change)

    state = await small.state()
    ada = state["users"]["ada"]
    assert changed.json()["usageLocation"] == ada["usageLocation"] == "DE"
    assert ada["direct"] == [{"skuId": BI, "disabledPlans": []}]
    assert (state["skus"]["SPE_E3"]["consumed"], state["skus"]["POWER_BI_PRO"]["consumed"]) == (0, 2)
    assert unknown.status_code == 404


async def test_a_user_is_deleted_from_outside(small: Simulator) -> None:
    """Its seats are free, it is in no group, and its name can be used again."""
    url = f"/_sim/tenants/{TENANT}/users"
    deleted = await small.client.delete(f"{url}/dan@contoso.example")
    small.clock.advance(1)
    state = await small.state()
    again = await small.client.delete(f"{url}/dan@contoso.example")
    anew = await small.client.post(url, json=person("dan"))
    twice = await small.client.post(url, json=person("dan"))

    assert deleted.status_code == 204
    assert "dan" not in state["users"]
    assert state["groups"][0]["members"] == []
    assert state["skus"]["POWER_BI_PRO"]["consumed"] == 0
    assert [each.status_code for each in (again, anew, twice)] == [404, 201, 400]
    assert (await small.get("/users/$count", advanced=True)).text == "4"


async def test_a_tenant_can_be_replaced_and_removed(small: Simulator) -> None:
    """PUT starts it anew, DELETE ends it; its token is then refused."""
    await small.load(users=[person("new")])
    replaced = list((await small.state())["users"])
    await small.client.delete(f"/_sim/tenants/{TENANT}")

    assert replaced == ["new"]
    assert (await small.get("/users")).status_code == 401
    assert (await small.client.get(f"/_sim/tenants/{TENANT}")).status_code == 404


async def test_generated_people_repeat_with_their_seed(simulator: Simulator) -> None:
    """The same seed gives the same people, another one others."""
    states: list[Any] = []
    for seed in (1, 1, 2):
        await simulator.load(generate={"users": 300, "seed": seed, "groups": 3})
        states.append(await simulator.state())

    assert states[0] == states[1] != states[2]
    assert len(states[0]["users"]) == 300
    assert [len(group["members"]) for group in states[0]["groups"]] == [100, 100, 100]


async def test_every_request_and_every_item_has_a_line(small: Simulator) -> None:
    """Method, url, body, status and times; items point to their batch; the token is nowhere."""
    await small.get("/organization")
    await small.batch(assign_item("bob@contoso.example", BI), assign_item("nobody", BI))
    lines = {each["n"]: each for each in await _log(small)}

    organization, outer, first, second = (lines[n] for n in sorted(lines))
    assert (organization["method"], organization["url"], organization["status"]) == ("GET", "/organization", 200)
    assert (outer["url"], outer["status"], outer["batch"]) == ("/$batch", 200, None)
    assert (first["batch"], second["batch"]) == (outer["n"], outer["n"])
    assert (first["status"], second["status"]) == (200, 404)
    assert first["body"]["addLicenses"][0]["skuId"] == BI
    assert first["start"] <= first["end"]
    assert all("authorization" not in each["headers"] for each in lines.values())


async def test_the_log_can_be_narrowed_and_forgotten(small: Simulator) -> None:
    """?since= leaves out what was seen, ?tenant= what is another's; DELETE empties it and numbers go on."""
    await small.get("/organization")
    last = (await _log(small))[-1]["n"]
    await small.get("/users")
    newer = await _log(small, since=str(last))
    other = await _log(small, tenant="aaaaaaaa-0000-4000-8000-000000000000")
    await small.client.delete("/_sim/requests")
    emptied = await _log(small)
    await small.get("/users")

    assert [each["url"] for each in newer] == ["/users"]
    assert (other, emptied) == ([], [])
    assert (await _log(small))[0]["n"] > newer[0]["n"]


def test_the_log_is_bounded() -> None:
    """The oldest segment goes when there are too many; the newest lines stay."""
    log = RequestLog(lines_per_segment=2)
    for n in range(2 * SEGMENTS + 5):
        entry = log.begin("t", "GET", f"/{n}", {}, None, 0.0)
        log.end(entry, 200, 0.0, None)

    urls = [json.loads(line)["url"] for line in log.lines()]
    assert len(urls) <= 2 * SEGMENTS
    assert urls[-1] == f"/{2 * SEGMENTS + 4}"
    log.forget()


async def test_the_statistics_count_each_item(small: Simulator) -> None:
    """Requests, writes that succeeded, errors and batches, per tenant."""
    await small.batch(assign_item("bob@contoso.example", BI), assign_item("nobody", BI))
    await small.get("/users")

    stats = (await small.client.get("/_sim/stats")).json()[TENANT]

    assert stats == {"requests": 3, "batches": 1, "writes": 1, "throttled": 0, "errors": 1, "maxWritesPerUser": 1}


async def test_the_log_tells_what_was_done_even_where_nobody_was_told(small: Simulator) -> None:
    """A write whose answer is held is done, a refused one is not; somebody else's change stands between them."""
    await small.client.post("/_sim/faults", json={"match": "assignLicense", "kind": "timeoutAfterCommit", "count": 1})
    item = assign_item("bob@contoso.example", E3)
    with pytest.raises(httpx.ReadTimeout):
        await small.client.post("/v1.0/users/bob@contoso.example/assignLicense", json=item["body"], timeout=0.3)
    await small.client.patch(f"/_sim/tenants/{TENANT}/users/ada@contoso.example", json={"licenses": []})
    await small.assign("ghost@contoso.example", [E3])

    lines = await _log(small)

    assert [(line["method"], line["status"], line["done"]) for line in lines] == [
        ("POST", None, True),
        ("PATCH", 200, True),
        ("POST", 404, False),
    ]
    assert lines[1]["url"] == f"/_sim/users/{lines[1]['body']['id']}"
    assert lines[1]["body"]["direct"] == []
