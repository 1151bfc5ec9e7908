"""One attempt at one batch: sent once, judged item by item, recorded once."""

import asyncio
from dataclasses import replace

import pytest

from shared.contracts.work import Stop
from shared.domain.codes import ResultCode
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.parts import E3, E5, Part, another, new_part, people, upn
from tests.support.simulator import Simulator

YAMMER, SWAY = "7547a3fe-08ee-4ccb-b430-5077c5041653", "a23b959c-7ce8-4e57-9140-b90eb88a9e97"
OFFICE = "43de0ff5-c92c-492b-9116-175376d08c38"
SWISS = {"usageLocation": {"value": "CH", "mode": "ifMissing"}}
WITH_TEAMS_FREE = [{"skuPartNumber": sku, "enabled": 100} for sku in ("SPE_E5", "TEAMS_FREE")]
"""Its plan excludes the Teams of E5."""


def license(part: Part, number: int, *disabled: str) -> None:
    """Give a user E5 from outside."""
    hold(part, number, "SPE_E5", *disabled)


def hold(part: Part, number: int, sku: str, *disabled: str) -> None:
    """Have a user hold just this SKU, from outside."""
    licences = [{"skuId": sku, "disabledPlans": list(disabled)}]
    part.tenant.simulator.call("PATCH", f"/tenants/{part.tenant.id}/users/{upn(number)}", json={"licenses": licences})


async def test_the_same_attempt_twice_sends_once_and_audits_once(part_of: MakePart) -> None:
    """An activity may be delivered again after it has done its work."""
    part = await (await part_of(5)).ready()
    first = await part.attempt(1)
    again = await part.attempt(1)
    await part.end()

    assert (first.left, first.sent, first.by_code, first.seats) == (0, 5, {"": 5}, {E5: 5})
    assert again.left == 0
    assert len(part.writes()) == 5
    await part.assert_exact()


async def test_two_runs_at_the_same_time_never_send_a_user_twice(part_of: MakePart) -> None:
    """Invariant 5: the row written ahead decides who sends."""
    part = await (await part_of(20)).ready()
    runs = await asyncio.gather(*(part.attempt(1) for _ in range(4)))
    await part.end()

    assert len(part.writes()) == 20
    assert sum(run.left == 0 for run in runs) >= 1
    await part.assert_exact()


async def test_what_went_out_and_came_through_is_found_by_reading_back(part_of: MakePart) -> None:
    """Trap 21: after-state read, so it is done; no second write."""
    part = await (await part_of(2)).ready()
    await part.write_ahead(1, 0, 1)
    license(part, 0)
    license(part, 1)

    done = await part.attempt(2)

    assert done.left == 0
    assert [outcome.message for outcome in await part.outcomes()] == ["Confirmed by reading the user back"] * 2
    assert part.writes() == []
    await part.end()
    await part.assert_exact()


async def test_what_went_out_and_is_not_there_waits_out_the_horizon_and_is_sent_again(part_of: MakePart) -> None:
    """A read may lag: before-state means nothing before the horizon and the longest request are over."""
    part = await (await part_of(2)).ready()
    await part.write_ahead(1, 0, 1)

    early = await part.attempt(2)
    assert (early.left, early.unknown, early.went_out) == (2, True, False)
    assert 0 < early.ready_in <= 1.4
    assert part.writes() == []

    await asyncio.sleep(early.ready_in + 0.05)
    done = await part.attempt(3)
    assert done.left == 0
    assert [outcome.attempts for outcome in await part.outcomes()] == [2, 2]
    assert len(part.writes()) == 2


async def test_a_read_that_fails_leaves_an_unknown_user_unknown(part_of: MakePart) -> None:
    """What is unknown stays so until somebody has read it: a 503 tells nothing."""
    part = await (await part_of(2)).ready()
    await part.write_ahead(1, 0, 1)
    part.tenant.fault("POST /$batch", "503", retryAfter=0)

    done = await part.attempt(2)

    assert (done.left, done.unknown) == (2, True)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(False, ResultCode.DRIFTED, id="not sent"),
        pytest.param(True, ResultCode.OUTCOME_UNKNOWN, id="sent"),
    ],
)
async def test_a_user_whom_somebody_else_changed_is_left_alone(part_of: MakePart, sent: bool, code: ResultCode) -> None:
    """Neither before nor after: skipped, or, when our own write may have been in it, never guessed."""
    part = await (await part_of(2)).ready()
    if sent:
        await part.write_ahead(1, 0, 1)
    license(part, 0, YAMMER)
    license(part, 1, YAMMER)

    await part.attempt(2)

    assert await part.codes() == [code, code]
    assert part.writes() == []


