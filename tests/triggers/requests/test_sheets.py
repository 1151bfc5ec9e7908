"""Users named by CSV over HTTP: refused by line, else stored as rows that the operation reads."""

from typing import Any

import pytest

from shared.contracts.requests import AssignBody
from shared.domain.caller import SYSTEM
from shared.domain.selection import NamedUser, RowLicence, Wish
from tests.support.simulator import Simulator
from tests.triggers.conftest import E3, E5, GOLD, OPERATOR, Answer, Api, assign_body

BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"
YAMMER = "7547a3fe-08ee-4ccb-b430-5077c5041653"
NEVER_SENT = object()


async def post(api: Api, tenant: str, csv: str, *, key: str = OPERATOR, **changes: Any) -> Answer:
    """Assign E5 to the users of a CSV."""
    body = assign_body(tenant, targets=[{"tenant": tenant, "users": {"csv": csv}}]) | changes
    return await api.send("POST", "assign", {k: v for k, v in body.items() if v is not NEVER_SENT}, key=key)


async def stored(api: Api, answer: Answer) -> AssignBody:
    """The request of a started operation."""
    assert answer.status == 202, answer.body
    operation = await api.app.operations.read_op(answer.json["id"])
    return AssignBody.model_validate_json(await api.app.staging.get(operation.request_sha))


async def rows_of(api: Api, answer: Answer, target: int = 0, *, exclude: bool = False) -> tuple[NamedUser, ...]:
    """The stored rows of a target."""
    chosen = (await stored(api, answer)).targets[target]
    selection = chosen.exclude if exclude else chosen.users
    assert selection
    assert selection.csv
    rows, more = await api.app.rows.read(selection.csv, 0)
    assert not more
    return rows


def lines(answer: Answer) -> dict[int, str]:
    """The faults of a refused CSV by line."""
    assert answer.status == 400, answer.body
    assert {fault["pointer"] for fault in answer.json["errors"]} == {"/targets/0/users/csv"}
    return {fault["line"]: fault["detail"] for fault in answer.json["errors"]}


async def test_rows_carry_their_own_sku_and_service_plans(api: Api, registered: str) -> None:
    """SKU by part number, id or friendly name, plans by name; a row without takes the request's."""
    csv = (
        "UserPrincipalName,LicenseSKU,DisabledPlans\n"
        "ana@contoso.com,SPE_E5,YAMMER_ENTERPRISE; sway\n"
        f"ben@contoso.com,{BI.upper()},\n"
        "cle@contoso.com,Microsoft 365 E3,\n"
        "dan@contoso.com,,\n"
    )
    answer = await post(api, registered, csv)
    ana, ben, cle, dan = await rows_of(api, answer)

    assert ana.wish.licences[0].sku_id == E5
    plans = ana.wish.licences[0].disabled_plans
    assert plans
    assert len(plans) == 2
    assert YAMMER in plans
    assert ben == NamedUser("ben@contoso.com", Wish((RowLicence(BI),), with_request=False))
    assert cle.wish == Wish((RowLicence(E3),), with_request=False)
    assert dan.wish == Wish()


async def test_plans_without_a_sku_belong_to_the_only_one_of_the_request(api: Api, registered: str) -> None:
    """Of several it must be said."""
    csv = "UserPrincipalName,DisabledPlans\nana@contoso.com,YAMMER_ENTERPRISE\n"
    one = await post(api, registered, csv)
    two = await post(api, registered, csv, licenses=[{"sku": "SPE_E5"}, {"sku": "POWER_BI_PRO"}])

    assert (await rows_of(api, one))[0].wish == Wish((RowLicence(E5, frozenset({YAMMER})),), with_request=False)
    assert "say whose service plans these are" in lines(two)[2]


async def test_a_refused_file_names_each_bad_line_and_starts_nothing(api: Api, registered: str) -> None:
    """Three bad lines among good ones: each with what is wrong and the nearest names, the header being line 1."""
    csv = (
        "UserPrincipalName,LicenseSKU,DisabledPlans\n"
        "ana@contoso.com,SPE_E5,\n"
        "ben@contoso.com,SPE-E5,\n"
        "cle@contoso.com,SPE_E5,YAMER_ENTERPRISE\n"
        "dan,SPE_E5,\n"
    )
    answer = await post(api, registered, csv)
    told = lines(answer)

    assert set(told) == {3, 4, 5}
    assert "SPE-E5 is no known SKU; nearest: SPE_E5" in told[3]
    assert "YAMER_ENTERPRISE is no service plan of SPE_E5; nearest: YAMMER_ENTERPRISE" in told[4]
    assert "dan" in told[5]
    assert "Nothing was started" in answer.json["detail"]
    assert api.started == []
    assert (await api.send("GET", "operations")).json["value"] == []


