"""A tenant that shall rest: what is still done, what is not, and how far a canary goes."""

from typing import Any

import pytest

from orchestrators.rests import LONGEST_PIECE
from orchestrators.run_tenant import run_tenant
from shared.contracts.names import (
    APPLY_BATCH,
    BEGIN_TENANT,
    CHECK_GUARDS,
    END_TENANT,
    HAND_ON,
    PLAN_USERS,
    RESERVE_SEATS,
    RESOLVE_USERS,
    REST_TENANT,
    REST_UNTIL,
    TAKE_TURN,
)
from shared.contracts.work import BatchDone, CanaryNow, Halt, Resolved, Standing, Stop, TurnTaken
from shared.domain.windows import Waiting
from tests.orchestrators.script import TIMER, Answer, Answers, Script
from tests.orchestrators.test_run_tenant import CANCELLING, RUN, SUPERSEDED, applying, script, settled, turns

PAUSING = Stop(code="pausing", message="Paused by Ana")
LONG = Halt(wait=300.0, message="busy")


@pytest.mark.parametrize("code", ["pausing", "halting", "approving", "waiting"])
def test_a_stop_to_rest_brings_the_tenant_to_rest_and_not_to_its_end(code: str) -> None:
    """What is unknown is settled first; nothing more is sent."""
    stop = Stop(code=code, message="why")
    unknown, known = Waiting(7, 1, 0.0, 3, True), Waiting(8, 1, 0.0, 2, False)
    run = Script(script(applying(3, unknown, known)) | {TAKE_TURN: [TurnTaken(stop=stop)]}).run(run_tenant, RUN)

    assert [(a["batch"], a["settle_only"]) for a in run.inputs(APPLY_BATCH)] == [(7, True)]
    assert run.names[-1] == REST_TENANT
    assert END_TENANT not in run.names
    assert run.inputs(REST_TENANT)[0]["stop"] == stop.wire()


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({BEGIN_TENANT: [Standing(stop=PAUSING)]}, id="begin"),
        pytest.param({BEGIN_TENANT: [Standing()], RESOLVE_USERS: [Resolved(stop=PAUSING)]}, id="resolve"),
        pytest.param({BEGIN_TENANT: [Standing(phase="plan", chunks=1)], PLAN_USERS: [Halt(stop=PAUSING)]}, id="plan"),
        pytest.param(
            {
                BEGIN_TENANT: [Standing(phase="plan", chunks=1)],
                PLAN_USERS: [Halt()],
                RESERVE_SEATS: [Halt(stop=PAUSING)],
            },
            id="reserve",
        ),
        pytest.param(
            {
                BEGIN_TENANT: [Standing(phase="plan", chunks=1)],
                PLAN_USERS: [Halt()],
                RESERVE_SEATS: [Halt()],
                CHECK_GUARDS: [Standing(stop=PAUSING)],
            },
            id="guards",
        ),
    ],
)
def test_a_pause_before_the_first_write_rests_at_once(answers: Answers) -> None:
    """Begin_tenant of the next epoch finds where it stood."""
    run = Script(answers).run(run_tenant, RUN)

    assert run.names[-1] == REST_TENANT
    assert not {END_TENANT, TAKE_TURN} & set(run.names)


@pytest.mark.parametrize("stop", [PAUSING, CANCELLING, SUPERSEDED], ids=lambda stop: stop.code)
def test_a_long_wait_is_given_up_when_the_work_shall_stop(stop: Stop) -> None:
    """Graph asks for five minutes; the next look is at most 30 s away."""
    answers: Answers = {
        BEGIN_TENANT: [Standing()],
        RESOLVE_USERS: [Resolved.model_validate(LONG.wire()), Resolved(stop=stop)],
        REST_UNTIL: [Halt(), Halt(stop=stop)],
    }
    run = Script(answers).run(run_tenant, RUN)

    assert run.inputs(TIMER) == [LONGEST_PIECE]
    assert run.names.count(RESOLVE_USERS) == 2
    assert (REST_TENANT in run.names, END_TENANT in run.names) == (stop is PAUSING, stop is CANCELLING)


def test_a_pause_is_noticed_while_a_batch_waits_for_graph() -> None:
    """Its outcome is known, so it is left; the wait does not go on."""

    def apply(given: dict[str, Any]) -> Answer:
        return BatchDone(batch=0, attempt=given["attempt"], left=20, went_out=True, ready_in=200.0)

    answers = script(applying(1), apply) | {REST_UNTIL: [Halt(), Halt(stop=PAUSING)]}
    run = Script(answers).run(run_tenant, RUN)

    assert sum(run.inputs(TIMER)) == pytest.approx(LONGEST_PIECE)
    assert run.names.count(APPLY_BATCH) == 1
    assert run.names[-1] == REST_TENANT


def test_what_is_unknown_is_waited_for_although_the_pause_goes_on() -> None:
    """The stop that is known already does not cut the replication horizon short."""

    def apply(given: dict[str, Any]) -> Answer:
        if given["settle_only"] and given["attempt"] > 1:
            return settled(given)
        return BatchDone(stop=PAUSING, batch=0, attempt=given["attempt"], left=5, unknown=True, ready_in=85.0)

    run = Script(script(applying(1), apply) | {REST_UNTIL: [Halt(stop=PAUSING)]}).run(run_tenant, RUN)

    assert sum(run.inputs(TIMER)) == pytest.approx(85.0, abs=0.1)
    assert [a["settle_only"] for a in run.inputs(APPLY_BATCH)] == [False, True]
    assert run.names[-1] == REST_TENANT


