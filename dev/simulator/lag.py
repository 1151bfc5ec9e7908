"""
Replication lag: reads answer with the state as of a while ago.

Objects are replaced, never changed, so the past is a short queue of earlier values per object, each with the times at
which the write that replaced it becomes visible: first to direct reads, later to the index behind advanced queries.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple


class Visibility(NamedTuple):
    """When a write can be seen, in epoch seconds."""

    direct_at: float
    index_at: float


class _Earlier[T](NamedTuple):
    value: T | None
    until: Visibility


class Versions[T]:
    """Values by id with their recent past; ``order`` is the order of creation, which pages follow."""

    def __init__(self) -> None:
        self.current: dict[str, T] = {}
        self.order: list[str] = []
        self._places: set[str] = set()
        self._earlier: dict[str, deque[_Earlier[T]]] = {}

    def load(self, key: str, value: T) -> None:
        """Add a value that was always there."""
        self.current[key] = value
        self._append(key)

    def _append(self, key: str) -> None:
        self.order.append(key)
        self._places.add(key)

    def put(self, key: str, value: T | None, now: float, visible: Visibility) -> None:
        """Replace, add or (None) remove a value; readers see it once ``visible`` has come."""
        before = self.current.get(key)
        if value is None:
            self.current.pop(key, None)
        else:
            if key not in self._places:
                self._append(key)
            self.current[key] = value
        self._prune(key, now)
        queue = self._earlier.get(key)
        if queue:  # a later write never shows before an earlier one
            last = queue[-1].until
            visible = Visibility(max(visible.direct_at, last.direct_at), max(visible.index_at, last.index_at))
        if visible.index_at > now:
            self._earlier.setdefault(key, deque()).append(_Earlier(before, visible))

    def read(self, key: str, now: float, *, index: bool = False) -> T | None:
        """The value as a reader sees it at ``now``; None when it does not exist (yet)."""
        queue = self._earlier.get(key)
        if queue:
            for earlier in queue:
                if (earlier.until.index_at if index else earlier.until.direct_at) > now:
                    return earlier.value
        return self.current.get(key)

    def scan(self, start: int, now: float, *, index: bool) -> Iterator[tuple[int, T]]:
        """Positions and values from ``start`` on, as a reader sees them."""
        current, earlier = self.current, self._earlier
        for position in range(start, len(self.order)):
            key = self.order[position]
            value = self.read(key, now, index=index) if key in earlier else current.get(key)
            if value is not None:
                yield position, value

    def _prune(self, key: str, now: float) -> None:
        queue = self._earlier.get(key)
        while queue and queue[0].until.index_at <= now:
            queue.popleft()
        if queue is not None and not queue:
            del self._earlier[key]


class LaggingCounter:
    """Counts by key whose changes show late, as ``consumedUnits`` does."""

    def __init__(self) -> None:
        self.current: dict[str, int] = {}
        self._hidden: deque[tuple[float, str, int]] = deque()

    def add(self, key: str, change: int, now: float, visible_at: float) -> None:
        """Count ``change`` now; readers see it from ``visible_at``."""
        self.current[key] = self.current.get(key, 0) + change
        if visible_at > now:
            self._hidden.append((visible_at, key, change))

    def read(self, now: float) -> dict[str, int]:
        """The counts as a reader sees them at ``now``."""
        self._hidden = deque(entry for entry in self._hidden if entry[0] > now)
        seen = dict(self.current)
        for _, key, change in self._hidden:
            seen[key] -= change
        return seen
