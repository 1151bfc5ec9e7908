"""The order of a tenant's steps, what is carried on, and what a failure leads to."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrators.run_tenant import run_tenant
from orchestrators.windows import STEPS_PER_GENERATION
from shared.contracts.names import (
    APPLY_BATCH,
    BEGIN_TENANT,
    CHECK_GUARDS,
    END_TENANT,
    HAND_ON,
    PLAN_USERS,
    RECORD_AUDIT,
    RESERVE_SEATS,
    RESOLVE_USERS,
    REST_UNTIL,
    TAKE_TURN,
)
from shared.contracts.work import BatchDone, Halt, Resolved, Standing, Stop, TenantRun, TurnTaken
from shared.domain.windows import Progress, Waiting
from tests.orchestrators.script import NOON, TIMER, Answer, Answers, Script

RUN = TenantRun(operation="op1", epoch=2, tenant="t1").wire()
SKU = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
SUPERSEDED, CANCELLING = Stop(code="superseded"), Stop(code="cancelling")


def applying(batches: int, *waiting: Waiting, **more: Any) -> Standing:
    """A frozen plan of which nothing is settled."""
    progress = Progress.of(range(batches), waiting).to_dict()
    return Standing(phase="apply", users=batches * 20, chunks=1, progress=progress, **more)


def settled(given: dict[str, Any]) -> BatchDone:
    """Everything went well."""
    batch, attempt = given["batch"], given["attempt"]
    mark = f"{batch}.{given['epoch']}.{attempt}"
    return BatchDone(
        batch=batch, attempt=attempt, left=0, went_out=True, sent=20, by_code={"": 20}, seats={SKU: 20}, mark=mark
    )


def turns(given: dict[str, Any]) -> TurnTaken:
    """As many batches as were asked for."""
    return TurnTaken(batches=len(given["batches"]), paid=20 * len(given["batches"]))


def script(standing: Standing, apply: Callable[[dict[str, Any]], Answer] = settled) -> Answers:
    """Answers for a tenant whose plan is frozen."""
    return {BEGIN_TENANT: [standing], TAKE_TURN: turns, APPLY_BATCH: apply}


def test_the_plain_way_goes_through_all_steps_in_order() -> None:
    """Resolve, plan five blobs at a time, reserve, windows of eight, audit beside the next window, end."""
    answers: Answers = {
        BEGIN_TENANT: [Standing(phase="resolve")],
        RESOLVE_USERS: [Resolved(chunks=12)],
        PLAN_USERS: [Halt()],
        RESERVE_SEATS: [Halt()],
        CHECK_GUARDS: [applying(10)],
        TAKE_TURN: turns,
        APPLY_BATCH: settled,
    }
    run = Script(answers).run(run_tenant, RUN)

    window = [TAKE_TURN, *[APPLY_BATCH] * 8, HAND_ON, RECORD_AUDIT, TAKE_TURN, *[APPLY_BATCH] * 2, HAND_ON]
    steps = [BEGIN_TENANT, RESOLVE_USERS, *[PLAN_USERS] * 3, RESERVE_SEATS]
    steps += [CHECK_GUARDS, *window, RECORD_AUDIT, END_TENANT]
    assert run.names == steps
    assert [given["chunks"] for given in run.inputs(PLAN_USERS)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]
    first, last = run.inputs(HAND_ON)
    assert (first["more"], first["by_code"], first["seats"], first["window"]) == (True, {"": 160}, {SKU: 160}, 1)
    assert (last["more"], last["by_code"], last["unused"], last["window"]) == (False, {"": 200}, 0, 2)
    assert run.inputs(RECORD_AUDIT)[1]["marks"] == [[8, "8.2.1"], [9, "9.2.1"]]
    assert run.inputs(END_TENANT) == [{**RUN, "stop": None}]


def test_who_has_few_users_left_asks_for_the_turn_as_a_small_operation() -> None:
    """The last windows of a large one need not leave anything to small ones."""
    run = Script(script(applying(20))).run(run_tenant, RUN)

    assert [given["users"] for given in run.inputs(TAKE_TURN)] == [400, 240, 80]


def test_who_cannot_pay_yet_asks_again_when_it_can() -> None:
    """The wait is a durable timer, not an activity."""
    answers = {**script(applying(1)), TAKE_TURN: [TurnTaken(wait=7.5), TurnTaken(), TurnTaken(batches=1, paid=20)]}
    run = Script(answers).run(run_tenant, RUN)

    assert run.names[1:6] == [TAKE_TURN, TIMER, TAKE_TURN, TAKE_TURN, APPLY_BATCH]
    assert run.inputs(TIMER) == [7.5]


def test_windows_shrink_while_turns_are_too_short_and_grow_again() -> None:
    """A host that is not done in time asks for half as much, not for the same again and again."""
    late = {0, 1, 8, 9}  # each once

    def apply(given: dict[str, Any]) -> Answer:
        if given["batch"] in late:
            late.discard(given["batch"])
            return BatchDone(batch=given["batch"], attempt=given["attempt"], left=20, late=True)
        return settled(given)

    run = Script(script(applying(24), apply)).run(run_tenant, RUN)

    assert [len(given["batches"]) for given in run.inputs(TAKE_TURN)] == [8, 4, 2, 3, 4, 5, 2]
    assert run.inputs(HAND_ON)[-1]["by_code"] == {"": 480}


def test_the_same_script_gives_the_same_calls() -> None:
    """Replay needs it."""
    standing = applying(20, Waiting(30, 0, 0.0, 5, True))

    def once() -> list[tuple[str, Any]]:
        return Script(script(standing, _flaky())).run(run_tenant, RUN).calls

    assert once() == once()


def _flaky() -> Callable[[dict[str, Any]], Answer]:
    """Every third batch needs a second attempt, every seventh fails for good the first time."""

    def apply(given: dict[str, Any]) -> Answer:
        batch, attempt = given["batch"], given["attempt"]
        if attempt == 1 and batch % 7 == 0:
            return RuntimeError("lost")
        if attempt == 1 and batch % 3 == 0:
            return BatchDone(batch=batch, attempt=1, left=4, went_out=True, sent=20, by_code={"": 16}, ready_in=2.0)
        return settled(given)

    return apply


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({BEGIN_TENANT: [Standing(stop=SUPERSEDED)]}, id="begin"),
        pytest.param({BEGIN_TENANT: [Standing()], RESOLVE_USERS: [Resolved(stop=SUPERSEDED)]}, id="resolve"),
        pytest.param(script(applying(3)) | {TAKE_TURN: [TurnTaken(stop=SUPERSEDED)]}, id="turn"),
        pytest.param(script(applying(1), lambda _: BatchDone(stop=SUPERSEDED, batch=0, attempt=1, left=9)), id="batch"),
    ],
)
def test_a_superseded_run_stops_without_ending_the_tenant(answers: Answers) -> None:
    """The later epoch ends it."""
    run = Script(answers).run(run_tenant, RUN)

    assert END_TENANT not in run.names


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        pytest.param({BEGIN_TENANT: [Standing(stop=CANCELLING)]}, "cancelling", id="cancelled before anything"),
        pytest.param(
            {BEGIN_TENANT: [Standing()], RESOLVE_USERS: [Resolved(stop=Stop(code="GroupNotFound"))]},
            "GroupNotFound",
            id="no group",
        ),
        pytest.param(
            {
                BEGIN_TENANT: [Standing(phase="plan", chunks=6)],
                PLAN_USERS: [Halt(), Halt(stop=Stop(code="SkuNotFound"))],
            },
            "SkuNotFound",
            id="no SKU",
        ),
        pytest.param(
            {
                BEGIN_TENANT: [Standing(phase="plan", chunks=1)],
                PLAN_USERS: [Halt()],
                RESERVE_SEATS: [Halt(stop=Stop(code="InsufficientLicenses"))],
            },
            "InsufficientLicenses",
            id="no seats",
        ),
    ],
)
def test_what_stops_a_tenant_before_its_first_write_ends_it_with_the_reason(answers: Answers, code: str) -> None:
    """No turn is taken."""
    run = Script(answers).run(run_tenant, RUN)

    assert TAKE_TURN not in run.names
    assert [given["stop"]["code"] for given in run.inputs(END_TENANT)] == [code]


@pytest.mark.parametrize("step", [RESOLVE_USERS, PLAN_USERS, RESERVE_SEATS])
def test_a_directory_that_asks_for_patience_gets_it(step: str) -> None:
    """The wait is durable timers of 30 s at most, announced to the sweeper, as long as Graph says in all."""
    wait = Halt(wait=45.0, message="busy").wire()
    answers: dict[str, Any] = {
        BEGIN_TENANT: [Standing()],
        RESOLVE_USERS: [Resolved(chunks=1)],
        PLAN_USERS: [Halt()],
        RESERVE_SEATS: [Halt()],
        CHECK_GUARDS: [applying(1)],
        TAKE_TURN: turns,
        APPLY_BATCH: settled,
    }
    kinds = {RESOLVE_USERS: Resolved, PLAN_USERS: Halt, RESERVE_SEATS: Halt}
    patient: Answers = {**answers, step: [kinds[step].model_validate(wait), *answers[step]]}
    run = Script(patient).run(run_tenant, RUN)

    at = run.names.index(step)
    assert run.names[at : at + 6] == [step, REST_UNTIL, TIMER, REST_UNTIL, TIMER, step]
    assert run.inputs(TIMER) == [30.0, 15.0]
    assert run.inputs(END_TENANT)[0]["stop"] is None
    for_ever = Script({**answers, step: [kinds[step].model_validate(wait)]}).run(run_tenant, RUN)
    assert for_ever.inputs(END_TENANT)[0]["stop"]["code"] == "TenantUnavailable"


def test_only_who_will_ask_at_once_stays_in_line() -> None:
    """A tenant whose last batches wait for Graph lets others by; one with fresh batches stands in line again."""

    def apply(given: dict[str, Any]) -> Answer:
        if (given["batch"], given["attempt"]) == (8, 1):
            return BatchDone(batch=8, attempt=1, left=20, went_out=True, ready_in=25.0)
        return settled(given)

    run = Script(script(applying(9), apply)).run(run_tenant, RUN)

    assert [window["more"] for window in run.inputs(HAND_ON)] == [True, False, False]


def test_an_attempt_that_fails_for_good_may_have_gone_out() -> None:
    """Its users are unknown, the turn runs out by itself, nothing is given back, and the others' answers stay."""

    def apply(given: dict[str, Any]) -> Answer:
        return RuntimeError("host lost") if (given["batch"], given["attempt"]) == (1, 1) else settled(given)

    run = Script(script(applying(3), apply)).run(run_tenant, RUN)

    first, second = run.inputs(HAND_ON)
    assert (first["keep_turn"], first["unused"], first["more"], first["by_code"]) == (True, 0, False, {"": 40})
    assert second["by_code"] == {"": 60}
    assert [(a["batch"], a["attempt"]) for a in run.inputs(APPLY_BATCH)] == [(0, 1), (1, 1), (2, 1), (1, 2)]
    assert TIMER in run.names


