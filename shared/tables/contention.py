"""Try again when somebody else was faster."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from shared.errors import RowConflict

TRIES = 40
LONGEST_PAUSE = 0.4


async def until_settled[T](attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat an attempt that reloads and decides anew until no other writer came between.

    Raises ``RowConflict`` when that has not worked out after 40 tries.
    """
    for number in range(TRIES - 1):
        try:
            return await attempt()
        except RowConflict:
            # Full jitter spreads the writers; they would meet again in step otherwise.
            await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**number)))  # noqa: S311 - not a secret
    return await attempt()
