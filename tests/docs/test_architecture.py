"""The architecture page tells the way of an operation as the code goes it."""

import re

import pytest

from shared.contracts import names
from tests.docs.pages import ROOT, codes, references, section, table, text_of

PAGE = "docs/architecture.md"
FUNCTIONS = {value for name, value in vars(names).items() if name.isupper()}
ORCHESTRATORS = {names.RUN_OPERATION, names.RUN_TENANT}
TRAPS = 45


def steps() -> list[list[str]]:
    """The rows of the way of one operation: number, step, where, what."""
    return table(section(PAGE, "## The way of one operation"), "#")


def test_the_steps_are_numbered_and_each_names_its_code() -> None:
    """A step without a function to look at would be a claim."""
    assert [int(number) for number, *_ in steps()] == list(range(1, len(steps()) + 1))
    for number, _, where, _ in steps():
        assert all(name for _, name in references(where)), f"step {number}"
        assert references(where), f"step {number}"


def test_every_orchestrator_and_activity_is_a_step_in_its_own_file() -> None:
    """What the functions are called is what the page calls them, and it says where each is."""
    found = {codes(step)[0]: references(where)[0].file for _, step, where, _ in steps() if codes(step)}

    assert found == {
        name: f"{'orchestrators' if name in ORCHESTRATORS else 'activities'}/{name}.py" for name in FUNCTIONS
    }


@pytest.mark.parametrize("folder", ["triggers", "orchestrators", "activities"])
def test_no_file_of_the_app_is_left_out(folder: str) -> None:
    """A new file has a place on the page."""
    files = (path for path in (ROOT / folder).rglob("*.py") if path.name != "__init__.py")
    there = {path.relative_to(ROOT).as_posix() for path in files}

    assert there - {file for file, _ in references(text_of(PAGE))} == set()


def test_tables_are_the_ones_in_use() -> None:
    """The page lists the tables that the code opens, each once."""
    code = "\n".join(path.read_text() for path in (ROOT / "shared/tables").glob("*.py"))
    used = set(re.findall(r'\.table\("(\w+)"', code))
    listed = [codes(name)[0] for name, *_ in table(section(PAGE, "## Rows and blobs"), "table")]

    assert sorted(listed) == sorted(used)


def test_containers_are_the_ones_in_use() -> None:
    """The page lists the containers that the code opens, each once."""
    code = "\n".join(path.read_text() for path in (ROOT / "shared/blobs").glob("*.py"))
    used = set(re.findall(r'^CONTAINER = "([\w-]+)"', code, re.MULTILINE))
    listed = [codes(name)[0] for name, *_ in table(section(PAGE, "## Rows and blobs"), "container")]

    assert sorted(listed) == sorted(used)


def test_row_keys_are_the_ones_in_use() -> None:
    """The fixed beginning of each row key (``u|``, ``head`` …) stands in the code of the tables."""
    code = "\n".join(path.read_text() for path in (ROOT / "shared/tables").glob("*.py"))
    for name, _, keys, _ in table(section(PAGE, "## Rows and blobs"), "table"):
        for key in codes(keys):
            fixed = key.partition("{")[0]
            assert f'"{fixed}' in code, f"{name}: {key}"


def test_every_trap_has_its_line() -> None:
    """Each number stands once, in order, and says which test or code keeps it away, or that it comes later."""
    rows = table(section(PAGE, "## Traps"), "trap")
    numbers = [int(number) for row in rows for number in row[0].split(",")]

    assert numbers == list(range(1, TRAPS + 1))
    for number, _, here in rows:
        assert references(here) or "with later work" in here, f"trap {number}"


def test_import_contracts_are_all_told() -> None:
    """The page has as many layers as import-linter has contracts."""
    told = re.findall(r"^- ", section(PAGE, "## Import layers"), re.MULTILINE)

    assert len(told) == text_of("pyproject.toml").count("[[tool.importlinter.contracts]]")
