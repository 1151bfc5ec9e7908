"""Throttling by the documented limits, on a clock that stands still."""

from collections.abc import AsyncIterator

import pytest

from dev.simulator.throttle import units_limit
from tests.simulator.harness import BI, TENANT, Simulator, assign_item, error_of, person, serving


@pytest.fixture
async def limited() -> AsyncIterator[Simulator]:
    """One hundredth of the limits: 30 writes per 150 s, 35 resource units per 10 s (a small tenant)."""
    async with serving(limit_factor=0.01) as running:
        await running.load(
            skus=[{"skuPartNumber": "POWER_BI_PRO", "enabled": 99}], users=[person(f"u{n}") for n in range(40)]
        )
        yield running


def test_resource_units_grow_with_the_tenant() -> None:
    """S below 50 users, M to 500, L above."""
    assert [units_limit(n).amount for n in (49, 50, 500, 501)] == [3500, 5000, 5000, 8000]


@pytest.mark.parametrize(
    ("url", "units"),
    [
        ("/users", 2),
        ("/users?$select=id", 1),
        ("/users?$select=id&$top=5", 1),
        ("/users?$top=19", 1),
        ("/users/u1@contoso.example", 1),
        ("/users/u1@contoso.example/licenseDetails", 2),
        ("/subscribedSkus", 3),
        ("/organization", 1),
    ],
)
async def test_each_call_has_its_documented_cost(limited: Simulator, url: str, units: int) -> None:
    """$select and a page below 20 save a unit each, one is the least."""
    response = await limited.client.get(f"/v1.0{url}")

    assert response.headers["x-ms-resource-unit"] == str(units)


async def test_the_write_limit_rejects_items_of_a_batch_alone(limited: Simulator) -> None:
    """Trap 18: of 40 writes 30 pass; each rejected item has 429, Retry-After and scope in its own headers."""
    first = await limited.batch(*(assign_item(f"u{n}@contoso.example", BI) for n in range(20)))
    limited.clock.advance(0.001)
    second = await limited.batch(*(assign_item(f"u{n}@contoso.example", BI) for n in range(20, 40)))

    statuses = [batch[str(n)]["status"] for batch in (first, second) for n in range(1, 21)]
    assert statuses == [200] * 30 + [429] * 10
    rejected = second["20"]
    assert int(rejected["headers"]["Retry-After"]) >= 5
    assert rejected["headers"]["x-ms-throttle-information"] == "WriteLimitExceeded"
    scope = rejected["headers"]["x-ms-throttle-scope"].split("/")
    assert (scope[0], scope[1], scope[3]) == ("Tenant_Application", "Write", TENANT)
    error = rejected["body"]["error"]
    assert (error["code"], error["message"]) == ("TooManyRequests", "Please retry again later.")
    assert error["innerError"].keys() == {"code", "date", "message", "request-id", "status"}


async def test_waiting_as_told_is_enough(limited: Simulator) -> None:
    """After Retry-After the write passes; before, it is rejected and costs more."""
    for n in range(30):
        await limited.assign(f"u{n}@contoso.example", [BI])
        limited.clock.advance(0.1)
    refused = await limited.assign("u30@contoso.example", [BI])
    limited.clock.advance(float(refused.headers["Retry-After"]))
    passed = await limited.assign("u30@contoso.example", [BI])

    assert error_of(refused)[:2] == (429, "TooManyRequests")
    assert passed.status_code == 200
    stats = (await limited.client.get("/_sim/stats")).json()[TENANT]
    assert (stats["writes"], stats["throttled"]) == (31, 1)


async def test_the_percentage_shows_from_eighty_percent_on(limited: Simulator) -> None:
    """Trap 19: a client can slow down before it is rejected."""
    headers = [(await limited.client.get("/v1.0/organization")).headers for _ in range(36)]

    shown = [n for n, each in enumerate(headers, 1) if "x-ms-throttle-limit-percentage" in each]
    assert shown[0] == 28
    assert "retry-after" in headers[-1]
    assert headers[-1]["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert float(headers[27]["x-ms-throttle-limit-percentage"]) == pytest.approx(0.8)


async def test_a_factor_of_zero_lifts_the_limits(simulator: Simulator) -> None:
    """GRAPH_LIMIT_FACTOR=0: far more reads than the limit pass."""
    await simulator.load(users=[person("ada")])
    answers = [(await simulator.get("/organization")).status_code for _ in range(50)]

    assert set(answers) == {200}


async def test_somebody_else_can_use_up_the_writes(limited: Simulator) -> None:
    """Of a tenant, or of the app over all tenants: the scope tells which."""
    await limited.client.post("/_sim/drain", params={"tenant": TENANT, "left": "1"})
    answers = [await limited.assign(f"u{n}@contoso.example", [BI]) for n in range(2)]
    await limited.client.post("/_sim/drain", params={"tenant": TENANT, "left": "30"})
    await limited.client.post("/_sim/drain")
    answers.append(await limited.assign("u2@contoso.example", [BI]))

    assert [answer.status_code for answer in answers] == [200, 429, 429]
    scopes = [answer.headers["x-ms-throttle-scope"].split("/")[0] for answer in answers[1:]]
    assert scopes == ["Tenant_Application", "Application"]
    refused = await limited.client.post("/_sim/drain", params={"left": "few"})
    assert (refused.status_code, refused.json()["error"]) == (400, "left: expected a number, got 'few'")
