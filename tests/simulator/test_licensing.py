"""assignLicense: its errors word for word, what it changes, and how seats are counted."""

import asyncio
from typing import Any

import pytest

from dev.simulator.clock import Clock
from dev.simulator.engine import Latency
from tests.simulator.harness import (
    BI,
    E3,
    E5,
    PHONE,
    SWAY,
    TEAMS_FREE,
    YAMMER,
    Simulator,
    assign_item,
    error_of,
    person,
    serving,
)

EMS = "efccb6f7-5641-4e0e-bd10-b4976e1bf68e"
UNKNOWN = "aaaaaaaa-0000-4000-8000-000000000000"
TEAMS1, FREE_PLAN = "57ff2da0-773e-42df-b2af-ffb7a2317929", "4fa4026d-ce74-4962-a151-8e96d57ea8e4"
MCOEV_PLAN, MCOSTANDARD = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7", "0feaeb32-d00e-4d66-bd5a-43b5b83db82c"


@pytest.mark.parametrize(
    ("user", "add", "remove", "message"),
    [
        pytest.param("bob", [], [E3], "User does not have a corresponding license.", id="not-held"),
        pytest.param(
            "dan",
            [],
            [BI],
            "User license is inherited from a group membership and it cannot be removed directly from the user.",
            id="inherited",
        ),
        pytest.param(
            "bob", [UNKNOWN], [], f"License {UNKNOWN} does not correspond to a valid company License.", id="unknown-sku"
        ),
        pytest.param(
            "cleo",
            [E3],
            [],
            "License assignment cannot be done for user with invalid usage location.",
            id="usage-location",
        ),
        pytest.param(
            "bob", [EMS], [], f"Subscription with SKU {EMS} does not have any available licenses.", id="suspended-sku"
        ),
        pytest.param(
            "bob",
            [E3, TEAMS_FREE],
            [],
            f"License assignment failed because service plans {TEAMS1}, {FREE_PLAN} are mutually exclusive.",
            id="conflict",
        ),
        pytest.param(
            "bob",
            [PHONE],
            [],
            f"License assignment failed because service plan {MCOEV_PLAN} depends on the service plan(s) "
            f"{MCOSTANDARD}, {TEAMS1}",
            id="dependency",
        ),
        pytest.param(
            "bob",
            ["no-guid"],
            [],
            "Cannot convert a primitive value to the expected type 'Edm.Guid'. See the inner exception for more "
            "details",
            id="malformed-guid",
        ),
    ],
)
async def test_each_refusal_has_graphs_own_text(
    small: Simulator, user: str, add: list[Any], remove: list[str], message: str
) -> None:
    """Trap 4, 9, 17: the message is all a client has to tell the failures apart; nothing is changed by any of them."""
    before = await small.state()

    response = await small.assign(f"{user}@contoso.example", add, remove)

    assert error_of(response) == (400, "Request_BadRequest", message)
    assert (await small.state())["users"] == before["users"]
    inner = response.json()["error"]["innerError"]
    assert inner["request-id"] == response.headers["request-id"] == inner["client-request-id"]
    assert len(inner["date"]) == len("2026-01-06T12:25:59")


@pytest.mark.parametrize("missing", ["addLicenses", "removeLicenses"])
async def test_both_lists_are_mandatory(small: Simulator, missing: str) -> None:
    """Trap 22: a list left out is refused by name, an empty one is fine."""
    body: dict[str, Any] = {"addLicenses": [], "removeLicenses": []}
    url = "/v1.0/users/bob@contoso.example/assignLicense"
    complete = await small.client.post(url, json=body)
    del body[missing]

    response = await small.client.post(url, json=body)

    assert complete.status_code == 200
    assert error_of(response)[2].endswith(f"The missing parameters are: {missing}.")


async def test_the_payload_is_judged_before_the_user_is_looked_up(small: Simulator) -> None:
    """The order is fixed: a malformed body for an unknown user is a 400, a good one a 404."""
    broken = await small.client.post("/v1.0/users/nobody/assignLicense", json={"addLicenses": []})
    unknown = await small.assign("nobody")

    assert broken.status_code == 400
    assert error_of(unknown) == (
        404,
        "Request_ResourceNotFound",
        "Resource 'nobody' does not exist or one of its queried reference-property objects are not present.",
    )


async def test_a_swap_is_one_call_and_all_or_nothing(small: Simulator) -> None:
    """Trap 1: when the added half fails, the removed half is still there."""
    failed = await small.assign("ada@contoso.example", [UNKNOWN], [E3])
    kept = await small.direct("ada")
    swapped = await small.assign("ada@contoso.example", [E5], [E3])

    assert failed.status_code == 400
    assert kept == {E3: [SWAY]}
    assert swapped.status_code == 200
    assert await small.direct("ada") == {E5: []}


