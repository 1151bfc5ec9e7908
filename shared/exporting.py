"""Where telemetry goes: Application Insights, or a file of JSON lines on a developer's machine.

Importing this module loads the OpenTelemetry SDK. Everything is sent: whoever calls us does not decide, by a flag of
its trace context, whether what it starts can be followed.
"""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from os import linesep
from pathlib import Path
from traceback import format_tb
from typing import override

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import get_current
from opentelemetry.metrics import Counter
from opentelemetry.metrics import _Gauge as Gauge
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    ConsoleLogRecordExporter,
    LogRecordExporter,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
)
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from shared.settings import TelemetrySettings
from shared.telemetry import METRICS, Attribute

NAME = "bulk-licences"
LOGGERS = ("activities", "orchestrators", "shared", "triggers")
"""Whose logs are the app's own."""
_FILE_METRICS_MS = 1000


class Exporting:
    """The SDK's providers, with exporters; ``about`` tells the ids that what happens now belongs to."""

    def __init__(self, chosen: TelemetrySettings, about: Callable[[], Mapping[str, Attribute]]) -> None:
        resource = Resource.create({"service.name": NAME})
        self.ids = _Ids()
        spans = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=self.ids)
        logs = LoggerProvider(resource=resource)
        if chosen.file is not None:
            span_exporter, metric_exporter, log_exporter = _to_file(chosen.file)
            spans.add_span_processor(SimpleSpanProcessor(span_exporter))
            logs.add_log_record_processor(SimpleLogRecordProcessor(log_exporter))
            reader = PeriodicExportingMetricReader(metric_exporter, _FILE_METRICS_MS)
        else:
            span_exporter, metric_exporter, log_exporter = _to_azure(chosen)
            spans.add_span_processor(BatchSpanProcessor(span_exporter))
            logs.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
            reader = PeriodicExportingMetricReader(metric_exporter)
        self.tracer = spans.get_tracer(NAME)
        self._meter = MeterProvider([reader], resource=resource).get_meter(NAME)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        handler = _Handler(logs, about)
        for name in LOGGERS:
            logger = logging.getLogger(name)
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)

    def add(self, name: str, number: int, attributes: Mapping[str, Attribute]) -> None:
        """Add to a counter of ``METRICS``."""
        if name not in self._counters:
            metric = METRICS[name]
            self._counters[name] = self._meter.create_counter(name, metric.unit, metric.what)
        self._counters[name].add(number, attributes)

    def set(self, name: str, value: float, attributes: Mapping[str, Attribute]) -> None:
        """Set a level of ``METRICS``."""
        if name not in self._gauges:
            metric = METRICS[name]
            self._gauges[name] = self._meter.create_gauge(name, metric.unit, metric.what)
        self._gauges[name].set(value, attributes)


class _Ids(RandomIdGenerator):
    """Random ids, but for a span whose id is known."""

    def __init__(self) -> None:
        self._next: ContextVar[int | None] = ContextVar("next span id", default=None)

    @contextmanager
    def next_is(self, span_id: int) -> Generator[None]:
        """Within it, a span that begins has this id."""
        token = self._next.set(span_id)
        try:
            yield
        finally:
            self._next.reset(token)

    @override
    def generate_span_id(self) -> int:
        return self._next.get() or super().generate_span_id()


class _Handler(logging.Handler):
    """Turns the app's own log records into structured ones; of an exception its type and place, not its text."""

    def __init__(self, provider: LoggerProvider, about: Callable[[], Mapping[str, Attribute]]) -> None:
        super().__init__(logging.INFO)
        self._provider = provider
        self._about = about

    @override
    def emit(self, record: logging.LogRecord) -> None:
        attributes: dict[str, Attribute] = {**self._about(), "logger": record.name}
        if record.exc_info and (error := record.exc_info[1]):
            attributes |= {
                "exception.type": type(error).__name__,
                "exception.stacktrace": "".join(format_tb(error.__traceback__)),
            }
        self._provider.get_logger(NAME).emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                context=get_current(),
                severity_number=_SEVERITIES.get(record.levelno, SeverityNumber.INFO),
                severity_text=record.levelname,
                body=record.getMessage(),
                attributes=attributes,
            )
        )


_SEVERITIES = {
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


def _to_file(path: Path) -> tuple[SpanExporter, MetricExporter, LogRecordExporter]:
    """Everything as JSON, a line each, appended to a file."""
    out = path.open("a", encoding="utf-8")
    return (
        ConsoleSpanExporter(out=out, formatter=lambda span: span.to_json(None) + linesep),
        ConsoleMetricExporter(out=out, formatter=lambda metrics: metrics.to_json(None) + linesep),
        ConsoleLogRecordExporter(out=out, formatter=lambda record: record.to_json(None) + linesep),
    )


def _to_azure(chosen: TelemetrySettings) -> tuple[SpanExporter, MetricExporter, LogRecordExporter]:
    """Application Insights, by its connection string; as the identity that the settings name, where they name one."""
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - a developer's file needs none of it
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415 - likewise
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    credential = ManagedIdentityCredential(client_id=chosen.identity) if chosen.signs_in else None
    options = {"connection_string": chosen.connection_string, "credential": credential}
    return (
        AzureMonitorTraceExporter(**options),
        AzureMonitorMetricExporter(**options),
        AzureMonitorLogExporter(**options),
    )
