"""``python -m dev.package.licences BOM…``: the licences in bills of materials, each held to the list in pyproject.toml.

Prints a table of all of them; fails, and names it, on a library whose licence is not on the list or not told.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Rules:
    """The licences that a library may have, and what somebody has looked up of those that tell none, by name."""

    allowed: frozenset[str]
    looked_up: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Library:
    """A component of a bill: ids, names and expressions of its licences, none where they are not known."""

    name: str
    version: str
    licences: tuple[str, ...]

    def allowed(self, rules: Rules) -> bool:
        """Whether its licences are known and each is on the list."""
        return bool(self.licences) and rules.allowed.issuperset(self.licences)

    def __str__(self) -> str:
        return f"{self.name} {self.version}: {'; '.join(self.licences) or 'no licence told'}"


def rules(project: Path) -> Rules:
    """The rules in a pyproject.toml."""
    table: dict[str, Any] = tomllib.loads(project.read_text())["tool"]["supply"]
    return Rules(frozenset(table["licences"]), table["looked-up"])


def libraries(bill: dict[str, Any], looked_up: Mapping[str, str]) -> list[Library]:
    """The components of a bill of materials (CycloneDX)."""
    return [
        Library(one["name"], one["version"], tuple(_told(one)) or tuple(filter(None, [looked_up.get(one["name"])])))
        for one in bill["components"]
    ]


def _told(component: dict[str, Any]) -> Iterable[str]:
    for each in component.get("licenses", []):
        licence: dict[str, Any] = each.get("license", {})
        if name := each.get("expression") or licence.get("id"):
            yield name
        elif "text" not in licence:  # the whole text is no name; who gives it names the licence as well
            yield licence["name"].removeprefix(_CLASSIFIER)


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.package.licences", description="Hold licences to the list.")
    parser.add_argument("bills", nargs="+", type=Path, help="bills of materials in CycloneDX, JSON")
    held_to = rules(ROOT / "pyproject.toml")
    found: list[Library] = []
    for bill in parser.parse_args().bills:
        listed = libraries(json.loads(bill.read_text()), held_to.looked_up)
        if not listed:
            print(f"licences: {bill.name} lists no library", file=sys.stderr)
            return 1
        found += listed
    print("| library | version | licence |\n| --- | --- | --- |")
    for each in sorted(found, key=lambda each: each.name.lower()):
        print(f"| {each.name} | {each.version} | {'; '.join(each.licences)} |")
    refused = [each for each in found if not each.allowed(held_to)]
    for each in refused:
        print(f"licences: not on the list of pyproject.toml: {each}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
