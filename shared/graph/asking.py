"""A span a request, with what support asks for: Graph's request ids. Whom a request is about is in none of it."""

import re
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry.trace import SpanKind

from shared import telemetry
from shared.errors import GraphError, Throttled
from shared.graph.batch import Item

if TYPE_CHECKING:
    from shared.graph.sdk import Answer

_KIND = re.compile(r"/([\w$-]+)")
"""Of a path only what kind of thing it leads to: the rest names people, or asks for them."""
_WHOLE = "Request"
"""Stands for the scope where Graph refused a request as a whole."""


class Asked:
    """What is told of one request."""

    def __init__(self, span: telemetry.Span, tenant_id: str) -> None:
        self._span = span
        self._tenant_id = tenant_id

    def answered(self, answer: "Answer") -> "Answer":
        """Graph took it."""
        self._span.note(status=200, request_ids=answer.headers.get("request-id"))
        return answer

    def judged(self, answer: "Answer", items: list[Item]) -> list[Item]:
        """Graph took a batch, and said this of its items."""
        self.answered(answer)
        if not telemetry.collects():
            return items
        answers = [item.answer for item in items]
        ids = dict.fromkeys([answer.headers.get("request-id"), *(each.request_id for each in answers)])
        scopes = Counter(each.scope or _WHOLE for each in answers if each.throttled)
        statuses = Counter(each.status for each in answers)
        self._span.note(
            request_ids=",".join(each for each in ids if each),
            items=len(items),
            item_statuses=",".join(f"{status}×{n}" for status, n in statuses.items()),
            throttled=sum(scopes.values()),
        )
        self._throttled(scopes)
        return items

    def refused(self, error: GraphError) -> None:
        """Graph refused it as a whole, or never answered."""
        self._span.note(status=error.status, request_ids=error.request_id)
        self._span.fail(type(error).__name__)
        if isinstance(error, Throttled):
            self._span.note(throttled=1)
            self._throttled({_WHOLE: 1})

    def _throttled(self, scopes: dict[str, int]) -> None:
        for scope, number in scopes.items():
            telemetry.count("graph.throttled", number, scope=scope.partition("/")[0], tenant=self._tenant_id)


@contextmanager
def asking(service: str, method: str, path: str, tenant_id: str) -> Generator[Asked]:
    """One request to a service, by its path below the root."""
    found = _KIND.match(path)
    name = f"{service} {method} {found[1] if found else ''}".rstrip()
    with telemetry.span(name, role=SpanKind.CLIENT, tenant=tenant_id) as span:
        asked = Asked(span, tenant_id)
        try:
            yield asked
        except GraphError as error:
            asked.refused(error)
            raise
