"""How a route is declared: once, for the host, for the check of the caller and for the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from shared.domain.caller import Role

BASE = "automation/bulk-licenses"

type Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request besides those of the path."""

    name: str
    description: str
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"})
    where: Literal["query", "header"] = "query"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: ``model`` is its JSON, ``types`` are content types besides, ``headers`` what it carries."""

    status: int
    description: str
    model: type[BaseModel] | None = None
    types: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    or_models: tuple[type[BaseModel], ...] = ()
    """What else its JSON may be."""

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """All forms of its JSON."""
        return (self.model, *self.or_models) if self.model else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method on one path; ``role`` None means that no caller is needed."""

    name: str
    """Name of the function, and ``operationId`` of the document."""
    method: Method
    path: str
    """Below ``/api/``, parameters in braces; one that takes all that is left of the path begins with ``*``."""
    summary: str
    role: Role | None
    answers: tuple[Answer, ...]
    problems: Mapping[int, str] = field(default_factory=dict[int, str])
    """Refusals of this route besides the ones that every route has."""
    body: type[BaseModel] | None = None
    or_bodies: tuple[type[BaseModel], ...] = ()
    """Other forms that the body may have."""
    may_be_empty: bool = False
    """Whether the body may be left out."""

    csv: bool = False
    """Whether a CSV is taken in place of JSON: as ``text/csv``, or as the part ``file`` of ``multipart/form-data``."""
    parameters: tuple[Parameter, ...] = ()
    any_query: bool = False
    """Whether others decide what stands in the query: what is not known is left alone."""
    starts: bool = False
    """Whether it needs the durable client."""

    @property
    def described_path(self) -> str:
        """The path as OpenAPI writes it, which has no parameter for several segments."""
        return f"/api/{self.path.replace('{*', '{')}"

    @property
    def bodies(self) -> tuple[type[BaseModel], ...]:
        """All forms of the body."""
        return (self.body, *self.or_bodies) if self.body else ()


TOP = Parameter("top", "Rows a page.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100})
CURSOR = Parameter("cursor", "Where the page begins, from a nextLink.")
TENANT = Parameter("tenant", "Only this tenant: its GUID or a verified domain.")
CSV_TENANT = Parameter("tenant", "The tenant of a CSV: its GUID or a verified domain; not beside JSON.")
CSV_OPERATION = Parameter(
    "operation",
    "Of what a CSV is previewed; not beside JSON.",
    {"type": "string", "enum": ["assign", "remove", "modify", "transfer"]},
)
FROM = Parameter("from", "Not before this time.", {"type": "string", "format": "date-time"})
TO = Parameter("to", "Before this time.", {"type": "string", "format": "date-time"})
FORMAT = Parameter(
    "format", "csv gives all rows as CSV, as Accept: text/csv does.", {"type": "string", "enum": ["json", "csv"]}
)
