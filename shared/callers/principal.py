"""Who somebody proved to be, before any stored grant is looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from shared.domain.caller import ROLES
from shared.domain.grants import EVERYWHERE, Grant, principal_id

MAX_TEXT = 256
"""Characters of an id or a name; it goes into rows, and a key of a table has no more."""
IDS = ("oid", "sub")
NAMES = ("name", "preferred_username", "azp", "appid")


@dataclass(frozen=True, slots=True)
class Principal:
    """A known principal; ``own`` is the grant that the proof itself gives, None for none.

    ``of_directory``: id and role come from the directory, by a token or the platform's sign-in.
    """

    id: str
    name: str
    own: Grant | None
    of_directory: bool


def principal_of(claims: Mapping[str, object]) -> Principal | None:
    """The principal of checked claims: id from ``oid``, else ``sub``; the highest of the app's roles in ``roles``.

    An app role holds for all tenants: the directory's administrator assigned it. None when the claims name nobody.
    """
    told = next(filter(None, (_text(claims.get(name)) for name in IDS)), None)
    if told is None:
        return None
    name = next(filter(None, (_text(claims.get(name)) for name in NAMES)), told)
    given = claims.get("roles")
    roles = [ROLES[role] for role in _texts(given) if role in ROLES]
    id_ = principal_id(told)
    own = Grant(id_, max(roles), frozenset({EVERYWHERE})) if roles else None
    return Principal(id_, name, own, of_directory=True)


def _text(value: object) -> str | None:
    """A text that can stand in a row, a log and a page; None for anything else."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > MAX_TEXT:
        return None
    return value


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in cast(list[object], value) if isinstance(each, str)] if isinstance(value, list) else []
