"""Plans, staged bodies and anchors in their containers."""

import asyncio
import gzip
import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.blobs.anchors import AnchorStore
from shared.blobs.client import Blobs
from shared.blobs.ndjson import Lines
from shared.blobs.plans import CHUNKS_KEPT, PlanStore
from shared.blobs.recently_used import RecentlyUsed
from shared.blobs.staging import StagingStore
from shared.domain.audit import Anchor, Head
from shared.domain.impact import Found, Impact, SkuImpact
from shared.domain.model import Decision, User
from shared.domain.plan import Manifest, chunk_info
from shared.domain.prices import Cost
from shared.domain.selection import RowLicence, SelectedUser, Wish
from shared.errors import DependencyDown, NotFound, RowConflict
from tests.support.azurite import Azurite, free_ports
from tests.support.samples import BEFORE, NOON, decision

WISHES = (Wish(), Wish((RowLicence("e5", frozenset({"p1", "p2"})), RowLicence("e3")), with_request=False))


async def test_users_and_decisions_read_back_whole(blobs: Blobs):
    """Chunks keep their order and every field."""
    plans = PlanStore(blobs)
    users = [
        SelectedUser(User(f"id{n}", f"ü{n}@example.com", BEFORE, "A\nB\u2028C", "DE", False, True), WISHES[n % 2])
        for n in range(30)
    ]
    decisions = [decision(n, change=n % 3 > 0, location="DE") for n in range(30)]

    await plans.write_users("op", "t", "s1", 7, users)
    await plans.write_chunk("op", "t", 7, decisions)

    assert await plans.read_users("op", "t", "s0:4,s1:8", 11) == tuple(users)
    assert await plans.read_chunk("op", "t", 7) == tuple(decisions)
    for missing in (plans.read_users("op", "t", "s2:8", 7), plans.read_chunk("op", "other", 7)):
        with pytest.raises(NotFound, match="expired"):
            await missing


async def test_the_blobs_are_gzipped_lines_at_their_paths(blobs: Blobs):
    """Anyone can read a plan with zcat."""
    plans = PlanStore(blobs)
    await plans.write_chunk("op", "t", 12, [decision(0), decision(1)])
    await plans.write_users("op", "t", "s1", 0, [])
    await plans.freeze("op", "t", Manifest())

    container = await blobs.container("plans")
    names = [name async for name in container.list_blob_names()]
    assert names == ["op/t/manifest.json", "op/t/plan-00012.ndjson.gz", "op/t/users-s1-00000.ndjson.gz"]
    content = await blobs.read("plans", names[1])
    assert content
    lines = gzip.decompress(content).decode().splitlines()
    assert [json.loads(line)["index"] for line in lines] == [0, 1]
    assert await plans.read_users("op", "t", "s1:1", 0) == ()


async def test_a_chunk_is_planned_once_and_replaced_only_until_the_plan_is_frozen(blobs: Blobs):
    """Who plans a chunk again gets what was planned first; nothing stale is served, nothing changes once frozen."""
    plans = PlanStore(blobs)
    assert await plans.write_chunk("op", "t", 0, [decision(0)]) == (decision(0),)
    assert await plans.write_chunk("op", "t", 0, [decision(1)]) == (decision(0),)
    assert await plans.read_chunk("op", "t", 0) == (decision(0),)
    await plans.replace_chunk("op", "t", 0, [decision(2)])
    assert await plans.read_chunk("op", "t", 0) == await plans.find_chunk("op", "t", 0) == (decision(2),)
    assert await plans.find_chunk("op", "t", 1) is None

    await plans.freeze("op", "t", Manifest.of([chunk_info([decision(2)])]))

    with pytest.raises(RowConflict, match="frozen"):
        await plans.replace_chunk("op", "t", 0, [decision(3)])
    assert await PlanStore(blobs).read_chunk("op", "t", 0) == (decision(2),)


async def test_the_first_manifest_wins(blobs: Blobs):
    """A repeated or concurrent freeze gets the stored manifest, on every host."""
    stores = [PlanStore(blobs) for _ in range(5)]
    wanted = [Manifest.of([chunk_info([decision(number)])]) for number in range(5)]
    assert await stores[0].manifest("op", "t") is None

    frozen = await asyncio.gather(
        *(store.freeze("op", "t", manifest) for store, manifest in zip(stores, wanted, strict=True))
    )

    assert len(set(frozen)) == 1
    assert {await store.manifest("op", "t") for store in stores} == set(frozen)
    assert await stores[0].manifest("op", "other") is None


async def test_a_frozen_chunk_is_read_once_for_all_its_batches(blobs: Blobs):
    """The batches of a chunk share one decoded copy; the oldest copies make room."""
    plans = PlanStore(blobs)
    for number in range(CHUNKS_KEPT + 1):
        await plans.write_chunk("op", "t", number, [decision(number)])
    await plans.freeze("op", "t", Manifest.of([chunk_info([decision(0)])]))

    copies = await asyncio.gather(*(plans.read_chunk("op", "t", 0) for _ in range(8)))
    assert {id(copy) for copy in copies} == {id(await plans.read_chunk("op", "t", 0))}
    for number in range(1, CHUNKS_KEPT + 1):
        await plans.read_chunk("op", "t", number)

    again = await plans.read_chunk("op", "t", 0)
    assert again == copies[0]
    assert again is not copies[0]


