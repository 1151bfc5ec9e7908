"""Traces, metrics and logs of what the app does, in ids and numbers.

Nothing is collected, and no SDK is loaded, unless a setting names where it goes (`shared/exporting.py`). The providers
are this module's own, never those of the process: through them the Graph SDK would tell the URL of each request, and
with it whom it is about.

One trace follows an operation from the call that starts it to Graph. Its row keeps the context of its start, so that
every epoch, whoever starts it, belongs to it. The spans of orchestrations have ids that follow from the instance, so
that an activity on any host knows what it is a part of.
"""

import hashlib
import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.settings import telemetry_settings

if TYPE_CHECKING:
    from shared.exporting import Exporting

log = logging.getLogger(__name__)

type Attribute = str | int | float | bool

SPAN_IDS: Final = ("operation", "tenant", "epoch", "batch", "attempt")
"""Attributes that spans and logs take over from the span around them."""
_W3C = TraceContextTextMapPropagator()
_opening = Lock()
_about: ContextVar[Mapping[str, Attribute]] = ContextVar("about", default={})  # noqa: B039 - nobody changes it


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is measured: a ``count`` adds up, a ``level`` is what it was last."""

    kind: Literal["count", "level"]
    unit: str
    what: str


METRICS: Final[Mapping[str, Metric]] = {
    "operations.ended": Metric("count", "{operation}", "Operations that ended, by status."),
    "operations.halted": Metric("count", "{tenant}", "Parts of operations that came to a halt, by tenant."),
    "operations.stuck": Metric("count", "{operation}", "Operations that the sweeper took up: nobody worked on them."),
    "users.changed": Metric("count", "{user}", "Users who were changed, by tenant and kind of operation."),
    "users.failed": Metric("count", "{user}", "Users who should have been changed and were not, by tenant and code."),
    "graph.throttled": Metric("count", "{request}", "Requests and items that Graph refused with 429, by scope."),
    "limit.used": Metric("level", "1", "Share of a tenant's write limit in use when a window began."),
    "queue.age": Metric("level", "s", "For how long the oldest part of an operation waits to be looked at."),
    "audit.broken": Metric("count", "{chain}", "Checks that found a chain not to be what was recorded, by tenant."),
}
"""All that is measured, by name."""


class Span:
    """What can be told of a span while it lasts."""

    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def context(self) -> str | None:
        """Its W3C trace context; None where nothing is collected."""
        return _written(self._span)

    def note(self, **attributes: Attribute | None) -> None:
        """Add attributes; a double underscore stands for a dot, None is left out."""
        if self._span.is_recording():
            self._span.set_attributes(_named(attributes))

    def fail(self, why: str) -> None:
        """Mark it as failed; ``why`` is a code, never a text of others."""
        self._span.set_status(trace.StatusCode.ERROR)
        self.note(error__type=why)


_NOTHING = Span(trace.INVALID_SPAN)


def collects() -> bool:
    """Whether anything is collected."""
    return _exporting() is not None


def _exporting() -> "Exporting | None":
    with _opening:  # orchestrators run in threads of their own
        return _open()


@cache
def _open() -> "Exporting | None":
    """Where it goes; what cannot be opened is said, and keeps nobody from working."""
    chosen = telemetry_settings()
    if chosen is None:
        return None
    from shared.exporting import Exporting  # noqa: PLC0415 - loads the SDK, which nobody needs who collects nothing

    try:
        return Exporting(chosen, _about.get)
    except (ValueError, OSError) as error:
        log.error("Nothing is collected, as the place for it cannot be opened: %s", error)
        return None


def current() -> str | None:
    """The W3C trace context of the span that lasts, whoever began it; None where there is none."""
    return _written(trace.get_current_span())


@contextmanager
def span(
    name: str,
    *,
    role: trace.SpanKind = trace.SpanKind.INTERNAL,
    parent: str | None = None,
    link: str | None = None,
    **attributes: Attribute | None,
) -> Generator[Span]:
    """A span over what happens within it, below ``parent`` (a W3C trace context) or else the span that lasts.

    What is raised within it makes it an error, of which it tells the type only: texts may name people.
    """
    exporting = _exporting()
    if exporting is None:
        yield _NOTHING
        return
    given = _named(attributes)
    about = {**_about.get(), **{name: value for name, value in given.items() if name in SPAN_IDS}}
    token = _about.set(about)
    above, linked = _read(parent), _read(link)
    links = [trace.Link(linked.get_span_context())] if linked else []
    begun = exporting.tracer.start_span(
        name,
        trace.set_span_in_context(above) if above else None,
        kind=role,
        attributes={**about, **given},
        links=links,
    )
    try:
        with trace.use_span(begun, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            told = Span(begun)
            try:
                yield told
            except Exception as error:
                told.fail(type(error).__name__)
                raise
    finally:
        _about.reset(token)


def within(parent: str | None, instance: str) -> str | None:
    """The trace context of an orchestration's span, whose operation began in ``parent``; None where that is None."""
    begun = _read(parent)
    if begun is None:
        return None
    return f"00-{trace.format_trace_id(begun.get_span_context().trace_id)}-{_span_id(instance):016x}-01"


def orchestrated(
    name: str, instance: str, *, parent: str | None, since: datetime, until: datetime, **attributes: Attribute | None
) -> None:
    """Tell of an orchestration that has ended; once more does no harm, as its span has the same id then."""
    exporting, below = _exporting(), _read(parent)
    if exporting is None or below is None:
        return
    with exporting.ids.next_is(_span_id(instance)):
        begun = exporting.tracer.start_span(
            name, trace.set_span_in_context(below), start_time=_nanoseconds(since), attributes=_named(attributes)
        )
    begun.end(_nanoseconds(until))


def count(name: str, number: int = 1, **attributes: Attribute | None) -> None:
    """Add to a metric of ``METRICS``."""
    if number and (exporting := _exporting()) is not None:
        exporting.add(name, number, _named(attributes))


def level(name: str, value: float, **attributes: Attribute | None) -> None:
    """Say what a metric of ``METRICS`` is now."""
    if (exporting := _exporting()) is not None:
        exporting.set(name, value, _named(attributes))


def _named(attributes: Mapping[str, Attribute | None]) -> dict[str, Attribute]:
    return {name.replace("__", "."): value for name, value in attributes.items() if value is not None}


def _read(context: str | None) -> trace.Span | None:
    """The span of a W3C trace context; None where there is none, or it is malformed."""
    if context is None:
        return None
    found = trace.get_current_span(_W3C.extract({"traceparent": context}, Context()))
    return found if found.get_span_context().is_valid else None


def _written(span: trace.Span) -> str | None:
    of = span.get_span_context()
    if not of.is_valid:
        return None
    return f"00-{trace.format_trace_id(of.trace_id)}-{trace.format_span_id(of.span_id)}-{of.trace_flags:02x}"


def _span_id(instance: str) -> int:
    return int.from_bytes(hashlib.sha256(instance.encode()).digest()[:8])


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1e9)
