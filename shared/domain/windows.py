"""What an orchestrator carries of a tenant's batches: which were never tried, and which wait for another attempt.

It crosses ``continue_as_new``, so it is numbers only and its size depends on the unsettled batches, not on the users.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.domain.plan import BATCH_USERS

MAX_UNSETTLED: Final = 50
"""So many batches may wait for another attempt before new ones wait."""

BATCHES_A_WINDOW: Final = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch that was not settled: due at ``ready_at`` (epoch seconds), with ``users`` left."""

    batch: int
    attempt: int
    """The last one made; 0 for one of an earlier epoch, as each epoch counts anew."""
    ready_at: float
    users: int
    unknown: bool
    """Some outcome is unknown, so the users must be read before they are sent again."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one attempt at a batch came to."""

    batch: int
    attempt: int
    left: int
    """Users without an outcome."""
    ready_in: float = 0.0
    """Seconds until the next attempt makes sense."""
    unknown: bool = False
    sent: bool = True
    """False: nothing went out (no turn, no time left, nothing could be read), and nobody was settled by a read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The open batches of one tenant: ranges ``(first, last)`` of fresh ones, ascending, and the waiting ones.

    ``waves`` are runs ``(batches, waves)`` as `Manifest.waves` has them. A batch is tried only when all those of lower
    waves are settled, as it needs the seats that they free.
    """

    fresh: tuple[tuple[int, int], ...] = ()
    waiting: tuple[Waiting, ...] = ()
    waves: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(
        cls, fresh: Iterable[int], waiting: Iterable[Waiting] = (), waves: tuple[tuple[int, int], ...] = ()
    ) -> "Progress":
        """Start from batch numbers in any order; a waiting one is not fresh."""
        waiting = tuple(waiting)
        return cls(_ranges(set(fresh) - {w.batch for w in waiting}), waiting, waves)

    @property
    def done(self) -> bool:
        """Whether every batch is settled."""
        return not self.fresh and not self.waiting

    @property
    def users(self) -> int:
        """How many users are left, at most."""
        fresh = sum(last - first + 1 for first, last in self.fresh)
        return fresh * BATCH_USERS + sum(waiting.users for waiting in self.waiting)

    def ready(self, now: float, limit: int = BATCHES_A_WINDOW) -> tuple[tuple[int, int], ...]:
        """Return ``(batch, number of its next attempt)`` of the next window, at most ``limit``.

        Those waiting and due come first, the longest due ahead; then fresh ones, as long as no more than
        ``MAX_UNSETTLED`` batches can be unsettled at once. Nothing is taken out: `after` does that.
        """
        turn = self._wave()
        due = sorted((w for w in turn.waiting if w.ready_at <= now), key=lambda w: (w.ready_at, w.batch))[:limit]
        room = min(limit - len(due), MAX_UNSETTLED - len(self.waiting))
        fresh: list[int] = []
        for first, last in turn.fresh:
            fresh += range(first, min(last + 1, first + max(0, room - len(fresh))))
        return tuple((w.batch, w.attempt + 1) for w in due) + tuple((batch, 1) for batch in fresh)

    def after(self, results: Sequence[BatchResult], now: float) -> "Progress":
        """Return what is open after these attempts.

        No user left: settled. Nothing sent, nothing unknown and no time named: as it was, and the attempt's number will
        be used again. Else it waits ``ready_in`` seconds, and the attempt counts.

        Raises:
            ValueError: a result is for a batch that is not open.
        """
        progress = self
        for result in results:
            progress = progress._settle(result, now)
        return progress

    def _settle(self, result: BatchResult, now: float) -> "Progress":
        inside = any(first <= result.batch <= last for first, last in self.fresh)
        if not inside and all(w.batch != result.batch for w in self.waiting):
            raise ValueError(f"batch {result.batch} is not open")
        if result.left and not result.sent and not result.unknown and result.ready_in <= 0:
            return self
        rest = replace(
            self,
            fresh=_without(self.fresh, result.batch) if inside else self.fresh,
            waiting=tuple(w for w in self.waiting if w.batch != result.batch),
        )
        if not result.left:
            return rest
        again = Waiting(result.batch, result.attempt, now + result.ready_in, result.left, result.unknown)
        return replace(rest, waiting=(*rest.waiting, again))

    def below(self, batch: int) -> "Progress":
        """Return what is open of the batches before this one."""
        fresh = tuple((first, min(last, batch - 1)) for first, last in self.fresh if first < batch)
        return replace(self, fresh=fresh, waiting=tuple(w for w in self.waiting if w.batch < batch))

    def _wave(self) -> "Progress":
        """Return what is open of the lowest wave that is not settled."""
        if not self.waves or self.done:
            return self
        lowest = min([first for first, _ in self.fresh[:1]] + [w.batch for w in self.waiting])
        end = 0
        for batches, waves in self.waves:
            if lowest < end + batches * waves:
                return self.below(end + ((lowest - end) // batches + 1) * batches)
            end += batches * waves
        raise ValueError(f"batch {lowest} is in none of the plan's waves")

    def only_unknown(self) -> "Progress":
        """Return what must be read back even when nothing more shall be sent."""
        return Progress(waiting=tuple(w for w in self.waiting if w.unknown))

    def next_time(self, now: float) -> float | None:
        """When the next waiting batch is due; None when something is ready now, or all is settled."""
        if self.ready(now):
            return None
        return min((w.ready_at for w in self._wave().waiting), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON primitives."""
        waiting = [[w.batch, w.attempt, w.ready_at, w.users, w.unknown] for w in self.waiting]
        waves = {"waves": [list(run) for run in self.waves]} if self.waves else {}
        return {"fresh": [list(pair) for pair in self.fresh], "waiting": waiting, **waves}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Progress":
        """Return what `to_dict` was made of."""
        return cls(
            tuple((int(first), int(last)) for first, last in data["fresh"]),
            tuple(Waiting(*fields) for fields in data["waiting"]),
            tuple((int(batches), int(waves)) for batches, waves in data.get("waves", ())),
        )


def _ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)


def _without(ranges: tuple[tuple[int, int], ...], number: int) -> tuple[tuple[int, int], ...]:
    """Cut one number out of the range it lies in."""
    kept: list[tuple[int, int]] = []
    for first, last in ranges:
        if first <= number <= last:
            kept += [pair for pair in ((first, number - 1), (number + 1, last)) if pair[0] <= pair[1]]
        else:
            kept.append((first, last))
    return tuple(kept)
