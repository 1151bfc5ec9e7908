"""The clock and the ids of the simulator: one object a test can replace."""

import asyncio
import random
import time
from datetime import UTC, datetime


class Clock:
    """Epoch seconds that never run backwards, and waiting."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return self._offset + time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; nothing at all for zero, so that an idle simulator stays fast."""
        if seconds > 0:
            await asyncio.sleep(seconds)


class ManualClock(Clock):
    """A clock that stands still until told; sleeping moves it on at once."""

    def __init__(self, start: float = 1_780_000_000.0) -> None:
        super().__init__()
        self.time = start

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``."""
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


def iso(epoch: float) -> str:
    """``2026-01-31T12:00:00Z``, the form of Graph's properties."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_guid(rng: random.Random) -> str:
    """A version 4 GUID drawn from ``rng``, so that a seed repeats it."""
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:]}"
