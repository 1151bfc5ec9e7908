"""$filter, $search and $orderby: the grammar, what it means, and what asks for an advanced query."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.simulator.errors import GraphError
from dev.simulator.filters import FilterCompiler
from dev.simulator.model import User
from dev.simulator.odata import parse_filter
from dev.simulator.properties import USER
from dev.simulator.tenant import Settings, Tenant
from tests.simulator.harness import E3, E5, TENANT, Simulator, error_of, person

RETRY = "is not supported because the required parameters might be missing. Try adding $count=true query parameter and"


@pytest.fixture
async def people(simulator: Simulator) -> Simulator:
    """Five people who differ in what filters look at."""
    await simulator.load(
        skus=[{"skuPartNumber": "SPE_E3", "enabled": 9}],
        users=[
            person("ada", department="Sales", licenses=[{"skuId": E3}], country="Ireland"),
            person("bob", department="O'Brien & Sons", accountEnabled=False, companyName="Northwind"),
            person("cleo", department="sales", usageLocation=None, mail="cleo@contoso.example"),
            person("dan", userType="Guest", extensionAttributes=["X"], createdDateTime="2026-02-01T00:00:00Z"),
            person("eve.young", displayName="Eve Ann Young", proxyAddresses=["SMTP:eve@contoso.example"]),
        ],
    )
    return simulator


async def _names(simulator: Simulator, text: str, *, advanced: bool = False, option: str = "filter") -> str:
    response = await simulator.get("/users", advanced=advanced, count="true", **{option: text})
    assert response.status_code == 200, response.text
    return " ".join(each["userPrincipalName"].partition("@")[0] for each in response.json()["value"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("department eq 'Sales'", "ada cleo"),
        ("department eq 'O''Brien & Sons'", "bob"),
        ("startsWith(department,'sal') and usageLocation eq 'CH'", "ada"),
        ("startswith(department,'sal') or accountEnabled eq false", "ada bob cleo"),
        ("(department eq 'Sales' or userType eq 'Guest') and accountEnabled eq true", "ada cleo dan"),
        ("userPrincipalName in ('ada@contoso.example','DAN@contoso.example')", "ada dan"),
        (f"assignedLicenses/any(x:x/skuId eq {E3})", "ada"),
        (f"assignedLicenses/any(x:x/skuId eq {E5})", ""),
        ("assignedPlans/any(p:p/servicePlanId eq 57ff2da0-773e-42df-b2af-ffb7a2317929)", "ada"),
        ("proxyAddresses/any(p:startsWith(p,'smtp:eve'))", "eve.young"),
        ("createdDateTime ge 2026-01-01T00:00:00Z", "dan"),
        ("country ge 'A' and country le 'J'", "ada"),
    ],
)
async def test_default_filters_find_the_right_people(people: Simulator, text: str, expected: str) -> None:
    """Each documented operator works without header; text compares without regard to case."""
    assert await _names(people, text) == expected


@pytest.mark.parametrize(
    ("text", "operator", "expected"),
    [
        ("department ne 'Sales'", "ne", "bob dan eve.young"),
        ("not startsWith(department,'Sal')", "not", "bob dan eve.young"),
        ("endsWith(mail,'contoso.example')", "endsWith", "cleo"),
        ("assignedLicenses/$count eq 0 and accountEnabled eq true", "count", "cleo dan eve.young"),
        ("assignedLicenses/$count ne 0", "count", "ada"),
        (f"not assignedLicenses/any(x:x/skuId eq {E3})", "not", "bob cleo dan eve.young"),
        ("usageLocation eq null", "null", "cleo"),
    ],
)
async def test_advanced_operators_need_header_and_count(
    people: Simulator, text: str, operator: str, expected: str
) -> None:
    """Without ConsistencyLevel and $count=true they answer 400 with the documented text."""
    plain = await people.get("/users", filter=text)
    no_count = await people.get("/users", advanced=True, filter=text)

    assert await _names(people, text, advanced=True) == expected
    for refused in (plain, no_count):
        assert error_of(refused)[:2] == (400, "Request_UnsupportedQuery")
        assert error_of(refused)[2].startswith(f"Operator '{operator}' {RETRY}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("companyName eq 'northwind'", "bob"),
        ("onPremisesExtensionAttributes/extensionAttribute1 eq 'X'", "dan"),
    ],
)
async def test_unindexed_properties_are_refused_by_name_in_default_mode(
    people: Simulator, text: str, expected: str
) -> None:
    """The documented text names property and resource; as an advanced query it works."""
    plain = await people.get("/users", filter=text)

    name = text.split("/", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    assert error_of(plain) == (
        400,
        "Request_UnsupportedQuery",
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource 'User'.",
    )
    assert await _names(people, text, advanced=True) == expected


@pytest.mark.parametrize(
    "text",
    [
        "department eq",
        "department 'Sales'",
        "(department eq 'Sales'",
        "department eq 'Sales",
        "department eq 'Sales' and",
        "shoeSize eq 'x'",
        "accountEnabled eq 'yes'",
        "department gt 'A'",
        "contains(displayName,'a')",
        "mobilePhone/any(x:x eq 'a')",
        "assignedLicenses/any(x:y/skuId eq 'a')",
        "assignedLicenses/any(x:x/nothing eq 'a')",
        "assignedLicenses eq 'a'",
        " or ".join(f"displayName eq '{n}'" for n in range(16)),
        "id in (" + ",".join(f"'{n}'" for n in range(16)) + ")",
    ],
)
async def test_what_is_wrong_with_a_filter_is_said(people: Simulator, text: str) -> None:
    """Trap 28: syntax errors, unknown properties and unsupported operators answer 400, never everybody or nobody."""
    response = await people.get("/users", advanced=True, count="true", filter=text)

    assert response.status_code == 400
    assert response.json()["error"]["message"]


async def test_search_needs_the_header_only(people: Simulator) -> None:
    """Words of a display name match by their start, other properties by theirs; AND and OR combine."""
    plain = await people.get("/users", search='"displayName:ann"')

    assert error_of(plain)[:2] == (400, "Request_UnsupportedQuery")
    assert "special request header: 'ConsistencyLevel: eventual'" in error_of(plain)[2]
    assert await _names(people, '"displayName:ann"', advanced=True, option="search") == "eve.young"
    assert await _names(people, '"displayName:ann" OR "mail:cleo"', advanced=True, option="search") == "cleo eve.young"
    assert await _names(people, '"displayName:ann" AND "mail:cleo"', advanced=True, option="search") == ""


async def test_sorting_with_a_filter_is_an_advanced_query(people: Simulator) -> None:
    """$orderby alone works; beside $filter it needs header and count."""
    refused = await people.get("/users", orderby="displayName desc", filter="accountEnabled eq true")

    assert await _names(people, "displayName desc", option="orderby") == "eve.young dan cleo bob ada"
    assert refused.status_code == 400


async def test_a_large_directory_is_filtered_whole(simulator: Simulator) -> None:
    """A count over 5,000 users agrees with the true state."""
    await simulator.load(generate={"users": 5000, "seed": 3})
    text = "department eq 'Sales' and accountEnabled eq true"

    counted = await simulator.get("/users/$count", advanced=True, filter=text)

    users = (await simulator.state())["users"].values()
    assert int(counted.text) == sum(1 for each in users if each["department"] == "Sales" and each["accountEnabled"])


_TENANT = Tenant(TENANT, Settings())
_TEXT = st.text(alphabet=string.ascii_letters + "'() ,&/$é", max_size=12)


@settings(max_examples=60)
@given(value=_TEXT, other=_TEXT, flag=st.booleans())
def test_any_quoted_text_is_found_again(value: str, other: str, flag: bool) -> None:
    """Doubling the quotes is all the escaping a string needs, whatever it contains."""
    user = User("id", "upn", "name", department=value, account_enabled=flag)
    quoted, wrong = value.replace("'", "''"), other.replace("'", "''")
    text = f"(department eq '{quoted}' and accountEnabled eq {str(flag).lower()}) or department in ('{wrong}')"

    test = FilterCompiler(USER, _TENANT, advanced=False).compile(parse_filter(text))

    assert test(user)
    assert test(User("id", "upn", "name", department=other))
    assert not test(User("id", "upn", "name", department=None))


@settings(max_examples=60)
@given(text=st.text(alphabet="abc()'/$: ,eqnotandor0", max_size=30))
def test_no_filter_crashes_the_parser(text: str) -> None:
    """Whatever is sent either parses or is refused as a Graph error."""
    refusal: GraphError | None = None
    try:
        FilterCompiler(USER, _TENANT, advanced=True).compile(parse_filter(text))
    except GraphError as error:
        refusal = error

    assert refusal is None or (refusal.status == 400 and refusal.message)