async def test_a_user_who_is_as_planned_already_needs_no_write(part_of: MakePart) -> None:
    """Somebody else did it meanwhile: unchanged, and no seat of ours."""
    part = await (await part_of(2)).ready()
    license(part, 0)

    done = await part.attempt(1)

    assert await part.codes() == [ResultCode.ALREADY_ASSIGNED, None]
    assert done.seats == {E5: 1}
    assert len(part.writes()) == 1


async def test_nothing_is_sent_when_the_lease_is_nearly_over(part_of: MakePart) -> None:
    """The longest request must be answered before anybody else may write."""
    part = await (await part_of(2)).ready()
    turn, etag = await part.app.turns.read(part.run.tenant)
    soon = part.app.tables.now().timestamp() + 5.5
    await part.app.turns.write(part.run.tenant, replace(turn, until=soon), etag)

    done = await part.attempt(1)

    assert (done.left, done.went_out, done.sent, done.unknown) == (2, False, 0, False)
    assert part.writes() == []


async def test_nothing_is_sent_without_the_turn(part_of: MakePart) -> None:
    """Only the holder writes to the tenant."""
    part = await (await part_of(2)).ready()
    turn, etag = await part.app.turns.read(part.run.tenant)
    await part.app.turns.write(part.run.tenant, replace(turn, holder="another:1"), etag)

    done = await part.attempt(1)

    assert (done.left, done.went_out) == (2, False)
    assert part.writes() == []


async def test_an_older_epoch_sends_nothing(part_of: MakePart) -> None:
    """Trap 34: whoever was replaced stops before he sends."""
    part = await (await part_of(2)).ready()
    await part.raise_epoch()

    done = await part.attempt(1)

    assert done.stop is not None
    assert done.stop.code == "superseded"
    assert part.writes() == []


async def test_a_cancelled_operation_sends_nothing(part_of: MakePart) -> None:
    """The next attempt sees it, not only the next window."""
    part = await (await part_of(2)).ready()
    await part.cancel()

    done = await part.attempt(1)

    assert done.stop is not None
    assert done.stop.code == "cancelling"
    assert part.writes() == []


async def test_settling_reads_and_never_sends(part_of: MakePart) -> None:
    """Before a state changes, what is unknown is read back; who was never sent is not sent now."""
    part = await (await part_of(3)).ready()
    await part.write_ahead(1, 0, 1)
    license(part, 0)
    await part.cancel()
    await asyncio.sleep(1.5)

    done = await part.attempt(2, settle_only=True)

    assert not done.unknown
    assert (await part.codes())[:1] == [None]
    assert part.writes() == []


async def test_the_usage_location_is_set_before_the_licence(part_of: MakePart) -> None:
    """Two calls, the first one a token of its own; both stand in the result and in the audit."""
    part = await (await part_of(people(2, usageLocation=None), body=SWISS)).ready()

    done = await part.attempt(1)
    await part.end()

    assert done.sent == 4
    assert [line["method"] for line in part.writes("/users/")] == ["PATCH", "PATCH", "POST", "POST"]
    assert [outcome.usage_location_set for outcome in await part.outcomes()] == ["CH", "CH"]
    states = [(entry.before.usage_location, entry.after.usage_location) for entry in await part.audited()]
    assert states == [(None, "CH")] * 2
    await part.assert_exact()


async def test_a_usage_location_that_graph_does_not_see_yet_is_waited_for(
    lagging: Services, simulator: Simulator
) -> None:
    """Within the horizon of our own PATCH "invalid usage location" is a lag, not a refusal."""
    part = await new_part(lagging, simulator, people(2, usageLocation=None), body=SWISS, lagSeconds=[0.5, 0.5])
    await part.ready()

    first = await part.attempt(1)
    assert (first.left, first.ready_in) == (2, 2.0)
    await asyncio.sleep(0.7)
    await part.attempt(2)

    assert await part.codes() == [None, None]
    assert len(part.writes("PATCH")) == 2
    await part.end()
    await part.assert_exact()


async def test_a_usage_location_is_told_and_audited_although_the_licence_failed(part_of: MakePart) -> None:
    """It cannot be taken back, so nobody may lose sight of it."""
    part = await (await part_of(people(2, usageLocation=None), body=SWISS, skus=WITH_TEAMS_FREE)).ready()
    for number in range(2):
        hold(part, number, "TEAMS_FREE")
    await part.attempt(1)
    await part.end()

    outcomes = await part.outcomes()
    assert [outcome.code for outcome in outcomes] == [ResultCode.CONFLICTING_SERVICE_PLANS] * 2
    assert [outcome.usage_location_set for outcome in outcomes] == ["CH", "CH"]
    audited = await part.audited()
    assert [(e.before.usage_location, e.after.usage_location, dict(e.seat_change)) for e in audited] == [
        (None, "CH", {})
    ] * 2