async def test_a_load_that_fails_is_tried_again_by_the_next_who_asks():
    """A failure is not remembered."""
    cache: RecentlyUsed[str, int] = RecentlyUsed(2)
    answers = [DependencyDown("storage", "gone"), None]

    async def load() -> tuple[int, bool]:
        await asyncio.sleep(0)
        answer = answers.pop(0)
        if answer:
            raise answer
        return 7, True

    first = await asyncio.gather(cache.get("a", load), cache.get("a", load), return_exceptions=True)

    assert [type(found) for found in first] == [DependencyDown, int]
    assert await cache.get("a", load) == 7


def test_what_is_no_plan_is_refused():
    """A chunk that was changed is an error, never an empty plan."""
    lines = Lines(Decision, tuple[Decision, ...])
    with pytest.raises(gzip.BadGzipFile):
        lines.unpack(b"{}")
    with pytest.raises(ValueError, match="index"):
        lines.unpack(gzip.compress(b"{}\n"))


async def test_a_staged_body_is_what_its_digest_says(blobs: Blobs):
    """Stored once, read by digest, refused under another."""
    staging = StagingStore(blobs)
    body = b"\x00\xff" * 100_000
    name = hashlib.sha256(body).hexdigest()

    await staging.put(name, body)
    await staging.put(name, body)

    assert await staging.get(name) == body
    with pytest.raises(ValueError, match="SHA-256"):
        await staging.put(name, b"other")
    with pytest.raises(NotFound):
        await staging.get("0" * 64)
    await blobs.write("staging", name, b"changed", media_type="text/plain")
    with pytest.raises(ValueError, match="SHA-256"):
        await staging.get(name)


async def test_anchors_are_read_back_oldest_first_by_tenant(blobs: Blobs):
    """Each hour's heads are appended; a tenant sees its own."""
    anchors = AnchorStore(blobs)
    december = datetime(2026, 12, 1, tzinfo=UTC)
    await anchors.append({"t1": Head(9, "c" * 64)}, december)
    await anchors.append({"t1": Head(3, "a" * 64), "t2": Head(1, "b" * 64)}, NOON)
    await anchors.append({"t1": Head(5, "d" * 64), "t11": Head(2, "e" * 64)}, NOON + timedelta(hours=1))
    await anchors.append({}, NOON)

    assert await anchors.read("t1") == [
        Anchor("t1", 3, "a" * 64, NOON),
        Anchor("t1", 5, "d" * 64, NOON + timedelta(hours=1)),
        Anchor("t1", 9, "c" * 64, december),
    ]
    assert await anchors.read("t3") == []
    container = await blobs.container("audit-anchors")
    assert [name async for name in container.list_blob_names()] == ["2026/11.ndjson", "2026/12.ndjson"]


async def test_a_full_anchor_blob_is_followed_by_another(blobs: Blobs):
    """An append blob takes a limited number of blocks; nothing is lost at the end of one."""
    anchors = AnchorStore(blobs, blocks=2)
    for hour in range(5):
        await anchors.append({"t1": Head(hour + 1, "a" * 64)}, NOON + timedelta(hours=hour))

    assert [anchor.sequence for anchor in await anchors.read("t1")] == [1, 2, 3, 4, 5]
    assert (await anchors.latest())["t1"].sequence == 5
    container = await blobs.container("audit-anchors")
    names = [name async for name in container.list_blob_names()]
    assert names == ["2026/11-2.ndjson", "2026/11-3.ndjson", "2026/11.ndjson"]


async def test_more_heads_than_a_block_takes_are_anchored_in_several(blobs: Blobs):
    """A block holds 4 MiB."""
    anchors = AnchorStore(blobs)
    tenants = [f"tenant-{n:05d}" for n in range(30_000)]

    await anchors.append(dict.fromkeys(tenants, Head(1, "a" * 64)), NOON)

    assert await anchors.read(tenants[0]) == [Anchor(tenants[0], 1, "a" * 64, NOON)]
    assert await anchors.read(tenants[-1]) == [Anchor(tenants[-1], 1, "a" * 64, NOON)]


async def test_storage_that_does_not_answer_is_a_dependency_that_is_down(azurite: Azurite):
    """Nobody listens on the port: never an empty answer."""
    (port,) = free_ports(1)
    gone = (azurite.settings().storage_connection or "").replace(f":{azurite.blob_port}/", f":{port}/")
    dead = Blobs.open(azurite.settings(AzureWebJobsStorage=gone))
    try:
        with pytest.raises(DependencyDown):
            await PlanStore(dead).manifest("op", "t")
        with pytest.raises(DependencyDown):
            await AnchorStore(dead).read("t1")
    finally:
        await dead.close()


async def test_an_impact_is_kept_beside_its_plan(blobs: Blobs):
    """None before it is known; the last one written counts, to the cent."""
    plans = PlanStore(blobs)
    assert await plans.impact("op", "t") is None
    await plans.write_impact("op", "t", Impact(tenant_id="t"))
    impact = Impact(
        tenant_id="t",
        users_affected=3,
        licences=(SkuImpact("SPE_E5", "e5", 5, 1, 4),),
        cost=Cost("USD", Decimal("57.50"), Decimal("230.00")),
        warnings=(Found("MailboxLoss", 1, ("ana@example.com",)),),
    )
    await plans.write_impact("op", "t", impact)
    assert await plans.impact("op", "t") is None
    await plans.freeze("op", "t", Manifest())

    assert await plans.impact("op", "t") == impact
    assert await plans.impact("op", "other") is None