@pytest.mark.parametrize(("stop", "step"), [(PAUSING, REST_TENANT), (CANCELLING, END_TENANT)], ids=["rest", "end"])
def test_who_comes_too_early_looks_at_the_rows_again(stop: Stop, step: str) -> None:
    """An older epoch may still send: the run begins anew after that, with what it left."""
    one = Script({BEGIN_TENANT: [Standing(stop=stop)], step: [Halt(wait=7.0)]}).run(run_tenant, RUN)
    two = Script({BEGIN_TENANT: [Standing(stop=stop)]}).run(run_tenant, one.next_input)

    assert one.inputs(TIMER) == [7.0]
    assert one.next_input == {**RUN, "plan": None}
    assert two.names == [BEGIN_TENANT, step]
    assert two.next_input is None


def _canary(span: CanaryNow, stop: Stop | None = None) -> Any:
    """Tells of a canary, lets it ahead, and decides on the rest when it is done."""
    passed = False

    def take(given: dict[str, Any]) -> Answer:
        nonlocal passed
        if given["canary"] == "unknown" and not passed:
            return TurnTaken(canary=span)
        if given["canary"] == "done" and stop:
            return TurnTaken(stop=stop)
        passed = passed or given["canary"] == "done"
        return turns(given)

    return take


def _cut(given: dict[str, Any]) -> BatchDone:
    """All users within the limit go well, ten are beyond."""
    if given["limit"] is None:
        return settled(given)
    beyond = 20 - given["limit"]
    done = settled(given)
    return done.model_copy(update={"left": beyond, "beyond": beyond, "by_code": {"": given["limit"]}})


@pytest.mark.parametrize(("batches", "limit"), [(1, 10), (2, 5), (3, 20)])
def test_a_canary_goes_first_and_the_rest_only_when_it_is_passed(batches: int, limit: int) -> None:
    """Within it nothing else is asked for; then the batch that it cut is sent again, without a limit."""
    answers = script(applying(20), _cut) | {TAKE_TURN: _canary(CanaryNow(batches=batches, limit=limit))}
    run = Script(answers).run(run_tenant, RUN)

    asked = [(ask["canary"], len(ask["batches"])) for ask in run.inputs(TAKE_TURN)]
    assert asked[:3] == [("unknown", 8), ("within", batches), ("done", 8)]
    assert {kind for kind, _ in asked[3:]} == {"unknown"}
    first = run.inputs(APPLY_BATCH)[:batches]
    assert [(a["batch"], a["limit"]) for a in first] == [
        (n, limit if n == batches - 1 else None) for n in range(batches)
    ]
    assert {a["limit"] for a in run.inputs(APPLY_BATCH)[batches:]} == {None}
    again = [a["attempt"] for a in run.inputs(APPLY_BATCH) if a["batch"] == batches - 1]
    assert again == ([1] if limit == 20 else [1, 2])
    assert run.names[-1] == END_TENANT


def test_a_canary_that_waits_for_approval_leaves_the_rest_alone() -> None:
    """Also when the rest has a batch that would be ready."""
    stop = Stop(code="approving", message="done")
    answers = script(applying(20), _cut) | {TAKE_TURN: _canary(CanaryNow(batches=1, limit=10), stop=stop)}
    run = Script(answers).run(run_tenant, RUN)

    assert [(a["batch"], a["limit"]) for a in run.inputs(APPLY_BATCH)] == [(0, 10)]
    assert run.names.count(HAND_ON) == 1
    assert run.inputs(REST_TENANT)[0]["stop"]["code"] == "approving"


def test_a_canary_waits_for_its_own_batches_before_it_is_judged() -> None:
    """Graph asks one of its batches for patience: nothing of the rest fills the gap."""

    def apply(given: dict[str, Any]) -> Answer:
        if (given["batch"], given["attempt"]) == (1, 1):
            return BatchDone(batch=1, attempt=1, left=20, beyond=10, went_out=True, ready_in=20.0)
        return _cut(given)

    answers = script(applying(20), apply) | {TAKE_TURN: _canary(CanaryNow(batches=2, limit=10))}
    run = Script(answers).run(run_tenant, RUN)

    assert [(a["batch"], a["attempt"], a["limit"]) for a in run.inputs(APPLY_BATCH)[:3]] == [
        (0, 1, None),
        (1, 1, 10),
        (1, 2, 10),
    ]
    assert [ask["canary"] for ask in run.inputs(TAKE_TURN)[:4]] == ["unknown", "within", "within", "done"]


def test_a_canary_that_was_found_done_by_reading_leaves_its_mark_to_nobody_else() -> None:
    """A host died amid it: what the next epoch reads back is audited under that attempt, so the rest is another one.

    Under the same mark the audit would take the rest for written already.
    """

    def read_back(given: dict[str, Any]) -> BatchDone:
        found = _cut(given)
        return found.model_copy(update={"went_out": False, "mark": "0.1.1"}) if given["limit"] else found

    answers = script(applying(20), read_back) | {TAKE_TURN: _canary(CanaryNow(batches=1, limit=8))}
    run = Script(answers).run(run_tenant, RUN)

    tried = [(a["attempt"], a["limit"]) for a in run.inputs(APPLY_BATCH) if a["batch"] == 0]
    assert tried == [(1, 8), (2, None)]


def test_the_canary_crosses_a_generation() -> None:
    """The next generation knows how far it may go."""
    answers = script(applying(400), _cut) | {TAKE_TURN: _canary(CanaryNow(batches=200, limit=10))}
    one = Script(answers).run(run_tenant, RUN)
    two = Script(answers).run(run_tenant, one.next_input)

    assert one.next_input["canary"] == {"batches": 200, "limit": 10}
    assert [ask["canary"] for ask in two.inputs(TAKE_TURN)].count("unknown") > 0
    assert [(a["batch"], a["limit"]) for a in two.inputs(APPLY_BATCH) if a["limit"]] == [(199, 10)]
