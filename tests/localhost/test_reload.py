"""SIGHUP: new code in the living process."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from dev.stack import Stack, StackError
from tests.localhost.conftest import SAMPLE_APP, Sample

# One loop for the folder: the shared stack and its client live on it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


def copy_app(folder: Path) -> None:
    """Put the sample app there as it is in the repository."""
    shutil.copytree(SAMPLE_APP, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def editable(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Sample, Path]]:
    """A host of its own with a copy of the sample app."""
    folder = tmp_path_factory.mktemp("app")
    copy_app(folder)
    host = await stack.start_host(app_dir=folder)
    async with httpx.AsyncClient(base_url=host.url, timeout=30) as http:
        yield Sample(host, http), folder
    await host.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def copy(editable: tuple[Sample, Path]) -> tuple[Sample, Path]:
    """The copy, unedited again, that a test may edit."""
    sample, folder = editable
    copy_app(folder)
    await sample.host.reload()
    return editable


def edit(file: Path, old: str, new: str) -> None:
    """Replace text that must be there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


async def test_an_instance_that_the_new_code_contradicts_fails(copy: tuple[Sample, Path]) -> None:
    """A changed order of activities fails the waiting instance as non-deterministic; the host goes on."""
    sample, folder = copy
    instance = await sample.start("steps")
    await sample.until_waiting(instance)

    edit(
        folder / "durable_parts.py",
        'first = yield ctx.call_activity("double"',
        'first = yield ctx.call_activity("label"',
    )
    await sample.host.reload()
    await sample.post(instance, "raiseEvent/go", "x")

    failed = await sample.until(instance)
    assert failed["runtimeStatus"] == "Failed"
    assert "NonDeterminismError" in sample.host.log_text()
    assert "label" in failed["output"]
    again = await sample.start("steps")
    await sample.until_waiting(again)
    await sample.post(again, "raiseEvent/go", "x")
    assert (await sample.until(again))["output"] == ["old:1", "old:x"]


async def test_an_instance_that_the_new_code_agrees_with_goes_on_with_it(copy: tuple[Sample, Path]) -> None:
    """An instance that waited runs its next activity from the new code, of the same size in the same second."""
    sample, folder = copy
    instance = await sample.start("steps")
    await sample.until_waiting(instance)

    edit(folder / "durable_parts.py", 'f"old:{text}"', 'f"new:{text}"')
    await sample.host.reload()
    await sample.post(instance, "raiseEvent/go", "x")

    assert (await sample.until(instance))["output"] == [2, "new:x"]


async def test_code_that_does_not_load_leaves_the_old_in_place(copy: tuple[Sample, Path]) -> None:
    """The reload is reported as failed with the reason, and requests are answered as before."""
    sample, folder = copy
    edit(folder / "trigger_parts.py", "import asyncio", "import asyncio_that_is_not_there")

    with pytest.raises(StackError, match="asyncio_that_is_not_there"):
        await sample.host.reload()

    assert (await sample.http.get("/api/hello")).text == "hello world"
