"""Alerts and workbook ask for what the app measures, as it measures it."""

import json
import re

import pytest

from shared.telemetry import METRICS
from tests.docs.pages import section, text_of
from tests.infra.bicep import INFRA, Json, body, module

RUNBOOK = "docs/operations.md"
ALERTS: list[Json] = module("alerts")["variables"]["rules"]["value"]
WORKBOOK: Json = json.loads((INFRA / "workbook.json").read_text())
NAME = re.compile(r'"([a-z]+\.[a-z]+)"')
COLUMNS = {"count": "valueSum", "level": "valueMax"}
"""What a metric's kind is read from; the other column of it says something else."""


def queries() -> dict[str, str]:
    """Every query by its title."""
    asked = {rule["title"]: rule["query"].replace("\\'", "'") for rule in ALERTS}
    return asked | {
        item["content"]["title"]: item["content"]["query"] for item in WORKBOOK["items"] if "query" in item["content"]
    }


@pytest.mark.parametrize("title", queries())
def test_what_is_asked_for_is_measured(title: str) -> None:
    """Under this name, and added up or looked at as its kind wants it."""
    query = queries()[title]
    asked = set(NAME.findall(query))

    assert asked <= set(METRICS)
    assert asked or "customMetrics" not in query
    assert {column for column in COLUMNS.values() if column in query} == {COLUMNS[METRICS[name].kind] for name in asked}


def test_every_metric_is_shown() -> None:
    """The workbook has all of them."""
    assert {name for item in WORKBOOK["items"] for name in NAME.findall(str(item["content"].get("query", "")))} == set(
        METRICS
    )


def test_every_alert_has_its_section_in_the_runbook() -> None:
    """Under its title: whoever is woken by it finds what it means and what to do. No section is without its alert."""
    headings = re.findall(r"^### (.+)$", section(RUNBOOK, "## Alerts"), re.MULTILINE)

    assert sorted(rule["title"] for rule in ALERTS) == sorted(headings)


def test_a_rule_looks_as_far_back_as_it_is_asked() -> None:
    """No moment is left out between two looks, and somebody is told."""
    rule = body(module("alerts")["resources"]["alert"])

    assert rule["properties"]["actions"]["actionGroups"] == ["actionGroupId"]
    for each in ALERTS:
        every, window = (int(re.findall(r"PT(\d+)M", each[name])[0]) for name in ("every", "window"))
        assert every <= window, each["name"]


def test_the_workbook_is_of_the_deployed_component() -> None:
    """Its place is filled in when it is deployed."""
    assert WORKBOOK["fallbackResourceIds"] == ["{applicationInsightsId}"]
    assert "{applicationInsightsId}" in text_of("infra/modules/workbook.bicep")


def test_the_host_tells_in_the_same_way() -> None:
    """Its spans and the app's are one trace: both by OpenTelemetry."""
    assert json.loads(text_of("host.json"))["telemetryMode"] == "OpenTelemetry"
    assert "PYTHON_ENABLE_OPENTELEMETRY: 'true'" in text_of("infra/modules/function-app.bicep")