async def test_adding_a_held_sku_replaces_its_disabled_plans_and_takes_no_seat(small: Simulator) -> None:
    """Trap 2: the list sent is the whole list; an empty one switches everything on."""
    before = (await small.state())["skus"]["SPE_E3"]["consumed"]
    await small.assign("ada@contoso.example", [(E3, [SWAY, YAMMER])])
    both = await small.direct("ada")
    await small.assign("ada@contoso.example", [E3])

    assert both == {E3: sorted([SWAY, YAMMER])}
    assert await small.direct("ada") == {E3: []}
    assert (await small.state())["skus"]["SPE_E3"]["consumed"] == before == 1


async def test_the_last_seat_goes_once_and_comes_back(small: Simulator) -> None:
    """E5 has one seat: the second taker is refused until the first gives it back."""
    first = await small.assign("ada@contoso.example", [E5])
    again = await small.assign("ada@contoso.example", [E5])
    second = await small.assign("bob@contoso.example", [E5])
    await small.assign("ada@contoso.example", [], [E5])
    third = await small.assign("bob@contoso.example", [E5])

    assert (first.status_code, again.status_code, third.status_code) == (200, 200, 200)
    assert error_of(second)[2] == f"Subscription with SKU {E5} does not have any available licenses."


async def test_direct_and_inherited_share_one_seat(small: Simulator) -> None:
    """A direct licence beside an inherited one takes no seat; removing it leaves the inherited one."""
    await small.assign("dan@contoso.example", [BI])
    with_both = await small.state()
    await small.assign("dan@contoso.example", [], [BI])
    after = await small.state()

    assert with_both["skus"]["POWER_BI_PRO"]["consumed"] == after["skus"]["POWER_BI_PRO"]["consumed"] == 1
    assert [each["state"] for each in after["users"]["dan"]["inherited"]] == ["Active"]
    assert after["users"]["dan"]["direct"] == []


async def test_removing_what_an_add_on_needs_is_refused(small: Simulator) -> None:
    """Trap 10: Teams Phone needs Teams, so E3 cannot go alone but goes together with it."""
    await small.assign("ada@contoso.example", [PHONE])

    alone = await small.assign("ada@contoso.example", [], [E3])
    together = await small.assign("ada@contoso.example", [], [E3, PHONE])

    assert "depends on the service plan(s)" in error_of(alone)[2]
    assert together.status_code == 200
    assert await small.direct("ada") == {}


async def test_a_plan_of_another_sku_and_doubled_skus_are_refused(small: Simulator) -> None:
    """Trap 3 (assumptions of the simulator): foreign plan ids, a SKU twice, a SKU in both lists answer 400."""
    foreign = await small.assign("bob@contoso.example", [(BI, [SWAY])])
    twice = await small.assign("bob@contoso.example", [BI, BI])
    both = await small.assign("ada@contoso.example", [E3], [E3])

    assert [each.status_code for each in (foreign, twice, both)] == [400, 400, 400]


async def test_the_answer_shows_the_default_properties_only(small: Simulator) -> None:
    """As captured from the service: no licences in the body of a successful assignLicense."""
    body = (await small.assign("bob@contoso.example", [BI])).json()

    assert body["userPrincipalName"] == "bob@contoso.example"
    assert "assignedLicenses" not in body


async def test_two_writes_to_one_user_at_once_clash() -> None:
    """Trap 6, 24: the second write that arrives while the first is under way gets a 409; the stats show both."""
    async with serving(latency=Latency(write=0.2), clock=Clock()) as running:
        await running.load(skus=[{"skuPartNumber": "SPE_E3", "enabled": 5}], users=[person("ada"), person("bob")])

        answers = await asyncio.gather(*(running.assign("ada@contoso.example", [E3]) for _ in range(2)))
        other = await running.assign("bob@contoso.example", [E3])

        assert sorted(each.status_code for each in answers) == [200, 409]
        assert other.status_code == 200
        clash = next(each for each in answers if each.status_code == 409)
        assert error_of(clash)[1] == "Directory_ConcurrencyViolation"
        stats = (await running.client.get("/_sim/stats")).json()
        assert next(iter(stats.values()))["maxWritesPerUser"] == 2


async def test_the_same_user_twice_in_one_batch_clashes(small: Simulator) -> None:
    """Trap 6: items run side by side, so one of two writes to a user fails."""
    answers = await small.batch(assign_item("bob@contoso.example", BI), assign_item("bob@contoso.example", E3))

    assert [answers[n]["status"] for n in ("1", "2")] == [200, 409]


async def test_usage_location_is_two_letters_and_never_null_again(small: Simulator) -> None:
    """PATCH answers 204; a lower-case value or a return to null is refused; the licence can then be assigned."""
    url = "/v1.0/users/cleo@contoso.example"
    wrong = await small.client.patch(url, json={"usageLocation": "ch"})
    patched = await small.client.patch(url, json={"usageLocation": "CH"})
    cleared = await small.client.patch(url, json={"usageLocation": None})
    assigned = await small.assign("cleo@contoso.example", [E3])

    assert [each.status_code for each in (wrong, patched, cleared, assigned)] == [400, 204, 400, 200]
    assert patched.content == b""
