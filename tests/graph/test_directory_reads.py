"""What the directory reads, over HTTP from the simulator."""

import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from shared.domain.codes import ResultCode
from shared.domain.model import User
from shared.errors import Denied, GraphError, GroupAmbiguous, GroupNotFound, Throttled, Unavailable
from shared.graph.directory import Directory, Graph, ItemAnswer
from tests.graph.pages import member_pages
from tests.support.simulator import ROOT, SimulatedTenant, Simulator

type Oddity = Callable[[Callable[[web.Request], Any]], Awaitable[Directory]]


async def group_users(directory: Directory, name: str, *, nested: bool) -> list[User]:
    """All users of the group with this name."""
    group = await directory.find_group(id=None, display_name=name)
    return [user async for page in member_pages(directory, group.id, nested=nested) for user in page]


async def test_a_tenant_tells_its_name_and_domains(directory: Directory, tenant: SimulatedTenant):
    """The registry takes name and verified domains from the tenant, the default domain first."""
    organization = await directory.organization()

    assert organization.tenant_id == tenant.id
    assert organization.display_name == "Contoso"
    assert organization.domains == ("contoso.com", "contoso.onmicrosoft.com")


async def test_skus_come_with_seats_and_service_plans(directory: Directory):
    """Seats as Graph counts them: enabled, warning, consumed; ana directly, eve by her group."""
    skus = {sku.part_number: sku for sku in await directory.skus()}

    e3 = skus["SPE_E3"]
    assert (e3.enabled, e3.warning, e3.consumed, e3.available) == (10, 2, 2, 10)
    assert (e3.status, e3.applies_to) == ("Enabled", "User")
    assert "TEAMS1" in {plan.name for plan in e3.service_plans}


async def test_nested_members_are_users_only(directory: Directory):
    """Trap 29: with ``nested`` the users of inner groups come too; devices and groups never."""
    direct = await group_users(directory, "Sales & O'Brien", nested=False)
    nested = await group_users(directory, "Sales & O'Brien", nested=True)

    assert [user.user_principal_name for user in direct] == ["bob@contoso.com"]
    assert {user.user_principal_name for user in nested} == {"bob@contoso.com", "eve@contoso.com"}
    (eve,) = [user for user in nested if user.user_principal_name == "eve@contoso.com"]
    assert not eve.account_enabled
    assert eve.state.assignments[0].group_id is not None


async def test_pages_are_followed_with_the_same_header(simulator: Simulator, graph: Graph):
    """Trap 27: pages of 999; the ``nextLink`` is followed as it is, with ``ConsistencyLevel: eventual``."""
    tenant = simulator.load(generate={"users": 1500, "groups": 1})
    directory = graph.directory(tenant.id)
    group = await directory.find_group(id=None, display_name="Generated group 1")

    pages = [page async for page in member_pages(directory, group.id, nested=True)]

    assert [len(page) for page in pages] == [999, 501]
    assert len({user.id for page in pages for user in page}) == 1500
    first, second = tenant.requests("transitiveMembers")
    assert "$top=999" in first["url"]
    assert "skiptoken" in second["url"]
    assert {line["headers"]["consistencylevel"] for line in (first, second)} == {"eventual"}


async def test_a_page_that_keeps_failing_is_an_error(directory: Directory, tenant: SimulatedTenant):
    """Trap 28: a failed page is never an empty list; three quick tries, then it raises."""
    tenant.fault("members", "503")

    with pytest.raises(Unavailable) as caught:
        await group_users(directory, "Inner", nested=False)

    assert (caught.value.tenant_id, caught.value.status) == (tenant.id, 503)
    assert len(tenant.requests("members")) == 3


async def test_a_short_throttle_of_a_read_is_waited_out(directory: Directory, tenant: SimulatedTenant):
    """A read honours a short ``Retry-After`` by itself."""
    tenant.fault("subscribedSkus", "429", count=2, retryAfter=0.1)

    assert len(await directory.skus()) == 4
    assert [line["status"] for line in tenant.requests("subscribedSkus")] == [429, 429, 200]


async def test_a_long_throttle_of_a_read_is_the_callers(directory: Directory, tenant: SimulatedTenant):
    """Waits over 10 s are durable timers: the error says how long."""
    tenant.fault("subscribedSkus", "429", retryAfter=30)

    with pytest.raises(Throttled) as caught:
        await directory.skus()

    assert caught.value.retry_after == 30
    assert len(tenant.requests("subscribedSkus")) == 1


@pytest.mark.parametrize("kind", ["timeoutBeforeCommit", "reset"])
async def test_a_read_without_an_answer_is_tried_again(kind: str, directory: Directory, tenant: SimulatedTenant):
    """A read that was cut off may be repeated: nothing hangs on whether it arrived."""
    tenant.fault("organization", kind, count=1, scope="request")

    assert (await directory.organization()).display_name == "Contoso"
    assert len(tenant.requests("organization")) == 2


