"""The threat model rests on tests: each threat names at least one, and all six kinds are thought of."""

import re

from tests.docs.pages import ROOT, defined, references, section, table, text_of

PAGE = "docs/threat-model.md"
FLOWS = re.findall(r"^### (\d)\. .+$", text_of(PAGE), re.MULTILINE)
HEADINGS = re.findall(r"^### \d\. .+$", text_of(PAGE), re.MULTILINE)


def test_each_threat_names_a_test_that_exists() -> None:
    """A threat that nothing proves to be stopped belongs to the last section."""
    for heading in HEADINGS:
        for kind, threat, stopped, proof in table(section(PAGE, heading), "threat"):
            assert kind in set("STRIDE"), threat
            assert stopped, threat
            tests = references(proof)
            assert tests, f"{threat}: no test"
            for file, name in tests:
                assert file.startswith("tests/"), file
                assert (ROOT / file).is_file(), file
                assert name in defined(file), f"{file}::{name}"


def test_every_flow_of_the_drawing_and_every_kind_is_there() -> None:
    """An arrow without a section was not thought about."""
    drawn = re.findall(r"-- (\d) -->", text_of(PAGE))
    kinds = {row[0] for heading in HEADINGS for row in table(section(PAGE, heading), "threat")}

    assert sorted(drawn) == FLOWS
    assert kinds == set("STRIDE")
