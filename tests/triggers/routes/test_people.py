"""Searching a tenant's users and groups."""

from urllib.parse import parse_qs, urlsplit

import pytest

from shared.tables.paging import make_cursor
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import GOLD, READER, Api


@pytest.fixture
async def big(api: Api, simulator: Simulator) -> SimulatedTenant:
    """A registered tenant with five users of one name and a dynamic group."""
    tenant = simulator.load(
        domains=["big.example"],
        users=[
            {"userPrincipalName": f"u{n}@big.example", "displayName": f"Ann Number {n}", "department": f"D{n % 2}"}
            for n in range(5)
        ],
        groups=[
            {"displayName": "All", "membershipRule": "user.accountEnabled -eq true"},
            {"displayName": "Ann's friends", "members": ["u0@big.example"]},
        ],
    )
    assert (await api.send("PUT", f"tenants/{tenant.id}", {})).status == 201
    return tenant


async def test_users_come_in_pages_that_lead_on(api: Api, big: SimulatedTenant) -> None:
    """Every user once, by the links alone."""
    found: list[str] = []
    query = {"search": "ann num", "top": "2"}
    while query:
        page = await api.send("GET", "tenants/big.example/users", key=READER, query=query)
        assert page.status == 200
        found += [user["userPrincipalName"] for user in page.json["value"]]
        link = page.json["nextLink"]
        assert len(found) <= 5
        query = {name: values[0] for name, values in parse_qs(urlsplit(link or "").query).items()}

    assert sorted(found) == [f"u{n}@big.example" for n in range(5)]


async def test_search_and_filter_narrow_together(api: Api, big: SimulatedTenant) -> None:
    """The filter may have double quotes; the shape is that of the contract."""
    query = {"search": "ann", "filter": 'department eq "D1" and userPrincipalName ne "u3@big.example"'}
    answer = await api.send("GET", f"tenants/{big.id}/users", query=query)

    assert answer.json == {
        "value": [
            {
                "id": big.user_id("u1@big.example"),
                "userPrincipalName": "u1@big.example",
                "displayName": "Ann Number 1",
                "department": "D1",
                "usageLocation": None,
                "accountEnabled": True,
                "licenses": [],
            }
        ],
        "nextLink": None,
    }


async def test_the_users_of_groups_are_counted_when_asked(api: Api, big: SimulatedTenant, simulator: Simulator) -> None:
    """Those of groups inside as well, in one batch; a group that is not counted is null and not empty."""
    path, query = f"tenants/{big.id}/groups", {"memberCount": "true", "search": "friends"}
    (friends,) = (await api.send("GET", path, key=READER, query=query)).json["value"]
    big.fault("transitiveMembers", "503", count=9)
    (uncounted,) = (await api.send("GET", path, key=READER, query=query)).json["value"]
    nobody = await api.send("GET", path, key=READER, query=query | {"search": "nothing"})
    wrong = await api.send("GET", path, key=READER, query={"memberCount": "many"})

    assert (friends["memberCount"], uncounted["memberCount"]) == (1, None)
    assert nobody.json == {"value": [], "nextLink": None}
    assert wrong.status == 400


async def test_groups_are_found_by_words(api: Api, big: SimulatedTenant) -> None:
    """With whether their members follow a rule."""
    every = await api.send("GET", f"tenants/{big.id}/groups", key=READER)
    (friends,) = (await api.send("GET", f"tenants/{big.id}/groups", query={"search": "friends"})).json["value"]

    assert {group["displayName"]: group["dynamic"] for group in every.json["value"]} == {
        "All": True,
        "Ann's friends": False,
    }
    assert friends | {"id": ""} == {"id": "", "displayName": "Ann's friends", "dynamic": False, "memberCount": None}


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "shoeSize eq 42"},
        {"filter": 'department eq "D1'},
        {"filter": "a" * 4001},
        {"search": " "},
        {"search": "a" * 513},
        {"top": "0"},
        {"cursor": "x"},
        {"cursor": make_cursor("11111111-1111-4111-8111-111111111111", "http://127.0.0.1/v1.0/users?$skiptoken=x")},
    ],
    ids=["property", "quote", "long filter", "blank", "long search", "top", "cursor", "another tenant's"],
)
async def test_a_wrong_parameter_is_refused(api: Api, big: SimulatedTenant, query: dict[str, str]) -> None:
    """400, also for what only Graph can tell of a filter."""
    answer = await api.send("GET", f"tenants/{big.id}/users", query=query)

    assert answer.status == 400
    assert answer.media_type == "application/problem+json"


async def test_a_cursor_leads_nowhere_but_to_this_list(api: Api, big: SimulatedTenant, simulator: Simulator) -> None:
    """Our token goes to no other host, a link to another collection or an outworn one is refused."""
    for link in (
        "http://attacker.example/v1.0/users?$skiptoken=x",
        f"{simulator.graph_url}/groups?$skiptoken=x",
        f"{simulator.graph_url}/users/delta?$skiptoken=x",
        f"{simulator.graph_url}/users?$skiptoken=x",
    ):
        answer = await api.send("GET", f"tenants/{big.id}/users", query={"cursor": make_cursor(big.id, link)})
        assert answer.status == 400, link
        assert set(answer.pointers) == {"/cursor"}


async def test_a_directory_that_refuses_is_told(api: Api, big: SimulatedTenant) -> None:
    """Trap 28: missing consent is a 409, an outage a 503, and neither an empty list."""
    big.fault("GET /users", "403", count=1)
    denied = await api.send("GET", f"tenants/{big.id}/users")
    big.fault("GET /groups", "503", retryAfter=0)
    down = await api.send("GET", f"tenants/{big.id}/groups")

    assert (denied.status, down.status) == (409, 503)


@pytest.mark.parametrize("kind", ["users", "groups"])
async def test_a_tenant_outside_the_grants_is_not_searched(api: Api, big: SimulatedTenant, kind: str) -> None:
    """Trap 44: it does not exist, and nothing is asked of it."""
    before = len(big.requests())
    answer = await api.send("GET", f"tenants/{big.id}/{kind}", key=GOLD)

    assert answer.status == 404
    assert len(big.requests()) == before
