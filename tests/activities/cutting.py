"""Cut an activity off at its n-th wait, as the death of a host does."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class CutOff(Exception):
    """The activity was cut off where it waited."""


class _Cut:
    """Awaits a coroutine and counts where it waits."""

    def __init__(self, steps: Coroutine[Any, Any, Any], wait: int) -> None:
        self._steps = steps
        self._left = wait

    def __await__(self) -> Generator[Any, Any, Any]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                waits_for = self._steps.throw(error) if error else self._steps.send(value)
            except StopIteration as done:
                return done.value
            self._left -= 1
            if not self._left:
                if isinstance(waits_for, asyncio.Future):
                    waits_for._asyncio_future_blocking = False
                    waits_for.cancel()
                self._steps.close()
                raise CutOff
            value, error = None, None
            try:
                value = yield waits_for
            except BaseException as caught:  # noqa: BLE001 - handed on to the coroutine as it came
                error = caught


async def cut_off(steps: Coroutine[Any, Any, Any], wait: int) -> bool:
    """Run an activity up to its ``wait``-th wait; False when it ended before."""
    try:
        await _Cut(steps, wait)
    except CutOff:
        return True
    return False
