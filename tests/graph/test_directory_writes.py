"""What the directory writes, over HTTP to the simulator: every item is judged for itself, nothing is guessed."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from shared.domain.codes import ResultCode
from shared.domain.model import AddLicence, Sku
from shared.errors import Denied, Throttled
from shared.graph.directory import Directory, Graph, LicenceWrite
from tests.graph.conftest import settings_for
from tests.support.simulator import SimulatedTenant

type Oddity = Callable[[Callable[[web.Request], Any]], Awaitable[Directory]]
TENANT = "11111111-0000-4000-8000-000000000000"


async def skus_of(directory: Directory) -> dict[str, Sku]:
    """The tenant's SKUs by part number."""
    return {sku.part_number: sku for sku in await directory.skus()}


def add(user_id: str, sku: Sku, *disabled: str) -> LicenceWrite:
    """An assignment of one SKU."""
    plans = {plan.name: plan.id for plan in sku.service_plans}
    return LicenceWrite(user_id, (AddLicence(sku.id, frozenset(plans[name] for name in disabled)),), ())


async def test_each_item_of_a_batch_is_judged_by_its_own_status(directory: Directory, tenant: SimulatedTenant):
    """Trap 18: one batch, five fates: done, no country, no SKU, inherited only, nobody."""
    skus = await skus_of(directory)
    e3 = skus["SPE_E3"]
    bob, cleo, dan, eve = (
        tenant.user_id(name)
        for name in ("bob@contoso.com", "cleo@contoso.com", "dan_x.com#EXT#@contoso.com", "eve@contoso.com")
    )
    nobody = "bbbbbbbb-0000-4000-8000-000000000000"

    answers = await directory.assign(
        [
            add(bob, e3, "TEAMS1"),
            add(cleo, e3),
            LicenceWrite(dan, (AddLicence("cccccccc-0000-4000-8000-000000000000"),), ()),
            LicenceWrite(eve, (), (e3.id,)),
            add(nobody, e3),
        ]
    )

    assert [(answer.kind, answer.code) for answer in answers.values()] == [
        ("done", None),
        ("rejected", ResultCode.MISSING_USAGE_LOCATION),
        ("rejected", ResultCode.SKU_NOT_FOUND),
        ("rejected", ResultCode.INHERITED_FROM_GROUP),
        ("rejected", ResultCode.USER_NOT_FOUND),
    ]
    assert list(answers) == [bob, cleo, dan, eve, nobody]
    assert all(answer.request_id for answer in answers.values())
    assert answers[cleo].message == "License assignment cannot be done for user with invalid usage location."
    assert len(tenant.user("bob@contoso.com")["direct"][0]["disabledPlans"]) == 1


async def test_licence_refusals_of_the_service_have_their_codes(directory: Directory, tenant: SimulatedTenant):
    """Seats, conflicts, dependencies and a removal of what is not held, each with Graph's own text."""
    skus = await skus_of(directory)
    ana, bob, dan, eve = (tenant.user_id(f"{name}@contoso.com") for name in ("ana", "bob", "dan_x.com#EXT#", "eve"))

    first = await directory.assign([add(bob, skus["SPE_E5"])])
    answers = await directory.assign([add(ana, skus["SPE_E5"]), add(bob, skus["TEAMS_FREE"])])
    others = await directory.assign(
        [LicenceWrite(bob, (), (skus["SPE_E3"].id,)), LicenceWrite(dan, (AddLicence(skus["MCOEV"].id),), ())]
    )
    lonely = await directory.assign([LicenceWrite(eve, (AddLicence(skus["MCOEV"].id),), (skus["SPE_E3"].id,))])

    assert first[bob].kind == "done"
    assert answers[ana].code == ResultCode.INSUFFICIENT_LICENSES
    assert answers[bob].code == ResultCode.CONFLICTING_SERVICE_PLANS
    assert others[bob].code == ResultCode.LICENSE_NOT_ASSIGNED
    assert others[dan].code == ResultCode.DEPENDENCY_NOT_MET
    assert lonely[eve].code == ResultCode.INHERITED_FROM_GROUP


