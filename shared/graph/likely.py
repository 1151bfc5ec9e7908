"""Groups that were probably meant by a display name that no group has: what to search for, and which to name."""

from collections import Counter
from collections.abc import Sequence

from shared.domain import nearest
from shared.graph.model import Group

_WORDS = 8
_BEGINNING = 3


def searches(name: str) -> list[list[str]]:
    """Words to search for, one list after the other until something is found: whole words, then their beginnings."""
    whole = nearest.words(name)[:_WORDS]
    beginnings = [word[:_BEGINNING] for word in whole if len(word) > _BEGINNING]
    return [words for words in (whole, beginnings) if words]


def named(name: str, found: Sequence[Group]) -> list[str]:
    """Display names of at most three of the groups found, the nearest first; with its id where one stands twice."""
    times = Counter(group.display_name.casefold() for group in found)
    return [
        group.display_name if times[group.display_name.casefold()] == 1 else f"{group.display_name} ({group.id})"
        for group in nearest.by_words(name, ((group, (group.display_name,)) for group in found))
    ]
