"""Route templates of HTTP functions: ``items/{id:int}``, ``hello/{who?}``, ``files/{*rest}``.

Matching is on whole paths, ignores case, and prefers, segment by segment, literals over constrained parameters over
plain ones over a catch-all, as ASP.NET Core does for the Functions host.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from dev.localhost.errors import AppLoadError
from dev.localhost.loading import Function

_CONSTRAINTS = {
    "int": r"-?\d{1,10}",
    "long": r"-?\d{1,19}",
    "alpha": r"[A-Za-z]+",
    "bool": r"(?i:true|false)",
    "guid": r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}",
}
_PARAMETER = re.compile(r"\{(?P<all>\*)?(?P<name>\w+)(?::(?P<constraint>\w+))?(?P<optional>\?)?\}")


@dataclass(frozen=True)
class Route:
    """One HTTP function's route; ``methods`` empty means all."""

    function: Function
    methods: frozenset[str]
    auth_level: str
    pattern: re.Pattern[str]
    rank: tuple[int, ...]


class Routes:
    """The HTTP functions of an app, found by path and method."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        """``prefix`` is host.json's ``routePrefix``. Raises ``AppLoadError`` for a template that cannot be served."""
        routes = [_route(f, prefix) for f in functions if f.trigger["type"] == "httpTrigger"]
        self._routes: Sequence[Route] = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]] | frozenset[str]:
        """Return the route with its parameters; without one, the methods the path would take (empty: no such path)."""
        allowed: set[str] = set()
        for route in self._routes:
            if match := route.pattern.fullmatch(raw_path):
                if not route.methods or method in route.methods:
                    return route, {n: unquote(v) for n, v in match.groupdict().items() if v is not None}
                allowed |= route.methods
        return frozenset(allowed)


def _route(function: Function, prefix: str) -> Route:
    trigger = function.trigger
    template = str(trigger.get("route") or function.name).strip("/")
    segments = [segment for segment in f"{prefix.strip('/')}/{template}".split("/") if segment]
    try:
        compiled = [_segment(segment) for segment in segments]
        pattern = re.compile("".join(text for text, _ in compiled) + "/?", re.IGNORECASE)
    except (ValueError, re.error) as error:
        raise AppLoadError(f"function {function.name}: route {template!r}: {error}") from error
    methods = frozenset(str(method).upper() for method in trigger.get("methods") or ())
    level = str(trigger.get("authLevel") or "FUNCTION").upper()
    return Route(function, methods, level, pattern, tuple(rank for _, rank in compiled))


def _segment(segment: str) -> tuple[str, int]:
    """The regular expression of one segment with its leading slash, and its rank (lower is tried first)."""
    if "{" not in segment:
        return "/" + re.escape(segment), 0
    match = _PARAMETER.fullmatch(segment)
    if match is None:
        raise ValueError(f"segment {segment!r} is not one whole parameter")
    name, constraint = match["name"], match["constraint"]
    if match["all"]:
        return f"(?:/(?P<{name}>.*))?", 3
    if constraint and constraint not in _CONSTRAINTS:
        raise ValueError(f"constraint {constraint!r} is none of {', '.join(_CONSTRAINTS)}")
    text = f"/(?P<{name}>{_CONSTRAINTS[constraint] if constraint else '[^/]+'})"
    return f"(?:{text})?" if match["optional"] else text, 1 if constraint else 2