def test_cancelling_settles_what_is_unknown_and_sends_nothing_more() -> None:
    """Batches never tried, and those of which everything is known, are left; the unknown ones are read back first."""
    unknown, known = Waiting(7, 1, 0.0, 3, True), Waiting(8, 1, 0.0, 2, False)
    run = Script(script(applying(3, unknown, known)) | {TAKE_TURN: [TurnTaken(stop=CANCELLING)]}).run(run_tenant, RUN)

    assert [(a["batch"], a["settle_only"]) for a in run.inputs(APPLY_BATCH)] == [(7, True)]
    assert run.names[-3:] == [HAND_ON, RECORD_AUDIT, END_TENANT]
    assert run.inputs(END_TENANT)[0]["stop"]["code"] == "cancelling"


def test_a_cancelled_tenant_that_another_epoch_left_unsettled_is_settled_first() -> None:
    """The host died with writes in flight, then somebody cancelled."""
    standing = applying(2, Waiting(5, 0, 0.0, 20, True), stop=CANCELLING)
    run = Script(script(standing)).run(run_tenant, RUN)

    assert TAKE_TURN not in run.names
    assert [(a["batch"], a["settle_only"]) for a in run.inputs(APPLY_BATCH)] == [(5, True)]
    assert run.names[-1] == END_TENANT


