"""What each verb makes of each state, and what becomes of those that rest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.guards import Guards, OffHours, Tally
from shared.domain.operation import Actor, Operation, Status, TenantPart, Totals
from shared.domain.states import ENDED, RESTING, settle
from shared.domain.steering import (
    Patience,
    Verb,
    VerbRefused,
    approve,
    cancel,
    look_at,
    pause,
    resume,
    taken_up,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=2)
ANA = Actor("ana", "Ana")
PATIENCE = Patience(timedelta(hours=72), timedelta(hours=48))
NIGHT = Guards(window=OffHours(("tuesday",), "22:00", "05:00", "Europe/Berlin"))


def parts(*states: str) -> tuple[TenantPart, ...]:
    """One tenant a state; those that rest do so since a while."""
    return tuple(
        TenantPart(
            operation_id="op",
            tenant_id=f"t{i}",
            domain=f"t{i}.example.com",
            status=Status(state),
            rested_at=EARLIER if Status(state) in RESTING else None,
        )
        for i, state in enumerate(states)
    )


def operation(status: str, *states: str, **fields: object) -> Operation:
    """An operation with tenants in these states."""
    base = Operation(
        id="op",
        kind="assign",
        status=Status(status),
        created_at=EARLIER,
        created_by=ANA,
        request_sha="r",
        body_sha="b",
        tenants=parts(*(states or (status,))),
    )
    return replace(base, **fields)


def does(verb: Verb, on: Operation) -> Operation:
    """The verb, by Ana, now."""
    match verb:
        case "cancel":
            return cancel(on)
        case "pause":
            return pause(on, NOW, ANA)
        case "resume":
            return resume(on, NOW)
        case "approve":
            return approve(on, NOW, ANA)


FITS: dict[Verb, set[str]] = {
    "cancel": {"queued", "running", "awaitingApproval", "waitingForWindow", "paused", "halted", "cancelling"},
    "pause": {"running", "queued", "waitingForWindow"},
    "resume": {"paused", "halted"},
    "approve": {"awaitingApproval"},
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("verb", FITS)
def test_a_verb_fits_the_states_of_the_contract_and_names_the_others(verb: Verb, status: Status) -> None:
    """The table of the contract, over all states; a cancelled one is cancelled already."""
    if status in FITS[verb] or (verb, status) == ("cancel", Status.CANCELLED):
        does(verb, operation(status))
        return
    with pytest.raises(VerbRefused, match=f"{verb} does not fit an operation that is {status}") as refused:
        does(verb, operation(status))
    assert refused.value.status is status


@pytest.mark.parametrize("status", sorted(set(Status) - ENDED - {Status.CANCELLING}))
def test_cancel_fits_every_state_before_an_end(status: Status) -> None:
    """The operation and each tenant that has not ended become cancelling; those that ended keep their end."""
    cancelled = cancel(operation(status, status, "succeeded", "failed"))

    assert cancelled.status is Status.CANCELLING
    assert [tenant.status for tenant in cancelled.tenants] == ["cancelling", "succeeded", "failed"]
    assert cancelled.epoch == (2 if status in RESTING else 1), "who rests needs a run that ends it"


def test_cancelling_again_changes_nothing() -> None:
    """Repeating a verb that took effect is fine, while it works and after."""
    for again in (operation("cancelling"), operation("cancelled")):
        assert cancel(again) is again


@pytest.mark.parametrize(
    ("states", "after", "status"),
    [
        ("queued", "paused", "paused"),
        ("waitingForWindow", "paused", "paused"),
        ("running", "running", "running"),
        ("running queued", "running paused", "running"),
        ("running waitingForWindow halted", "running paused halted", "running"),
        ("waitingForWindow succeeded", "paused succeeded", "paused"),
    ],
)
def test_a_pause_rests_at_once_who_does_not_work(states: str, after: str, status: str) -> None:
    """The others come to rest by themselves; no epoch is started for it."""
    before = operation("waitingForWindow" if "running" not in states else "running", *states.split())
    paused = pause(before, NOW, ANA)

    assert [part.status for part in paused.tenants] == after.split()
    assert (paused.status, paused.hold, paused.epoch) == (status, "pause", 1)
    assert pause(paused, NOW, ANA) is paused
    assert paused.status_reason == ("Paused by Ana" if status == "paused" else "Being paused by Ana")
    if status == "paused":
        assert paused.tenants[0].rested_at == NOW


@pytest.mark.parametrize(
    ("states", "after", "status"),
    [
        ("paused", "running", "running"),
        ("halted", "running", "running"),
        ("halted paused succeeded", "running running succeeded", "running"),
        ("paused awaitingApproval", "running awaitingApproval", "running"),
        ("paused waitingForWindow", "running waitingForWindow", "running"),
    ],
)
def test_resuming_sets_paused_and_halted_tenants_to_work(states: str, after: str, status: str) -> None:
    """Under the next epoch; who waits for something else waits on."""
    resumed = resume(operation("paused", *states.split(), hold="pause"), NOW)

    assert [part.status for part in resumed.tenants] == after.split()
    assert (resumed.status, resumed.hold, resumed.epoch, resumed.status_reason) == (status, None, 2, None)
    assert resume(resumed, NOW) is resumed


def test_a_pause_that_has_not_taken_effect_can_be_resumed() -> None:
    """The run that may have noticed it is superseded."""
    held = pause(operation("running"), NOW, ANA)
    resumed = resume(held, NOW)

    assert (resumed.status, resumed.hold, resumed.epoch) == ("running", None, 2)


@pytest.mark.parametrize("status", ["queued", "running", "waitingForWindow"])
def test_resuming_what_was_never_stopped_is_refused(status: str) -> None:
    """A repeated resume is fine, a first one is not."""
    with pytest.raises(VerbRefused):
        resume(operation(status), NOW)
    was = operation(status, resumed_at=EARLIER)
    assert resume(was, NOW) is was


def test_a_tenant_halted_while_others_work_is_resumed_when_they_are_done() -> None:
    """The operation is running until then."""
    with pytest.raises(VerbRefused, match="running"):
        resume(operation("running", "running", "halted"), NOW)
    assert resume(operation("halted", "succeeded", "halted"), NOW).tenants[1].status is Status.RUNNING


def test_a_pause_that_came_too_late_leaves_no_word() -> None:
    """The last tenant ended before it took effect."""
    held = pause(operation("running"), NOW, ANA)
    ended = settle(replace(held, tenants=parts("succeeded")), NOW)

    assert (ended.status, ended.status_reason) == ("succeeded", None)


def test_failures_before_a_resume_do_not_halt_again() -> None:
    """The stop rule counts anew; a pause before the plan leaves it to begin with the plan."""
    halted = replace(parts("halted")[0], totals=Totals(100, {"": 20, "GraphError": 10}))
    early = parts("paused")[0]
    resumed = resume(replace(operation("halted"), tenants=(halted, replace(early, tenant_id="t1"))), NOW)

    assert [part.judged_from for part in resumed.tenants] == [Tally(30, 10), None]


def test_time_of_rest_is_no_time_of_work() -> None:
    """Speed and estimate count from the first write, without the two hours that it rested."""
    began = EARLIER - timedelta(minutes=10)
    rested = replace(parts("paused")[0], applying_at=began)
    part = resume(replace(operation("paused"), tenants=(rested,)), NOW).tenants[0]

    assert part.applying_at == NOW - timedelta(minutes=10)
    assert (part.rested_at, part.rest_reason) == (None, None)


def test_approving_passes_the_canaries_that_wait() -> None:
    """Under the next epoch, with who approved; those that ended stay."""
    waits = operation("awaitingApproval", "awaitingApproval", "succeeded")
    approved = approve(waits, NOW, ANA)

    assert [part.status for part in approved.tenants] == ["running", "succeeded"]
    assert [part.canary_passed for part in approved.tenants] == [True, False]
    assert (approved.status, approved.epoch, approved.approved_by) == ("running", 2, ANA)
    assert approve(approved, NOW, ANA) is approved


def test_an_approval_does_not_break_a_pause() -> None:
    """One tenant was paused while the other's canary was at work: approved, both rest until they are resumed."""
    held = operation("awaitingApproval", "awaitingApproval", "paused", hold="pause")
    approved = approve(held, NOW, ANA)

    assert [part.status for part in approved.tenants] == ["paused", "paused"]
    assert (approved.status, approved.epoch) == ("paused", 1)
    assert [part.status for part in resume(approved, NOW).tenants] == ["running", "running"]


