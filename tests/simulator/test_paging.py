"""Pages of an expanded group and of a sorted list: all from what the first page found."""

from typing import Any

from dev.simulator.snapshots import KEPT
from tests.simulator.harness import ADVANCED, TENANT, Simulator, person

USERS = [f"user{n:02d}" for n in range(10)]


async def _crew(simulator: Simulator) -> str:
    """Ten users in a group inside a group; the path of the outer one's users."""
    inner = {"displayName": "Inner", "members": [f"{name}@contoso.example" for name in USERS]}
    outer = {"displayName": "Outer", "members": ["Inner"]}
    await simulator.load(users=[person(name) for name in [*USERS, "late"]], groups=[inner, outer])
    groups = {each["displayName"]: each["id"] for each in (await simulator.state())["groups"]}
    return f"/groups/{groups['Outer']}/transitiveMembers/microsoft.graph.user"


async def _first(simulator: Simulator, url: str, **options: str) -> dict[str, Any]:
    return (await simulator.get(url, advanced=True, count="true", top="4", **options)).json()


async def _rest(simulator: Simulator, page: dict[str, Any]) -> list[str]:
    """The names on a page and on those that follow."""
    names = [each["displayName"] for each in page["value"]]
    while "@odata.nextLink" in page:
        page = (await simulator.client.get(page["@odata.nextLink"], headers=ADVANCED)).json()
        names += [each["displayName"] for each in page["value"]]
    return names


async def _regroup(simulator: Simulator) -> None:
    """The first three users leave the inner group, another one joins."""
    inner = next(each["id"] for each in (await simulator.state())["groups"] if each["displayName"] == "Inner")
    change = {"add": ["late@contoso.example"], "remove": [f"{name}@contoso.example" for name in USERS[:3]]}
    response = await simulator.client.post(f"/_sim/tenants/{TENANT}/groups/{inner}/members", json=change)
    assert response.status_code == 200, response.text


async def test_the_pages_of_a_group_show_its_members_as_of_the_first_page(simulator: Simulator) -> None:
    """Nobody is left out or told twice because others leave meanwhile; who asks anew sees the change."""
    url = await _crew(simulator)
    page = await _first(simulator, url)
    await _regroup(simulator)

    assert await _rest(simulator, page) == [name.title() for name in USERS]
    assert await _rest(simulator, page) == [name.title() for name in USERS], "a link may be followed again"
    assert await _rest(simulator, await _first(simulator, url)) == [*(name.title() for name in USERS[3:]), "Late"]


async def test_a_sorted_list_keeps_its_order_over_all_pages(simulator: Simulator) -> None:
    """The order is that of the first page, though names change between two pages."""
    url = await _crew(simulator)
    page = await _first(simulator, url, orderby="displayName desc")
    change = {"displayName": "Zzz"}
    await simulator.client.patch(f"/_sim/tenants/{TENANT}/users/user00@contoso.example", json=change)

    assert await _rest(simulator, page) == [name.title() for name in reversed(USERS)]


async def test_a_link_outlives_what_was_kept_for_it(simulator: Simulator) -> None:
    """Only so many expansions are kept; the page of an older one is answered from the group as it is now."""
    url = await _crew(simulator)
    page = await _first(simulator, url)
    for _ in range(KEPT):
        await _first(simulator, url)
    await _regroup(simulator)

    assert await _rest(simulator, page) == [name.title() for name in [*USERS[:4], *USERS[7:], "late"]]
