"""Who may follow whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from shared.domain.operation import Actor, Operation, Status, TenantError, TenantPart, Totals
from shared.domain.states import (
    ENDED,
    RESTING,
    IllegalTransition,
    assert_transition,
    close_totals,
    operation_status,
    settle,
    tenant_end_status,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=5)


def parts(*states: str) -> tuple[TenantPart, ...]:
    """One tenant a state."""
    return tuple(
        TenantPart(operation_id="op", tenant_id=f"t{i}", domain="d", status=Status(state))
        for i, state in enumerate(states)
    )


def operation(status: str, *states: str) -> Operation:
    """An operation with tenants in these states."""
    return Operation(
        id="op",
        kind="assign",
        status=Status(status),
        created_at=EARLIER,
        created_by=Actor("a", "Ana"),
        request_sha="r",
        body_sha="b",
        tenants=parts(*states),
    )


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ("queued queued", "queued"),
        ("queued running", "running"),
        ("queued succeeded", "running"),
        ("queued halted", "running"),
        ("running cancelling", "running"),
        ("cancelling cancelled", "cancelling"),
        ("cancelling paused", "running"),
        ("waitingForWindow succeeded", "waitingForWindow"),
        ("waitingForWindow paused", "paused"),
        ("paused awaitingApproval", "awaitingApproval"),
        ("halted awaitingApproval paused waitingForWindow", "halted"),
        ("succeeded succeeded", "succeeded"),
        ("failed failed", "failed"),
        ("failed succeeded", "partiallySucceeded"),
        ("partiallySucceeded succeeded", "partiallySucceeded"),
        ("failed cancelled succeeded", "cancelled"),
    ],
)
def test_an_operation_is_what_its_tenants_are(states: str, status: str) -> None:
    """Working beats resting, resting beats ended; the order of the tenants does not matter (trap 32)."""
    tenants = parts(*states.split())

    assert operation_status(tenants) == status
    assert operation_status(reversed(tenants)) == status


def test_an_operation_ends_exactly_when_all_its_tenants_have() -> None:
    """Over all pairs of states."""
    for pair in product(Status, repeat=2):
        ended = all(status in ENDED for status in pair)
        assert (operation_status(parts(*pair)) in ENDED) is ended, pair


def test_no_tenants_is_no_state() -> None:
    """An operation read without its tenants must not look finished."""
    with pytest.raises(ValueError, match="without tenants"):
        operation_status(())


ERROR = TenantError("PermissionDenied", "no consent")


@pytest.mark.parametrize(
    ("by_code", "error", "partial", "cancelled", "status"),
    [
        pytest.param({"": 10}, None, False, False, "succeeded", id="all"),
        pytest.param({"AlreadyAssigned": 10}, None, False, False, "succeeded", id="all skipped"),
        pytest.param({"": 5, "AlreadyAssigned": 5}, None, False, False, "succeeded", id="some skipped"),
        pytest.param({"": 9, "GraphError": 1}, None, False, False, "partiallySucceeded", id="trap 33"),
        pytest.param(
            {"AlreadyAssigned": 9, "UserNotFound": 1}, None, False, False, "partiallySucceeded", id="skip+fail"
        ),
        pytest.param({"MissingUsageLocation": 10}, None, False, False, "failed", id="all failed"),
        pytest.param({"": 10}, None, True, False, "partiallySucceeded", id="seats only in part"),
        pytest.param({"InsufficientLicenses": 10}, None, True, False, "failed", id="no seat at all"),
        pytest.param({}, ERROR, False, False, "failed", id="error before the first write"),
        pytest.param({"AlreadyAssigned": 3, "Cancelled": 7}, ERROR, False, False, "failed", id="error, none changed"),
        pytest.param({"": 3, "Cancelled": 7}, ERROR, False, False, "partiallySucceeded", id="error half way"),
        pytest.param({"": 3, "Cancelled": 7}, None, False, True, "cancelled", id="cancelled"),
    ],
)
def test_a_tenant_ends_as_its_users_did(
    by_code: dict[str, int], error: TenantError | None, partial: bool, cancelled: bool, status: str
) -> None:
    """Trap 33: an operation in which an item failed is not succeeded (invariant 9)."""
    assert tenant_end_status(Totals(10, by_code), error, partial, cancelled) == status


def test_users_without_an_outcome_are_closed_as_cancelled() -> None:
    """Then nobody is pending, and they count as skipped; a tenant that went to its end stays as it is."""
    open_totals = Totals(10, {"": 3, "GraphError": 1}, throttled=2)

    closed = close_totals(open_totals, cancelled=True)

    assert closed == Totals(10, {"": 3, "GraphError": 1, "Cancelled": 6}, throttled=2)
    assert (closed.pending, closed.skipped) == (0, 6)
    assert close_totals(closed, cancelled=True) == closed
    assert close_totals(open_totals, cancelled=False) == open_totals


def test_nothing_follows_an_end_and_only_the_end_follows_cancelling() -> None:
    """The table over all pairs: a state may follow itself, queued only what rests or is queued."""
    for old, new in product(Status, repeat=2):
        if old in ENDED:
            allowed = new is old
        elif old is Status.CANCELLING:
            allowed = new in {Status.CANCELLING, Status.CANCELLED}
        else:
            allowed = new is not Status.QUEUED or old in RESTING | {Status.QUEUED}
        if allowed:
            assert_transition(old, new)
        else:
            with pytest.raises(IllegalTransition, match=f"{old} cannot become {new}"):
                assert_transition(old, new)


def test_settling_dates_the_start_and_the_end() -> None:
    """The start is the first tenant's, the end is now, and both are set once."""
    begun = operation("queued", "running", "running")
    begun = replace(begun, tenants=(begun.tenants[0], replace(begun.tenants[1], started_at=EARLIER)))

    running = settle(begun, NOW)
    ended = settle(replace(running, tenants=parts("succeeded", "failed")), NOW)

    assert (running.status, running.started_at, running.completed_at) == ("running", EARLIER, None)
    assert (ended.status, ended.started_at, ended.completed_at) == ("partiallySucceeded", EARLIER, NOW)
    assert settle(ended, NOW + timedelta(hours=1)) is ended


def test_a_running_operation_whose_tenants_carry_no_start_started_now() -> None:
    """There is always a start once it runs, and none while it is queued."""
    assert settle(operation("queued", "running"), NOW).started_at == NOW
    assert settle(operation("queued", "queued"), NOW).started_at is None


def test_a_cancelled_operation_stays_cancelling_while_a_tenant_works() -> None:
    """It ends as cancelled with the last tenant, even when another one had succeeded before."""
    working = settle(operation("cancelling", "running", "cancelled"), NOW)
    ended = settle(operation("cancelling", "cancelled", "succeeded"), NOW)

    assert (working.status, working.completed_at) == ("cancelling", None)
    assert (ended.status, ended.completed_at) == ("cancelled", NOW)
