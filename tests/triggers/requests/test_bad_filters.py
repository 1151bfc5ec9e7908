"""Slips in a filter: Graph's own words reach the caller, with what to do next."""

import pytest

from shared.domain.advice import advice
from tests.triggers.conftest import OPERATOR, READER, Api

SLIPS = [
    pytest.param("shoeSize eq 42", "Could not find a property named 'shoeSize'", id="unknown property"),
    pytest.param("departmnt eq 'Sales'", "Could not find a property named 'departmnt'", id="misspelt property"),
    pytest.param("department = 'Sales'", "Invalid filter clause", id="sign in place of a word"),
    pytest.param("department gt 'Sales'", "clause specified for property 'department'", id="wrong operator"),
    pytest.param("accountEnabled eq 'true'", "incompatible types", id="wrong type"),
    pytest.param("substringof('Sal', department)", "Invalid filter clause", id="unsupported function"),
    pytest.param("contains(department, 'Sal')", "clause specified for property 'department'", id="function of others"),
]


async def resolved(api: Api, tenant: str, text: str) -> dict[str, object]:
    """What is told of the one tenant."""
    body = {"targets": [{"tenant": tenant, "users": {"filter": text}}]}
    answer = await api.send("POST", "selections/resolve", body, key=OPERATOR)
    assert answer.status == 200
    return answer.json["targets"][0]


@pytest.mark.parametrize(("text", "reason"), SLIPS)
async def test_graphs_own_reason_reaches_who_resolves(api: Api, registered: str, text: str, reason: str) -> None:
    """Trap 28: the filter, Graph's words and the next step; never "nobody"."""
    told = await resolved(api, registered, text)

    assert told["count"] == 0
    error = told["error"]
    assert isinstance(error, dict)
    assert error["code"] == "BadFilter"
    assert str(error["message"]).startswith(f"Graph does not take the filter {text}: ")
    assert reason in error["message"]
    assert str(error["message"]).endswith(advice("BadFilter"))


@pytest.mark.parametrize(("text", "reason"), SLIPS)
async def test_graphs_own_reason_reaches_who_searches(api: Api, registered: str, text: str, reason: str) -> None:
    """400 with a pointer to the parameter."""
    answer = await api.send("GET", f"tenants/{registered}/users", key=READER, filter=text)

    assert answer.status == 400
    assert reason in answer.pointers["/filter"]


@pytest.mark.parametrize(
    "text",
    ["endsWith(userPrincipalName, '@contoso.com')", "companyName eq null", "not(accountEnabled eq false)"],
)
async def test_what_only_advanced_queries_take_is_taken(api: Api, registered: str, text: str) -> None:
    """Nobody has to know of headers and of ``$count``."""
    told = await resolved(api, registered, text)

    assert (told["count"], told["error"]) == (1, None)


async def test_a_missing_quote_is_found_before_anybody_is_asked(api: Api, registered: str) -> None:
    """400 at once, with the place of the quote."""
    body = {"targets": [{"tenant": registered, "users": {"filter": "department eq 'Sales"}}]}
    answer = await api.send("POST", "selections/resolve", body, key=OPERATOR)

    assert answer.status == 400
    assert "character 15" in answer.pointers["/targets/0/users/filter"]


async def test_a_long_filter_is_shown_by_its_beginning(api: Api, registered: str) -> None:
    """The reason is not buried under it."""
    text = "shoeSize eq 42 or " * 100 + "shoeSize eq 43"
    error = (await resolved(api, registered, text))["error"]

    assert isinstance(error, dict)
    assert "shoeSize eq 43" not in str(error["message"])
    assert "Too many child clauses" in error["message"]
