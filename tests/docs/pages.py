"""The project's pages as data: what they name, link to, and list in tables."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_SINGLE = tuple(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "portal/README.md"))
PAGES = sorted([*_SINGLE, *ROOT.glob("docs/**/*.md"), *ROOT.glob("dev/*/README.md")])
ADRS = sorted(ROOT.glob("docs/adr/*.md"))

_REFERENCE = re.compile(r"`([\w-]+(?:/[\w.-]+)*\.py|[\w-]+(?:/[\w.-]+)+\.(?:sh|json))(?:::([\w.]+))?`")
_CODE = re.compile(r"`([^`]+)`")


class Reference(NamedTuple):
    """A file, or a function, class, method or constant in it, as a page names it: ``file.py::name``."""

    file: str
    name: str | None


def named(page: Path) -> str:
    """A page's path as a test's id."""
    return page.relative_to(ROOT).as_posix()


def text_of(path: str) -> str:
    """The text of a file of the project."""
    return (ROOT / path).read_text()


def references(text: str) -> list[Reference]:
    """The code that a text names, in order."""
    return [Reference(match[1], match[2]) for match in _REFERENCE.finditer(text)]


def codes(text: str) -> list[str]:
    """What stands between backticks, in order; a bar that is escaped for a table is a bar."""
    return [code.replace("\\|", "|") for code in _CODE.findall(text)]


def section(page: str, heading: str) -> str:
    """The text below a heading of a page, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    _, found, rest = f"\n{text_of(page)}".partition(f"\n{heading}\n")
    assert found, f"{page} has no {heading!r}"
    return re.split(rf"\n#{{1,{level}}} ", rest, maxsplit=1)[0]


def table(text: str, first: str) -> list[list[str]]:
    """The cells of the first table whose first column is called so, row by row without the heading."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            next(lines)
            return [_cells(row) for row in _while_table(lines)]
    raise AssertionError(f"there is no table that begins with {first!r}")


def _while_table(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


@cache
def defined(file: str) -> frozenset[str]:
    """Names that a module defines: functions, classes, constants, and ``Class.member``."""
    return frozenset(_names(ast.parse(text_of(file)).body))


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.ClassDef():
                yield node.name
                yield from (f"{node.name}.{name}" for name in _names(node.body))
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                pass
