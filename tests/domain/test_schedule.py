"""Schedules step by step: due once, cancelled or carried out and never both."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.operation import Actor
from shared.domain.schedule import LastRun, cancel, claim, done, due, in_hand, put_off, upcoming
from tests.support.samples import NOON, schedule, tenant_id

LATER, EVE = NOON + timedelta(days=30), Actor("eve", "Eve")


def test_it_is_due_from_its_time_on() -> None:
    """Not a moment before, and still when the app slept through it."""
    waiting = schedule()

    assert due(waiting, NOON - timedelta(seconds=1)) is None
    assert due(waiting, NOON) == due(waiting, LATER) == NOON
    assert upcoming(waiting) == (NOON,)


def test_what_is_claimed_stays_due_until_it_is_done() -> None:
    """Invariant 10: the due time that was claimed is the one that is carried out, however late."""
    claimed = claim(schedule(), LATER)
    assert (claimed.claimed, in_hand(claimed), upcoming(claimed)) == (NOON, True, ())
    assert due(claimed, NOON - timedelta(days=1)) == NOON

    over = done(claimed, LastRun("op2", NOON))
    assert (due(over, LATER), in_hand(over), over.enabled, upcoming(over)) == (None, False, False, ())
    assert over.last_run == LastRun("op2", NOON)
    assert claim(over, LATER) == over


def test_what_is_cancelled_is_never_due() -> None:
    """Who cancelled it first stays on record."""
    cancelled = cancel(schedule(), EVE)

    assert (due(cancelled, LATER), in_hand(cancelled)) == (None, True)
    assert claim(cancelled, LATER) == cancelled
    assert cancel(cancelled, Actor("bob", "Bob")) == cancelled


def test_a_later_tenant_puts_it_off_and_an_earlier_one_does_not() -> None:
    """Each tenant has all of its days, and what has begun is left alone."""
    both = put_off(schedule(), [tenant_id(2)], LATER)
    assert (both.tenants, both.run_at) == ((tenant_id(1), tenant_id(2)), LATER)
    assert put_off(both, [tenant_id(1)], NOON) == both
    for fixed in (claim(both, LATER), cancel(both, EVE), replace(both, enabled=False)):
        assert put_off(fixed, [tenant_id(3)], LATER + timedelta(days=1)) == fixed