async def test_throttled_and_clashing_items_may_come_later(directory: Directory, tenant: SimulatedTenant):
    """Traps 18 and 24: 429, 503 and 409 are ``later`` with their own wait; their neighbour is done and stays done."""
    e3 = (await skus_of(directory))["SPE_E3"]
    ana, bob, dan, eve = (
        tenant.user_id(name)
        for name in ("ana@contoso.com", "bob@contoso.com", "dan_x.com#EXT#@contoso.com", "eve@contoso.com")
    )
    tenant.fault(f"{ana}/assignLicense", "429", retryAfter=2.5)
    tenant.fault(f"{dan}/assignLicense", "503", retryAfter=4)
    tenant.fault(f"{eve}/assignLicense", "409")

    answers = await directory.assign([add(user_id, e3) for user_id in (ana, bob, dan, eve)])

    assert [answers[user_id].kind for user_id in (ana, bob, dan, eve)] == ["later", "done", "later", "later"]
    assert [answers[user_id].retry_after for user_id in (ana, dan, eve)] == [2.5, 4, None]
    assert [answers[user_id].throttled for user_id in (ana, dan, eve)] == [True, False, False]
    assert [answers[user_id].code for user_id in (ana, dan)] == [ResultCode.THROTTLED, ResultCode.TENANT_UNAVAILABLE]
    assert (answers[ana].scope or "").startswith("Tenant_Application/")
    assert len(tenant.requests("assignLicense")) == 4


@pytest.mark.parametrize("kind", ["timeoutAfterCommit", "timeoutBeforeCommit", "reset"])
@pytest.mark.parametrize("match", ["POST /$batch", "assignLicense"])
async def test_a_write_without_an_answer_is_unknown_and_never_repeated(
    kind: str, match: str, directory: Directory, tenant: SimulatedTenant
):
    """Trap 21: after a timeout or a reset every item of the batch is unknown; nothing is sent again by itself."""
    e3 = (await skus_of(directory))["SPE_E3"]
    bob, eve = tenant.user_id("bob@contoso.com"), tenant.user_id("eve@contoso.com")
    tenant.fault(match, kind)

    answers = await directory.assign([add(bob, e3), add(eve, e3)])

    assert [(answer.kind, answer.code) for answer in answers.values()] == [("unknown", ResultCode.OUTCOME_UNKNOWN)] * 2
    assert len(await tenant.logged("POST /$batch")) == 1


async def test_an_unknown_write_may_have_happened(directory: Directory, tenant: SimulatedTenant):
    """Trap 21: the timeout came after the commit; a fresh read shows it."""
    e3 = (await skus_of(directory))["SPE_E3"]
    bob = tenant.user_id("bob@contoso.com")
    tenant.fault("assignLicense", "timeoutAfterCommit")

    answers = await directory.assign([add(bob, e3)])
    user = (await directory.find_users([bob]))[bob]

    assert answers[bob].kind == "unknown"
    assert user is not None
    assert user.state.holds(e3.id)


async def test_nothing_sent_is_not_unknown():
    """A refused connection carried nothing: the items come later, none is in doubt."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    graph = Graph(settings_for(f"http://127.0.0.1:{port}/v1.0"))

    answers = await graph.directory(TENANT).assign([LicenceWrite("u1", (), ("s",)), LicenceWrite("u2", (), ("s",))])
    await graph.close()

    assert [(answer.kind, answer.code) for answer in answers.values()] == [("later", ResultCode.TENANT_UNAVAILABLE)] * 2


async def test_a_throttled_batch_is_raised_with_its_wait(directory: Directory, tenant: SimulatedTenant):
    """A 429 of the envelope touched nobody: the caller waits as told."""
    tenant.fault("POST /$batch", "429", retryAfter=7)

    with pytest.raises(Throttled) as caught:
        await directory.assign([LicenceWrite(tenant.user_id("bob@contoso.com"), (), ("s",))])

    assert caught.value.retry_after == 7
    assert len(tenant.requests("POST /$batch")) == 1


async def test_a_refused_app_is_raised(directory: Directory, tenant: SimulatedTenant):
    """Without consent the tenant's part ends; no user is touched."""
    tenant.fault("POST /$batch", "403")

    with pytest.raises(Denied):
        await directory.set_usage_locations({tenant.user_id("bob@contoso.com"): "CH"})


