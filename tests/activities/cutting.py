"""Cut an activity off at its n-th wait, as the death of a host does."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class _Counted:
    """Awaits a coroutine and cancels the task around it at its n-th wait."""

    def __init__(self, steps: Coroutine[Any, Any, None], wait: int) -> None:
        self._steps = steps
        self._left = wait

    def __await__(self) -> Generator[Any, Any]:
        steps = self._steps.__await__()
        result, error = None, None
        while True:
            try:
                waits_for = steps.throw(error) if error else steps.send(result)
            except StopIteration:
                return
            self._left -= 1
            task = asyncio.current_task()
            if not self._left and task:
                task.cancel()
            result, error = None, None
            try:
                result = yield waits_for
            except (Exception, asyncio.CancelledError) as caught:  # noqa: BLE001 - handed on as it came
                error = caught


async def cut_off(steps: Coroutine[Any, Any, None], wait: int) -> bool:
    """Run an activity up to its ``wait``-th wait; False when it ended before."""

    async def run() -> None:
        await _Counted(steps, wait)

    running = asyncio.create_task(run())
    await asyncio.wait([running])
    if running.cancelled():
        return True
    running.result()
    return False