async def test_licences_may_stand_in_the_rows_alone(api: Api, registered: str) -> None:
    """Then every row needs one."""
    all_named = await post(
        api, registered, "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E5\n", licenses=NEVER_SENT
    )
    one_not = await post(
        api, registered, "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E5\nben@contoso.com,\n", licenses=NEVER_SENT
    )
    no_csv = await api.send("POST", "assign", {"targets": assign_body(registered)["targets"]})

    assert (await stored(api, all_named)).licenses == ()
    assert "names nothing that would stand in for it" in lines(one_not)[3]
    assert (no_csv.status, list(no_csv.pointers)) == (400, ["/licenses"])


async def test_an_operation_that_reads_rows_says_so(api: Api, registered: str) -> None:
    """Phase ``reading`` with ``rowsRead`` from the beginning; for others ``rowsRead`` is null."""
    read = (await post(api, registered, "UserPrincipalName\nana@contoso.com\n")).json
    other = (await api.send("POST", "assign", assign_body(registered))).json

    assert (read["phase"], read["progress"]["rowsRead"]) == ("reading", 0)
    assert (other["phase"], other["progress"]["rowsRead"]) == ("resolving", None)


async def test_a_column_tenant_stands_in_for_targets(api: Api, registered: str, simulator: Simulator) -> None:
    """One file for many tenants: as top-level ``csv`` each row finds its target by domain or id."""
    other = simulator.load(displayName="Fabrikam", domains=["fabrikam.com"])
    await api.send("PUT", f"tenants/{other.id}", {})
    csv = (
        "UserPrincipalName,Tenant\nben@fabrikam.com,fabrikam.com\n"
        f"ana@contoso.com,CONTOSO.com\nbob@fabrikam.com,{other.id}\n"
    )
    answer = await api.send("POST", "assign", {"csv": csv, "licenses": [{"sku": "SPE_E5"}]})
    request = await stored(api, answer)

    assert [target.tenant for target in request.targets] == [other.id, registered]
    assert request.csv is None
    assert [row.reference for row in await rows_of(api, answer)] == ["ben@fabrikam.com", "bob@fabrikam.com"]
    assert {part["tenantId"] for part in answer.json["tenants"]} == {other.id, registered}


async def test_a_tenant_of_a_row_that_is_no_target_is_refused(api: Api, registered: str, simulator: Simulator) -> None:
    """By line: not registered with the nearest names, or not among the targets."""
    other = simulator.load(displayName="Fabrikam", domains=["fabrikam.com"])
    await api.send("PUT", f"tenants/{other.id}", {})
    rows = "ana@contoso.com,contso.com\nben@fabrikam.com,fabrikam.com\nana@contoso.com,contoso.com\n"
    told = lines(await post(api, registered, f"UserPrincipalName,Tenant\n{rows}"))

    assert set(told) == {2, 3}
    assert "contso.com is not registered; nearest: contoso.com" in told[2]
    assert "fabrikam.com is none of the targets" in told[3]


async def test_a_foreign_tenant_in_a_row_looks_like_an_unknown_one(api: Api, registered: str) -> None:
    """A caller with limited grants cannot try out which tenants there are."""
    told: list[str] = []
    for name in ("contoso.com", "no-such.com"):
        answer = await api.send(
            "POST", "assign", {"csv": f"UserPrincipalName,Tenant,LicenseSKU\na@b.c,{name},SPE_E5\n"}, key=GOLD
        )
        (fault,) = answer.json["errors"]
        told.append(fault["detail"].replace(name, "X"))

    assert told[0] == told[1]


async def test_who_is_excluded_may_stand_in_a_csv(api: Api, registered: str) -> None:
    """Only the column of the users counts there: a licence to exclude would mean nothing."""
    target = {"tenant": registered, "users": {"licensed": "none"}}
    good = {**target, "exclude": {"csv": "UserPrincipalName\nana@contoso.com\n"}}
    bad = {**target, "exclude": {"csv": "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E5\n"}}
    taken = await api.send("POST", "assign", assign_body(registered, targets=[good]))
    refused = await api.send("POST", "assign", assign_body(registered, targets=[bad]))

    assert [row.reference for row in await rows_of(api, taken, exclude=True)] == ["ana@contoso.com"]
    assert refused.status == 400
    assert refused.json["errors"][0]["pointer"] == "/targets/0/exclude/csv"
    assert refused.json["errors"][0]["line"] == 1


