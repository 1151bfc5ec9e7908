"""Many tenants by one target: ``*`` and tags, merged with named ones, held to a confirmed number of users."""

import asyncio
from typing import Any

import pytest

from activities.begin_operation import begin
from activities.end_tenant import end
from shared.contracts.stored import parse_stored
from shared.contracts.work import OperationRun, Stop, TenantEnd
from shared.domain.caller import SYSTEM
from shared.domain.codes import ResultCode
from shared.domain.operation import Operation, Status
from shared.domain.tenant import Tenant
from shared.services import Services
from tests.support.samples import tenant_id
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import GOLD, OPERATOR, Api, assign_body

ONE, TWO, THREE, OFF = map(tenant_id, range(1, 5))


@pytest.fixture
async def four(api: Api) -> None:
    """Two gold tenants, of which one is shown in capitals, one without a tag, and a gold one that is disabled."""
    for tenant in (
        Tenant(id=ONE, domains=("one.example",), tags=("gold", "emea")),
        Tenant(id=TWO, domains=("two.example",), tags=("GOLD",)),
        Tenant(id=THREE, domains=("three.example",)),
        Tenant(id=OFF, domains=("off.example",), tags=("gold",), enabled=False),
    ):
        await api.app.tenants.put(tenant)


def over(*names: str, users: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Assign E5 to Ana in these targets."""
    wanted = users or {"users": ["ana@contoso.com"]}
    return assign_body("x", targets=[{"tenant": name, "users": wanted} for name in names], **more)


async def started(api: Api, body: dict[str, Any], kind: str = "assign", key: str = OPERATOR) -> Operation:
    """The operation that a body starts."""
    answer = await api.send("POST", kind, body, key=key)
    assert answer.status == 202, answer.body
    return await api.app.operations.get(SYSTEM, answer.json["id"])


def tenants_of(operation: Operation) -> set[str]:
    """Whom it concerns."""
    return {part.tenant_id for part in operation.tenants}


@pytest.mark.parametrize(
    ("names", "key", "meant"),
    [
        (["*"], OPERATOR, {ONE, TWO, THREE}),
        (["tag:gold"], OPERATOR, {ONE, TWO}),
        (["TAG:Gold"], OPERATOR, {ONE, TWO}),
        (["tag:emea", "three.example"], OPERATOR, {ONE, THREE}),
        (["*"], GOLD, {ONE, TWO}),
        (["tag:emea"], GOLD, {ONE}),
    ],
)
@pytest.mark.usefixtures("four")
async def test_a_target_means_the_enabled_tenants_of_the_caller(
    api: Api, names: list[str], key: str, meant: set[str]
) -> None:
    """Invariant 12: also of ``*`` only those within its grants."""
    operation = await started(api, over(*names), key=key)

    assert tenants_of(operation) == meant
    request = parse_stored("assign", await api.app.staging.get(operation.request_sha))
    assert {target.tenant for target in request.targets} == meant
    assert operation.guards.on_all is ("*" in names)


@pytest.mark.usefixtures("four")
async def test_a_named_tenant_beside_all_of_them_is_one_tenant(api: Api) -> None:
    """Its selections are united, and what is excluded from one is excluded from both."""
    body = over("two.example", "*")
    body["targets"][0] |= {"users": {"group": {"id": "g1"}}, "exclude": {"users": ["eve@two.example"]}}
    operation = await started(api, body)

    assert tenants_of(operation) == {ONE, TWO, THREE}
    request = parse_stored("assign", await api.app.staging.get(operation.request_sha))
    first, second = request.targets_of(TWO)
    assert (first.users.group is not None, second.users.users) == (True, ("ana@contoso.com",))
    assert [target.exclude for target in request.targets_of(ONE)] == [None]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tag:silver", "has the tag"),
        ("tag:eme", "nearest: tag:emea"),
        ("tag:", "has the tag"),
        ("*x", "not registered"),
    ],
)
@pytest.mark.usefixtures("four")
async def test_a_target_that_means_no_tenant_is_refused(api: Api, name: str, says: str) -> None:
    """With a pointer, and nothing is started for the others."""
    answer = await api.send("POST", "assign", over("one.example", name), key=OPERATOR)

    assert answer.status == 422
    assert list(answer.pointers) == ["/targets/1/tenant"]
    assert says in answer.pointers["/targets/1/tenant"]
    assert api.started == []


async def test_all_of_nothing_is_refused(api: Api) -> None:
    """An operation without tenants is none."""
    await api.app.tenants.put(Tenant(id=OFF, enabled=False))
    for kind in ("assign", "selections/resolve"):
        body = over("*") if kind == "assign" else {"targets": over("*")["targets"]}
        answer = await api.send("POST", kind, body, key=OPERATOR)
        assert answer.status == 422
        assert "means no tenant" in answer.pointers["/targets/0/tenant"]


@pytest.mark.usefixtures("four")
async def test_faults_keep_their_place_in_the_body(api: Api) -> None:
    """However many tenants the targets before them mean."""
    body = over("*", "tag:gold")
    body["targets"][1]["users"] = {"licensed": "SPE_E6"}
    sku = await api.send("POST", "assign", body, key=OPERATOR)
    body["targets"][1]["users"] = {"csv": "UserPrincipalName,LicenseSKU\nana@contoso.com,NONE_SUCH\n"}
    row = await api.send("POST", "assign", body, key=OPERATOR)

    assert list(sku.pointers) == ["/targets/1/users/licensed"]
    assert [(fault["pointer"], fault["line"]) for fault in row.json["errors"]] == [("/targets/1/users/csv", 2)]


@pytest.mark.usefixtures("four")
async def test_a_csv_for_all_concerns_the_tenants_that_it_names(api: Api) -> None:
    """One file with a column Tenant; without the column its rows are looked up in each of them."""
    file = "Tenant,UserPrincipalName\none.example,ana@one.example\nthree.example,ben@three.example\n"
    named = await started(api, over("*", users={"csv": file}))
    each = await started(api, over("*", users={"csv": "UserPrincipalName\nana@one.example\n"}))

    assert tenants_of(named) == {ONE, THREE}
    assert tenants_of(each) == {ONE, TWO, THREE}
    stored = parse_stored("assign", await api.app.staging.get(each.request_sha))
    assert len({target.users.csv for target in stored.targets}) == 1


@pytest.mark.usefixtures("four")
async def test_an_exclusion_stays_where_its_own_target_selects_nobody(api: Api) -> None:
    """Invariant 8 in a smaller way: who is to be left out must not come in by another target of the tenant."""
    body = over("*", "one.example", users={"csv": "Tenant,UserPrincipalName\nthree.example,ben@three.example\n"})
    body["targets"][0]["exclude"] = {"users": ["eve@one.example"]}
    body["targets"][1]["users"] = {"users": ["ana@one.example", "eve@one.example"]}
    operation = await started(api, body)
    request = parse_stored("assign", await api.app.staging.get(operation.request_sha))

    assert tenants_of(operation) == {ONE, THREE}
    excluded = [target.exclude.users for target in request.targets_of(ONE) if target.exclude]
    assert excluded == [("eve@one.example",)]


@pytest.mark.usefixtures("four")
async def test_a_list_that_many_tenants_share_is_stored_once(api: Api) -> None:
    """A thousand users in each of hundreds of tenants would not fit beside the request."""
    users = [f"user{n}@one.example" for n in range(600)]
    operation = await started(api, over("*", "one.example", users={"users": users}))
    request = parse_stored("assign", await api.app.staging.get(operation.request_sha))

    shared = {target.users.csv for target in request.targets if target.users.csv}
    assert len(shared) == 1
    assert [len(target.users.users or ()) for target in request.targets if target.users.csv is None] == [600]


async def test_a_question_may_mean_many_tenants(api: Api, simulator: Simulator, contoso: SimulatedTenant) -> None:
    """``selections/resolve`` and previews take the same targets."""
    other = simulator.load(domains=["fabrikam.com"], users=[{"userPrincipalName": "ben@fabrikam.com"}])
    for tenant in (contoso, other):
        assert (await api.send("PUT", f"tenants/{tenant.id}", {"tags": ["gold"]})).status == 201
    targets = [{"tenant": "tag:gold", "users": {"filter": "accountEnabled eq true"}}]
    found = await api.send("POST", "selections/resolve", {"targets": targets}, key=OPERATOR)
    preview = await api.send(
        "POST",
        "preview",
        {"operation": "assign", "targets": [{**targets[0], "tenant": "*"}], "licenses": [{"sku": "SPE_E5"}]},
        key=OPERATOR,
        headers={"Prefer": "wait=0"},
    )

    assert {each["tenantId"]: each["count"] for each in found.json["targets"]} == {contoso.id: 1, other.id: 1}
    assert preview.status == 202
    assert {target["tenant"] for target in preview.json["request"]["targets"]} == {contoso.id, other.id}
    assert (await api.app.operations.get(SYSTEM, preview.json["id"])).guards.on_all


async def many(app: Services, number: int) -> list[str]:
    """Register so many tenants."""
    tenants = [Tenant(id=tenant_id(n), domains=(f"t{n}.example",)) for n in range(1, number + 1)]
    await asyncio.gather(*map(app.tenants.put, tenants))
    return [tenant.id for tenant in tenants]


async def test_hundreds_of_tenants_are_one_operation(api: Api) -> None:
    """More rows than a transaction takes: each tenant is watched, listed and begun."""
    ids = await many(api.app, 120)
    operation = await started(api, over("*"))
    assert tenants_of(operation) == set(ids)

    begun = await begin(api.app, OperationRun(operation=operation.id, epoch=1))
    assert set(begun.tenants) == set(ids)
    stored = await api.app.operations.get(SYSTEM, operation.id)
    assert {part.status for part in stored.tenants} == {Status.RUNNING}
    found, _ = await api.app.operations.list(SYSTEM, tenant=ids[-1])
    assert [each.id for each in found] == [operation.id]


@pytest.mark.slow
async def test_hundreds_of_tenants_end_one_operation(api: Api) -> None:
    """All of them at about the same time; the last one ends it."""
    ids = await many(api.app, 120)
    operation = await started(api, over("*"))
    await begin(api.app, OperationRun(operation=operation.id, epoch=1))
    refused = Stop(code=ResultCode.TENANT_UNAVAILABLE, message="no answer")
    gate = asyncio.Semaphore(16)

    async def ended(tenant: str) -> None:
        async with gate:
            await end(api.app, TenantEnd(operation=operation.id, epoch=1, tenant=tenant, stop=refused))

    await asyncio.gather(*map(ended, ids))
    stored = await api.app.operations.get(SYSTEM, operation.id)
    assert stored.status is Status.FAILED
    assert stored.completed_at is not None
    assert {part.status for part in stored.tenants} == {Status.FAILED}
