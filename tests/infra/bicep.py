"""The Bicep files as data: parsed, not compiled, so types of resources are known to Azure alone."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

from pycep import BicepParser

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
MAIN = INFRA / "main.bicep"
MODULES = sorted((INFRA / "modules").glob("*.bicep"))
FILES = [MAIN, *MODULES]
_PARSER = BicepParser()

type Json = dict[str, Any]


def named(path: Path) -> str:
    """A file's name as a test's id."""
    return path.stem


@cache
def parsed(path: Path) -> Json:
    """What a Bicep file declares: parameters, variables, resources, modules and outputs, each by its name."""
    return cast(Json, _PARSER.parse(text=path.read_text()))


def module(name: str) -> Json:
    """What the module of this name declares."""
    return parsed(INFRA / f"modules/{name}.bicep")


def stores() -> dict[str, list[str]]:
    """The tables and containers that are deployed."""
    return json.loads((INFRA / "stores.json").read_text())


def body(declaration: Json) -> Json:
    """What is configured of a resource or module, be it in a loop or behind a condition."""
    config = declaration["config"]
    return cast(Json, config.get("config", config))


def resources(path: Path) -> Iterator[tuple[str, Json]]:
    """Each resource that a file makes, by its symbol; those that are there already are left out."""
    for symbol, resource in parsed(path).get("resources", {}).items():
        if not resource["existing"]:
            yield symbol, resource


def required(path: Path) -> set[str]:
    """Parameters that have no default."""
    given = set(re.findall(r"^param (\w+) \w+ =", path.read_text(), re.MULTILINE))
    return set(parsed(path).get("parameters", {})) - given


def keys(value: object) -> Iterator[str]:
    """The names in all objects of a value that is put together of several, whatever the conditions."""
    match value:
        case {"function": {"parameters": dict(parameters)}}:
            for each in cast(Json, parameters).values():
                yield from keys(each)
        case {"operator": {"type": "conditional", "operands": dict(operands)}}:
            yield from keys(cast(Json, operands)["true_value"])
            yield from keys(cast(Json, operands)["false_value"])
        case dict():
            yield from cast(dict[str, object], value)
        case _:
            return


def all_of(value: object, name: str) -> Iterator[Any]:
    """Every value of this name, however deep."""
    match value:
        case dict():
            for key, inner in cast(Json, value).items():
                if key == name:
                    yield inner
                yield from all_of(inner, name)
        case list():
            for inner in cast(list[object], value):
                yield from all_of(inner, name)
        case _:
            return
