"""
Parse ``$filter`` and ``$search`` into small trees; what a tree means for an object is decided in ``filters``.

A filter that does not parse is refused with 400 ``BadRequest`` "Invalid filter clause: …" (ASSUMPTION: text).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput

from dev.simulator.errors import malformed

type Value = str | bool | float | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A value and how it was written: string, guid, datetime, number, boolean or null."""

    kind: str
    value: Value


@dataclass(frozen=True, slots=True)
class Path:
    """``accountEnabled`` or ``assignedLicenses/$count``."""

    parts: tuple[str, ...]
    count: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """``path op value``; op is eq, ne, gt, ge, lt, le, startsWith, endsWith, contains, or in with several values."""

    path: Path
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``path/any(variable:inner)``; without ``inner`` it asks whether there is any element."""

    path: Path
    variable: str | None
    inner: "Node | None"


@dataclass(frozen=True, slots=True)
class Not:
    """``not inner``."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class Combine:
    """Nodes joined by ``and`` or ``or``."""

    operator: str
    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Clause:
    """``property:text`` of a ``$search``."""

    property: str
    text: str


type Node = Compare | AnyOf | Not | Combine
type SearchNode = Clause | Combine

_FUNCTIONS = {"startswith": "startsWith", "endswith": "endsWith", "contains": "contains"}


def _nodes(children: list[Any]) -> tuple[Any, ...]:
    return tuple(child for child in children if not isinstance(child, Token))


class _Build(Transformer[Token, Any]):
    """Lark's tree to ours, rule by rule."""

    def path(self, children: list[Any]) -> Path:
        return Path(tuple(str(each) for each in children))

    def count(self, children: list[Any]) -> Path:
        return Path(children[0].parts, count=True)

    def string(self, children: list[Any]) -> Literal:
        return Literal("string", str(children[0])[1:-1].replace("''", "'"))

    def guid(self, children: list[Any]) -> Literal:
        return Literal("guid", str(children[0]).lower())

    def datetime(self, children: list[Any]) -> Literal:
        return Literal("datetime", str(children[0]))

    def number(self, children: list[Any]) -> Literal:
        return Literal("number", float(children[0]))

    def true(self, _children: list[Any]) -> Literal:
        return Literal("boolean", True)

    def false(self, _children: list[Any]) -> Literal:
        return Literal("boolean", False)

    def null(self, _children: list[Any]) -> Literal:
        return Literal("null", None)

    def comparison(self, children: list[Any]) -> Compare:
        return Compare(children[0], str(children[1]).lower(), (children[2],))

    def membership(self, children: list[Any]) -> Compare:
        return Compare(children[0], "in", tuple(children[2:]))

    def function(self, children: list[Any]) -> Compare:
        return Compare(children[1], _FUNCTIONS[str(children[0]).lower()], (children[2],))

    def any_of(self, children: list[Any]) -> AnyOf:
        variable, inner = (*children[2:], None, None)[:2]
        return AnyOf(children[0], None if variable is None else str(variable), inner)

    def negation(self, children: list[Any]) -> Not:
        return Not(children[1])

    def or_expr(self, children: list[Any]) -> Combine:
        return Combine("or", _nodes(children))

    def and_expr(self, children: list[Any]) -> Combine:
        return Combine("and", _nodes(children))

    def search_or(self, children: list[Any]) -> Combine:
        return Combine("or", _nodes(children))

    def search_and(self, children: list[Any]) -> Combine:
        return Combine("and", _nodes(children))

    def clause(self, children: list[Any]) -> Clause:
        text = str(children[0])[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        name, colon, value = text.partition(":")
        return Clause(name.strip(), value.strip()) if colon else Clause("", text)


_PARSER: Any = Lark(  # lark types its results in part only
    FilePath(__file__).with_name("odata.lark").read_text(encoding="utf-8"),
    parser="lalr",
    start=["or_expr", "search_or"],
    maybe_placeholders=True,
)
_BUILD = _Build()


def _describe(error: UnexpectedInput, text: str) -> str:
    position: Any = getattr(error, "pos_in_stream", None)
    token: Any = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return f"Expression expected at position {len(text)} in '{text}'."
    return f"Syntax error at position {position} in '{text}'."


@lru_cache(maxsize=512)
def parse_filter(text: str) -> Node:
    """The tree of a ``$filter``; GraphError when it does not parse."""
    try:
        return _BUILD.transform(_PARSER.parse(text, start="or_expr"))
    except UnexpectedInput as error:
        raise malformed(f"Invalid filter clause: {_describe(error, text)}") from error


@lru_cache(maxsize=64)
def parse_search(text: str) -> SearchNode:
    """The tree of a ``$search``; GraphError when it does not parse."""
    try:
        return _BUILD.transform(_PARSER.parse(text, start="search_or"))
    except UnexpectedInput as error:
        raise malformed(f"Syntax error in the search clause: {_describe(error, text)}") from error  # ASSUMPTION
