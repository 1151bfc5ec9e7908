"""What the whole app may still write, over all tenants: one row.

Graph's limit of an app is a bucket as that of a tenant is. Who needs more than is there draws all the same, and gets a
ticket: its tokens count once so many have come in that all drawn before are served too. So tenants are served in the
order in which they drew, each writes the row once a window however long it waits, and nobody sends too early. A tenth
of the bucket is kept for small operations, which need no ticket as long as it lasts.

https://learn.microsoft.com/graph/throttling-limits (identity and access: 35,000 writes per 300 s for an app)
"""

from dataclasses import dataclass, replace
from typing import Final

from shared.domain.pacing import EPSILON, Limits, Turn

KEPT: Final = 0.1
"""The share of the bucket that is kept for small operations; it fills up first."""
CHUNK: Final = 400
"""Tokens to draw at a time, at least, while half the bucket is there: fewer writes of the row in a burst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The bucket: what is kept for small ones, and what came in and went out beside it since the row was made."""

    at: float
    kept: float
    served: float = 0.0
    drawn: float = 0.0

    @classmethod
    def fresh(cls, limits: Limits | None, now: float) -> "Budget":
        """Return a full budget."""
        capacity = limits.capacity if limits else 0.0
        return cls(at=now, kept=KEPT * capacity, served=(1 - KEPT) * capacity)

    @property
    def level(self) -> float:
        """What may be drawn at once; below 0 while tickets wait."""
        return self.served - self.drawn

    def filled(self, now: float, limits: Limits) -> "Budget":
        """Return it as it stands now."""
        gained = max(0.0, now - self.at) * limits.rate
        kept = max(self.kept, min(KEPT * limits.capacity, self.kept + gained))
        most = self.drawn + (1 - KEPT) * limits.capacity
        served = max(self.served, min(most, self.served + gained - (kept - self.kept)))
        return Budget(at=max(now, self.at), kept=kept, served=served, drawn=self.drawn)

    def used(self, now: float, limits: Limits) -> float:
        """Return the share of the limit that is in use, from 0 to 1."""
        filled = self.filled(now, limits)
        return 1 - (filled.kept + max(0.0, filled.level)) / limits.capacity


def prepay(
    turn: Turn, budget: Budget, wanted: int, now: float, limits: Limits, *, large: bool
) -> tuple[Turn, Budget, float | None]:
    """Put tokens into the turn, or a ticket for them; also returned is when to ask again, if they do not count yet.

    Both rows are to be written where they differ, the budget first: a crash in between wastes what was drawn.
    """
    filled = budget.filled(now, limits)
    if not large and filled.kept >= wanted - EPSILON:
        filled = replace(filled, kept=filled.kept - wanted)
        return replace(turn, app_tokens=turn.app_tokens + wanted), filled, None
    if turn.app_ticket is None:
        if filled.level >= limits.capacity / 2:
            wanted = max(wanted, CHUNK)
        budget = filled = replace(filled, drawn=filled.drawn + wanted)
        turn = replace(turn, app_ticket=filled.drawn, app_pending=wanted)
    missing = (turn.app_ticket or 0.0) - filled.served
    if missing > EPSILON:
        return turn, budget, max(now, filled.at) + (missing + KEPT * limits.capacity - filled.kept) / limits.rate
    return replace(turn, app_tokens=turn.app_tokens + turn.app_pending, app_pending=0, app_ticket=None), budget, None


def blocked(budget: Budget, until: float, now: float, limits: Limits) -> Budget:
    """Note that Graph refused a write for the app's own limit until then: nothing is there, and nothing comes in."""
    filled = budget.filled(now, limits)
    return replace(filled, kept=0.0, served=min(filled.served, filled.drawn), at=max(until, filled.at))
