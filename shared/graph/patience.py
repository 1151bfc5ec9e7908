"""How long a read waits by itself before it asks again."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.errors import OutcomeUnknown, Throttled, Unavailable

PAUSES = (0.25, 1.0)
"""Seconds before the second and third try of a read, unless the service says otherwise."""
LONGEST_PAUSE = 10.0
"""Longer waits are the caller's, by a durable timer."""


async def retrying[T](once: Callable[[], Awaitable[T]], tenant_id: str) -> T:
    """The result of a read, asked for up to three times while that may help."""
    for pause in PAUSES:
        try:
            return await once()
        except (Throttled, Unavailable) as error:
            wait = pause if error.retry_after is None else error.retry_after
            if wait > LONGEST_PAUSE:
                raise
        except OutcomeUnknown:
            wait = pause
        await asyncio.sleep(wait)
    try:
        return await once()
    except OutcomeUnknown as error:  # of a read nothing hangs on whether it arrived
        raise Unavailable(str(error), tenant_id=tenant_id) from error
