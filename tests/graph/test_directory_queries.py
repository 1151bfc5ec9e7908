"""What the directory finds by filter and by words, over HTTP from the simulator."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from shared.domain.filters import NO_LICENCE, combined
from shared.errors import BadFilter, Denied, GraphError, Unavailable
from shared.graph.directory import Directory, Graph
from shared.graph.query import PAGE
from tests.graph.pages import filter_pages
from tests.support.simulator import SimulatedTenant, Simulator

type Oddity = Callable[[Callable[[web.Request], Any]], Awaitable[Directory]]

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


async def names(directory: Directory, filter: str) -> list[str]:
    """First names of those whom a filter finds, sorted."""
    users = [user async for page in filter_pages(directory, filter) for user in page]
    return sorted(user.user_principal_name.partition("@")[0] for user in users)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        pytest.param("usageLocation eq 'CH'", ["ana"], id="default operator"),
        pytest.param("usageLocation ne 'DE'", ["ana", "cleo"], id="advanced operator"),
        pytest.param("endsWith(userPrincipalName,'ob@contoso.com')", ["bob"], id="ends with"),
        pytest.param("assignedLicenses/any()", ["ana", "eve"], id="any licence"),
        pytest.param(combined("accountEnabled eq true or usageLocation eq 'CH'", E3), ["ana"], id="with a licence"),
        pytest.param(
            combined("accountEnabled eq true and userType ne 'Guest'", NO_LICENCE), ["bob", "cleo"], id="none"
        ),
        pytest.param("displayName eq 'R&D + O''Brien #1/2?'", [], id="signs of URLs"),
    ],
)
async def test_a_filter_finds_whom_it_says(directory: Directory, filter: str, found: list[str]) -> None:
    """Each goes out as an advanced query, so that none is refused for a missing header; "nobody" is an answer."""
    assert await names(directory, filter) == found


async def test_filtered_pages_are_followed_with_the_same_header(simulator: Simulator, graph: Graph) -> None:
    """Trap 27: pages of 999; the ``nextLink`` is followed as it is, with ``ConsistencyLevel: eventual``."""
    tenant = simulator.load(generate={"users": 1500, "groups": 1})

    pages = [page async for page in filter_pages(graph.directory(tenant.id), "accountEnabled in (true,false)")]

    assert len(pages[0]) == PAGE
    assert len({user.id for page in pages for user in page}) == 1500
    asked = tenant.requests("/users?")
    assert len(asked) == 2
    for request in asked:
        headers = {name.lower(): value for name, value in request["headers"].items()}
        assert headers["consistencylevel"] == "eventual"
        assert "count=true" in request["url"]


@pytest.mark.parametrize("filter", ["shoeSize eq 42", "department eq", "department gt 'A'", "x" * 4000])
async def test_a_bad_filter_is_told_in_graphs_words(directory: Directory, filter: str) -> None:
    """Trap 28: a filter that Graph does not take is not "nobody"."""
    with pytest.raises(BadFilter) as caught:
        await names(directory, filter)

    assert caught.value.status in (400, 414)
    assert filter in str(caught.value)


async def test_a_later_page_that_is_refused_is_no_bad_filter(oddity: Oddity) -> None:
    """Trap 28: an expired token says nothing of the filter, and is not the end of the users."""

    def answer(request: web.Request) -> Any:
        if "$skiptoken" not in request.query:
            return {"value": [], "@odata.nextLink": f"http://{request.host}/v1.0/users?$skiptoken=x"}
        error = {"code": "Directory_ExpiredPageToken", "message": "The specified page token value has expired."}
        return web.json_response({"error": error}, status=400)

    with pytest.raises(GraphError, match="Directory_ExpiredPageToken") as caught:
        await names(await oddity(answer), "accountEnabled eq true")

    assert not isinstance(caught.value, BadFilter)


@pytest.mark.parametrize(("kind", "error"), [("503", Unavailable), ("403", Denied)])
async def test_a_filter_that_could_not_be_asked_is_no_bad_one(
    directory: Directory, tenant: SimulatedTenant, kind: str, error: type[GraphError]
) -> None:
    """Trap 28: an outage and missing consent stay what they are."""
    tenant.fault("GET /users", kind, retryAfter=0)

    with pytest.raises(error):
        await names(directory, "accountEnabled eq true")


@pytest.mark.parametrize(
    ("search", "found"),
    [("an", {"ana"}), ("dan_x", {"dan_x.com#EXT#"}), ('a" OR "mail:b', set[str]()), ("\\", set[str]())],
)
async def test_words_find_names(directory: Directory, search: str, found: set[str]) -> None:
    """Beginnings of words, also with signs that mean something in a ``$search``."""
    users, after = await directory.users_page(search=search, top=1000)

    assert {user.user_principal_name.partition("@")[0] for user in users} == found
    assert after is None


async def test_groups_are_found_by_words_and_come_in_pages(directory: Directory) -> None:
    """The link of a page leads to the next one."""
    first, after = await directory.groups_page(search="twin", top=1)
    assert after
    second, end = await directory.groups_page(search=None, top=1, after=after)

    assert [group.display_name for group in first + second] == ["Twin", "Twin"]
    assert first[0].id != second[0].id
    assert end is None
    every, _ = await directory.groups_page(search=None, top=1000)
    assert {group.display_name: group.dynamic for group in every}["Everyone"]


@pytest.mark.parametrize(
    ("part", "other"),
    [
        pytest.param("127.0.0.1", "127.0.0.2", id="host"),
        pytest.param("http://", "https://", id="scheme"),
        pytest.param("/users?", "/groups?", id="collection"),
        pytest.param("/users?", "/users/?", id="path"),
        pytest.param("http://", "http://x@", id="user"),
        pytest.param("?$skiptoken=x", "", id="no query"),
        pytest.param("=x", "=x\r\nX: y", id="line break"),
        pytest.param("127.0.0.1", "[", id="no link"),
    ],
)
async def test_only_a_link_of_this_graph_is_its_own(
    directory: Directory, simulator: Simulator, part: str, other: str
) -> None:
    """Our token goes to no other place."""
    link = f"{simulator.graph_url}/users?$skiptoken=x"

    assert directory.owns(link, "/users")
    assert not directory.owns(link.replace(part, other), "/users")
