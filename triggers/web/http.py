"""How a request becomes a call and an answer: one wrapper for all routes.

A handler takes a ``Call`` and the services and returns an answer; every exception becomes ``application/problem+json``
(RFC 9457). The wrapper finds the caller, checks its role and refuses bodies that are too large or no JSON.
"""

import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import azure.functions as func
from opentelemetry.trace import SpanKind
from pydantic import BaseModel

from shared import access, telemetry
from shared.contracts.responses import Fault, ProblemBody
from shared.contracts.routes import Route
from shared.domain.caller import Caller, Role
from shared.errors import (
    Denied,
    DependencyDown,
    GraphError,
    LicenceError,
    NoCaller,
    NotFound,
    Problem,
    RequestRejected,
    RowConflict,
    StateConflict,
    Throttled,
    Unavailable,
)
from shared.services import Services
from triggers.requests.registry import tenants_with_tags
from triggers.web.bodies import checked_body, parsed
from triggers.web.query import Query

RETRY_AFTER_S = 5
SAFE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

log = logging.getLogger(__name__)


class Starter(Protocol):
    """Starts an orchestration; one that was started before counts as started."""

    async def __call__(self, name: str, instance_id: str, given: dict[str, Any]) -> None: ...


async def starts_nothing(name: str, instance_id: str, given: dict[str, Any]) -> None:
    """What routes get that declare to start nothing."""
    raise LookupError(f"this route cannot start {name} {instance_id}")


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a known caller; ``headers`` have lower-case names, ``url`` is the whole of it."""

    caller: Caller
    path: Mapping[str, str]
    query: Query
    headers: Mapping[str, str]
    body: bytes
    url: str
    now: datetime
    start: Starter = starts_nothing

    @property
    def origin(self) -> str:
        """Scheme and host the caller used."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def wants_csv(self) -> bool:
        """Whether CSV is asked for, by ``format`` or else by ``Accept``."""
        chosen = self.query.one_of("format", ("json", "csv"))
        return chosen == "csv" if chosen else "text/csv" in self.headers.get("accept", "").lower()

    def parsed[M: BaseModel](self, model: type[M]) -> M:
        """The body as ``model``; raises ``RequestRejected`` (400) with a pointer to every fault."""
        return parsed(model, self.body)


type Handler = Callable[[Call, Services], Awaitable[func.HttpResponse]]


def json_answer(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None, mimetype: str = "application/json"
) -> func.HttpResponse:
    """``model`` as a JSON answer."""
    data = model.model_dump_json(by_alias=True, exclude_none=isinstance(model, ProblemBody))
    return func.HttpResponse(data, status_code=status, headers=dict(headers or {}), mimetype=mimetype)


async def respond(
    route: Route, handler: Handler, request: func.HttpRequest, app: Services, start: Starter = starts_nothing
) -> func.HttpResponse:
    """The answer to a request, whatever happens; nobody may keep it or take it for another type than it says."""
    if route.role is None:  # health is asked for all the time, and says nothing of operations
        answer = await _answer(route, handler, request, app, start)
    else:
        with _span(route, request) as span:
            answer = await _answer(route, handler, request, app, start)
            span.note(http__response__status_code=answer.status_code)
    for name, value in SAFE_HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _span(route: Route, request: func.HttpRequest) -> AbstractContextManager[telemetry.Span]:
    """A span over a request, below that of the host where it has one, or else of the caller."""
    below = telemetry.current()
    return telemetry.span(
        route.name,
        role=SpanKind.INTERNAL if below else SpanKind.SERVER,
        parent=below or cast(Mapping[str, str], request.headers).get("traceparent"),
        http__request__method=route.method,
        http__route=f"/api/{route.path}",
    )


async def _answer(
    route: Route, handler: Handler, request: func.HttpRequest, app: Services, start: Starter
) -> func.HttpResponse:
    try:
        headers = _headers(cast(Mapping[str, str], request.headers))
        caller = await _caller(route, headers, app)
        if route.role is not None:  # health says at once that the process serves
            await app.products.refresh()
        body = checked_body(route, request, headers)
        allowed = {parameter.name for parameter in route.parameters if parameter.where == "query"}
        query = Query(dict(request.params), request.params if route.any_query else allowed)
        call = Call(caller, dict(request.route_params), query, headers, body, request.url, datetime.now(UTC), start)
        return await handler(call, app)
    except LicenceError as error:
        return problem(error, request.url)
    except Exception:  # the last boundary: whatever it is, the caller gets a problem and no stack trace
        correlation_id = str(uuid.uuid4())
        log.exception("Unexpected fault of %s, correlation id %s", route.name, correlation_id)
        detail = f"A fault of the app; its log has more under the correlation id {correlation_id}."
        return _problem(500, detail, request.url, headers={"x-correlation-id": correlation_id})


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    """The headers by lower-case names; ``RequestRejected`` (400) for one that a host could not decode."""
    for name, value in given.items():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise RequestRejected(400, f"The header {name} is not in UTF-8.") from None
    return {name.lower(): value for name, value in given.items()}


ANONYMOUS = Caller("anonymous", "anonymous", Role.READ, frozenset())
"""The caller of routes that need none: it sees no tenant."""


async def _caller(route: Route, headers: Mapping[str, str], app: Services) -> Caller:
    if route.role is None:
        return ANONYMOUS

    async def find(tags: frozenset[str]) -> frozenset[str]:
        return await tenants_with_tags(app.tenants, tags)

    caller = await access.authenticate(headers, app, find)
    access.require(caller, route.role)
    return caller


def problem(error: LicenceError, url: str) -> func.HttpResponse:
    """The problem that stands for an error of ours."""
    match error:
        case RequestRejected():
            return _problem(error.status, str(error), url, error.problems)
        case NoCaller():
            return _problem(401, str(error), url, headers={"WWW-Authenticate": error.challenge})
        case NotFound():
            return _problem(404, str(error), url)
        case StateConflict() | RowConflict() | Denied():
            return _problem(409, str(error), url)
        case DependencyDown():
            return _problem(503, str(error), url, headers=_retry_after(error.retry_after))
        case Throttled() | Unavailable():
            return _problem(503, str(error), url, headers=_retry_after(error.retry_after))
        case GraphError():
            return _problem(502, str(error), url)
        case _:
            return _problem(400, str(error), url)


def _retry_after(seconds: float | None) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds or RETRY_AFTER_S)))}


def _problem(
    status: int,
    detail: str,
    url: str,
    problems: Iterable[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> func.HttpResponse:
    faults = [Fault(pointer=each.pointer, detail=each.detail, line=each.line) for each in problems]
    body = ProblemBody(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=urlsplit(url).path,
        errors=faults or None,
    )
    return json_answer(body, status, headers, mimetype="application/problem+json")
