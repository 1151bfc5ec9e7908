"""Graph's refusals in our words.

Licence errors share the code ``Request_BadRequest`` and differ by their text only, which Microsoft may change: it is
matched leniently, and what is not recognised stays ``GraphError`` with Graph's own text beside it.
https://learn.microsoft.com/graph/api/user-assignlicense · https://learn.microsoft.com/graph/errors
"""

import re

from shared.domain.advice import told
from shared.domain.codes import ResultCode
from shared.errors import Denied, GraphError, Throttled, Unavailable

CONCURRENCY = "Directory_ConcurrencyViolation"
"""Another write of the tenant was in the way: the one 409 that may be sent again."""

_BARRED = "(prohibited|restricted|not (available|allowed|permitted|supported|offered))"
_PLACE = "(location|country|region)"
_TEXTS = (
    (
        r"does not have any available licen[sc]e|count ?violation|not enough licen[sc]es",
        ResultCode.INSUFFICIENT_LICENSES,
    ),
    (r"mutually ?exclusive|conflicting service plan", ResultCode.CONFLICTING_SERVICE_PLANS),
    (r"depends on (the )?service plan|dependency ?violation", ResultCode.DEPENDENCY_NOT_MET),
    (r"does not correspond to a valid company licen[sc]e", ResultCode.SKU_NOT_FOUND),
    (r"inherited from a group", ResultCode.INHERITED_FROM_GROUP),
    (r"does not have a corresponding licen[sc]e", ResultCode.LICENSE_NOT_ASSIGNED),
    (rf"{_BARRED}.*{_PLACE}|{_PLACE}.*{_BARRED}", ResultCode.PROHIBITED_IN_USAGE_LOCATION),
    (r"usage ?location", ResultCode.MISSING_USAGE_LOCATION),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), code) for pattern, code in _TEXTS)

_GRAPH_CODES = {
    "Authorization_IdentityNotFound": ResultCode.PERMISSION_DENIED,
    "Authorization_RequestDenied": ResultCode.PERMISSION_DENIED,
    "Directory_ObjectNotFound": ResultCode.USER_NOT_FOUND,
    "Request_ResourceNotFound": ResultCode.USER_NOT_FOUND,
}


def result_code(status: int, code: str | None, message: str | None) -> ResultCode:
    """The result code of an answer that is no success; ``GRAPH_ERROR`` for what is not known."""
    if status == 429:
        return ResultCode.THROTTLED
    if status >= 500:
        return ResultCode.THROTTLED if code == "Request_ThrottledTemporarily" else ResultCode.TENANT_UNAVAILABLE
    if status in {401, 403}:
        return ResultCode.PERMISSION_DENIED
    for pattern, found in _PATTERNS:
        if pattern.search(message or ""):
            return found
    if status == 404:
        return ResultCode.USER_NOT_FOUND
    return _GRAPH_CODES.get(code or "", ResultCode.GRAPH_ERROR)


def is_temporary(status: int, code: str | None) -> bool:
    """Whether the same request may be sent again: 429, 5xx and a clash of concurrent writes, nothing else."""
    return status == 429 or status >= 500 or (status == 409 and code == CONCURRENCY)


def refusal(
    *,
    tenant_id: str,
    status: int,
    code: str | None,
    message: str | None,
    request_id: str | None = None,
    retry_after: float | None = None,
    service: str = "Graph",
) -> GraphError:
    """The error of a request that Graph, or another service, refused as a whole; its ``code`` is the service's own."""
    text = ": ".join(part for part in (code, message) if part) or f"HTTP status {status}"
    kind = GraphError
    if status in {401, 403}:
        kind, text = Denied, told(ResultCode.PERMISSION_DENIED, text)
    elif status == 429:
        kind = Throttled
    elif status in {408, 425} or is_temporary(status, code):
        kind = Unavailable
    error = kind(
        f"{service} refused tenant {tenant_id} ({status}): {text}",
        tenant_id=tenant_id,
        status=status,
        code=code,
        request_id=request_id,
    )
    if isinstance(error, Throttled | Unavailable):
        error.retry_after = retry_after
    return error


def seconds(text: str | None) -> float | None:
    """A ``Retry-After`` or percentage header, decimals included; None when absent or not a number."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