async def test_missing_consent_stops_a_read(simulator: Simulator, graph: Graph):
    """Trap 28: a tenant without consent is an error with Graph's code, touched once."""
    tenant = simulator.load(displayName="Fabrikam", consent=False)

    with pytest.raises(Denied) as caught:
        await graph.directory(tenant.id).skus()

    assert caught.value.code == "Authorization_IdentityNotFound"
    assert caught.value.request_id
    assert len(tenant.requests()) == 1


async def test_a_group_is_found_by_id_and_by_name(directory: Directory):
    """Both ways give the same group; a rule makes it dynamic."""
    by_name = await directory.find_group(id=None, display_name="Everyone")

    assert by_name.dynamic
    assert await directory.find_group(id=by_name.id.upper(), display_name=None) == by_name
    assert not (await directory.find_group(id=None, display_name="Sales & O'Brien")).dynamic


async def test_two_groups_of_one_name_are_refused_with_their_ids(directory: Directory):
    """The caller must choose: the error names the candidates."""
    with pytest.raises(GroupAmbiguous) as caught:
        await directory.find_group(id=None, display_name="Twin")

    ids = ("aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002")
    assert caught.value.group_ids == ids
    assert all(group_id in str(caught.value) for group_id in ids)


@pytest.mark.parametrize(
    ("group_id", "name"), [("bbbbbbbb-0000-4000-8000-000000000000", None), ("../users", None), (None, "Nobody' or 1")]
)
async def test_a_group_that_does_not_exist_is_an_error(directory: Directory, group_id: str | None, name: str | None):
    """No group is not an empty group."""
    with pytest.raises(GroupNotFound):
        await directory.find_group(id=group_id, display_name=name)


async def test_the_members_of_a_group_that_is_gone_are_an_error(directory: Directory):
    """Trap 28: a group deleted since raises; it has not become empty."""
    pages = member_pages(directory, "bbbbbbbb-0000-4000-8000-000000000000", nested=True)

    with pytest.raises(GroupNotFound):
        await anext(pages)


async def test_users_are_found_by_id_and_principal_name(directory: Directory, tenant: SimulatedTenant):
    """Any mix of references, guests included; one that does not exist is None; what is no reference is not sent."""
    ana = tenant.user_id("ana@contoso.com")
    references = [ana.upper(), "BOB@contoso.com", "dan_x.com#EXT#@contoso.com", "nobody@contoso.com", "delta", "", ana]

    found = await directory.find_users(references)

    assert list(found) == references
    names = [user and user.user_principal_name for user in found.values()]
    assert names[:3] == ["ana@contoso.com", "bob@contoso.com", "dan_x.com#EXT#@contoso.com"]
    assert names[3:6] == [None, None, None]
    guest = found["dan_x.com#EXT#@contoso.com"]
    assert guest is not None
    assert guest.guest
    assert not tenant.requests("delta")


async def test_many_users_are_found_in_batches_of_twenty(simulator: Simulator, graph: Graph):
    """Trap 26: 120 references cost six calls, not 120, and each is answered for itself."""
    users = [{"userPrincipalName": f"user{number}@fabrikam.com"} for number in range(120)]
    tenant = simulator.load(users=users)
    references = [user["userPrincipalName"] for user in users]

    found = await graph.directory(tenant.id).find_users(references)

    assert [user and user.user_principal_name for user in found.values()] == references
    assert len(tenant.requests("POST /$batch")) == 6


async def test_only_the_throttled_references_are_asked_again(directory: Directory, tenant: SimulatedTenant):
    """Trap 19: what was answered is not asked twice."""
    tenant.fault("GET /users/bob", "429", count=1, retryAfter=0.1)

    found = await directory.find_users(["ana@contoso.com", "bob@contoso.com"])

    assert all(found.values())
    assert len(tenant.requests("GET /users/ana")) == 1
    assert len(tenant.requests("GET /users/bob")) == 2


async def test_a_reference_that_cannot_be_read_is_an_error(directory: Directory, tenant: SimulatedTenant):
    """Trap 28: a refused look-up is not an unknown user."""
    tenant.fault("GET /users/bob", "403")

    with pytest.raises(Denied):
        await directory.find_users(["ana@contoso.com", "bob@contoso.com"])


async def test_a_look_up_that_is_left_unanswered_is_an_outage(oddity: Oddity):
    """Trap 28: an item that never comes back is not an unknown user."""
    directory = await oddity(lambda _: web.json_response({"responses": []}))

    with pytest.raises(Unavailable, match="leaves this item out"):
        await directory.find_users(["ana@contoso.com"])


async def test_users_are_read_one_by_one_in_a_batch(directory: Directory, tenant: SimulatedTenant):
    """The read before a write says of each user: the state, that there is none, or that it could not be read."""
    ana, bob = tenant.user_id("ana@contoso.com"), tenant.user_id("bob@contoso.com")
    nobody = str(uuid.uuid4())
    tenant.fault(f"GET /users/{bob}", "429", retryAfter=3)

    read = await directory.read_users([ana, bob, nobody])

    user = read[ana]
    assert isinstance(user, User)
    assert user.state.usage_location == "CH"
    assert user.country == "Switzerland"
    assert len(user.state.assignments[0].disabled_plans) == 1
    throttled = read[bob]
    assert isinstance(throttled, ItemAnswer)
    assert (throttled.kind, throttled.code, throttled.retry_after) == ("later", ResultCode.THROTTLED, 3)
    assert read[nobody] is None


