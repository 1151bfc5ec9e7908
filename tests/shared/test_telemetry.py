"""Spans, metrics and logs of the app's own, in a file of this test."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.trace_demo import Span, told
from shared import exporting, telemetry
from shared.contracts.names import operation_instance, tenant_instance
from shared.services import open_services
from shared.settings import read_settings, telemetry_settings

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file to which this process tells; afterwards nothing is collected again."""
    path = tmp_path / "told.ndjson"
    loggers = [logging.getLogger(name) for name in exporting.LOGGERS]
    before = [(list(logger.handlers), logger.level) for logger in loggers]
    monkeypatch.setenv("TELEMETRY_FILE", str(path))
    telemetry._open.cache_clear()
    yield path
    monkeypatch.undo()
    telemetry._open.cache_clear()
    for logger, (handlers, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.level = handlers, level


def spans(path: Path) -> dict[str, Span]:
    """What was told, by name."""
    return {span.name: span for span in (Span.of(line) for line in told(path) if "context" in line)}


def test_where_nothing_is_collected_the_sdk_is_not_loaded() -> None:
    """Neither by the app's import, nor by its first request to Graph, nor by a span."""
    code = """if True:
        import sys
        import function_app, shared.graph.sdk
        from shared import telemetry
        with telemetry.span("any") as span:
            telemetry.count("audit.broken", tenant="t")
            assert span.context is None is telemetry.current()
        print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "azure.monitor"))])
    """
    environment = {"GRAPH_CREDENTIAL": "static:x", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)

    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_spans_of_orchestrations_are_known_to_those_below_before_they_are_told(path: Path) -> None:
    """An activity on any host hangs below its orchestration, whose span is told last, and twice is once."""
    with telemetry.span("start_operation", parent=CALLERS) as start:
        begun = start.context
    inside = telemetry.within(begun, tenant_instance("op", 2, "t"))
    with telemetry.span("apply_batch", parent=inside, operation="op", tenant="t"), telemetry.span("Graph POST $batch"):
        pass
    for _ in range(2):
        telemetry.orchestrated(
            "run_tenant",
            tenant_instance("op", 2, "t"),
            parent=telemetry.within(begun, operation_instance("op", 2)),
            since=NOON,
            until=NOON + timedelta(seconds=2),
        )

    found = spans(path)
    assert {span.trace for span in found.values()} == {"0x0af7651916cd43dd8448eb211c80319c"}
    assert found["start_operation"].parent == "0xb7ad6b7169203331"
    assert found["apply_batch"].parent == found["run_tenant"].id
    assert found["run_tenant"].took == 2000
    assert found["Graph POST $batch"].attributes == {"operation": "op", "tenant": "t"}
    ids = {line["context"]["span_id"] for line in told(path) if line.get("name") == "run_tenant"}
    assert len(ids) == 1


@pytest.mark.parametrize("given", [None, "", "nonsense", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"])
def test_a_context_that_is_none_begins_a_trace_of_its_own(path: Path, given: str | None) -> None:
    """What callers send is not to be relied on."""
    with telemetry.span("assign", parent=given):
        assert telemetry.current() is not None

    assert spans(path)["assign"].parent is None
    assert telemetry.within(given, "op:1") is None


def test_of_what_is_raised_only_the_type_is_told(path: Path) -> None:
    """Graph's texts may name people, and so may the app's own."""
    who = "ana@" + "contoso.com"  # a trace of calls shows the lines of the code

    def fail() -> None:
        with telemetry.span("assign", operation="op"):
            try:
                raise LookupError(f"there is no {who}")
            except LookupError:
                logging.getLogger("shared.any").exception("it failed")
                raise

    with pytest.raises(LookupError):
        fail()
    [log] = [line for line in told(path) if "severity_text" in line]
    assert (log["body"], log["severity_text"]) == ("it failed", "ERROR")
    assert log["attributes"]["operation"] == "op"
    assert spans(path)["assign"].trace == log["trace_id"]
    assert log["attributes"]["exception.type"] == "LookupError"
    assert "test_telemetry.py" in log["attributes"]["exception.stacktrace"]
    assert spans(path)["assign"].failed
    assert spans(path)["assign"].attributes["error.type"] == "LookupError"
    assert who not in path.read_text()


async def test_libraries_that_log_urls_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the host lets everything through, they still do not name whom a request is about."""
    monkeypatch.setattr(logging.getLogger("httpx"), "level", logging.NOTSET)
    monkeypatch.setattr(logging.getLogger("azure"), "level", logging.NOTSET)
    chosen = {"GRAPH_BASE_URL": "http://127.0.0.1:1/v1.0", "GRAPH_CREDENTIAL": "static:x"}
    services = open_services(read_settings({"AzureWebJobsStorage": "UseDevelopmentStorage=true", **chosen}))
    await services.close()

    for name in ("httpx", "azure.core.pipeline.policies.http_logging_policy"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_a_metric_that_is_none_of_ours_is_a_fault(path: Path) -> None:
    """A name that no page describes cannot come about."""
    with pytest.raises(KeyError):
        telemetry.count("users.chnged")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("APPLICATIONINSIGHTS_CONNECTION_STRING", "nonsense"), ("TELEMETRY_FILE", "/there/is/no/such/folder")],
)
def test_a_place_that_cannot_be_opened_stops_nobody(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, setting: str, value: str
) -> None:
    """Licences are assigned without anybody watching; the log says once what is wrong."""
    monkeypatch.delenv("TELEMETRY_FILE")
    monkeypatch.setenv(setting, value)

    with telemetry.span("assign") as span:
        telemetry.count("audit.broken")
    assert span.context is None
    assert [record.levelname for record in caplog.records if "Nothing is collected" in record.message] == ["ERROR"]


def test_where_application_insights_wants_a_token_the_named_identity_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are those that the host reads too."""
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=k")
    plain = telemetry_settings()
    monkeypatch.setenv("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD;ClientId=some-id")
    signed = telemetry_settings()

    assert plain is not None
    assert signed is not None
    assert (plain.signs_in, plain.identity) == (False, None)
    assert (signed.signs_in, signed.identity) == (True, "some-id")


def test_application_insights_gets_all_three_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exporters of that very version are built as their package wants it; nothing is sent here."""
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    monkeypatch.setenv(
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://127.0.0.1:1",
    )
    monkeypatch.setenv("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD;ClientId=some-id")
    chosen = telemetry_settings()
    assert chosen is not None

    kinds = [type(exporter).__name__ for exporter in exporting._to_azure(chosen)]

    assert kinds == ["AzureMonitorTraceExporter", "AzureMonitorMetricExporter", "AzureMonitorLogExporter"]
