"""Paths of the queries that a caller's own words go into.

All of them are advanced queries (``$count=true`` and the header ``ConsistencyLevel: eventual``): the default ones
refuse many operators, some of them silently. https://learn.microsoft.com/graph/aad-advanced-queries
"""

from urllib.parse import quote

from shared.errors import BadFilter, GraphError
from shared.graph import parse

PAGE = 999
"""Graph refuses larger pages."""
REFUSED = frozenset({400, 414})
"""Statuses of a filter that Graph does not take: it cannot be read, is not supported, or is too long."""

_USER_NAMES = ("displayName", "userPrincipalName", "mail")


def users(search: str | None, filter: str | None, top: int) -> str:
    """Users that match."""
    asked = _search(search, _USER_NAMES) + (f"$filter={quote(filter, safe='')}&" if filter else "")
    return f"/users?{asked}$count=true&$select={parse.USER_FIELDS}&$top={min(top, PAGE)}"


def groups(search: str | None, top: int) -> str:
    """Groups that match."""
    return f"/groups?{_search(search, ('displayName',))}$count=true&$select={parse.GROUP_FIELDS}&$top={min(top, PAGE)}"


def _search(text: str | None, properties: tuple[str, ...]) -> str:
    if text is None:
        return ""
    words = text.replace("\\", "\\\\").replace('"', '\\"')
    return f"$search={quote(' OR '.join(f'"{name}:{words}"' for name in properties), safe='')}&"


def bad_filter(error: GraphError, filter: str) -> BadFilter:
    """The error in the words of a filter."""
    return BadFilter(
        f"Graph does not take the filter {filter}: {error}",
        tenant_id=error.tenant_id,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )
