"""$batch: limits, refusals, order, and items judged alone."""

from typing import Any

import pytest

from tests.simulator.harness import ADVANCED, BI, E3, Simulator, assign_item, error_of

GET_BOB: dict[str, Any] = {"method": "GET", "url": "/users/bob@contoso.example?$select=id"}


async def test_items_answer_each_with_their_own_status(small: Simulator) -> None:
    """Trap 18: the batch is 200 while its items are 200, 204, 400 and 404; ids tie them together."""
    patch = {
        "method": "PATCH",
        "url": "/users/cleo@contoso.example",
        "headers": {"Content-Type": "application/json"},
        "body": {"usageLocation": "CH"},
    }

    answers = await small.batch(
        GET_BOB, patch, assign_item("dan@contoso.example", E3), assign_item("nobody", E3), {**GET_BOB, "url": "/bogus"}
    )

    assert {name: each["status"] for name, each in answers.items()} == {
        "1": 200,
        "2": 204,
        "3": 200,
        "4": 404,
        "5": 400,
    }
    assert answers["1"]["headers"]["x-ms-resource-unit"] == "1"
    assert answers["1"]["headers"]["Cache-Control"] == "no-cache"
    assert "body" not in answers["2"]
    assert answers["4"]["body"]["error"]["code"] == "Request_ResourceNotFound"


async def test_the_order_of_answers_is_not_that_of_the_items(small: Simulator) -> None:
    """Trap 19: answers are tied by id; whoever counts on their order is wrong."""
    items = [{"id": str(n), **GET_BOB} for n in range(20)]

    answers = (await small.client.post("/v1.0/$batch", json={"requests": items})).json()["responses"]

    assert sorted(each["id"] for each in answers) == sorted(each["id"] for each in items)
    assert [each["id"] for each in answers] != [each["id"] for each in items]


async def test_an_advanced_query_takes_its_header_from_the_item(small: Simulator) -> None:
    """The consistency header of the outer request does not count for an item."""
    item = {"method": "GET", "url": "/users/$count?$filter=accountEnabled%20eq%20true"}

    answers = await small.batch({**item, "headers": ADVANCED}, item)

    assert (answers["1"]["status"], answers["1"]["body"]) == (200, "4")
    assert answers["2"]["status"] == 400


async def test_a_failed_prerequisite_fails_what_depends_on_it(small: Simulator) -> None:
    """dependsOn: 424 down the chain, and the dependant's write does not happen."""
    answers = await small.batch(
        {"id": "a", **assign_item("nobody", E3)},
        {"id": "b", **assign_item("bob@contoso.example", BI, dependsOn=["a"])},
        {"id": "c", **GET_BOB, "dependsOn": ["b"]},
        {"id": "d", **GET_BOB},
    )

    assert {name: each["status"] for name, each in answers.items()} == {"a": 404, "b": 424, "c": 424, "d": 200}
    assert await small.direct("bob") == {}


async def test_a_chain_lets_one_user_be_written_twice(small: Simulator) -> None:
    """With dependsOn the second write starts after the first is done."""
    answers = await small.batch(
        assign_item("bob@contoso.example", BI), assign_item("bob@contoso.example", E3, dependsOn=["1"])
    )

    assert [answers[n]["status"] for n in ("1", "2")] == [200, 200]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"requests": [{"id": str(n), **GET_BOB} for n in range(21)]}, id="21-items"),
        pytest.param({"requests": [{"id": "a", **GET_BOB}, {"id": "A", **GET_BOB}]}, id="duplicate-id"),
        pytest.param({"requests": [GET_BOB]}, id="no-id"),
        pytest.param({"requests": []}, id="empty"),
        pytest.param({"items": []}, id="no-requests"),
        pytest.param({"requests": ["x"]}, id="item-is-no-object"),
        pytest.param(
            {"requests": [{"id": "1", "method": "GET", "url": "https://graph.example/v1.0/users"}]}, id="absolute"
        ),
        pytest.param({"requests": [{"id": "1", "method": "FETCH", "url": "/users"}]}, id="method"),
        pytest.param({"requests": [{"id": "1", "method": "POST", "url": "/users", "body": {}}]}, id="no-content-type"),
        pytest.param({"requests": [{"id": "1", **GET_BOB, "dependsOn": ["9"]}]}, id="unknown-prerequisite"),
    ],
)
async def test_a_malformed_batch_is_refused_whole(small: Simulator, payload: dict[str, Any]) -> None:
    """More than 20 items, ids that clash without regard to case, and broken items: 400 for the batch."""
    response = await small.client.post("/v1.0/$batch", json=payload)

    assert error_of(response)[:2] == (400, "BadRequest")


async def test_a_body_that_is_no_json_is_refused(small: Simulator) -> None:
    """Trap 28: it answers 400, in a batch as in a call of its own."""
    outer = await small.client.post("/v1.0/$batch", content=b"{")
    single = await small.client.post("/v1.0/users/bob@contoso.example/assignLicense", content=b"{")

    assert outer.status_code == single.status_code == 400