async def test_an_outage_of_the_envelope_leaves_the_items_unknown(directory: Directory, tenant: SimulatedTenant):
    """A 503 of the whole batch does not say how far it came."""
    tenant.fault("POST /$batch", "503")

    answers = await directory.assign([LicenceWrite(tenant.user_id("bob@contoso.com"), (), ("s",))])

    assert [answer.kind for answer in answers.values()] == ["unknown"]


@pytest.mark.parametrize("content", [b"<html>hello</html>", b"", b'{"value": []}'])
async def test_an_unreadable_answer_to_a_write_is_unknown(oddity: Oddity, content: bytes):
    """200 with something else in it: the writes may have happened."""
    directory = await oddity(lambda _: web.Response(body=content, content_type="application/json"))

    answers = await directory.assign([LicenceWrite("u1", (), ("s",))])

    assert answers["u1"].kind == "unknown"


async def test_answers_in_another_order_reach_their_users(oddity: Oddity):
    """Graph answers a batch in any order; the user is told by the item's id."""
    responses: list[dict[str, Any]] = [{"id": "1", "status": 400, "body": {}}, {"id": "0", "status": 200, "body": {}}]
    directory = await oddity(lambda _: {"responses": responses})

    answers = await directory.assign([LicenceWrite("u1", (), ("s",)), LicenceWrite("u2", (), ("s",))])

    assert (answers["u1"].kind, answers["u2"].kind) == ("done", "rejected")


@pytest.mark.parametrize(("status", "kind"), [(500, "unknown"), (502, "unknown"), (504, "unknown"), (503, "later")])
async def test_an_item_that_broke_within_graph_may_have_been_done(oddity: Oddity, status: int, kind: str):
    """Trap 21: a gateway that lost patience does not say what became of the write; 503 says that it was not taken."""
    responses: list[dict[str, Any]] = [{"id": "0", "status": status, "body": {}}]
    directory = await oddity(lambda _: {"responses": responses})

    answers = await directory.set_usage_locations({"a": "DE"})

    assert answers["a"].kind == kind


async def test_usage_locations_are_set_in_one_batch(directory: Directory, tenant: SimulatedTenant):
    """One PATCH a user, no licence touched; an unknown user is refused for itself."""
    cleo, nobody = tenant.user_id("cleo@contoso.com"), "bbbbbbbb-0000-4000-8000-000000000000"

    answers = await directory.set_usage_locations({cleo: "FR", nobody: "FR"})

    assert (answers[cleo].kind, answers[cleo].status) == ("done", 204)
    assert answers[nobody].code == ResultCode.USER_NOT_FOUND
    assert tenant.user("cleo@contoso.com")["usageLocation"] == "FR"


async def test_a_user_twice_in_a_batch_is_refused_before_it_is_sent(directory: Directory, tenant: SimulatedTenant):
    """Trap 6: two writes in flight for one user clash; ids are compared without case."""
    user_id = tenant.user_id("bob@contoso.com")

    with pytest.raises(ValueError, match="twice"):
        await directory.assign([LicenceWrite(user_id, (), ("s",)), LicenceWrite(user_id.upper(), (), ("s",))])

    assert not tenant.requests()


async def test_tenants_share_one_client_and_no_token(graph: Graph, tenant: SimulatedTenant):
    """Requests of two tenants at a time go out with their own tokens."""
    other = tenant.simulator.load(displayName="Fabrikam", domains=["fabrikam.com"])
    directories = [graph.directory(tenant.id), graph.directory(other.id)] * 5

    organizations = await asyncio.gather(*(directory.organization() for directory in directories))

    assert [organization.display_name for organization in organizations] == ["Contoso", "Fabrikam"] * 5
