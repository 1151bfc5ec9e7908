"""Operations, their tenants and their users' outcomes, as they are stored and shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from shared.domain.codes import status_of
from shared.domain.guards import Guards, Tally
from shared.domain.model import AddLicence, LicenceState, SkippedLicence
from shared.domain.notify import Notify

OperationKind = Literal["assign", "remove", "modify", "transfer", "revert", "preview"]


class Status(StrEnum):
    """States of an operation and of each of its tenants; ``shared.domain.states`` says who may follow whom."""

    QUEUED = "queued"
    RUNNING = "running"
    AWAITING_APPROVAL = "awaitingApproval"
    WAITING_FOR_WINDOW = "waitingForWindow"
    PAUSED = "paused"
    HALTED = "halted"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partiallySucceeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """How far a tenant's part has come."""

    READING = "reading"
    RESOLVING = "resolving"
    PLANNING = "planning"
    RESERVING = "reserving"
    APPLYING = "applying"
    SETTLING = "settling"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a user's or app's object id, an API key's name, or ``drop:…`` and ``schedule:…``."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Totals:
    """How many users of a tenant there are and how they ended, by code (``""`` counts the succeeded ones).

    total = pending + succeeded + skipped + failed, by construction.
    """

    total: int = 0
    by_code: Mapping[str, int] = field(default_factory=dict[str, int])
    throttled: int = 0
    """Items that Graph refused with 429."""

    def count(self, status: str) -> int:
        """Users whose outcome has this status (``succeeded``, ``skipped`` or ``failed``)."""
        return sum(n for code, n in self.by_code.items() if status_of(code or None) == status)

    @property
    def succeeded(self) -> int:
        """Users that were changed."""
        return self.count("succeeded")

    @property
    def skipped(self) -> int:
        """Users with nothing to do or nothing allowed."""
        return self.count("skipped")

    @property
    def failed(self) -> int:
        """Users that should have changed and did not."""
        return self.count("failed")

    @property
    def pending(self) -> int:
        """Users without an outcome."""
        return self.total - sum(self.by_code.values())

    @property
    def tally(self) -> Tally:
        """What a stop rule looks at."""
        return Tally(sum(self.by_code.values()), self.failed)

    def plus(self, by_code: Mapping[str, int], throttled: int = 0) -> "Totals":
        """These totals with more outcomes."""
        merged = dict(self.by_code)
        for code, n in by_code.items():
            merged[code] = merged.get(code, 0) + n
        return Totals(self.total, {c: n for c, n in merged.items() if n}, self.throttled + throttled)

    def __add__(self, other: "Totals") -> "Totals":
        """The totals of two tenants together."""
        both = self.plus(other.by_code, other.throttled)
        return Totals(self.total + other.total, both.by_code, both.throttled)


