"""What a measurement gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the bench: its figures by name, and what they should be."""

    name: str
    figures: dict[str, float]
    goal: str
    met: bool
