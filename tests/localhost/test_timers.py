"""Timer triggers."""

import asyncio
import os
import signal
from itertools import pairwise
from typing import Any

import pytest

from tests.localhost.conftest import Sample, wait_until

# One loop for the folder: the shared stack and its client live on it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_runs_of_one_timer_never_overlap(sample: Sample) -> None:
    """A function that takes longer than its period is run again after its end; the first run comes at start."""

    async def three_runs() -> list[dict[str, Any]]:
        runs = await sample.seen("tick")
        return runs if len(runs) >= 3 else []

    runs = await wait_until(three_runs, description="the slow timer ran three times")
    assert all(before["end"] <= after["start"] for before, after in pairwise(runs))
    assert runs[0]["past_due"] is False


async def test_a_timer_that_comes_too_late_is_past_due(sample: Sample) -> None:
    """A host that was stopped over a due time says so to the function."""
    os.kill(sample.host.pid, signal.SIGSTOP)
    await asyncio.sleep(2.2)
    os.kill(sample.host.pid, signal.SIGCONT)

    async def was_late() -> bool:
        return True in await sample.seen("pulse")

    await wait_until(was_late, description="a run that was past due")
    assert False in await sample.seen("pulse")
