"""What takes longer than half a minute; started with the shared stack, awaited last."""

import pytest

from tests.localhost.conftest import Sample

# One loop for the folder: the shared stack and its client live on it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.slow
async def test_a_child_may_run_longer_than_half_a_minute(sample: Sample) -> None:
    """The stock engine loses a child after 30 s and its parent hangs."""
    assert sample.long_parent
    status = await sample.long_parent

    assert (status["runtimeStatus"], status["output"]) == ("Completed", "timer")
