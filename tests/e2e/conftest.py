"""Stacks for end-to-end tests: one shared where nothing is broken on purpose, else one of their own."""

from collections.abc import AsyncIterator

import pytest

from dev.stack import Stack
from dev.trial import Trial

FAST = {"GRAPH_LIMIT_FACTOR": "0", "HEARTBEAT_STALE_SECONDS": "4", "SWEEPER_SCHEDULE": "* * * * * *"}
"""No limits, and lost operations are found soon."""


@pytest.fixture
async def trial() -> AsyncIterator[Trial]:
    """A stack of this test alone."""
    async with Stack(FAST) as stack, Trial(stack) as trial:
        yield trial
