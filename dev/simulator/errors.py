"""
Graph's error bodies.

Texts without a mark are documented or were captured from the service; those marked ASSUMPTION are ours, where no source
was found. Message texts are what a client has to go by, as ``code`` is nearly always ``Request_BadRequest``.
"""

from dataclasses import dataclass, field
from typing import Any

from dev.simulator.clock import iso

type Json = dict[str, Any]

RETRY_PARAMETERS = (
    "is not supported because the required parameters might be missing. Try adding $count=true query parameter and "
    "ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information"
)
INVALID_USAGE_LOCATION = "License assignment cannot be done for user with invalid usage location."
INHERITED = "User license is inherited from a group membership and it cannot be removed directly from the user."
NOT_HELD = "User does not have a corresponding license."
BAD_GUID = "Cannot convert a primitive value to the expected type 'Edm.Guid'. See the inner exception for more details"


@dataclass
class GraphError(Exception):
    """An answer of Graph that is not a success: status, code, message and headers of its own."""

    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def body(self, now: float, request_id: str, client_request_id: str) -> Json:
        """The error envelope of the directory; a 429 has a shape of its own."""
        date = iso(now)[:-1]
        if self.status == 429:
            inner: Json = {
                "code": "429",
                "date": date,
                "message": "Please retry after",
                "request-id": request_id,
                "status": "429",
            }
            return {"error": {"code": self.code, "innerError": inner, "message": self.message}}
        inner = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def bad_request(message: str) -> GraphError:
    """The directory's generic refusal."""
    return GraphError(400, "Request_BadRequest", message)


def malformed(message: str) -> GraphError:
    """The gateway's refusal of what it cannot parse. ASSUMPTION: code ``BadRequest``."""
    return GraphError(400, "BadRequest", message)


def unsupported_query(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def advanced_only(operator: str) -> GraphError:
    """An operator that asks for ``ConsistencyLevel: eventual`` and ``$count=true``."""
    return unsupported_query(f"Operator '{operator}' {RETRY_PARAMETERS}")


def unsupported_clause(name: str, resource: str) -> GraphError:
    return unsupported_query(
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource '{resource}'."
    )


def no_such_property(name: str, resource: str) -> GraphError:
    """ASSUMPTION: text and code as the OData library has them."""
    return malformed(
        f"Invalid filter clause: Could not find a property named '{name}' on type "
        f"'microsoft.graph.{resource[0].lower()}{resource[1:]}'."
    )


def not_found(reference: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{reference}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_mailbox() -> GraphError:
    """What mailbox resources answer for a user without a mailbox in Exchange Online."""
    return GraphError(404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox.")


def concurrency() -> GraphError:
    return GraphError(
        409,
        "Directory_ConcurrencyViolation",
        "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
    )


def denied() -> GraphError:
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_consented() -> GraphError:
    """ASSUMPTION: status 401; the captured text comes with 401 or 403."""
    return GraphError(
        401,
        "Authorization_IdentityNotFound",
        "The identity of the calling application could not be established.",
    )


def no_token() -> GraphError:
    """ASSUMPTION: text."""
    return GraphError(401, "InvalidAuthenticationToken", "Access token is empty.", {"WWW-Authenticate": "Bearer"})


def bad_token() -> GraphError:
    """ASSUMPTION: a token of a tenant that does not exist could never have been issued."""
    return GraphError(
        401, "InvalidAuthenticationToken", "Access token validation failure.", {"WWW-Authenticate": "Bearer"}
    )


def throttled(retry_after: float, scope: str, information: str) -> GraphError:
    seconds = f"{retry_after:g}"
    headers = {"Retry-After": seconds, "x-ms-throttle-scope": scope, "x-ms-throttle-information": information}
    return GraphError(429, "TooManyRequests", "Please retry again later.", headers)


def unavailable(retry_after: float | None) -> GraphError:
    """ASSUMPTION: code and text."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return GraphError(503, "serviceNotAvailable", "The service is temporarily unavailable. Please retry.", headers)
