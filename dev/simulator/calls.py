"""What a call of Graph or of Exchange is to the simulator, whether it came alone or inside a batch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from dev.simulator.errors import GraphError, Json, malformed

BASE_PATH = "/v1.0"


@dataclass(slots=True)
class Call:
    """A request below ``root``: ``url`` is relative, with its query; header names are lower case.

    ``cmdlet`` is None for a call of Graph; for one of Exchange's admin endpoint it is what the body asks to run, empty
    when the body does not say.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    root: str
    cmdlet: str | None = None
    segments: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.segments = tuple(unquote(each) for each in parts.path.split("/") if each)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    @property
    def title(self) -> str:
        """Method, decoded url and cmdlet, which faults are matched with."""
        return f"{self.method} {unquote(self.url)} {self.cmdlet or ''}".rstrip()

    @property
    def eventual(self) -> bool:
        """The caller accepts the index behind advanced queries."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    def require_json(self) -> Any:
        """The body as JSON; refused when it is none."""
        if self.body is None or isinstance(self.body, bytes):
            raise malformed(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid "
                "JSON format."
            )
        return self.body


@dataclass(slots=True)
class Reply:
    """An answer: ``body`` is JSON, text (for ``$count``) or None."""

    status: int
    body: Json | str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def encode(self) -> bytes:
        """The body as bytes."""
        if self.body is None:
            return b""
        return (
            self.body.encode() if isinstance(self.body, str) else json.dumps(self.body, separators=(",", ":")).encode()
        )


def error_reply(error: GraphError, now: float, request_id: str, client_request_id: str) -> Reply:
    """The answer that carries an error."""
    headers = {"Content-Type": "application/json", **error.headers}
    return Reply(error.status, error.body(now, request_id, client_request_id), headers)
