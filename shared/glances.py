"""What an operation shows at a glance: its first results, and samples of who failed.

Very many may watch one operation, so this process keeps what it read while the operation's counts stay as they are.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from shared.blobs.recently_used import RecentlyUsed
from shared.contracts.responses import ResultBody

KEPT = 32
"""Operations, of a hundred results each."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The first page of the results, the cursor of the next one, and names of some who failed, by code."""

    results: Sequence[ResultBody]
    cursor: str | None
    samples: Mapping[str, list[str]]


class Glances(RecentlyUsed[Hashable, Glance]):
    """The glances that were asked for last, by what they depend on."""

    def __init__(self) -> None:
        super().__init__(KEPT)
