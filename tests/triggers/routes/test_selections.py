"""Resolving selections: who is meant, who is left out, and nothing is stored."""

from typing import Any

import pytest

from shared.blobs.rows import RowsInMemory
from shared.contracts.requests import AssignBody
from shared.contracts.selections import Selection, Target
from shared.domain.caller import SYSTEM
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import E3, FOREIGN, GOLD, OPERATOR, READER, Answer, Api, assign_body
from triggers.routes.selections import resolve_tenants


@pytest.fixture
async def sales(api: Api, simulator: Simulator) -> SimulatedTenant:
    """A registered tenant: 25 sellers with E3, one of them by a group, a guest, a leaver, a protected account."""
    sellers = [
        {
            "userPrincipalName": f"seller{n:02d}@sales.example",
            "displayName": f"Seller {n}",
            "department": "Sales",
            "usageLocation": "DE",
            "licenses": [{"skuId": "SPE_E3"}] if n else [],
        }
        for n in range(25)
    ]
    others = [
        {"userPrincipalName": "guest@sales.example", "department": "Sales", "userType": "Guest"},
        {"userPrincipalName": "leaver@sales.example", "department": "Sales", "accountEnabled": False},
        {"userPrincipalName": "breakglass@sales.example", "department": "Sales"},
        {"userPrincipalName": "cook@sales.example", "department": "Kitchen", "usageLocation": "DE"},
    ]
    tenant = simulator.load(
        domains=["sales.example"],
        skus=[{"skuPartNumber": "SPE_E3", "enabled": 100}],
        users=[*sellers, *others],
        groups=[{"displayName": "Starters", "members": ["seller00@sales.example"], "licenses": [{"skuId": "SPE_E3"}]}],
    )
    body = {"protectedUsers": ["breakglass@sales.example"]}
    assert (await api.send("PUT", f"tenants/{tenant.id}", body)).status == 201
    return tenant


async def resolved(api: Api, *targets: dict[str, Any], key: str = OPERATOR) -> Answer:
    """The answer for these targets."""
    return await api.send("POST", "selections/resolve", {"targets": list(targets)}, key=key)


async def test_a_selection_is_counted_shown_and_explained(api: Api, sales: SimulatedTenant) -> None:
    """The count, the first 20, and who is left out by reason; the form with double quotes works as written."""
    users = {"filter": 'department eq "Sales"'}
    exclude = {"users": ["seller24@sales.example"]}
    answer = await resolved(api, {"tenant": "Sales.Example", "users": users, "exclude": exclude})

    assert answer.status == 200
    (told,) = answer.json["targets"]
    assert (told["tenantId"], told["count"], told["error"]) == (sales.id, 24, None)
    assert told["excluded"] == [{"code": code, "count": 1} for code in ("Disabled", "Excluded", "Guest", "Protected")]
    assert len(told["sample"]) == 20
    for user in told["sample"]:
        number = int(user["userPrincipalName"][6:8])
        assert user == {
            "id": sales.user_id(f"seller{number:02d}@sales.example"),
            "userPrincipalName": f"seller{number:02d}@sales.example",
            "displayName": f"Seller {number}",
            "department": "Sales",
            "usageLocation": "DE",
            "accountEnabled": True,
            "licenses": [{"sku": "SPE_E3", "inheritedFrom": None if number else "Starters"}],
        }


async def test_inherited_licences_name_their_group(api: Api, sales: SimulatedTenant) -> None:
    """A listed user is shown with every licence and where it comes from; one who does not exist is told apart."""
    users = {"users": ["seller00@sales.example", "nobody@sales.example"]}
    (told,) = (await resolved(api, {"tenant": sales.id, "users": users})).json["targets"]

    assert told["count"] == 1
    assert told["sample"][0]["licenses"] == [{"sku": "SPE_E3", "inheritedFrom": "Starters"}]
    assert told["excluded"] == [{"code": "UserNotFound", "count": 1}]


@pytest.mark.parametrize(
    ("users", "count"),
    [
        ({"licensed": "Microsoft 365 E3"}, 25),
        ({"licensed": "none"}, 1),
        ({"filter": "assignedLicenses/any()"}, 25),
        ({"filter": 'department eq "Kitchen"', "licensed": "none"}, 1),
        ({"filter": 'usageLocation eq "US"'}, 0),
        ({"filter": "accountEnabled eq true"}, 26),
    ],
    ids=["SKU", "none", "any", "both", "nobody", "enabled"],
)
async def test_filters_and_licences_select(api: Api, sales: SimulatedTenant, users: dict[str, str], count: int) -> None:
    """Alone or together; "nobody" is an answer, not an error."""
    (told,) = (await resolved(api, {"tenant": sales.id, "users": users})).json["targets"]

    assert (told["count"], told["error"]) == (count, None)


