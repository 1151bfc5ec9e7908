"""A small cache of what was read last, loaded once however many ask at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable


class RecentlyUsed[K: Hashable, V]:
    """Keeps the ``size`` values used last; only what never changes may go in."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._locks: dict[K, asyncio.Lock] = {}

    async def get(self, key: K, load: Callable[[], Awaitable[tuple[V, bool]]]) -> V:
        """The value of a key, loaded where it is missing; ``load`` also tells whether it may be kept."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if key in self._values:
                return self._values[key]
            try:
                value, keep = await load()
            finally:
                self._locks.pop(key, None)
            if keep:
                self.put(key, value)
            return value

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._size:
            self._values.popitem(last=False)
