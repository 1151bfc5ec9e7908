"""Paths of the queries that a caller's own words go into.

All of them are advanced queries (``$count=true`` and the header ``ConsistencyLevel: eventual``): the default ones
refuse many operators, some of them silently. https://learn.microsoft.com/graph/aad-advanced-queries
"""

from collections.abc import Iterable
from urllib.parse import quote

from shared.domain.advice import told
from shared.domain.codes import TenantErrorCode
from shared.errors import BadFilter, GraphError
from shared.graph import parse

PAGE = 999
"""Graph refuses larger pages."""
REFUSED = frozenset({400, 414})
"""Statuses of a filter that Graph does not take: it cannot be read, is not supported, or is too long."""

SHOWN = 300
"""Characters of a filter in an error."""

_USER_NAMES = ("displayName", "userPrincipalName", "mail")


def users(search: str | None, filter: str | None, top: int) -> str:
    """Users that match."""
    asked = _search(search, _USER_NAMES) + (f"$filter={quote(filter, safe='')}&" if filter else "")
    return f"/users?{asked}$count=true&$select={parse.USER_FIELDS}&$top={min(top, PAGE)}"


def groups(search: str | None, top: int) -> str:
    """Groups that match."""
    return _groups(_search(search, ("displayName",)), top)


def groups_with_any(words: Iterable[str], top: int) -> str:
    """Groups of which a word of the display name begins with one of these."""
    return _groups(_either(_clause("displayName", word) for word in words), top)


def _groups(asked: str, top: int) -> str:
    return f"/groups?{asked}$count=true&$select={parse.GROUP_FIELDS}&$top={min(top, PAGE)}"


def _search(text: str | None, properties: tuple[str, ...]) -> str:
    return "" if text is None else _either(_clause(name, text) for name in properties)


def _clause(name: str, text: str) -> str:
    words = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}:{words}"'


def _either(clauses: Iterable[str]) -> str:
    return f"$search={quote(' OR '.join(clauses), safe='')}&"


def bad_filter(error: GraphError, filter: str) -> BadFilter:
    """The error in the words of a filter, with Graph's own reason; a long filter is shown by its beginning."""
    shown = filter if len(filter) <= SHOWN else f"{filter[:SHOWN]} …"
    return BadFilter(
        told(TenantErrorCode.BAD_FILTER, f"Graph does not take the filter {shown}: {error}"),
        tenant_id=error.tenant_id,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )
