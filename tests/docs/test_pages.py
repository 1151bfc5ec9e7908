"""What every page promises: what it names is there, what it links to exists, and it tells nothing of a machine."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ADRS, PAGES, ROOT, defined, named, references

LINK = re.compile(r"\]\(([^()\s]+)\)|<(https?://[^>\s]+)>")
MACHINE_PATH = re.compile(r"(?<![\w.:/}])/(?:home|root|work|tmp|mnt|Users|private|usr|var|opt)/|[A-Z]:\\")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_code_that_a_page_names_exists(page: Path) -> None:
    """A renamed file, function, class or test takes its page along."""
    for file, name in references(page.read_text()):
        assert (ROOT / file).is_file() or (page.parent / file).is_file(), f"{named(page)} names {file}"
        if name:
            assert name in defined(file), f"{named(page)} names {file}::{name}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Relative links name an existing file or folder, headings included; others are addresses."""
    for target in (match[1] or match[2] for match in LINK.finditer(page.read_text())):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{named(page)} links to {target}"
        if heading:
            assert heading in _anchors(found), f"{named(page)} links to {target}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs/demo.svg"], ids=named)
def test_no_page_tells_of_somebodys_machine(page: Path) -> None:
    """No absolute path: what is written down works in every clone."""
    assert not MACHINE_PATH.findall(page.read_text())


def test_decisions_are_numbered_dated_and_of_one_page() -> None:
    """Each ADR has its number, a date, and says what was known, possible, chosen, and what follows."""
    assert [int(adr.name[:4]) for adr in ADRS] == list(range(1, len(ADRS) + 1))
    for adr in ADRS:
        title, _, dated, *rest = adr.read_text().splitlines()
        assert title.startswith(f"# {int(adr.name[:4])}. "), named(adr)
        assert re.fullmatch(r"20\d\d-\d\d-\d\d, (accepted|superseded by \d{4})", dated), named(adr)
        headings = [line for line in rest if line.startswith("## ")]
        assert headings == ["## Context", "## Options", "## Decision", "## Consequences"], named(adr)
        assert len(rest) < 60, f"{named(adr)} is longer than a page"


def _anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