def test_a_long_wait_is_announced_to_the_sweeper_a_short_one_is_not() -> None:
    """A rest is durable timers in any case; of a long one each piece is announced."""

    def apply(given: dict[str, Any]) -> Answer:
        waits = {1: 0.5, 2: 90.0}
        if given["attempt"] in waits:
            return BatchDone(batch=0, attempt=given["attempt"], left=1, went_out=True, ready_in=waits[given["attempt"]])
        return settled(given)

    run = Script(script(applying(1), apply)).run(run_tenant, RUN)

    short, *long = (n for n, name in enumerate(run.names) if name == TIMER)
    assert run.names[short - 1] != REST_UNTIL
    assert {run.names[each - 1] for each in long} == {REST_UNTIL}
    assert run.inputs(TIMER) == pytest.approx([0.5, 30, 30, 30], abs=0.1)
    assert [each["seconds"] for each in run.inputs(REST_UNTIL)] == pytest.approx([30, 30, 30], abs=0.1)


def test_the_next_generation_goes_on_where_this_one_stopped() -> None:
    """Every twenty steps the history starts anew; nothing is lost on the way, the audit under way is awaited."""
    standing = applying(STEPS_PER_GENERATION * 8 + 3, by_code={"AlreadyAssigned": 7}, throttled=2)
    one = Script(script(standing)).run(run_tenant, RUN)

    assert END_TENANT not in one.names
    assert one.names.count(HAND_ON) == one.names.count(RECORD_AUDIT) == STEPS_PER_GENERATION
    two = Script(script(standing)).run(run_tenant, one.next_input)
    assert two.names == [TAKE_TURN, *[APPLY_BATCH] * 3, HAND_ON, RECORD_AUDIT, END_TENANT]
    (last,) = two.inputs(HAND_ON)
    batches = STEPS_PER_GENERATION * 8 + 3
    assert last["by_code"] == {"AlreadyAssigned": 7, "": batches * 20}
    assert last["seats"] == {SKU: batches * 20}
    assert (last["throttled"], last["window"], last["more"]) == (2, STEPS_PER_GENERATION + 1, False)