async def test_a_usage_location_is_audited_although_the_user_is_cancelled(part_of: MakePart) -> None:
    """The PATCH came through, the licence was put off, then somebody cancelled."""
    part = await (await part_of(people(1, usageLocation=None), body=SWISS)).ready()
    part.tenant.fault("assignLicense", "429", retryAfter=1)
    await part.attempt(1)
    await part.cancel()
    await part.end(Stop(code="cancelling"))

    assert await part.codes() == [ResultCode.CANCELLED]
    assert [entry.after.usage_location for entry in await part.audited()] == ["CH"]
    assert (await part.row()).totals.pending == 0


async def test_only_the_throttled_item_is_sent_again(part_of: MakePart) -> None:
    """Traps 18 and 19: its own status and its own Retry-After; the neighbours are done."""
    part = await (await part_of(5)).ready()
    slow = part.tenant.user_id(upn(2))
    part.tenant.fault(f"/users/{slow}/assignLicense", "429", count=1, retryAfter=0.3)

    first = await part.attempt(1)
    assert (first.left, first.throttled, first.ready_in, first.blocked_for) == (1, 1, 0.3, 0.3)
    assert first.by_code == {"": 4}
    await asyncio.sleep(0.3)
    second = await part.attempt(2)

    assert (second.left, second.by_code) == (0, {"": 1})
    writes = part.writes()
    assert len(writes) == 6
    assert sum(slow in line["url"] for line in writes) == 2
    await part.end()
    await part.assert_exact()


@pytest.mark.parametrize("kind", ["503", "409"])
async def test_what_passes_by_itself_is_sent_again(part_of: MakePart, kind: str) -> None:
    """Trap 24: a clash of concurrent writes is retryable, as a 5xx is."""
    part = await (await part_of(3)).ready()
    part.tenant.fault("assignLicense", kind, count=1)

    first = await part.attempt(1)
    assert (first.left, first.unknown) == (1, False)
    assert (await part.attempt(2)).left == 0
    assert await part.codes() == [None, None, None]


async def test_a_batch_whose_items_are_all_throttled_waits_as_long_as_graph_says(part_of: MakePart) -> None:
    """Nobody in it was changed, and the tenant's turn is told of the wait."""
    part = await (await part_of(3)).ready()
    part.tenant.fault("assignLicense", "429", retryAfter=2)

    done = await part.attempt(1)

    assert (done.left, done.ready_in, done.blocked_for) == (3, 2, 2)
    assert await part.codes() == []


async def test_a_refusal_is_final_and_carries_graphs_own_text(part_of: MakePart) -> None:
    """Trap 24: the other 400s are never sent again."""
    part = await (await part_of(3, skus=WITH_TEAMS_FREE)).ready()
    hold(part, 2, "TEAMS_FREE")  # since it was planned, so that only Graph can tell

    done = await part.attempt(1)
    await part.attempt(2)

    assert done.left == 0
    refused = (await part.outcomes())[2]
    assert refused.code == ResultCode.CONFLICTING_SERVICE_PLANS
    assert "mutually exclusive" in (refused.detail or "")
    assert len(part.writes()) == 3


async def test_a_user_who_is_gone_fails_alone_in_the_end(part_of: MakePart) -> None:
    """Trap 30: a 404 may be a lagging replica at first; the third one is the truth."""
    part = await (await part_of(3)).ready()
    part.tenant.simulator.call("DELETE", f"/tenants/{part.tenant.id}/users/{upn(1)}")

    first = await part.attempt(1)
    assert (first.left, first.by_code) == (1, {"": 2})
    await part.attempt(2)
    last = await part.attempt(3)

    assert (last.left, last.by_code) == (0, {ResultCode.USER_NOT_FOUND: 1})
    assert len(part.writes()) == 2


async def test_after_eight_times_the_last_answer_counts(part_of: MakePart) -> None:
    """Nobody is sent for ever."""
    part = await (await part_of(1)).ready()
    part.tenant.fault("assignLicense", "429", retryAfter=0)
    attempt = 1
    while (await part.attempt(attempt)).left:
        attempt += 1

    (outcome,) = await part.outcomes()
    assert (outcome.code, outcome.attempts, attempt) == (ResultCode.THROTTLED, 8, 8)


