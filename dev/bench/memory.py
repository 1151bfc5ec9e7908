"""What a process takes: memory over a while, CPU time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.1


def high_water(pid: int) -> int:
    """The largest resident set that a process ever had, in bytes; 0 where the kernel does not tell (not Linux, ended).

    https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def cpu_seconds(pid: int) -> float:
    """The CPU time that a living process has used so far."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


@dataclass(slots=True)
class Memory:
    """The largest resident set seen, in bytes."""

    peak: int = 0


@asynccontextmanager
async def peak_memory(pid: int) -> AsyncGenerator[Memory]:
    """Watch a process while the block runs; where the kernel counts, the time before it counts as well."""
    memory, process = Memory(), psutil.Process(pid)

    async def watch() -> None:
        while True:
            memory.peak = max(memory.peak, process.memory_info().rss, high_water(pid))
            await asyncio.sleep(SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield memory
    finally:
        watching.cancel()
        memory.peak = max(memory.peak, high_water(pid))
