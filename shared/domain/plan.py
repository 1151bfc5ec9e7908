"""The frozen plan: decisions in chunks, whose changes form batches numbered over all chunks.

A batch holds changes of one wave. Those of lower waves have the lower numbers, those of one wave go by chunk.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from shared.domain.model import Change, Decision, Sku

CHUNK_USERS = 500
"""Users of one chunk (one blob)."""
BATCH_USERS = 20
"""Changes of one batch: as many as one Graph ``$batch`` takes (https://learn.microsoft.com/graph/json-batching)."""


def writes_for(change: Change) -> int:
    """Graph writes that a change costs: one for its licences and one for its usage location, where there are any."""
    return int(bool(change.add or change.remove)) + int(change.usage_location is not None)


def batch_of(decisions: Sequence[Decision], k: int) -> tuple[Decision, ...]:
    """The changes of the ``k``-th batch (from 0) of one chunk, in selection order."""
    return _batches(decisions)[k]


def _batches(decisions: Sequence[Decision]) -> list[tuple[Decision, ...]]:
    """One chunk's changes, wave by wave, cut into batches."""
    changes = [decision for decision in decisions if decision.status == "change" and decision.change]
    changes.sort(key=_wave)
    waves = (tuple(wave) for _, wave in groupby(changes, key=_wave))
    return [wave[start : start + BATCH_USERS] for wave in waves for start in range(0, len(wave), BATCH_USERS)]


def _wave(decision: Decision) -> int:
    return decision.wave


@dataclass(frozen=True, slots=True)
class ChunkInfo:
    """What one chunk holds: the Graph writes of each of its batches, and how many of its users change."""

    first_index: int
    users: int
    first_batch: int
    """How many batches are in the chunks before."""
    writes: tuple[int, ...]
    changes: int
    graces: int = 0
    """Users whose grace begins without a write: they are in no batch."""
    waves: tuple[tuple[int, int], ...] = ()
    """Wave and users of each batch; empty where all are of wave 0, and all but the last are full."""


def chunk_info(decisions: Sequence[Decision], first_batch: int = 0) -> ChunkInfo:
    """Describe a chunk of at least one decision; ``Manifest.of`` numbers its batches."""
    batches = _batches(decisions)
    waves = tuple((batch[0].wave, len(batch)) for batch in batches)
    return ChunkInfo(
        first_index=decisions[0].index,
        users=len(decisions),
        first_batch=first_batch,
        writes=tuple(sum(writes_for(one.change) for one in batch if one.change) for batch in batches),
        changes=sum(map(len, batches)),
        graces=sum(d.status == "change" and d.change is None for d in decisions),
        waves=waves if any(wave for wave, _ in waves) else (),
    )


@dataclass(frozen=True)
class Manifest:
    """A tenant's frozen plan: its chunks in selection order; empty when nobody was selected.

    There are few of them, and what is asked of one for each batch is worked out once; hence no slots.
    """

    chunks: tuple[ChunkInfo, ...] = ()
    skus: tuple[Sku, ...] = ()
    """The tenant's SKUs when the plan was frozen: the names that results and audit show."""

    @classmethod
    def of(cls, chunks: Iterable[ChunkInfo], skus: Iterable[Sku] = ()) -> "Manifest":
        """A manifest of these chunks, which notes how many batches are in those before each."""
        numbered: list[ChunkInfo] = []
        batch = 0
        for chunk in chunks:
            numbered.append(replace(chunk, first_batch=batch))
            batch += len(chunk.writes)
        return cls(tuple(numbered), tuple(skus))

    @property
    def users(self) -> int:
        """All users of the plan."""
        return sum(chunk.users for chunk in self.chunks)

    @cached_property
    def batches(self) -> int:
        """All batches of the plan."""
        return sum(len(chunk.writes) for chunk in self.chunks)

    @cached_property
    def waves(self) -> tuple[tuple[int, int], ...]:
        """Runs ``(batches, waves)``: so many waves in a row have so many batches each; empty where there is but one."""
        sizes = [sum(1 for _ in wave) for _, wave in groupby(self._wave_of(place) for place in self._places or ())]
        return tuple((size, sum(1 for _ in run)) for size, run in groupby(sizes))

    @cached_property
    def _places(self) -> list[int] | None:
        """By number, the place that a batch has when they are counted chunk by chunk; None where that is the number."""
        if not any(chunk.waves for chunk in self.chunks):
            return None
        return sorted(range(self.batches), key=self._wave_of)

    def _wave_of(self, place: int) -> int:
        chunk, k = self._at(place)
        waves = self.chunks[chunk].waves
        return waves[k][0] if waves else 0

    def _at(self, place: int) -> tuple[int, int]:
        # A chunk without batches shares its first number with the next one: the last of them holds the batch.
        chunk = bisect_right(self.chunks, place, key=lambda chunk: chunk.first_batch) - 1
        return chunk, place - self.chunks[chunk].first_batch

    def locate(self, batch: int) -> int:
        """Number of the chunk that holds a batch.

        Raises ``IndexError`` for a batch that the plan does not have.
        """
        return self.within(batch)[0]

    def within(self, batch: int) -> tuple[int, int]:
        """Chunk number and the batch's number within that chunk, as ``batch_of`` takes it.

        Raises ``IndexError`` for a batch that the plan does not have.
        """
        if not 0 <= batch < self.batches:
            raise IndexError(f"the plan has {self.batches} batches, there is no batch {batch}")
        return self._at(self._places[batch] if self._places else batch)

    def writes_of(self, batch: int) -> int:
        """Graph writes of a batch."""
        chunk, k = self.within(batch)
        return self.chunks[chunk].writes[k]

    def users_of(self, batch: int) -> int:
        """Users that a batch changes."""
        number, k = self.within(batch)
        chunk = self.chunks[number]
        return chunk.waves[k][1] if chunk.waves else min(BATCH_USERS, chunk.changes - k * BATCH_USERS)