async def test_a_tenant_that_takes_its_consent_back_stops(part_of: MakePart) -> None:
    """The tenant ends with an error; nobody is marked as changed."""
    part = await (await part_of(2)).ready()
    part.tenant.fault("$batch", "403")

    done = await part.attempt(1)

    assert done.stop is not None
    assert done.stop.code == ResultCode.PERMISSION_DENIED
    assert (done.left, await part.codes()) == (2, [])


async def test_an_answer_that_never_came_keeps_the_others_results(part_of: MakePart) -> None:
    """Traps 20 and 21: the write was committed, nobody heard of it; read back, nothing is sent twice."""
    part = await (await part_of(3)).ready()
    part.tenant.fault("assignLicense", "timeoutAfterCommit", count=1)

    first = await part.attempt(1)
    assert (first.left, first.unknown) == (3, True)
    second = await part.attempt(2)

    assert (second.left, second.by_code) == (0, {"": 3})
    assert len(part.holders()) == 3
    await part.end()
    await part.assert_exact()


async def test_another_operations_write_of_a_moment_ago_is_not_undone(lagging: Services, simulator: Simulator) -> None:
    """Invariant 2, trap 25: reads still show the state before it; the plan choices of both operations survive."""
    users = people(2, licenses=[{"skuId": "SPE_E5", "disabledPlans": ["SWAY"]}])
    licence = {"sku": E5, "disabledPlans": [YAMMER]}
    first = await new_part(lagging, simulator, users, body={"licenses": [licence]}, lagSeconds=[1.5, 1.5])
    await first.ready()
    await first.attempt(1)
    await first.hand_on(first.window_done())
    second = await another(lagging, first.tenant, licenses=[{"sku": E5, "disabledPlans": [OFFICE]}])
    await second.ready()
    await second.attempt(1)

    assert await second.codes() == [None, None]
    for user in first.tenant.state()["users"]:
        assert {plan for held in user["direct"] for plan in held["disabledPlans"]} == {SWAY, YAMMER, OFFICE}


async def test_a_plan_made_before_another_operation_wrote_is_seen_as_drifted(
    lagging: Services, simulator: Simulator
) -> None:
    """Planned first, sent second: the read still shows the planned state, our own rows know better."""
    users = people(2, licenses=[{"skuId": "SPE_E5"}])
    part = await new_part(
        lagging, simulator, users, lagSeconds=[1.5, 1.5], body={"licenses": [{"sku": E5, "disabledPlans": [YAMMER]}]}
    )
    late = await another(lagging, part.tenant, licenses=[{"sku": E5, "disabledPlans": [SWAY]}])
    await late.frozen()
    await part.ready()
    await part.attempt(1)
    await part.hand_on(part.window_done())
    assert (await late.take()).batches == 1

    await late.attempt(1)

    assert await late.codes() == [ResultCode.DRIFTED] * 2


async def test_a_third_operation_sees_what_the_first_wrote_past_the_second(part_of: MakePart) -> None:
    """Invariant 2: three plans of one moment, of which the second concerns another SKU: the third has drifted.

    Its plan would switch on again what the first has switched off.
    """
    body = {"licenses": [{"sku": E5, "disabledPlans": [YAMMER]}]}
    part = await part_of(people(2, licenses=[{"skuId": "SPE_E5"}]), body=body)
    other = await another(part.app, part.tenant, licenses=[{"sku": E3}])
    third = await another(part.app, part.tenant, licenses=[{"sku": E5, "disabledPlans": [SWAY]}])
    for each in (part, other, third):
        await each.frozen()
    for each in (part, other, third):
        assert (await each.take()).batches == 1
        await each.attempt(1)
        await each.hand_on(each.window_done())

    assert [await each.codes() for each in (part, other, third)] == [[None] * 2, [None] * 2, [ResultCode.DRIFTED] * 2]


async def test_whose_answer_another_operation_waits_for_is_not_written_to(part_of: MakePart) -> None:
    """Invariant 5: what nobody answered may still be under way; who comes second waits until it must be known."""
    part = await (await part_of(2)).ready()
    part.tenant.fault("assignLicense", "timeoutBeforeCommit", count=2)
    first = await part.attempt(1)
    await part.hand_on(part.window_done())
    late = await another(part.app, part.tenant, licenses=[{"sku": E3}])
    await late.ready()
    held = await late.attempt(1)
    sent = part.writes()
    await late.hand_on(late.window_done())

    assert (first.unknown, held.left, held.unknown, held.sent, held.by_code) == (True, 2, False, 0, {})
    assert held.ready_in > 0
    assert len(sent) == 2
    await asyncio.sleep(held.ready_in)
    await late.take(window=2)
    assert (await late.attempt(2)).by_code == {"": 2}