async def test_group_names_are_looked_up_a_thousand_at_a_time(simulator: Simulator, graph: Graph):
    """Trap 26: ``getByIds`` takes 1,000 ids; unknown ids are absent."""
    groups = [{"displayName": f"Group {number}"} for number in range(1005)]
    tenant = simulator.load(groups=groups)
    ids = {group["id"]: group["displayName"] for group in tenant.state()["groups"]}

    names = await graph.directory(tenant.id).group_names([*ids, str(uuid.uuid4())])

    assert names == ids
    assert [len(line["body"]["ids"]) for line in tenant.requests("getByIds")] == [1000, 6]


async def test_names_of_groups_that_the_app_may_not_read_are_absent(simulator: Simulator, graph: Graph):
    """They are words of a message, which names the group by its id then: no reason to end an operation.

    Graph gives objects of a type that the app may not read with their ids only, or refuses the call.
    """
    hidden = simulator.load(groups=[{"displayName": "Sales"}], groupNames=False)
    refused = simulator.load(groups=[{"displayName": "Sales"}])
    refused.fault("getByIds", "403")

    for tenant in (hidden, refused):
        sales = tenant.state()["groups"][0]["id"]
        assert await graph.directory(tenant.id).group_names([sales]) == {}
        assert len(tenant.requests("getByIds")) == 1


async def test_a_tenant_that_refuses_everything_has_no_names_either(simulator: Simulator, graph: Graph):
    """A token that Graph does not take is told, here as everywhere."""
    tenant = simulator.load(groups=[{"displayName": "Sales"}])
    tenant.fault("getByIds", "401")

    with pytest.raises(Denied):
        await graph.directory(tenant.id).group_names([tenant.state()["groups"][0]["id"]])


async def test_bulk_requests_step_back_first(directory: Directory, tenant: SimulatedTenant):
    """Every request asks for low priority and can be traced by its ``client-request-id``."""
    await directory.find_users(["ana@contoso.com"])

    outer, item = tenant.requests()
    assert outer["headers"]["x-ms-throttle-priority"] == item["headers"]["x-ms-throttle-priority"] == "low"
    assert uuid.UUID(outer["headers"]["client-request-id"])


async def test_a_next_page_on_another_host_is_refused(oddity: Oddity):
    """A link to elsewhere would carry our token there."""
    seen: list[str] = []

    def answer(request: web.Request) -> Any:
        seen.append(request.path)
        return {"value": [], "@odata.nextLink": f"http://localhost:{request.url.port}/v1.0/stolen"}

    directory = await oddity(answer)
    with pytest.raises(GraphError, match="another host"):
        await directory.skus()

    assert seen == ["/v1.0/subscribedSkus"]


async def test_a_redirect_is_not_followed(oddity: Oddity):
    """Graph does not redirect; whoever does shall not get our token."""
    seen: list[str] = []

    def answer(request: web.Request) -> Any:
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    directory = await oddity(answer)
    with pytest.raises(GraphError):
        await directory.skus()

    assert seen == ["/v1.0/subscribedSkus"]


@pytest.mark.parametrize(
    "content", [b"<html>hello</html>", b"", b"[]", b"{}", b'{"value": null}', b'{"value": [{"skuId": "x"}]}']
)
async def test_an_unreadable_success_is_an_error(oddity: Oddity, content: bytes):
    """Trap 28: 200 with something else in it is not an empty tenant."""
    directory = await oddity(lambda _: web.Response(body=content, content_type="application/json"))

    with pytest.raises(GraphError):
        await directory.skus()


async def test_a_gateways_error_page_is_an_outage(oddity: Oddity):
    """A 502 in HTML has no Graph code; it is still an outage of this tenant."""
    directory = await oddity(lambda _: web.Response(status=502, text="<h1>Bad gateway</h1>", content_type="text/html"))

    with pytest.raises(Unavailable) as caught:
        await directory.skus()

    assert caught.value.status == 502


def test_the_sdks_typed_models_are_never_loaded(tenant: SimulatedTenant):
    """Reading a page loads neither the typed user (1,200 modules) nor, at import, any of the SDK."""
    program = f"""
import asyncio, sys
from shared.graph.directory import Graph
from shared.settings import read_settings

assert not [name for name in sys.modules if name.split('.')[0] in {{'msgraph', 'httpx', 'azure'}}]

async def main():
    graph = Graph(read_settings({{
        'AzureWebJobsStorage': 'x', 'GRAPH_BASE_URL': {tenant.simulator.graph_url!r}, 'GRAPH_CREDENTIAL': 'static:local'
    }}))
    directory = graph.directory({tenant.id!r})
    group = await directory.find_group(id=None, display_name='Inner')
    page, _ = await directory.members_page(group.id, nested=True)
    print([len(page)])
    await graph.close()

asyncio.run(main())
assert 'msgraph.graph_request_adapter' in sys.modules
assert 'msgraph.generated.models.user' not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[1]"
