"""The app under fire, seed by seed, and that a seed always makes the same script."""

import pytest

from tests.fire.__main__ import SEEDS
from tests.fire.one import play
from tests.fire.script import FAULT_KINDS, MAJORS, Break, Fault, script_of

QUICK = 3
"""Seeds of the normal run: a killed host, restarted storage, a frozen host."""


def _seeds() -> list[object]:
    slow = (pytest.mark.slow, pytest.mark.timeout(600))
    return [*range(1, QUICK + 1), *(pytest.param(seed, marks=slow) for seed in range(QUICK + 1, SEEDS + 1))]


@pytest.mark.parametrize("seed", _seeds())
async def test_whatever_fails_everything_is_right_in_the_end(seed: int) -> None:
    """Every operation ends; results, directory and audit tell the same; nobody is touched or loses what was not asked.

    Traps 18-21, 24, 25, 32-34.
    """
    outcome = await play(seed)
    assert not outcome.violations, outcome.again


def test_a_seed_always_makes_the_same_script() -> None:
    """Operations, faults and breakages, in the same order at the same times; another seed makes another one."""
    assert repr(script_of(7)) == repr(script_of(7))
    assert repr(script_of(7)) != repr(script_of(8))


def test_every_script_has_every_fault_and_the_seeds_have_every_breakage() -> None:
    """Of nine kinds of faults two each, one of them on writes; the quick seeds have three of the four breakages."""
    scripts = [script_of(seed) for seed in range(1, SEEDS + 1)]
    for script in scripts:
        kinds = [step.body["kind"] for _, step in script.steps if isinstance(step, Fault)]
        assert sorted(kinds) == sorted(FAULT_KINDS * 2)
    broken = [[step.what for _, step in script.steps if isinstance(step, Break)] for script in scripts]
    assert [first for first, *_ in broken[:QUICK]] == ["kill", "storage", "freeze"]
    assert {what for each in broken for what in each} == set(MAJORS)
