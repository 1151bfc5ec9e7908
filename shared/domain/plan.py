"""The frozen plan: decisions in chunks, whose changes form batches numbered over all chunks."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.domain.model import Change, Decision, Sku

CHUNK_USERS = 500
"""Users of one chunk (one blob)."""
BATCH_USERS = 20
"""Changes of one batch: as many as one Graph ``$batch`` takes (https://learn.microsoft.com/graph/json-batching)."""


def writes_for(change: Change) -> int:
    """Graph writes that a change costs: one for its licences and one for its usage location, where there are any."""
    return int(bool(change.add or change.remove)) + int(change.usage_location is not None)


def batch_of(decisions: Sequence[Decision], k: int) -> tuple[Decision, ...]:
    """The changes of the ``k``-th batch (from 0) of one chunk."""
    changes = [decision for decision in decisions if decision.status == "change"]
    return tuple(changes[k * BATCH_USERS : (k + 1) * BATCH_USERS])


@dataclass(frozen=True, slots=True)
class ChunkInfo:
    """What one chunk holds: the Graph writes of each of its batches, and how many of its users change."""

    first_index: int
    users: int
    first_batch: int
    writes: tuple[int, ...]
    changes: int


def chunk_info(decisions: Sequence[Decision], first_batch: int = 0) -> ChunkInfo:
    """Describe a chunk of at least one decision; ``Manifest.of`` numbers its batches."""
    costs = [writes_for(d.change) for d in decisions if d.status == "change" and d.change]
    batches = [sum(costs[start : start + BATCH_USERS]) for start in range(0, len(costs), BATCH_USERS)]
    return ChunkInfo(decisions[0].index, len(decisions), first_batch, tuple(batches), len(costs))


@dataclass(frozen=True, slots=True)
class Manifest:
    """A tenant's frozen plan: its chunks in selection order; empty when nobody was selected."""

    chunks: tuple[ChunkInfo, ...] = ()
    skus: tuple[Sku, ...] = ()
    """The tenant's SKUs when the plan was frozen: the names that results and audit show."""

    @classmethod
    def of(cls, chunks: Iterable[ChunkInfo], skus: Iterable[Sku] = ()) -> "Manifest":
        """A manifest of these chunks with their batches numbered one after the other."""
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

    @property
    def batches(self) -> int:
        """All batches of the plan."""
        return sum(len(chunk.writes) for chunk in self.chunks)

    def locate(self, batch: int) -> int:
        """Number of the chunk that holds a batch.

        Raises ``IndexError`` for a batch that the plan does not have.
        """
        if not 0 <= batch < self.batches:
            raise IndexError(f"the plan has {self.batches} batches, there is no batch {batch}")
        # A chunk without batches shares its first number with the next one: the last of them holds the batch.
        return bisect_right(self.chunks, batch, key=lambda chunk: chunk.first_batch) - 1

    def within(self, batch: int) -> tuple[int, int]:
        """Chunk number and the batch's number within that chunk, as ``batch_of`` takes it."""
        chunk = self.locate(batch)
        return chunk, batch - self.chunks[chunk].first_batch

    def writes_of(self, batch: int) -> int:
        """Graph writes of a batch."""
        chunk, k = self.within(batch)
        return self.chunks[chunk].writes[k]

    def users_of(self, batch: int) -> int:
        """Users that a batch changes."""
        chunk, k = self.within(batch)
        return min(BATCH_USERS, self.chunks[chunk].changes - k * BATCH_USERS)
