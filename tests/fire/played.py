"""What a script comes to while it is played."""

from collections import Counter
from dataclasses import dataclass, field

from dev.api import Json
from tests.fire.asking import Asked
from tests.fire.world import Groups


@dataclass
class Life:
    """An operation that was started: between these times it read its tenants."""

    asked: Asked
    body: Json
    began: float
    ended: float | None = None


@dataclass
class Played:
    """What a script came to."""

    lives: dict[int, Life] = field(default_factory=dict[int, Life])
    refused: dict[int, str] = field(default_factory=dict[int, str])
    """Operations that the API did not take, by number."""
    groups: dict[str, list[tuple[float, Groups]]] = field(default_factory=dict[str, list[tuple[float, Groups]]])
    """By tenant: from when on the groups were so."""
    broken: Counter[str] = field(default_factory=Counter[str])
    """Breakages by name, as often as they happened."""
    wrong: list[str] = field(default_factory=list[str])
    """What was wrong on the way: answers that no fault excuses."""
