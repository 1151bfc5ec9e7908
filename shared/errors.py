"""Our errors, one tree.

LicenceError
├── RequestRejected        the caller asked for something impossible          → 4xx with pointers
├── NoCaller               nobody is known by what was sent                 → 401 with a challenge
├── NotFound               unknown, or outside the caller's grants            → 404
├── StateConflict          the state or an idempotency key does not allow it  → 409
├── RowConflict            an ETag moved or a row exists: reload, decide again
├── DependencyDown         storage or Graph does not answer                   → 503
└── GraphError             carries tenant_id, status, code, request_id
    ├── Throttled          carries retry_after (seconds)                      → later
    ├── Unavailable        5xx, reset or timeout of a read                    → later
    ├── Denied             consent or permission missing                      → ends this tenant
    ├── GroupNotFound      no group with this id or name                      → ends this tenant
    ├── GroupAmbiguous     several groups of this name, carries their ids     → ends this tenant
    ├── BadFilter          Graph does not take the filter of a selection      → ends this tenant
    ├── UserMissing        a user that must be there is not                   → ends this tenant
    ├── RowsContradict     one user, named in two ways, for different licences → ends this tenant
    └── OutcomeUnknown     a write was sent, no answer came: read before sending again
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a request body: a JSON pointer (RFC 6901), what is wrong, and the line where it is a CSV."""

    pointer: str
    detail: str
    line: int | None = None


class LicenceError(Exception):
    """Base of all our errors; the text is fit for the caller's eyes."""


class RequestRejected(LicenceError):
    """The request cannot be done as it stands; ``status`` is the HTTP status (400, 413, 415, 422 …).

    There are ``more`` problems than those that are told.
    """

    def __init__(self, status: int, detail: str, problems: Sequence[Problem] = (), more: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.problems = tuple(problems)
        self.more = more


class NoCaller(LicenceError):
    """Nobody is known by what was sent; ``token`` tells that it was a bearer token, and the text says what is wrong.

    The text is plain ASCII without quotes, as it stands in a header too, and has nothing of what was sent.
    """

    def __init__(self, detail: str, *, token: bool = False) -> None:
        super().__init__(detail)
        self.token = token

    @property
    def challenge(self) -> str:
        """What ``WWW-Authenticate`` asks for (RFC 9110, RFC 6750)."""
        fault = f' error="invalid_token", error_description="{self}"' if self.token else ""
        return f"Bearer{fault}, ApiKey"


class NotFound(LicenceError):
    """There is no such thing for this caller."""


class StateConflict(LicenceError):
    """The state of the resource does not allow it."""


class RowConflict(LicenceError):
    """The row was changed or inserted by somebody else."""


class DependencyDown(LicenceError):
    """A dependency does not answer; ``retry_after`` in seconds."""

    def __init__(self, dependency: str, detail: str, retry_after: float = 5.0) -> None:
        super().__init__(detail)
        self.dependency = dependency
        self.retry_after = retry_after


class GraphError(LicenceError):
    """Graph answered with an error that retrying does not mend."""

    def __init__(
        self,
        message: str,
        *,
        tenant_id: str,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.tenant_id = tenant_id
        self.status = status
        self.code = code
        self.request_id = request_id


class Throttled(GraphError):
    """429: come back after ``retry_after`` seconds (None: Graph did not say)."""

    retry_after: float | None = None


class Unavailable(GraphError):
    """A read failed for a reason that may pass: 5xx, timeout, reset; ``retry_after`` as for a throttle."""

    retry_after: float | None = None


class Denied(GraphError):
    """Consent, token or permission is missing."""


class GroupNotFound(GraphError):
    """The directory has no group with this id or display name."""


class GroupAmbiguous(GraphError):
    """Several groups carry this display name; ``group_ids`` are the candidates, also named in the text."""

    group_ids: tuple[str, ...] = ()


class BadFilter(GraphError):
    """Graph does not take a ``$filter``; the text has Graph's own reason."""


class UserMissing(GraphError):
    """A user that must be there is not."""


class RowsContradict(GraphError):
    """Rows name one user by principal name and by object id, and ask for different licences."""


class OutcomeUnknown(GraphError):
    """A write went out and no answer came back."""
