"""What a slip in a name was probably meant to be: pure ranking, for the hints in error messages."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

MOST = 3
"""So many are named; a longer list helps nobody."""
LETTERS = 100
"""So much of what a caller wrote is compared and said back: a cell of a CSV may have 32,768 characters, and comparing
takes time by the square of them."""

_WORDS = 12
_WORD = re.compile(r"[^\W_]+")
_SHORT_FORMS = {"m365": ("microsoft", "365"), "o365": ("office", "365")}
_SAME_WORD = 0.8
_HALF_OF_THE_WORDS = 0.5
_ALIKE = 0.6
"""``difflib``'s own cutoff for "close"."""


def by_words[T](text: str, things: Iterable[tuple[T, Sequence[str]]]) -> list[T]:
    """At most three things whose names share words with ``text`` or are written like it, the nearest first.

    A thing comes with all its names, the one that people read first: of two that share as many words, the one whose
    first name does goes before. Words may stand in another order, be left out or be misspelt a little.
    """
    wanted = words(text.strip()[:LETTERS])[:_WORDS]
    ranked: list[tuple[tuple[float, ...], T]] = []
    for thing, names in things:
        split = [words(name) for name in names]
        shared = _shared(wanted, [word for each in split for word in each])
        likeness = max(_ratio("".join(wanted), "".join(each)) for each in split)
        if shared >= _HALF_OF_THE_WORDS or likeness >= _ALIKE:
            ranked.append(((max(shared, likeness), _shared(wanted, split[0]), likeness), thing))
    return _first(ranked)


def by_letters[T](text: str, things: Iterable[tuple[T, Sequence[str]]]) -> list[T]:
    """At most three things of which one name is written like ``text``, the nearest first."""
    letters = text.strip()[:LETTERS].strip().casefold()
    ranked: list[tuple[tuple[float, ...], T]] = []
    matcher = SequenceMatcher(None, b=letters)  # it learns its second text by heart, once for all names
    for thing, names in things:
        likeness = max((_likeness(matcher, name.casefold(), _ALIKE) for name in names), default=0.0)
        if likeness >= _ALIKE:
            ranked.append(((likeness,), thing))
    return _first(ranked)


def words(text: str) -> list[str]:
    """The words of a name, case-folded, common short forms written out."""
    found = [word.casefold() for word in _WORD.findall(text)]
    return [full for word in found for full in _SHORT_FORMS.get(word, (word,))]


def shortened(text: str) -> str:
    """What a caller wrote, for a message."""
    return text if len(text) <= LETTERS else f"{text[:LETTERS].rstrip()}…"


def hint(names: Iterable[str]) -> str:
    """The end of a sentence that names what was probably meant; nothing where there is nothing to name."""
    near = ", ".join(names)
    return f"; nearest: {near}" if near else ""


def _first[T](ranked: list[tuple[tuple[float, ...], T]]) -> list[T]:
    return [thing for _, thing in sorted(ranked, key=lambda each: each[0], reverse=True)[:MOST]]


def _shared(wanted: Sequence[str], there: Sequence[str]) -> float:
    """The share of the wanted words that are there, or nearly so."""
    if not wanted:
        return 0.0
    return sum(any(_same(word, other) for other in there) for word in wanted) / len(wanted)


def _same(one: str, other: str) -> bool:
    return one == other or _ratio(one, other, _SAME_WORD) >= _SAME_WORD


def _ratio(one: str, other: str, floor: float = 0.0) -> float:
    """How alike two texts are, 0 to 1; below ``floor`` it may be 0, which is quicker to find."""
    return _likeness(SequenceMatcher(None, b=other), one, floor)


def _likeness(matcher: SequenceMatcher[str], one: str, floor: float) -> float:
    matcher.set_seq1(one)
    if matcher.real_quick_ratio() < floor or matcher.quick_ratio() < floor:
        return 0.0
    return matcher.ratio()