async def test_a_long_list_is_stored_as_rows(api: Api, registered: str) -> None:
    """A short one stays in the request; both select the same way."""
    names = [f"user{n}@contoso.com" for n in range(2_500)]
    target = {"tenant": registered, "users": {"users": names}}
    answer = await api.send("POST", "assign", assign_body(registered, targets=[target]))
    (chosen,) = (await stored(api, answer)).targets
    read: list[str] = []
    chunk, more = 0, True
    while more:
        rows, more = await api.app.rows.read(chosen.users.csv or "", chunk)
        read += [row.reference for row in rows]
        chunk += 1

    assert chosen.users.users is None
    assert read == names
    assert chunk == 3


@pytest.mark.parametrize("length", [1, 1_001])
async def test_a_row_counts_before_a_list_of_the_same_tenant(api: Api, registered: str, length: int) -> None:
    """Who stands in a CSV gets what the row says, although a list before it, short or long, names the user too."""
    listed = {"tenant": registered, "users": {"users": ["ana@contoso.com"] + ["ben@contoso.com"] * (length - 1)}}
    by_row = {"tenant": registered, "users": {"csv": "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E3\n"}}
    answer = await post(api, registered, "", targets=[listed, by_row])

    assert (await rows_of(api, answer))[0].wish == Wish((RowLicence(E3),), with_request=False)


async def test_a_name_of_thousands_of_characters_is_said_back_shortened(api: Api, registered: str) -> None:
    """Of a SKU, a service plan and a tenant; a file has room for hundreds of them."""
    long = "Microsoft 365 E5 " * 1_800
    rows = f"UserPrincipalName,LicenseSKU,DisabledPlans\na@contoso.com,{long},\nb@contoso.com,SPE_E5,{long}\n"
    answer = await post(api, registered, rows)
    tenants = await post(api, registered, f"UserPrincipalName,Tenant\na@contoso.com,{long}\n")

    assert "is no known SKU; nearest: " in lines(answer)[2]
    assert "is no service plan of SPE_E5" in lines(answer)[3]
    assert "is not registered" in lines(tenants)[2]
    assert max(map(len, (*lines(answer).values(), *lines(tenants).values()))) < 500


async def test_resolve_takes_a_csv_and_stores_nothing(api: Api, registered: str) -> None:
    """Whoever does not exist is counted; SKUs of rows do not matter here, bad lines do."""
    csv = "UserPrincipalName,LicenseSKU\nana@contoso.com,SPE_E3\nnobody@contoso.com,\nANA@contoso.com,NONSENSE\n"
    body = {"targets": [{"tenant": registered, "users": {"csv": csv}}]}
    answer = await api.send("POST", "selections/resolve", body)
    bad = await api.send(
        "POST", "selections/resolve", {"targets": [{"tenant": registered, "users": {"csv": f"{csv}dan,\n"}}]}
    )
    (target,) = answer.json["targets"]

    assert (target["count"], [user["userPrincipalName"] for user in target["sample"]]) == (1, ["ana@contoso.com"])
    assert target["excluded"] == [{"code": "UserNotFound", "count": 1}]
    assert set(lines(bad)) == {5}
    assert await api.app.blobs.read("staging", "0") is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({"csv": "x", "targets": [{"tenant": "t", "users": {"users": ["a"]}}]}, "/targets", id="both"),
        pytest.param({}, "/targets", id="neither"),
        pytest.param(
            {"targets": [{"tenant": "t", "users": {"csv": "x", "users": ["a"]}}]}, "/targets/0/users", id="two"
        ),
        pytest.param({"targets": [{"tenant": "t", "users": {"csv": ["x"]}}]}, "/targets/0/users/csv", id="a list"),
    ],
)
async def test_users_are_named_one_way(api: Api, body: dict[str, Any], pointer: str) -> None:
    """Exactly one selection a target, and targets or a CSV."""
    answer = await api.send("POST", "assign", {**body, "licenses": [{"sku": "SPE_E5"}]})

    assert answer.status == 400
    assert list(answer.pointers) == [pointer]


async def test_the_claim_of_a_csv_with_the_same_key_is_one(api: Api, registered: str) -> None:
    """Sent twice it is one operation, and the stored rows are the same blobs."""
    csv = "UserPrincipalName\nana@contoso.com\n"
    body = assign_body(registered, targets=[{"tenant": registered, "users": {"csv": csv}}])
    first = await api.send("POST", "assign", body, headers={"Idempotency-Key": "k"})
    again = await api.send("POST", "assign", body, headers={"Idempotency-Key": "k"})

    assert (first.status, again.status) == (202, 200)
    assert (await api.app.operations.get(SYSTEM, first.json["id"])).id == again.json["id"]