def test_an_operation_that_rests_says_why_and_for_nothing_else() -> None:
    """The reasons of the tenants whose state it shows; none once it works again."""
    halted = replace(parts("halted")[0], rest_reason="Halted in t0: 5 of 25")
    other = replace(parts("paused")[0], tenant_id="t1", rest_reason="Paused by Ana")
    resting = settle(replace(operation("running"), tenants=(halted, other)), NOW)

    assert (resting.status, resting.status_reason) == ("halted", "Halted in t0: 5 of 25")
    assert resume(resting, NOW).status_reason is None


@pytest.mark.parametrize(("status", "hours"), [("paused", 72), ("halted", 72), ("awaitingApproval", 48)])
def test_patience_ends_in_a_cancel_that_says_so(status: str, hours: int) -> None:
    """Not a second before."""
    resting = operation(status, hold="pause" if status == "paused" else None)
    at = EARLIER + timedelta(hours=hours)

    assert look_at(resting, resting.tenants[0], PATIENCE, NOW) == at
    assert taken_up(resting, {"t0"}, PATIENCE, at - timedelta(seconds=1)) is resting
    over = taken_up(resting, {"t0"}, PATIENCE, at)
    assert (over.status, over.epoch) == ("cancelling", 2)
    assert over.status_reason is not None
    assert f"{hours} hours" in over.status_reason
    ended = settle(replace(over, tenants=parts("cancelled")), at)
    assert (ended.status, ended.status_reason) == ("cancelled", over.status_reason)


