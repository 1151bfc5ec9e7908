"""The check of the audit over HTTP: what was changed, cut off or computed anew is found, and nothing else is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.domain.audit import GENESIS, AuditEntry, Head, chain
from shared.domain.caller import SYSTEM
from shared.services import Services
from shared.tables.audit_rows import ENTRY_CODEC, entry_key, entry_row
from shared.tables.paging import make_cursor
from shared.tables.table import Row, Table, Write
from tests.support.samples import marked
from tests.triggers.conftest import FOREIGN, GOLD, Api
from triggers.routes.chains import checked
from triggers.timers.anchors import anchor, check_since_last
from triggers.web.http import Call
from triggers.web.query import Query

ENTRIES = 5


@pytest.fixture
async def audited(api: Api, registered: str) -> str:
    """A tenant with five entries, anchored."""
    await api.app.audit.record(registered, [marked(registered, "0.1.1", range(ENTRIES))])
    await anchor(api.app)
    return registered


class Forger:
    """Somebody with a key to the storage account, who may write every table."""

    def __init__(self, app: Services, tenant: str) -> None:
        self.table: Table = app.tables.table("audit")
        self.tenant = tenant

    async def row(self, key: str) -> Row:
        """A row as it stands."""
        row = await self.table.get(self.tenant, key)
        assert row
        return row

    async def change(self, key: str, **columns: str | int) -> None:
        """Write over some columns."""
        row = await self.row(key)
        await self.table.write(Write("upsert", replace(row, values={**row.values, **columns})))

    async def entries(self) -> list[AuditEntry]:
        """All entries."""
        return [ENTRY_CODEC.item(await self.row(entry_key(n))) for n in range(1, ENTRIES + 1)]

    async def store(self, head: Head) -> None:
        """Let the chain end here."""
        await self.change("head", sequence=head.sequence, hash=head.hash)


def changed(column: str, value: str) -> Callable[[Forger], Awaitable[None]]:
    """Changes one column of the third entry."""

    async def forge(forger: Forger) -> None:
        await forger.change(entry_key(3), **{column: value})

    return forge


async def removed(forger: Forger) -> None:
    """Takes the third entry out."""
    await forger.table.delete(forger.tenant, entry_key(3))


async def cut_off(forger: Forger) -> None:
    """Takes the last entries away, and lets the head say so."""
    for sequence in (4, 5):
        await forger.table.delete(forger.tenant, entry_key(sequence))
    await forger.store(Head(3, (await forger.row(entry_key(3))).values["hash"].__str__()))


async def emptied(forger: Forger) -> None:
    """Takes everything away."""
    async for row in forger.table.partition(forger.tenant):
        await forger.table.delete(forger.tenant, row.key)


async def computed_anew(forger: Forger) -> None:
    """Writes another history, consistent from the first entry to the head."""
    forged, end = chain(Head(), [replace(entry, reason="forged") for entry in await forger.entries()])
    await forger.table.write(*(Write("upsert", entry_row(forger.tenant, entry)) for entry in forged))
    await forger.store(end)


FORGERIES = [
    (changed("before", '{"assignments":[],"usage_location":"DE"}'), 3),
    (changed("after", '{"assignments":[],"usage_location":"DE"}'), 3),
    (changed("price", '{"SPE_E5":57.4}'), 3),
    (changed("actor", '{"id":"ana","name":"Anb"}'), 3),
    (changed("hash", GENESIS), 3),
    (removed, 3),
    (cut_off, 4),
    (emptied, 1),
    (computed_anew, 5),
]


@pytest.mark.parametrize(
    ("forge", "first_broken"),
    FORGERIES,
    ids=["before", "after", "price", "actor", "hash", "removed", "cut off", "emptied", "computed anew"],
)
async def test_a_forgery_is_found_and_named(
    api: Api, audited: str, forge: Callable[[Forger], Awaitable[None]], first_broken: int
) -> None:
    """Invariant 11: one byte, a missing entry, a cut tail with its head, a whole chain made anew with its head."""
    await forge(Forger(api.app, audited))

    found = (await api.send("GET", "audit/verify", tenant="contoso.com")).json

    assert (found["tenantId"], found["status"], found["firstBroken"]) == (audited, "broken", first_broken)
    assert found["nextLink"] is None


@pytest.mark.parametrize(
    ("forge", "seen"),
    [(removed, False), (cut_off, True), (emptied, True), (computed_anew, True)],
    ids=["removed", "cut off", "emptied", "computed anew"],
)
async def test_each_hour_it_is_seen_whether_the_chain_goes_on_from_its_anchor(
    api: Api, audited: str, forge: Callable[[Forger], Awaitable[None]], seen: bool
) -> None:
    """The look of the timer finds another end; what was changed before it only the whole check finds."""
    assert await check_since_last(api.app) == []
    await api.app.audit.record(audited, [marked(audited, "0.1.2", range(2))])
    assert await check_since_last(api.app) == []
    await anchor(api.app)
    await forge(Forger(api.app, audited))

    for _ in range(2):
        assert await check_since_last(api.app) == ([audited] if seen else [])
        await anchor(api.app)
    assert (await api.send("GET", "audit/verify", tenant=audited)).json["status"] == "broken"


async def test_an_intact_chain_tells_its_latest_anchor(api: Api, audited: str) -> None:
    """The anchor that the chain agrees with is the last one that was made."""
    anchors = await api.app.anchors.read(audited)
    found = (await api.send("GET", "audit/verify", tenant=audited)).json

    assert (found["status"], found["entries"], found["firstBroken"]) == ("intact", ENTRIES, None)
    assert datetime.fromisoformat(found["anchoredAt"]) == anchors[-1].at


async def test_nothing_recorded_is_empty(api: Api, registered: str) -> None:
    """A tenant in which nothing was changed yet has no chain that could be broken."""
    found = (await api.send("GET", "audit/verify", tenant=registered)).json

    assert (found["status"], found["entries"], found["anchoredAt"]) == ("empty", 0, None)


async def test_a_chain_stays_intact_while_it_is_written_and_anchored(api: Api, audited: str) -> None:
    """Writers and anchors beside the check make no broken chain."""

    async def write() -> None:
        for n in range(1, 13):
            await api.app.audit.record(audited, [marked(audited, f"{n}.1.1", [n * 100, n * 100 + 1])])
            await anchor(api.app)

    writing = asyncio.gather(write(), write())
    while not writing.done():
        assert (await api.send("GET", "audit/verify", tenant=audited)).json["status"] == "intact"
    await writing
    found = (await api.send("GET", "audit/verify", tenant=audited)).json
    assert (found["status"], found["entries"]) == ("intact", ENTRIES + 24)


async def test_a_long_chain_is_checked_in_several_requests(api: Api, audited: str) -> None:
    """What a request has no time for is in its link; until the last one nothing is called intact."""
    query = {"tenant": audited}
    statuses: list[str] = []
    while True:
        call = Call(SYSTEM, {}, Query(query, {"tenant", "cursor"}), {}, b"", "https://app.test/", datetime.now(UTC))
        found = await checked(call, api.app, 0)
        statuses.append(found.status)
        if found.next_link is None:
            break
        query["cursor"] = found.next_link.partition("cursor=")[2]

    assert statuses == ["unfinished"] * ENTRIES + ["intact"]
    assert (found.entries, found.anchored_at is not None) == (ENTRIES, True)


@pytest.mark.parametrize(
    "parts",
    [("other", "1", GENESIS, ""), ("", "x", GENESIS, ""), ("", "1", "ff", ""), ("", "1", GENESIS, "monday")],
)
async def test_a_cursor_of_another_check_is_refused(api: Api, audited: str, parts: tuple[str, ...]) -> None:
    """400, as for every list."""
    cursor = make_cursor(parts[0] or audited, *parts[1:])

    assert (await api.send("GET", "audit/verify", tenant=audited, cursor=cursor)).status == 400


async def test_a_check_is_of_one_tenant_within_the_grants(api: Api, audited: str) -> None:
    """Invariant 12."""
    assert (await api.send("GET", "audit/verify")).status == 400
    assert (await api.send("GET", "audit/verify", key=GOLD, tenant=audited)).status == 404
    assert (await api.send("GET", "audit/verify", tenant=FOREIGN)).status == 404
    assert (await api.send("GET", "audit/verify", key=GOLD, tenant=FOREIGN)).status == 404


async def test_who_leaves_the_registry_is_still_audited(api: Api, audited: str) -> None:
    """Neither taking a tenant out nor emptying its tables hides what was anchored."""
    await api.app.tenants.delete(audited)

    assert len((await api.send("GET", "audit", tenant=audited)).json["value"]) == ENTRIES
    listed = (await api.send("GET", "audit/tenants")).json["value"]
    assert listed == [{"tenantId": audited, "domain": None}]

    await emptied(Forger(api.app, audited))

    assert (await api.send("GET", "audit/tenants")).json["value"] == listed
    assert (await api.send("GET", "audit/tenants", key=GOLD)).json["value"] == []
    assert (await api.send("GET", "audit/verify", tenant=audited)).json["status"] == "broken"


async def test_tenants_to_verify_come_in_pages(api: Api, registered: str) -> None:
    """Registered ones without an entry, and others with one, by id and each once."""
    others = [f"{n:08x}-0000-4000-8000-000000000000" for n in (1, 0xF0000000)]
    for tenant in (*others, registered):
        await api.app.audit.record(tenant, [marked(tenant, "0.1.1", [1])])

    first = (await api.send("GET", "audit/tenants", top="2")).json
    second = (await api.send("GET", first["nextLink"].removeprefix("https://app.test/api"))).json

    assert [each["tenantId"] for each in first["value"] + second["value"]] == sorted([*others, registered])
    assert second["nextLink"] is None


async def test_an_entry_that_cannot_be_read_is_named(api: Api, audited: str) -> None:
    """A list over a forged entry says which one, and where to look."""
    await Forger(api.app, audited).change(entry_key(2), before="{broken")

    answer = await api.send("GET", "audit", tenant=audited)

    assert answer.status == 409
    assert "entry 000000000002" in answer.json["detail"]