@dataclass(frozen=True, slots=True)
class TenantError:
    """Why a tenant's part ended without (or before) doing its work."""

    code: str
    message: str
    details: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantPart:
    """One tenant's part of an operation: row ``tenant|{tenantId}``."""

    operation_id: str
    tenant_id: str
    domain: str
    status: Status = Status.QUEUED
    phase: Phase = Phase.RESOLVING
    totals: Totals = Totals()
    batches: int = 0
    """Batches of the frozen plan."""
    started_at: datetime | None = None
    applying_at: datetime | None = None
    """When it began to write, put off by the time that it rested since."""
    ended_at: datetime | None = None
    rested_at: datetime | None = None
    """Since when it rests; None while it does not."""
    rest_reason: str | None = None
    canary_passed: bool = False
    judged_from: Tally | None = None
    """Where the stop rule counts from: the first write, or the last resume."""
    error: TenantError | None = None
    rows_read: int | None = None
    """Rows of CSVs and lists of users looked up so far; None where users are not named one by one."""
    affected: int | None = None
    """Users that the frozen plan changes; None before it is frozen."""
    selection: str = ""
    """Which blobs hold the resolved users: ``shared.domain.selection.Steps`` as text."""
    excluded: Mapping[str, int] = field(default_factory=dict[str, int])
    """Users that are not part of the selection, by code (``Guest``, ``Disabled``, ``Excluded``, ``Protected``)."""
    excluded_samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Principal names of some of them, by code."""
    etag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: row ``op``, with its tenants where they were read along."""

    id: str
    kind: OperationKind
    status: Status
    created_at: datetime
    created_by: Actor
    request_sha: str
    """SHA-256 of the stored request body (``staging/{sha256}``)."""
    body_sha: str
    """SHA-256 of the body as the caller sent it: what an idempotency key is compared by."""
    epoch: int = 1
    guards: Guards = field(default_factory=Guards)
    hold: Literal["pause"] | None = None
    """Tenants that work shall come to rest, and stay so."""
    held_by: Actor | None = None
    resumed_at: datetime | None = None
    approved_by: Actor | None = None
    status_reason: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    reason: str | None = None
    planned: OperationKind | None = None
    """What a preview previews; None where the operation is no preview."""
    expires_at: datetime | None = None
    """Until when a preview may be executed."""
    plan_id: str | None = None
    """The preview whose frozen plan is executed; None where the operation makes its own."""
    preview_id: str | None = None
    schedule_id: str | None = None
    notify: Notify | None = None
    """The webhook of the schedule that started it."""
    parent_id: str | None = None
    drop: str | None = None
    """The dropped blob that started it, by its name; None where something else did."""
    grace_days: int | None = None
    """So many days pass before licences go; None where they go at once."""
    grace_until: datetime | None = None
    """When the licences go of those whose grace has begun; ``schedule_id`` then names what takes them."""
    trace: str | None = None
    """W3C trace context of its start, to which all its epochs belong; None where nothing is collected."""
    tenants: tuple[TenantPart, ...] = ()
    etag: str | None = None

    @property
    def work(self) -> OperationKind:
        """What kind of change the plan is of."""
        return self.planned or self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The final word on one user: row ``u|{index}``, born final, never changed.

    ``mark`` names the write that made it: ``{batch}.{epoch}.{attempt}``, ``{batch}.{epoch}.end`` for a last word at the
    tenant's end, or ``s{n}`` when the plan made it.
    ``before`` and ``after`` are the recorded states of a user that was changed; None where nothing changed, but for
    ``after`` where a grace has begun without a write.
    """

    index: int
    user_id: str
    user_principal_name: str
    code: str | None
    mark: str
    completed_at: datetime
    message: str | None = None
    detail: str | None = None
    """Graph's own text."""
    added: tuple[AddLicence, ...] = ()
    removed: tuple[str, ...] = ()
    usage_location_set: str | None = None
    skipped_licences: tuple[SkippedLicence, ...] = ()
    not_reverted: tuple[str, ...] = ()
    """What a revert could not bring back."""
    attempts: int = 0
    before: LicenceState | None = None
    after: LicenceState | None = None
    request_id: str | None = None
    graced: tuple[str, ...] = ()
    """SKUs whose grace has begun."""

    @property
    def status(self) -> str:
        """``succeeded``, ``skipped`` or ``failed``."""
        return status_of(self.code)


@dataclass(frozen=True, slots=True)
class Summary:
    """What has become of one batch so far: row ``b|{batch}``, absolute, in the transaction of its outcomes.

    ``marks`` are the writes that brought outcomes of changed users: each has a marker in the audit before the end.
    """

    batch: str
    """Batch number, or ``s{n}`` for users whom the plan settled."""
    by_code: Mapping[str, int]
    marks: tuple[str, ...] = ()
    first_index: int = 0
    last_index: int = 0
    throttled: int = 0
    """Items that Graph refused with 429."""
    answered: tuple[str, ...] = ()
    """Marks of the attempts whose answers were recorded; one that was written ahead and is not here is unknown."""
    unknown: tuple[int, ...] = ()
    """Users of answered attempts whose own answer is missing."""
    located: tuple[int, ...] = ()
    """Users whose usage location was set by us: it is audited also when the licence then fails or is never sent."""
    seats: Mapping[str, int] = field(default_factory=dict[str, int])
    """Seats taken, by SKU id."""
    converting: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    """Users whose mailbox must become a shared one before their licence goes, with the time of the first look at it."""
    requested: tuple[int, ...] = ()
    """Those of them whose mailbox Exchange took to convert, or found converted."""
    etag: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was written ahead: row ``w|{batch}|{epoch}|{attempt}``."""

    mark: str
    indices: frozenset[int]
    at: datetime
    """Service time of the write-ahead."""
