"""The table service's time, read off the ``Date`` headers of its answers.

Hosts disagree about the time; the service that holds the rows is one for all of them. A ``Date`` is cut to the second
and read some milliseconds late, so ``Date`` minus our monotonic clock is a lower bound of the true offset; the greatest
of the bounds seen in a few minutes is the tightest.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from shared.errors import DependencyDown

WINDOW_SECONDS = 300.0
"""Older samples are dropped: a monotonic clock drifts, and it stands still while a host is frozen."""


class ServiceClock:
    """Tells the service's time; it never goes back and never looks at the host's wall clock."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._samples: deque[tuple[float, float]] = (
            deque()
        )  # (received, offset), offsets falling: the first is the greatest
        self._last = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether there was an answer within the window."""
        return bool(self._samples) and self._monotonic() - self._samples[-1][0] <= WINDOW_SECONDS

    def sample(self, date: datetime) -> None:
        """Take the ``Date`` of an answer that has just come in."""
        received = self._monotonic()
        offset = date.timestamp() - received
        while self._samples and self._samples[-1][1] <= offset:
            self._samples.pop()
        self._samples.append((received, offset))
        while len(self._samples) > 1 and received - self._samples[0][0] > WINDOW_SECONDS:
            self._samples.popleft()

    def now(self) -> datetime:
        """The service's time, UTC.

        Raises ``DependencyDown`` before the first answer.
        """
        if not self._samples:
            raise DependencyDown("storage", "the table service has not answered yet, so its time is not known")
        self._last = max(self._last, self._monotonic() + self._samples[0][1])
        return datetime.fromtimestamp(self._last, UTC)
