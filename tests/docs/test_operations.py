"""The runbook tells the names that the code uses."""

import re

from shared.contracts.routes import BASE
from shared.telemetry import METRICS, SPAN_IDS
from tests.docs.pages import codes, section, table, text_of
from triggers import API

PAGE = "docs/operations.md"


def test_every_metric_is_explained_and_none_that_is_not_there() -> None:
    """Alerts and workbooks ask for these names, with these kinds."""
    rows = table(section(PAGE, "### Metrics"), "metric")

    assert {codes(name)[0]: kind for name, kind, *_ in rows} == {name: each.kind for name, each in METRICS.items()}


def test_attributes_of_spans_and_metrics_are_those_that_the_code_gives() -> None:
    """Queries ask for these names."""
    source = "".join(
        text_of(path)
        for path in (
            "activities/take_turn.py",
            "activities/traced.py",
            "orchestrators/spans.py",
            "shared/graph/asking.py",
            "shared/measures.py",
            "shared/telemetry.py",
            "triggers/requests/claims.py",
            "triggers/timers/anchors.py",
            "triggers/timers/sweeper.py",
            "triggers/web/http.py",
        )
    )
    spans = [name for row in table(section(PAGE, "### Traces"), "attribute") for name in codes(row[0])]
    metrics = [name for row in table(section(PAGE, "### Metrics"), "metric") for name in codes(row[2])]

    assert set(SPAN_IDS) <= set(spans)
    for name in {*spans, *metrics}:
        given = name.replace(".", "__")
        assert re.search(rf'\b{given}=|"{given}"', source), name


def test_every_route_of_the_runbook_is_one_of_the_apis() -> None:
    """A command that is copied in a hurry must be right."""
    routes = {
        (route.method, re.sub(r"\{[^}]+\}", "<>", route.path.removeprefix(BASE)))
        for router in API
        for route in router.routes
    }
    text = text_of(PAGE)
    said = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?\s]*)", text))
    said |= {("GET", path) for path in re.findall(r'curl -H "x-api-key: \$KEY" "\$API(/[^"?]*)', text)}

    assert said
    for method, path in said:
        if path == "/api/health":
            continue
        assert (method, re.sub(r"<[^>]+>", "<>", path)) in routes, f"{method} {path}"
