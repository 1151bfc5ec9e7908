"""What the oracle judges: all that the product says and all that really happened, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dev.api import Json
from tests.fire.asking import Permit


@dataclass(frozen=True)
class OfTenant:
    """One tenant: as it was and is in truth, what reached it, and what the product keeps about it."""

    id: str
    start: Json
    end: Json
    log: list[Json]
    """Requests and outside changes, in the order of their effect."""
    audit: list[Json] = field(default_factory=list[Json])
    chain: Json = field(default_factory=dict[str, object])
    """What ``GET /audit/verify`` says."""
    reserved: list[str] = field(default_factory=list[str])
    """Reservations that are left, long after everything ended."""


@dataclass(frozen=True)
class OfOperation:
    """One operation: what was asked and what came of it."""

    number: int
    body: Json
    """As the API shows it in the end."""
    permit: Permit
    results: Mapping[str, list[Json]]
    """By tenant."""
    may: Mapping[str, frozenset[str]] | None = None
    """Whom it may have selected, by tenant: everybody selected at some moment of its life. None: by its parent."""
    must: Mapping[str, frozenset[str]] | None = None
    """Who was selected all that time."""
    parent: "OfOperation | None" = None
    unmarked: list[str] = field(default_factory=list[str])
    """Writes that have no marker in the audit."""
    due: bool = False
    """Whether the sweeper still looks for it."""

    @property
    def id(self) -> str:
        """Its id."""
        return self.body["id"]

    @property
    def kind(self) -> str:
        """Its type."""
        return self.body["type"]

    def overlaps(self, other: "OfOperation") -> bool:
        """Whether both were at work at some moment."""
        mine, theirs = (each.body["completedAt"] or "9" for each in (self, other))
        return self.body["createdAt"] < theirs and other.body["createdAt"] < mine


@dataclass(frozen=True)
class Evidence:
    """Everything of a seed."""

    tenants: list[OfTenant]
    operations: list[OfOperation]
    freezes: bool = False
    """A process stood still past its lease: two writes may then have been on their way at once."""
