"""Faults on demand: errors, broken connections, held answers."""

from typing import Any

import httpx
import pytest

from tests.simulator.harness import BI, E3, OTHER, TENANT, Simulator, assign_item, person


async def _fault(simulator: Simulator, **fault: Any) -> None:
    response = await simulator.client.post("/_sim/faults", json=fault)
    assert response.status_code == 201, response.text


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("429", 429, "TooManyRequests"),
        ("503", 503, "serviceNotAvailable"),
        ("409", 409, "Directory_ConcurrencyViolation"),
        ("403", 403, "Authorization_RequestDenied"),
        ("401", 401, "InvalidAuthenticationToken"),
    ],
)
async def test_an_item_of_a_batch_fails_alone(small: Simulator, kind: str, status: int, code: str) -> None:
    """Trap 18, 19: the first assignLicense is struck with its own Retry-After and did not happen; the second passes."""
    await _fault(small, match="assignLicense", kind=kind, count=1, retryAfter=7)

    answers = await small.batch(assign_item("bob@contoso.example", E3), assign_item("dan@contoso.example", E3))

    assert (answers["1"]["status"], answers["2"]["status"]) == (status, 200)
    assert answers["1"]["body"]["error"]["code"] == code
    assert (answers["1"]["headers"].get("Retry-After") == "7") == (kind in ("429", "503"))
    assert await small.direct("bob") == {}


async def test_a_request_fault_hits_the_whole_batch(small: Simulator) -> None:
    """Trap 20: match "$batch" fails the HTTP request before any item runs."""
    await _fault(small, match="$batch", kind="503", count=1)

    response = await small.client.post("/v1.0/$batch", json={"requests": [{"id": "1", **assign_item("bob", E3)}]})

    assert response.status_code == 503
    assert await small.direct("bob") == {}


@pytest.mark.parametrize(("kind", "committed"), [("timeoutAfterCommit", True), ("timeoutBeforeCommit", False)])
async def test_a_held_answer_leaves_the_outcome_unknown(small: Simulator, kind: str, *, committed: bool) -> None:
    """Trap 21: the client times out; only reading back tells whether the write happened. Other items did happen."""
    await _fault(small, match="bob@contoso.example/assignLicense", kind=kind, count=1)
    items = [{"id": name, **assign_item(f"{name}@contoso.example", E3)} for name in ("bob", "dan")]

    with pytest.raises(httpx.ReadTimeout):
        await small.client.post("/v1.0/$batch", json={"requests": items}, timeout=0.3)

    assert await small.direct("bob") == ({E3: []} if committed else {})
    assert await small.direct("dan") == {E3: []}


@pytest.mark.parametrize("commit", [True, False])
async def test_a_reset_cuts_the_connection(small: Simulator, *, commit: bool) -> None:
    """Trap 21: no answer at all, with the write done or not as told."""
    await _fault(small, match="assignLicense", kind="reset", count=1, commit=commit)

    with pytest.raises(httpx.NetworkError):
        await small.assign("bob@contoso.example", [E3])

    assert await small.direct("bob") == ({E3: []} if commit else {})
    again = await small.assign("bob@contoso.example", [E3])
    assert again.status_code == 200


async def test_resets_commit_half_of_the_time_by_their_seed(simulator: Simulator) -> None:
    """Without "commit" some writes happened and some did not; the same seed repeats which."""
    outcomes: list[list[str]] = []
    for _ in range(2):
        await simulator.load(
            skus=[{"skuPartNumber": "POWER_BI_PRO", "enabled": 50}], users=[person(f"u{n}") for n in range(12)]
        )
        await _fault(simulator, match="assignLicense", kind="reset", seed=5)
        for n in range(12):
            with pytest.raises(httpx.NetworkError):
                await simulator.assign(f"u{n}@contoso.example", [BI])
        await simulator.client.delete("/_sim/faults")
        outcomes.append([name for name, each in (await simulator.state())["users"].items() if each["direct"]])

    assert outcomes[0] == outcomes[1]
    assert 0 < len(outcomes[0]) < 12


async def test_rate_tenant_and_count_narrow_a_fault(small: Simulator) -> None:
    """A fault for another tenant never fires; a rate fires for about its share; clearing ends it."""
    await _fault(small, match="organization", kind="503", tenant=OTHER)
    untouched = (await small.get("/organization")).status_code
    await _fault(small, match="organization", kind="503", tenant=TENANT, rate=0.5, seed=2)
    mixed = [(await small.get("/organization")).status_code for _ in range(60)]
    await small.client.delete("/_sim/faults")
    after = (await small.get("/organization")).status_code

    assert (untouched, after) == (200, 200)
    assert 15 <= mixed.count(503) <= 45


async def test_a_delay_takes_the_simulators_time(small: Simulator) -> None:
    """kind "delay" waits on the simulator's clock and then answers as usual."""
    before = small.clock.now()
    await _fault(small, match="organization", kind="delay", seconds=30)

    response = await small.get("/organization")

    assert response.status_code == 200
    assert small.clock.now() - before == 30


async def test_a_fault_that_makes_no_sense_is_refused(small: Simulator) -> None:
    """An unknown kind or field is an error that names it."""
    unknown = await small.client.post("/_sim/faults", json={"kind": "earthquake"})
    misspelt = await small.client.post("/_sim/faults", json={"kind": "503", "mach": "x"})

    assert (unknown.status_code, misspelt.status_code) == (400, 400)
    assert "mach" in misspelt.json()["error"]


async def test_how_often_a_fault_fired_is_told_even_when_it_is_cleared(small: Simulator) -> None:
    """Two of three strikes are left, and one rule that never matched."""
    await _fault(small, match="assignLicense", kind="409", count=3)
    await _fault(small, match="nowhere", kind="503")
    await small.batch(assign_item("bob@contoso.example", E3))
    await small.client.delete("/_sim/faults")
    await _fault(small, match="assignLicense", kind="403", count=1)

    told = (await small.client.get("/_sim/faults")).json()

    assert [(each["kind"], each["fired"]) for each in told] == [("409", 1), ("503", 0), ("403", 0)]
