"""Schedules step by step: due once, cancelled or carried out and never both."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from shared.domain.caller import SYSTEM, Caller, Role
from shared.domain.operation import Actor
from shared.domain.recurrence import Recurrence
from shared.domain.schedule import (
    LATE,
    LastRun,
    Look,
    Schedule,
    cancel,
    claim,
    done,
    in_hand,
    look,
    put_off,
    upcoming,
    wholly_within,
)
from tests.support.samples import NOON, schedule, tenant_id

LATER, EVE, DAY = NOON + timedelta(days=30), Actor("eve", "Eve"), timedelta(days=1)


def daily(**fields: Any) -> Schedule:
    """Due at noon of each day from the 23rd on."""
    noons = Recurrence(frequency="daily", time="12:00", time_zone="UTC", start=date(2026, 11, 23))
    return schedule(**{"run_at": None, "recurrence": noons, **fields})


def noons(*days: int) -> tuple[datetime, ...]:
    """Noon so many days after the first one."""
    return tuple(NOON + n * DAY for n in days)


def test_it_is_due_from_its_time_on() -> None:
    """Not a moment before, and still when the app slept through it."""
    waiting = schedule()

    assert look(waiting, NOON - timedelta(seconds=1)) == Look()
    assert look(waiting, NOON) == look(waiting, LATER) == Look(NOON)
    assert upcoming(waiting) == (NOON,)


def test_what_is_claimed_stays_due_until_it_is_done() -> None:
    """Invariant 10: the due time that was claimed is the one that is carried out, however late."""
    claimed = claim(schedule(), LATER)
    assert (claimed.claimed, in_hand(claimed), upcoming(claimed)) == (NOON, True, ())
    assert look(claimed, NOON - DAY) == Look(NOON)

    over = done(claimed, LastRun("op2", NOON))
    assert (look(over, LATER), in_hand(over), over.enabled, upcoming(over)) == (Look(), False, False, ())
    assert over.last_run == LastRun("op2", NOON)
    assert claim(over, LATER) == over


def test_a_recurring_one_goes_from_time_to_time() -> None:
    """What is claimed is among those that are dealt with, and the next one comes in its time."""
    claimed = claim(daily(), NOON + timedelta(minutes=1))
    assert (claimed.claimed, upcoming(claimed, 2)) == (NOON, noons(1, 2))

    over = done(claimed, LastRun("op2", NOON))
    assert (over.enabled, look(over, NOON + timedelta(hours=23)), look(over, NOON + DAY)) == (
        True,
        Look(),
        Look(NOON + DAY),
    )
    assert upcoming(over) == noons(1, 2, 3, 4, 5)


@pytest.mark.parametrize("slept", [timedelta(0), LATE, LATE + timedelta(seconds=1)])
def test_of_missed_times_the_latest_is_run_or_none(slept: timedelta) -> None:
    """Trap 36: each missed time is known as such, and ``skip`` skips only what nobody looked at in time."""
    late = NOON + 3 * DAY + slept

    once, skipping = look(daily(), late), look(daily(on_missed="skip"), late)
    assert once == Look(NOON + 3 * DAY, noons(0, 1, 2))
    assert skipping == (once if slept <= LATE else Look(None, noons(0, 1, 2, 3)))

    claimed = claim(daily(), late)
    assert look(claimed, late + DAY) == once
    assert look(done(claimed, None), late) == Look()
    past = claim(daily(on_missed="skip"), late)
    assert (in_hand(past), look(past, late)) == (
        slept <= LATE,
        Look(NOON + 3 * DAY, once.missed) if slept <= LATE else Look(),
    )
    assert upcoming(past, 1) == noons(4)


def test_a_missed_time_that_was_the_only_one_is_over() -> None:
    """A one-time schedule that skips does not stay behind as one that is still to come."""
    missed = claim(schedule(on_missed="skip"), LATER)

    assert (missed.enabled, missed.claimed, upcoming(missed)) == (False, None, ())


def test_while_it_is_switched_off_nothing_is_due() -> None:
    """Nor told as to come."""
    off = daily(enabled=False)

    assert (look(off, LATER), upcoming(off), claim(off, LATER)) == (Look(), (), off)


def test_what_is_cancelled_is_never_due() -> None:
    """Who cancelled it first stays on record."""
    cancelled = cancel(schedule(), EVE)

    assert (look(cancelled, LATER), in_hand(cancelled)) == (Look(), True)
    assert claim(cancelled, LATER) == cancelled
    assert cancel(cancelled, Actor("bob", "Bob")) == cancelled


def test_a_later_tenant_puts_it_off_and_an_earlier_one_does_not() -> None:
    """Each tenant has all of its days, and what has begun is left alone."""
    both = put_off(schedule(), [tenant_id(2)], LATER)
    assert (both.tenants, both.run_at) == ((tenant_id(1), tenant_id(2)), LATER)
    assert put_off(both, [tenant_id(1)], NOON) == both
    for fixed in (claim(both, LATER), cancel(both, EVE), replace(both, enabled=False)):
        assert put_off(fixed, [tenant_id(3)], LATER + timedelta(days=1)) == fixed


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({}, True),
        ({"tenants": (tenant_id(1), tenant_id(2))}, False),
        ({"template_sha": "t", "scope": (tenant_id(1),)}, True),
        ({"template_sha": "t", "scope": (tenant_id(1), tenant_id(2))}, False),
        ({"template_sha": "t", "scope": None}, False),
    ],
)
def test_what_may_come_to_concern_others_is_not_a_limited_callers(fields: dict[str, Any], own: bool) -> None:
    """Invariant 12: where a target means many, every tenant counts that its maker saw, whatever it means today."""
    made = replace(daily(), **({"tenants": (tenant_id(1),)} | fields))

    assert wholly_within(made, Caller("c", "c", Role.OPERATE, frozenset({tenant_id(1)}))) is own
    assert wholly_within(made, SYSTEM)
