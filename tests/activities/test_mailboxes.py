"""Trap 35: a licence that takes the mailbox along goes only once the mailbox is a shared one, as Graph shows it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from activities.converting import CONVERT_WITHIN, FIRST_WAIT
from shared.contracts.requests import RemoveBody
from shared.domain.codes import ResultCode
from shared.domain.operation import Status, Summary
from shared.services import Services, open_services
from tests.activities.conftest import QUICK
from tests.activities.cutting import cut_off
from tests.activities.driver import Engine, Killed
from tests.activities.parts import E3, Part, claim, register, upn, world
from tests.support.azurite import Azurite
from tests.support.simulator import Simulator

type MakeRemoval = Callable[..., Awaitable[Part]]

EXCHANGE = "efb87545-963c-4e0d-99df-69c6916d9eb0"
SHARED_NOW = "The mailbox is a shared one now."
AT_ONCE = timedelta(0)


@pytest.fixture
async def app(azurite: Azurite, simulator: Simulator) -> AsyncIterator[Services]:
    """Services that may convert mailboxes."""
    converting = {"MAILBOX_CONVERSION": "on", "EXCHANGE_BASE_URL": simulator.url}
    wanted = {**QUICK, **converting, "GRAPH_BASE_URL": simulator.graph_url, "GRAPH_LIMIT_FACTOR": "0"}
    services = open_services(azurite.settings(**wanted))
    yield services
    await services.close()


@pytest.fixture
def removal_of(app: Services, simulator: Simulator) -> MakeRemoval:
    """Makes a removal of E3 from the users with these mailboxes (None: a licence whose mailbox plan is off)."""

    async def make(*mailboxes: dict[str, Any] | None, mailbox: str = "convertToShared", **directory: Any) -> Part:
        tenant = simulator.load(**world([person(n, each) for n, each in enumerate(mailboxes)], **directory))
        await register(app, tenant)
        target = {"tenant": tenant.id, "users": {"group": {"displayName": "Everyone"}}}
        body = {"targets": [target], "licenses": [{"sku": E3}], "mailbox": mailbox}
        (part,) = await claim(app, [tenant], RemoveBody.model_validate(body, strict=False), "remove")
        return part

    return make


def person(number: int, mailbox: dict[str, Any] | None) -> dict[str, Any]:
    """A user with E3."""
    licence = {"skuId": "SPE_E3", "disabledPlans": [] if mailbox is not None else [EXCHANGE]}
    user = {"userPrincipalName": upn(number), "usageLocation": "DE", "licenses": [licence]}
    return user | ({} if mailbox is None else {"mailbox": mailbox})


def steps(part: Part) -> list[str]:
    """The conversions and removals that reached the services, in order."""
    found: list[str] = []
    for line in part.tenant.requests():
        if "InvokeCommand" in line["url"]:
            found.append(line["body"]["CmdletInput"]["CmdletName"])
        elif "assignLicense" in line["url"]:
            found.append("assignLicense")
    return [step for step in found if step in ("Set-Mailbox", "assignLicense")]


def purpose(part: Part, number: int = 0) -> str | None:
    """What a mailbox is in truth."""
    mailbox = part.tenant.user(upn(number))["mailbox"]
    return None if mailbox is None else mailbox["purpose"]


async def summary_of(part: Part) -> Summary:
    """What stands in the row of the first batch."""
    summary = await part.app.results.summary(part.run.operation, part.run.tenant, 0)
    assert summary is not None
    return summary


async def test_a_mailbox_is_converted_seen_and_only_then_the_licence_goes(removal_of: MakeRemoval) -> None:
    """Convert, verify, then remove: the first attempt asks, a later one finds it shared and sends the removal."""
    part = await (await removal_of({})).ready()

    asked = await part.attempt(1)
    assert (asked.left, asked.sent, asked.went_out, asked.unknown) == (1, 0, False, False)
    assert 0 < asked.ready_in <= 0.4
    assert steps(part) == ["Set-Mailbox"]

    gone = await part.attempt(2)
    await part.end()

    assert (gone.left, gone.by_code, gone.seats) == (0, {"": 1}, {})
    assert steps(part) == ["Set-Mailbox", "assignLicense"]
    (outcome,) = await part.outcomes()
    assert (outcome.message, outcome.removed, outcome.attempts) == (SHARED_NOW, (E3,), 1)
    assert (purpose(part), part.holders(E3)) == ("shared", [])
    assert [entry.user_principal_name for entry in await part.audited()] == [upn(0)]
    assert (await summary_of(part)).converting == {}


@pytest.mark.parametrize(
    "twice", [pytest.param(False, id="once"), pytest.param(True, id="each activity twice", marks=pytest.mark.slow)]
)
async def test_a_whole_operation_ends_with_shared_mailboxes_and_no_licences(
    removal_of: MakeRemoval, twice: bool
) -> None:
    """Reads lag, so the tenant waits by durable timers; more users than one batch, and every one is looked at first."""
    part = await removal_of(*({} for _ in range(23)), lagSeconds=[0.05, 0.3])
    await part.begin()

    await asyncio.wait_for(Engine(part.app, twice=twice).run(part.run), 60)

    assert (await part.operation()).status is Status.SUCCEEDED
    assert part.holders(E3) == []
    assert {purpose(part, number) for number in range(23)} == {"shared"}
    assert await part.codes() == [None] * 23
    assert len(await part.audited()) == 23


async def test_a_conversion_that_never_shows_keeps_the_licence(removal_of: MakeRemoval) -> None:
    """Exchange took it, Graph does not have it: after the wait the user fails, and nothing was removed."""
    part = await (await removal_of({"converts": False})).ready()

    waiting = await part.attempt(1)
    first_look = (await summary_of(part)).converting
    again = await part.attempt(2)
    assert (waiting.left, again.left, again.sent) == (1, 1, 0)
    assert list(first_look) == [0]
    assert (await summary_of(part)).converting == first_look

    given_up = await part.attempt(3, convert_within=AT_ONCE)
    await part.end()

    assert (given_up.left, given_up.sent, given_up.by_code) == (0, 0, {ResultCode.MAILBOX_NOT_CONVERTED: 1})
    (outcome,) = await part.outcomes()
    assert (outcome.status, outcome.before) == ("failed", None)
    assert outcome.message is not None
    assert "the licence stays" in outcome.message
    assert "does not show the mailbox as a shared one" in outcome.message
    assert part.holders(E3) == [upn(0)]
    assert steps(part) == ["Set-Mailbox"]
    assert await part.audited() == []


async def test_it_is_asked_for_once_while_it_is_waited_for(removal_of: MakeRemoval) -> None:
    """Each further look is one read of Graph, nothing of Exchange."""
    part = await (await removal_of({"converts": False})).ready()

    for attempt in range(1, 4):
        await part.attempt(attempt)

    assert steps(part) == ["Set-Mailbox"]
    assert len(part.tenant.requests("mailboxSettings")) == 3


@pytest.mark.parametrize("hold", [False, True])
async def test_after_a_long_rest_a_shared_mailbox_is_looked_at_again(removal_of: MakeRemoval, hold: bool) -> None:
    """Paused for days: a hold that came meanwhile needs the licence as much as one that was there before."""
    part = await (await removal_of({})).ready()
    await part.attempt(1)
    changed = {"mailbox": {"purpose": "shared", "hold": hold}}
    part.tenant.simulator.call("PATCH", f"/tenants/{part.tenant.id}/users/{upn(0)}", json=changed)

    await part.attempt(2, convert_within=AT_ONCE)

    assert await part.codes() == [ResultCode.MAILBOX_NOT_CONVERTED if hold else None]
    assert part.holders(E3) == ([upn(0)] if hold else [])


@pytest.mark.parametrize(
    ("mailbox", "why"),
    [
        pytest.param({"sizeGb": 51}, "holds 51.00 GB", id="above 50 GB"),
        pytest.param({"archive": True}, "has an archive", id="archive"),
        pytest.param({"hold": True}, "on hold", id="hold"),
        pytest.param({"inPlaceHolds": ["UniH1"]}, "on hold", id="hold of eDiscovery"),
        pytest.param({"purpose": "room"}, "no user's mailbox", id="a room's"),
        pytest.param({"purpose": "shared", "sizeGb": 51}, "holds 51.00 GB", id="shared, and needs its licence"),
    ],
)
async def test_a_mailbox_that_needs_its_licence_keeps_it_at_once(
    removal_of: MakeRemoval, mailbox: dict[str, Any], why: str
) -> None:
    """A refusal is final: told in the first attempt, with the reason, and nothing was written anywhere."""
    part = await (await removal_of(mailbox)).ready()

    done = await part.attempt(1)
    await part.end()

    assert (done.left, done.sent) == (0, 0)
    (outcome,) = await part.outcomes()
    assert outcome.code == ResultCode.MAILBOX_NOT_CONVERTED
    assert why in (outcome.message or "")
    assert (part.holders(E3), steps(part)) == ([upn(0)], [])


@pytest.mark.parametrize(
    ("match", "tries"),
    [
        pytest.param("InvokeCommand Get-Mailbox", [], id="Exchange"),
        pytest.param("InvokeCommand Set-Mailbox", ["Set-Mailbox"], id="Exchange, at the write"),
        pytest.param("mailboxSettings", [], id="Graph"),
    ],
)
async def test_a_missing_permission_keeps_the_licence_at_once(
    removal_of: MakeRemoval, match: str, tries: list[str]
) -> None:
    """Who may not look, or not convert, must not remove; the tenant goes on."""
    part = await (await removal_of({})).ready()
    part.tenant.fault(match, "403")

    done = await part.attempt(1)

    assert (done.left, done.stop) == (0, None)
    assert await part.codes() == [ResultCode.MAILBOX_NOT_CONVERTED]
    assert (part.holders(E3), steps(part), purpose(part)) == ([upn(0)], tries, "user")


async def test_a_mailbox_that_is_shared_already_lets_the_licence_go_in_the_first_attempt(
    removal_of: MakeRemoval,
) -> None:
    """There is nothing to convert and nothing to wait for."""
    part = await (await removal_of({"purpose": "shared"})).ready()

    done = await part.attempt(1)

    assert (done.left, done.by_code) == (0, {"": 1})
    assert (steps(part), purpose(part)) == (["assignLicense"], "shared")
    assert [outcome.message for outcome in await part.outcomes()] == [SHARED_NOW]


async def test_the_others_of_the_batch_go_out_at_once(removal_of: MakeRemoval) -> None:
    """One waits, one needs the licence, one has no mailbox to lose: each ends by itself."""
    part = await (await removal_of({"converts": False}, {"sizeGb": 60}, None, {"purpose": "shared"})).ready()

    first = await part.attempt(1)

    assert (first.left, first.sent) == (1, 2)
    outcomes = {outcome.index: outcome.code for outcome in await part.outcomes()}
    assert outcomes == {1: ResultCode.MAILBOX_NOT_CONVERTED, 2: None, 3: None}
    assert part.holders(E3) == [upn(0), upn(1)]
    last = await part.attempt(2, convert_within=AT_ONCE)
    await part.end()
    assert last.left == 0
    assert await part.codes() == [ResultCode.MAILBOX_NOT_CONVERTED, ResultCode.MAILBOX_NOT_CONVERTED, None, None]
    assert (await part.row()).status is Status.PARTIALLY_SUCCEEDED


async def test_one_mailbox_that_cannot_be_read_says_nothing_of_the_others(removal_of: MakeRemoval) -> None:
    """An access policy may hide a single mailbox: that user keeps the licence, the other one is converted."""
    part = await (await removal_of({}, {})).ready()
    part.tenant.fault(f"/users/{part.tenant.user_id(upn(0))}/mailboxSettings", "403")

    await part.attempt(1)
    await part.attempt(2)

    assert await part.codes() == [ResultCode.MAILBOX_NOT_CONVERTED, None]
    assert (purpose(part, 0), purpose(part, 1)) == ("user", "shared")


async def test_without_a_mailbox_in_graph_and_exchange_there_is_nothing_to_keep(removal_of: MakeRemoval) -> None:
    """The plan is on and the mailbox was never made: both say so, and the licence may go."""
    part = await (await removal_of({"made": False})).ready()

    done = await part.attempt(1)

    assert (done.left, done.by_code) == (0, {"": 1})
    assert [outcome.message for outcome in await part.outcomes()] == [None]
    assert steps(part) == ["assignLicense"]


@pytest.mark.parametrize(
    ("match", "kind"),
    [
        pytest.param("InvokeCommand Get-Mailbox", "429", id="Exchange is throttled"),
        pytest.param("InvokeCommand Set-Mailbox", "429", id="the write is throttled"),
        pytest.param("InvokeCommand Set-Mailbox", "503", id="Exchange is down"),
        pytest.param("mailboxSettings", "429", id="Graph is throttled"),
    ],
)
async def test_a_service_that_asks_for_patience_gets_it(removal_of: MakeRemoval, match: str, kind: str) -> None:
    """Nothing is given up for it: the user comes again after the time that was named."""
    part = await (await removal_of({})).ready()
    part.tenant.fault(match, kind, retryAfter=20)

    held = await part.attempt(1)
    assert (held.left, held.sent, held.unknown) == (1, 0, False)
    assert held.ready_in >= 20
    part.tenant.simulator.clear_faults()
    await part.attempt(2)
    await part.attempt(3)

    assert await part.codes() == [None]
    assert steps(part)[-2:] == ["Set-Mailbox", "assignLicense"]


@pytest.mark.parametrize("match", ["InvokeCommand Get-Mailbox", "mailboxSettings"])
async def test_a_service_that_hangs_holds_up_nobody_else(removal_of: MakeRemoval, match: str) -> None:
    """It may use a part of the time to send in: the rest is for those who need no mailbox looked at."""
    part = await (await removal_of({}, None)).ready()
    part.tenant.fault(match, "delay", seconds=6)

    held = await part.attempt(1)

    assert (held.left, held.sent, held.unknown, part.holders(E3)) == (1, 1, False, [upn(0)])
    part.tenant.simulator.clear_faults()
    for attempt in (2, 3):
        await part.let_lease_run_out()
        await part.take(window=attempt)
        await part.attempt(attempt)
    assert await part.codes() == [None, None]
    assert steps(part)[-2:] == ["Set-Mailbox", "assignLicense"]


async def test_patience_has_its_end_too(removal_of: MakeRemoval) -> None:
    """A service that never answers does not hold an operation for ever: the licence stays."""
    part = await (await removal_of({})).ready()
    part.tenant.fault("InvokeCommand", "429", retryAfter=20)

    await part.attempt(1)
    await part.attempt(2, convert_within=AT_ONCE)

    (outcome,) = await part.outcomes()
    assert outcome.code == ResultCode.MAILBOX_NOT_CONVERTED
    assert (part.holders(E3), purpose(part)) == ([upn(0)], "user")


@pytest.mark.parametrize("kind", ["timeoutAfterCommit", "timeoutBeforeCommit"])
async def test_a_conversion_without_an_answer_is_read_back(removal_of: MakeRemoval, kind: str) -> None:
    """It came through or not: the next look shows it, and asking once more is harmless."""
    part = await (await removal_of({})).ready()
    part.tenant.fault("InvokeCommand Set-Mailbox", kind, count=1)

    lost = await part.attempt(1)
    assert (lost.left, lost.sent) == (1, 0)
    assert part.holders(E3) == [upn(0)]
    await part.attempt(2)
    await part.attempt(3)

    assert await part.codes() == [None]
    assert (purpose(part), part.holders(E3)) == ("shared", [])
    assert steps(part)[-1] == "assignLicense"


async def test_a_host_that_dies_after_the_request_leaves_nothing_to_lose(removal_of: MakeRemoval) -> None:
    """Asked and not written down: the next run finds the mailbox shared, looks at it, and goes on."""
    part = await (await removal_of({})).ready()
    mailboxes = part.app.graph.mailboxes(part.run.tenant)
    await mailboxes.convert_to_shared(part.tenant.user_id(upn(0)), upn(0))
    later = await part.raise_epoch()
    await later.take()

    done = await later.attempt(1)

    assert (done.left, done.by_code) == (0, {"": 1})
    assert steps(part) == ["Set-Mailbox", "assignLicense"]


async def test_a_run_that_is_cut_off_anywhere_never_removes_before_the_mailbox_is_shared(
    removal_of: MakeRemoval,
) -> None:
    """At every wait of the first attempt: the next ones go on from what the rows and the mailbox tell."""

    async def one(wait: int) -> bool:
        part = await (await removal_of({}, {"archive": True})).ready()
        was_cut = await cut_off(_attempted(part), wait)
        later = await part.raise_epoch()
        await later.take()
        for attempt in range(1, 9):
            done = await later.attempt(attempt)
            if not done.left:
                break
            await asyncio.sleep(min(done.ready_in, 1.5))
        await later.end()
        assert await part.codes() == [None, ResultCode.MAILBOX_NOT_CONVERTED]
        assert (purpose(part), part.holders(E3)) == ("shared", [upn(1)])
        assert steps(part)[0] == "Set-Mailbox"
        assert steps(part)[-1] == "assignLicense"
        return was_cut

    were_cut = await asyncio.gather(*(one(wait) for wait in range(2, 16)))

    assert any(were_cut)


async def _attempted(part: Part) -> None:
    await part.attempt(1)


async def test_a_later_epoch_knows_since_when_a_mailbox_is_waited_for(removal_of: MakeRemoval) -> None:
    """The time of the first look stands in the rows: no crash makes the wait begin anew."""
    part = await (await removal_of({"converts": False})).ready()
    await part.attempt(1)
    first_look = (await summary_of(part)).converting
    later = await part.raise_epoch()
    await later.take()

    await later.attempt(1)

    assert (await summary_of(part)).converting == first_look
    assert steps(part) == ["Set-Mailbox"]


async def test_an_operation_survives_the_death_of_its_host_while_mailboxes_are_converted(
    removal_of: MakeRemoval,
) -> None:
    """At every call: in the end each mailbox is shared, each licence gone, and each removal audited once."""

    async def one(calls: int) -> None:
        part = await removal_of({}, {"purpose": "shared"}, None, {"archive": True}, lagSeconds=[0, 0.2])
        await part.begin()
        try:
            await asyncio.wait_for(Engine(part.app, calls_to_live=calls, hard=True).run(part.run), 30)
        except Killed:
            later = await part.raise_epoch()
            await asyncio.wait_for(Engine(part.app).run(later.run), 40)
        assert await part.codes() == [None, None, None, ResultCode.MAILBOX_NOT_CONVERTED]
        assert part.holders(E3) == [upn(3)]
        assert (purpose(part, 0), purpose(part, 1)) == ("shared", "shared")
        assert sorted(entry.user_principal_name for entry in await part.audited()) == [upn(n) for n in range(3)]

    await asyncio.gather(*(one(calls) for calls in range(6, 13)))


async def test_an_attempt_that_runs_twice_at_once_counts_once(removal_of: MakeRemoval) -> None:
    """Both convert, which is harmless; one of them sends, and who is given up is given up by one."""
    part = await (await removal_of({}, {"converts": False}, None)).ready()
    await asyncio.gather(part.attempt(1), part.attempt(1))

    await asyncio.gather(*(part.attempt(2, convert_within=AT_ONCE) for _ in range(3)))
    await asyncio.sleep(1.5)
    await part.attempt(3, convert_within=AT_ONCE)
    await part.end()

    outcomes = await part.outcomes()
    succeeded = sorted(outcome.user_principal_name for outcome in outcomes if outcome.code is None)
    assert succeeded == sorted({upn(n) for n in range(3)}.difference(part.holders(E3)))
    assert upn(1) in part.holders(E3)
    assert sorted(entry.user_principal_name for entry in await part.audited()) == succeeded


async def test_without_the_wish_no_mailbox_is_looked_at(removal_of: MakeRemoval) -> None:
    """``none`` takes the licence with the mailbox, as it says; Exchange hears nothing."""
    part = await (await removal_of({}, mailbox="none")).ready()

    await part.attempt(1)

    assert await part.codes() == [None]
    assert steps(part) == ["assignLicense"]
    assert part.tenant.requests("mailboxSettings") == []


async def test_a_removal_that_was_cut_off_is_settled_before_the_mailbox_is_looked_at_again(
    removal_of: MakeRemoval,
) -> None:
    """It came through and no answer came: the user reads as removed, whatever the mailbox shows now."""
    part = await (await removal_of({"purpose": "shared"})).ready()
    part.tenant.fault("assignLicense", "timeoutAfterCommit", count=1)

    lost = await part.attempt(1)
    assert (lost.left, lost.unknown) == (1, True)
    await part.attempt(2)

    assert await part.codes() == [None]
    assert steps(part) == ["assignLicense"]


def test_it_waits_an_hour_and_begins_with_half_a_minute() -> None:
    """The hour in which a mailbox must have become a shared one (trap 35)."""
    assert (timedelta(hours=1), 30.0) == (CONVERT_WITHIN, FIRST_WAIT)
