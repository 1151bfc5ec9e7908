"""Who wants to be told of what becomes of an operation, and where."""

from dataclasses import dataclass
from typing import Literal

Event = Literal["halted", "awaitingApproval", "completed"]
"""What a state of an operation is to others; ``completed`` means every end state."""


@dataclass(frozen=True, slots=True)
class Notify:
    """A webhook of a tenant or a schedule, and the events that it wants."""

    url: str
    on: tuple[Event, ...]

    @property
    def shown(self) -> str:
        """The URL as it may be shown: its query may hold a key."""
        return self.url.partition("?")[0]
