"""Cursors over HTTP: whatever is sent as one, a list answers with a page of its own or a 400."""

import base64
import json
from dataclasses import replace
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.audit import MarkedEntries
from shared.domain.operation import Status, Summary, TenantPart, Totals
from tests.support import samples
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import GOLD, Api

LISTS = ("operations", "operations/both/results", "audit", "tenants")
OF_A_TENANT = ("users", "groups", "licenses")
USERS = 3


@pytest.fixture
async def mine(api: Api, simulator: Simulator) -> SimulatedTenant:
    """The tenant that GOLD sees, with rows in every list; the other one beside it has as many."""
    return await _filled(api, simulator, "mine.example", tags=["gold"])


@pytest.fixture
async def foreign(api: Api, simulator: Simulator, mine: SimulatedTenant) -> SimulatedTenant:
    """A tenant that GOLD does not see, and operations over both, one by one and together."""
    foreign = await _filled(api, simulator, "foreign.example", tags=[])
    for name, tenants in {
        "one": [mine],
        "other": [foreign],
        "both": sorted((mine, foreign), key=lambda t: t.id),
    }.items():
        await _operation(api, name, [tenant.id for tenant in tenants])
    return foreign


async def _filled(api: Api, simulator: Simulator, domain: str, *, tags: list[str]) -> SimulatedTenant:
    tenant = simulator.load(
        domains=[domain],
        skus=[{"skuPartNumber": sku, "enabled": 9} for sku in ("SPE_E3", "SPE_E5")],
        users=[{"userPrincipalName": f"u{n}@{domain}"} for n in range(USERS)],
        groups=[{"displayName": f"Group {n} of {domain}"} for n in range(2)],
    )
    assert (await api.send("PUT", f"tenants/{tenant.id}", {"tags": tags})).status == 201
    entries = tuple(samples.audit_entry(tenant.id, n) for n in range(USERS))
    await api.app.audit.record(tenant.id, [MarkedEntries("both", "0.1.0", entries)])
    return tenant


async def _operation(api: Api, name: str, tenants: list[str]) -> None:
    """An operation that has ended, with results in each tenant."""
    parts: list[TenantPart] = []
    for tenant in tenants:
        outcomes = [samples.outcome(n) for n in range(USERS)]
        await api.app.results.record(name, tenant, outcomes, Summary("0", {"": USERS}, ("0.1.0",)))
        part = TenantPart(operation_id=name, tenant_id=tenant, domain="x.example", status=Status.SUCCEEDED)
        parts.append(replace(part, totals=Totals(USERS, {"": USERS})))
    operation = replace(samples.operation(name), status=Status.SUCCEEDED, tenants=tuple(parts))
    await api.app.operations.claim(operation)
    await api.app.operations.index(operation)


def _paths(*tenants: SimulatedTenant) -> list[str]:
    return [*LISTS, *(f"tenants/{tenant.id}/{what}" for tenant, what in product(tenants, OF_A_TENANT))]


async def _cursors(api: Api, path: str) -> list[str]:
    """The cursors that a list gives out to who may see everything, one row a page."""
    found: list[str] = []
    query = {"top": "1"}
    while True:
        answer = await api.send("GET", path, query=query)
        assert answer.status == 200, (path, answer.body)
        if answer.json["nextLink"] is None:
            return found
        query = {name: values[0] for name, values in parse_qs(urlsplit(answer.json["nextLink"]).query).items()}
        found.append(query["cursor"])


async def test_no_cursor_leads_out_of_the_grants(
    api: Api, mine: SimulatedTenant, foreign: SimulatedTenant, simulator: Simulator
) -> None:
    """Trap 44: every cursor made for somebody who sees all, on every list of somebody who sees one tenant."""
    cursors = {path: await _cursors(api, path) for path in _paths(mine, foreign)}
    assert all(cursors.values())
    before = len(foreign.requests())
    shown = 0
    for path, (origin, given_out) in product(_paths(mine, foreign), cursors.items()):
        for cursor in given_out:
            answer = await api.send("GET", path, key=GOLD, cursor=cursor)
            if f"/{foreign.id}/" in path:
                assert answer.status == 404
                continue
            assert answer.status in (200, 400), (path, origin, answer.body)
            if answer.status == 200:
                shown += len(answer.json["value"])
                told = json.dumps(answer.json["value"])
                assert foreign.id not in told, (path, origin)
                assert "foreign.example" not in told, (path, origin)
            else:
                assert set(answer.pointers) == {"/cursor"}
    assert shown
    assert len(foreign.requests()) == before


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


ANY_TEXT = st.text(st.characters() | st.sampled_from("\ud800\x00'%"))
TICKS = st.from_regex(r"[0-9]{16}", fullmatch=True)
HOSTILE = ANY_TEXT | st.builds(
    "{}|{}".format, TICKS, ANY_TEXT | st.sampled_from(["'", "' or '1' eq '1", "\x00", "|", "\uffff", "x" * 5_000])
)
NUMBERS = st.integers(-2, 10**13).map(str) | ANY_TEXT


@pytest.mark.parametrize("path", [*LISTS, *(f"tenants/mine.example/{what}" for what in OF_A_TENANT)])
async def test_whatever_is_sent_as_a_cursor_is_a_page_or_refused(
    api: Api, mine: SimulatedTenant, foreign: SimulatedTenant, simulator: Simulator, path: str
) -> None:
    """400 at ``/cursor``, or a page: what looks like a cursor of ours may still hold anything."""
    links = st.sampled_from([f"{simulator.graph_url}/{what}?$skiptoken=x" for what in OF_A_TENANT]) | ANY_TEXT
    first = st.sampled_from([mine.id, foreign.id]) | HOSTILE
    cursor = (
        ANY_TEXT.filter(str.strip)
        | st.tuples(HOSTILE | NUMBERS | first).map(_encoded)
        | st.tuples(first, NUMBERS | links).map(_encoded)
    )
    half, number = ["\ud800", "1"], b"[" + b"1" * 5_000 + b"]"
    sent = [_encoded(half), base64.urlsafe_b64encode(number).decode()]

    @settings(max_examples=40, derandomize=True, database=None)
    @given(cursor)
    def collect(text: str) -> None:
        sent.append(text)

    collect()
    for text in sent:
        answer = await api.send("GET", path, query={"cursor": text})
        assert answer.status in (200, 400), (text, answer.body)
        assert answer.status == 200 or set(answer.pointers) == {"/cursor"}, text
