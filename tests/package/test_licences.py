"""Licences of libraries are held to the list."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dev.package import licences
from dev.package.licences import Library, Rules, libraries

RULES = Rules(frozenset({"MIT", "BSD License"}), {"quiet": "MIT"})


def component(*told: dict[str, Any], name: str = "library") -> dict[str, Any]:
    """A library in a bill, with what it tells of its licences."""
    return {"name": name, "version": "1.0", "licenses": list(told)}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        pytest.param([{"license": {"id": "MIT"}}], ("MIT",), id="id"),
        pytest.param([{"expression": "MIT AND GPL-3.0-only"}], ("MIT AND GPL-3.0-only",), id="expression"),
        pytest.param(
            [{"license": {"name": "License :: OSI Approved :: BSD License"}}], ("BSD License",), id="classifier"
        ),
        pytest.param(
            [{"license": {"id": "MIT"}}, {"license": {"name": "of x", "text": {"content": "…"}}}], ("MIT",), id="text"
        ),
        pytest.param([], (), id="nothing"),
    ],
)
def test_what_a_library_tells_is_read(told: list[dict[str, Any]], found: tuple[str, ...]) -> None:
    """Each way in which a bill may tell it."""
    assert libraries({"components": [component(*told)]}, RULES.looked_up) == [Library("library", "1.0", found)]


def test_what_was_looked_up_stands_in_for_what_is_not_told() -> None:
    """And only for that."""
    bill = {"components": [component(name="quiet"), component({"license": {"id": "GPL-3.0-only"}}, name="quiet")]}

    assert [each.licences for each in libraries(bill, RULES.looked_up)] == [("MIT",), ("GPL-3.0-only",)]


@pytest.mark.parametrize(
    ("told", "allowed"),
    [
        pytest.param(("MIT",), True, id="on-the-list"),
        pytest.param(("MIT", "BSD License"), True, id="both-on-the-list"),
        pytest.param(("GPL-3.0-only",), False, id="not-on-the-list"),
        pytest.param(("MIT", "GPL-3.0-only"), False, id="one-of-two"),
        pytest.param(("MIT AND GPL-3.0-only",), False, id="part-of-an-expression"),
        pytest.param((), False, id="nothing-told"),
    ],
)
def test_a_library_needs_every_licence_on_the_list(told: tuple[str, ...], allowed: bool) -> None:
    """Word for word: a part of an expression is not the expression, and nothing told is not allowed."""
    assert Library("library", "1.0", told).allowed(RULES) is allowed


def test_a_refused_licence_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name, after the whole table; so does a bill without a library."""
    bill = tmp_path / "bill.json"
    bill.write_text(json.dumps({"components": [component({"license": {"id": "AGPL-3.0-only"}}), component()]}))
    monkeypatch.setattr(sys, "argv", ["licences", str(bill)])

    assert licences.main() == 1
    out, err = capsys.readouterr()
    assert "| library | 1.0 | AGPL-3.0-only |" in out
    assert "library 1.0: AGPL-3.0-only" in err
    assert "library 1.0: no licence told" in err

    bill.write_text('{"components": []}')
    assert licences.main() == 1
    assert "bill.json lists no library" in capsys.readouterr().err
