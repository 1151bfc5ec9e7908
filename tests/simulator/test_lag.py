"""Replication lag: what readers see after a write, and what writes are judged by."""

from dev.simulator.lag import LaggingCounter, Versions, Visibility
from tests.simulator.harness import E3, TENANT, Simulator, error_of, person

SKUS = [{"skuPartNumber": "SPE_E3", "enabled": 1}]
ADA = "/users/ada@contoso.example"


async def test_reads_trail_a_write_and_catch_up(simulator: Simulator) -> None:
    """Trap 25: user, list and consumedUnits show the old state for a while; the truth has the new one at once."""
    await simulator.load(lagSeconds=[2, 2], skus=SKUS, users=[person("ada")])
    await simulator.assign("ada@contoso.example", [E3])

    async def seen() -> tuple[int, int, int]:
        one = (await simulator.get(ADA, select="assignedLicenses")).json()["assignedLicenses"]
        many = (await simulator.get("/users", filter=f"assignedLicenses/any(x:x/skuId eq {E3})")).json()["value"]
        return len(one), len(many), (await simulator.get("/subscribedSkus")).json()["value"][0]["consumedUnits"]

    at_once = await seen()
    simulator.clock.advance(2.9)
    later = await seen()

    assert at_once == (0, 0, 0)
    assert later == (1, 1, 1)
    assert (await simulator.state())["skus"]["SPE_E3"]["consumed"] == 1


async def test_writes_are_judged_by_the_truth(simulator: Simulator) -> None:
    """The last seat is gone for the next caller although subscribedSkus still shows it."""
    await simulator.load(lagSeconds=[5, 5], skus=SKUS, users=[person("ada"), person("bob")])
    await simulator.assign("ada@contoso.example", [E3])

    refused = await simulator.assign("bob@contoso.example", [E3])

    assert error_of(refused)[2] == f"Subscription with SKU {E3} does not have any available licenses."


async def test_a_usage_location_just_set_may_still_be_judged_missing(simulator: Simulator) -> None:
    """Assumption, on by default: licensing reads a replica; off, the location counts at once."""
    for stale, expected in ((True, [400, 200]), (False, [200, 200])):
        users = [person("ada", usageLocation=None)]
        await simulator.load(lagSeconds=[2, 2], staleUsageLocation=stale, skus=SKUS, users=users)
        await simulator.client.patch(f"/v1.0{ADA}", json={"usageLocation": "CH"})
        at_once = await simulator.assign("ada@contoso.example", [E3])
        simulator.clock.advance(2)
        later = await simulator.assign("ada@contoso.example", [E3])

        assert [at_once.status_code, later.status_code] == expected


async def test_a_seat_just_freed_may_still_be_judged_taken(simulator: Simulator) -> None:
    """Assumption, off by default: licensing may learn late of a seat that came free, never of one that was taken."""
    for stale, expected in ((True, [400, 200, 400]), (False, [200, 400, 400])):
        users = [person("ada", licenses=[{"skuId": E3}]), person("bob"), person("cleo")]
        await simulator.load(lagSeconds=[2, 2], staleSeats=stale, skus=SKUS, users=users)
        await simulator.assign("ada@contoso.example", [], [E3])
        at_once = await simulator.assign("bob@contoso.example", [E3])
        simulator.clock.advance(3)
        later = await simulator.assign("cleo@contoso.example", [E3])
        last = await simulator.assign("bob@contoso.example" if stale else "cleo@contoso.example", [E3])

        assert [at_once.status_code, later.status_code, last.status_code] == expected


async def test_a_user_created_just_now_is_not_there_yet(simulator: Simulator) -> None:
    """Trap 30: read and write answer 404 until the lag is over."""
    await simulator.load(lagSeconds=[2, 2], skus=SKUS)
    created = await simulator.client.post(f"/_sim/tenants/{TENANT}/users", json=person("ada"))
    early = [(await simulator.get(ADA)).status_code, (await simulator.assign("ada@contoso.example", [E3])).status_code]
    simulator.clock.advance(2)
    later = [(await simulator.get(ADA)).status_code, (await simulator.assign("ada@contoso.example", [E3])).status_code]

    assert created.status_code == 201
    assert (early, later) == ([404, 404], [200, 200])


async def test_without_lag_reads_are_current(small: Simulator) -> None:
    """lagSeconds [0, 0]: the next read shows the write."""
    await small.assign("bob@contoso.example", [E3])

    user = (await small.get("/users/bob@contoso.example", select="assignedLicenses")).json()

    assert len(user["assignedLicenses"]) == 1


def test_the_index_shows_a_write_later_than_a_direct_read() -> None:
    """A reader of the index sees the old value until the index time."""
    versions: Versions[str] = Versions()
    versions.load("k", "old")
    versions.put("k", "new", 0, Visibility(1, 3))

    assert [versions.read("k", at) for at in (0.5, 1, 3)] == ["old", "new", "new"]
    assert [versions.read("k", at, index=True) for at in (0.5, 1, 3)] == ["old", "old", "new"]


def test_writes_become_visible_in_their_order() -> None:
    """A later write never shows before an earlier one, and a new object is absent until its time."""
    versions: Versions[str] = Versions()
    versions.put("k", "first", 0, Visibility(5, 5))
    versions.put("k", "second", 1, Visibility(2, 2))

    assert [versions.read("k", at) for at in (1, 4, 5)] == [None, None, "second"]
    assert list(versions.scan(0, 1, index=False)) == []


def test_counts_show_late() -> None:
    """Each change is hidden until its own time."""
    counter = LaggingCounter()
    counter.add("sku", 3, 0, 0)
    counter.add("sku", 1, 0, 2)
    counter.add("sku", -2, 0, 4)

    assert [counter.read(at)["sku"] for at in (1, 2, 4)] == [3, 4, 2]
