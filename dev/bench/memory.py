"""The memory of a process over a while."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.1


@dataclass(slots=True)
class Memory:
    """The largest resident set seen, in bytes."""

    peak: int = 0


@asynccontextmanager
async def peak_memory(pid: int) -> AsyncGenerator[Memory]:
    """Watch a process while the block runs."""
    memory, process = Memory(), psutil.Process(pid)

    async def watch() -> None:
        while True:
            memory.peak = max(memory.peak, process.memory_info().rss)
            await asyncio.sleep(SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield memory
    finally:
        watching.cancel()