def test_the_next_generation_remembers_why_it_must_not_send() -> None:
    """A tenant that took its consent back: settling may outlast a generation."""
    denied = Stop(code="PermissionDenied", message="gone")

    def apply(given: dict[str, Any]) -> Answer:
        stop = None if given["settle_only"] else denied
        return BatchDone(stop=stop, batch=given["batch"], attempt=given["attempt"], left=5, unknown=True, ready_in=1.0)

    one = Script(script(applying(9), apply)).run(run_tenant, RUN)
    assert one.next_input is not None
    two = Script(script(applying(9), settled)).run(run_tenant, one.next_input)

    assert TAKE_TURN not in two.names
    assert all(given["settle_only"] for given in two.inputs(APPLY_BATCH))
    assert two.inputs(END_TENANT)[0]["stop"]["code"] == "PermissionDenied"


def test_without_the_turn_nothing_is_sent_and_it_is_asked_for_again() -> None:
    """The same window, so that a lost grant is found again."""
    answers = script(applying(1)) | {TAKE_TURN: [TurnTaken(), TurnTaken(), TurnTaken(batches=1, paid=20)]}
    run = Script(answers).run(run_tenant, RUN)

    assert run.names == [BEGIN_TENANT, *[TAKE_TURN] * 3, APPLY_BATCH, HAND_ON, RECORD_AUDIT, END_TENANT]
    assert {given["window"] for given in run.inputs(TAKE_TURN)} == {1}


def test_tokens_of_what_was_not_sent_are_given_back() -> None:
    """Three users were changed by somebody else meanwhile, five are left for later."""

    def apply(given: dict[str, Any]) -> Answer:
        if given["attempt"] > 1:
            return settled(given)
        return BatchDone(batch=0, attempt=1, left=5, went_out=True, sent=17, by_code={"": 12, "Drifted": 3}, ready_in=1)

    run = Script(script(applying(1), apply)).run(run_tenant, RUN)

    assert [given["unused"] for given in run.inputs(HAND_ON)] == [3, 0]
    assert run.current_utc_datetime > NOON


def test_a_long_search_goes_on_step_by_step() -> None:
    """Patience is counted anew where a step got on."""
    answers: Answers = {
        BEGIN_TENANT: [Standing()],
        RESOLVE_USERS: [
            Resolved(step="a", more=True),
            *[Resolved(step="a", wait=45.0, message="busy")] * 7,
            *[Resolved(step="b", wait=45.0, message="busy")] * 7,
            Resolved(step="c", more=True),
            Resolved(chunks=1),
        ],
        PLAN_USERS: [Halt()],
        RESERVE_SEATS: [Halt()],
        CHECK_GUARDS: [applying(1)],
        TAKE_TURN: turns,
        APPLY_BATCH: settled,
    }
    run = Script(answers).run(run_tenant, RUN)

    assert len(run.inputs(RESOLVE_USERS)) == 17
    assert run.inputs(TIMER) == [30.0, 15.0] * 14
    assert run.inputs(END_TENANT)[0]["stop"] is None
