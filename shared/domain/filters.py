"""A selection's ``$filter`` as callers write it, and as Graph takes it.

Graph's strings stand in single quotes, and a quote inside is doubled; callers also write double quotes, as JSON
does. https://learn.microsoft.com/graph/filter-query-parameter
"""

import re
from collections.abc import Iterator
from uuid import UUID

NO_LICENCE = "none"
"""In place of a SKU: users without any licence."""

_OF_LICENCES = re.compile(r"assignedLicenses|assignedPlans|provisionedPlans|licenseAssignmentStates", re.IGNORECASE)
# Possessive, so that an unclosed string is told at its first quote.
_TOKEN = re.compile(r"""(?P<single>'(?:[^']|'')*+')|"(?P<double>(?:[^"]|"")*+)"|(?P<rest>[^'"]+)""")


class FilterError(ValueError):
    """A filter that cannot be read; the text says at which character, counted from 1."""


def normalise(filter: str) -> str:
    """The filter with single-quoted strings in place of double-quoted ones, the rest as it stands.

    A double quote inside a double-quoted string is doubled. Doing it twice changes nothing more. Raises ``FilterError``
    for a quote or parenthesis without its other half; anything else is for Graph to judge.
    """
    parts: list[str] = []
    opened: list[int] = []
    for at, token in _tokens(filter):
        double, rest = token["double"], token["rest"]
        if double is not None:
            parts.append("'" + double.replace('""', '"').replace("'", "''") + "'")
            continue
        parts.append(token[0])
        for place, sign in enumerate(rest or "", at):
            if sign == "(":
                opened.append(place)
            elif sign == ")":
                if not opened:
                    raise FilterError(f"The parenthesis at character {place + 1} closes none")
                opened.pop()
    if opened:
        raise FilterError(f"The parenthesis at character {opened[-1] + 1} is never closed")
    return "".join(parts)


def asks_for_licences(filter: str) -> bool:
    """Whether what users hold decides who matches a filter: whoever is given something may no longer do."""
    return any(_OF_LICENCES.search(token["rest"] or "") for _, token in _tokens(filter))


def _tokens(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """The strings of a filter and what stands between them, each with its place."""
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise FilterError(f"The quote {text[at]} at character {at + 1} is never closed")
        yield at, token
        at = token.end()


def combined(filter: str | None, licensed: str | None) -> str:
    """One filter out of a normalised one and the GUID of a SKU that users hold (``NO_LICENCE``: none).

    Raises ``ValueError`` when there is neither, or ``licensed`` is something else. Needs an advanced query.
    """
    if licensed is None:
        if not filter:
            raise ValueError("there is neither a filter nor a licence to look for")
        return filter
    held = (
        "assignedLicenses/$count eq 0"
        if licensed == NO_LICENCE
        else f"assignedLicenses/any(x:x/skuId eq {UUID(licensed)})"
    )
    return f"({filter}) and {held}" if filter else held
