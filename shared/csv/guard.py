"""The apostrophe that keeps a spreadsheet from running a cell (Trap 42), put on and taken off."""

import re

_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet may take for the beginning of a formula, full-width forms included.
https://owasp.org/www-community/attacks/CSV_Injection
Apostrophes before it count as part of it: so a text that has one of its own gets another, and nothing is lost."""


def safe(cell: object) -> str:
    """The text of a cell; one that a spreadsheet would run as a formula gets an apostrophe in front.

    A number is none, not even below zero.
    """
    if isinstance(cell, int | float):
        return str(cell)
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text as it was before ``safe``: ``unguarded(safe(text)) == text`` for every text."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
