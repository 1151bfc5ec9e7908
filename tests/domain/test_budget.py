"""The app's budget over all tenants: served in order, never more than is allowed, and something kept for small ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.budget import CHUNK, Budget, blocked, prepay
from shared.domain.pacing import Limits, Turn

APP = Limits(1000, 10)
IDLE = Turn(tokens=0.0, at=0.0)


def empty(**fields: float) -> Budget:
    """A budget that is spent, at 0."""
    return Budget(at=0.0, kept=0.0, **fields)


def test_a_full_budget_pays_at_once_and_in_chunks() -> None:
    """A burst writes the row less often than once a window."""
    limits = Limits.app_writes(1)
    assert limits
    turn, budget, until = prepay(IDLE, Budget.fresh(limits, 0.0), 160, 0.0, limits, large=True)

    assert (turn.app_tokens, until) == (CHUNK, None)
    assert budget.kept + budget.level == limits.capacity - CHUNK


def test_tenants_are_served_in_the_order_in_which_they_drew() -> None:
    """Each pays once, waits for its ticket, and asks in vain before."""
    first, budget, until_first = prepay(IDLE, empty(), 100, 0.0, APP, large=True)
    second, budget, until_second = prepay(IDLE, budget, 50, 0.0, APP, large=True)
    assert (until_first, until_second) == (20.0, 25.0)  # what is kept for small ones fills up first
    assert first.app_tokens == second.app_tokens == 0

    asked, same, until = prepay(second, budget, 50, 19.0, APP, large=True)
    assert (asked, same, until) == (second, budget, 25.0)
    first, _, until = prepay(first, budget, 100, 20.0, APP, large=True)
    assert (first.app_tokens, first.app_ticket, until) == (100, None, None)
    assert prepay(second, budget, 50, 24.9, APP, large=True)[2] == pytest.approx(25.0)
    assert prepay(second, budget, 50, 25.0, APP, large=True)[0].app_tokens == 50


def test_a_small_operation_passes_the_line_as_long_as_something_is_kept() -> None:
    """Then it draws a ticket like anybody."""
    budget = Budget(at=0.0, kept=100.0, drawn=5000.0)
    turn, budget, until = prepay(IDLE, budget, 60, 0.0, APP, large=False)
    assert (turn.app_tokens, budget.kept, until) == (60, 40, None)

    turn, budget, until = prepay(IDLE, budget, 60, 0.0, APP, large=False)
    assert (turn.app_tokens, turn.app_ticket) == (0, 5060)
    assert until == 5060 / 10 + 6.0


def test_small_ones_that_come_later_delay_a_ticket_but_never_break_the_limit() -> None:
    """What was foreseen for the ticket is checked again when the time comes."""
    waiting, budget, until = prepay(IDLE, Budget(at=0.0, kept=100.0), 100, 0.0, APP, large=True)
    assert until == 10.0
    _, budget, _ = prepay(IDLE, budget, 100, 5.0, APP, large=False)

    waiting, budget, until = prepay(waiting, budget, 100, 10.0, APP, large=True)
    assert (waiting.app_tokens, until) == (0, 20.0)
    assert prepay(waiting, budget, 100, 20.0, APP, large=True)[2] is None


def test_a_throttle_of_the_app_stops_everybody_until_it_is_over() -> None:
    """Nothing is there, and nothing comes in."""
    budget = blocked(Budget.fresh(APP, 0.0), 30.0, 0.0, APP)

    assert prepay(IDLE, budget, 20, 29.0, APP, large=False)[2] == pytest.approx(30.0 + 2 + 10)
    assert budget.used(30.0, APP) == 1.0
    assert budget.used(80.0, APP) == pytest.approx(0.5)


def test_the_share_in_use_counts_what_is_kept_and_what_is_there() -> None:
    """From nothing at all to everything."""
    assert Budget.fresh(APP, 0.0).used(0.0, APP) == 0
    assert empty(drawn=400.0).used(10.0, APP) == pytest.approx(0.9)
    assert empty().used(1000.0, APP) == 0


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 4), st.integers(1, 300)), min_size=1, max_size=60))
def test_what_may_be_sent_is_never_more_than_is_allowed(asks: list[tuple[float, int, int]]) -> None:
    """Over any times, wishes and tenants, the last one's operations small."""
    budget, now = Budget.fresh(APP, 0.0), 0.0
    turns = [IDLE] * 5
    for pause, tenant, wanted in asks:
        now += pause
        turns[tenant], budget, until = prepay(turns[tenant], budget, wanted, now, APP, large=tenant < 4)
        assert until is None or until > now
        assert sum(turn.app_tokens for turn in turns) <= APP.capacity + APP.rate * now + 1e-3