def test_patience_holds_on_while_another_tenant_works() -> None:
    """A cancel would take it along."""
    late = EARLIER + timedelta(days=9)
    mixed = operation("running", "paused", "running")

    assert taken_up(mixed, {"t0"}, PATIENCE, late) is mixed


def test_a_window_that_opens_wakes_its_tenants() -> None:
    """And no other; before that nothing happens."""
    waits = operation("waitingForWindow", "waitingForWindow", "paused", guards=NIGHT)
    opens = datetime(2026, 11, 24, 21, tzinfo=UTC)

    assert look_at(waits, waits.tenants[0], PATIENCE, NOW) == opens
    assert taken_up(waits, {"t0"}, PATIENCE, NOW) is waits
    woken = taken_up(waits, {"t0"}, PATIENCE, opens)
    assert [part.status for part in woken.tenants] == ["running", "paused"]
    assert (woken.status, woken.epoch) == ("running", 2)


def test_who_was_left_alone_at_work_is_taken_up() -> None:
    """Those that rest stay so, and an operation that has ended is left alone."""
    lost = operation("running", "running", "halted")
    taken = taken_up(lost, {"t0"}, PATIENCE, NOW)

    assert [part.status for part in taken.tenants] == ["running", "halted"]
    assert taken.epoch == 2
    ended = operation("succeeded")
    assert taken_up(ended, {"t0"}, PATIENCE, NOW) is ended


def test_nobody_looks_at_a_tenant_that_works_by_the_patience_of_rest() -> None:
    """Its watch is another one."""
    with pytest.raises(ValueError, match="does not rest"):
        look_at(operation("running"), parts("running")[0], PATIENCE, NOW)