async def test_targets_of_one_tenant_are_one_selection(api: Api, sales: SimulatedTenant) -> None:
    """By whatever name the tenant is called, and each user once."""
    one = {"tenant": sales.id, "users": {"users": ["cook@sales.example"]}}
    other = {"tenant": "sales.example", "users": {"filter": "department eq 'Kitchen'"}}
    (told,) = (await resolved(api, one, other)).json["targets"]

    assert told["count"] == 1


async def test_a_tenant_that_fails_stops_no_other(
    api: Api, sales: SimulatedTenant, registered: str, contoso: SimulatedTenant
) -> None:
    """Trap 32: its error stands in its place, and the others are told."""
    contoso.fault("GET /users", "403")
    everybody = {"filter": "accountEnabled eq true"}
    answer = await resolved(api, {"tenant": registered, "users": everybody}, {"tenant": sales.id, "users": everybody})

    failed, fine = answer.json["targets"]
    assert (failed["tenantId"], failed["count"], failed["error"]["code"]) == (registered, 0, "PermissionDenied")
    assert (fine["tenantId"], fine["count"], fine["error"]) == (sales.id, 26, None)


@pytest.mark.parametrize(
    ("users", "code"),
    [
        ({"filter": "shoeSize eq 42"}, "BadFilter"),
        ({"group": {"displayName": "Nobody"}}, "GroupNotFound"),
    ],
)
async def test_what_the_directory_refuses_is_told_by_code(
    api: Api, sales: SimulatedTenant, users: dict[str, Any], code: str
) -> None:
    """Trap 28: with the directory's own reason, and never as "nobody"."""
    (told,) = (await resolved(api, {"tenant": sales.id, "users": users})).json["targets"]

    assert told["error"]["code"] == code
    assert told["error"]["message"]


async def test_a_directory_that_is_too_slow_is_told_so(api: Api, sales: SimulatedTenant) -> None:
    """The host's answer does not wait for it."""
    sales.fault("GET /users", "delay", seconds=1.5)
    tenant = await api.app.tenants.get(SYSTEM, sales.id)
    target = Target(tenant=sales.id, users=Selection(filter="accountEnabled eq true"))

    (told,) = await resolve_tenants(api.app, RowsInMemory(), {tenant: [target]}, 0.1)

    assert told.error is not None
    assert told.error.code == "TenantUnavailable"
    assert "0.1 s" in told.error.message


async def test_nothing_is_stored_or_started(api: Api, sales: SimulatedTenant) -> None:
    """Asking leaves no trace."""
    await resolved(api, {"tenant": sales.id, "users": {"licensed": "SPE_E3"}})

    assert (await api.send("GET", "operations")).json["value"] == []
    assert api.started == []


async def test_an_unknown_licence_is_refused_with_the_nearest(api: Api, sales: SimulatedTenant) -> None:
    """422 at its place, inside an exclusion as well, and for an operation alike."""
    target = {"tenant": sales.id, "users": {"licensed": "SPE_E33"}, "exclude": {"licensed": "microsoft 365 e"}}
    asked = await resolved(api, target)
    started = await api.send("POST", "assign", assign_body(sales.id, targets=[target]))

    for answer in (asked, started):
        assert answer.status == 422
        assert set(answer.pointers) == {"/targets/0/users/licensed", "/targets/0/exclude/licensed"}
        assert "SPE_E3" in answer.pointers["/targets/0/users/licensed"]


async def test_an_operation_stores_filter_and_licence_as_they_are_asked(api: Api, sales: SimulatedTenant) -> None:
    """The stored request has single quotes and the SKU's id."""
    users = {"filter": 'department eq "Sales"', "licensed": "microsoft 365 e3"}
    started = await api.send("POST", "assign", assign_body(sales.id, targets=[{"tenant": sales.id, "users": users}]))

    assert started.status == 202
    operation = await api.app.operations.get(SYSTEM, started.json["id"])
    stored = AssignBody.model_validate_json(await api.app.staging.get(operation.request_sha)).targets[0].users
    assert (stored.filter, stored.licensed) == ("department eq 'Sales'", E3)


async def test_a_filter_that_cannot_be_read_is_refused_at_once(api: Api, sales: SimulatedTenant) -> None:
    """400 with the place of the quote that is never closed."""
    answer = await resolved(api, {"tenant": sales.id, "users": {"filter": 'department eq "Sales'}})

    assert answer.status == 400
    assert "character 15" in answer.pointers["/targets/0/users/filter"]


async def test_only_who_may_operate_there_is_answered(api: Api, sales: SimulatedTenant) -> None:
    """Trap 44: a reader is 403, a tenant outside the grants 404, one that is not registered 422."""
    target = {"tenant": sales.id, "users": {"licensed": "none"}}

    assert (await resolved(api, target, key=READER)).status == 403
    assert (await resolved(api, target, key=GOLD)).status == 404
    assert (await resolved(api, target | {"tenant": FOREIGN})).status == 422
