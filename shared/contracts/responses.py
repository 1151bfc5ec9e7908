"""What callers get back: the resources of the HTTP contract, camelCase, every field present."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.domain.notify import Event
from shared.domain.operation import OperationKind, Phase, Status
from shared.domain.tenant import Consent

# What the document says beyond the type. The tests hold answers against it; at run time nobody is failed for it.
Count = Annotated[int, Field(json_schema_extra={"minimum": 0})]
Percent = Annotated[float, Field(json_schema_extra={"minimum": 0, "maximum": 100})]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Sha256 = Annotated[str, Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})]
Money = Annotated[float, Field(json_schema_extra={"description": "With at most two decimals."})]
OneStatus = Annotated[str, Field(json_schema_extra={"enum": ["pending", "succeeded", "skipped", "failed"]})]


class Response(BaseModel):
    """Base of every resource."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        serialize_by_alias=True,
        frozen=True,
        json_schema_serialization_defaults_required=True,
        use_attribute_docstrings=True,
    )


class Fault(Response):
    """One fault of a body; ``line`` where it is a CSV."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    pointer: str
    detail: str
    line: int | None = None


class ProblemBody(Response):
    """An error (RFC 9457), sent as ``application/problem+json``; ``errors`` name the faults of a bad body."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault] | None = None


class Page[T](Response):
    """One page of a list; ``nextLink`` is the absolute URL of the next one."""

    value: list[T]
    next_link: Url | None = None


class ActorBody(Response):
    """Who did it."""

    id: str
    name: str


class Progress(Response):
    """How far it is; total = pending + succeeded + skipped + failed at every moment."""

    rows_read: Count | None = None
    total: Count
    pending: Count
    succeeded: Count
    skipped: Count
    failed: Count
    percent: Percent
    users_per_second: float | None = None
    """Users changed or failed a second since the first write; null before it."""
    throttled_requests: Count
    estimated_completion: datetime | None = None


class TenantErrorBody(Response):
    """Why a tenant's part ended without doing its work."""

    code: str
    message: str
    details: dict[str, Any]


class ExcludedCount(Response):
    """Users that are not part of the selection."""

    code: str
    count: Count


class TenantPartBody(Response):
    """One tenant's part of an operation."""

    tenant_id: str
    domain: str
    status: Status
    phase: Phase
    progress: Progress
    excluded: list[ExcludedCount]
    error: TenantErrorBody | None


class ErrorGroup(Response):
    """Failed users with the same code."""

    code: str
    count: Count
    message: str
    sample: list[str]
    """User principal names of some of them."""


class SkippedLicenceBody(Response):
    """A licence that was left out of a user's change."""

    sku: str
    code: str


class ResultError(Response):
    """Why a user was skipped or failed; ``detail`` is Graph's own text."""

    code: str
    message: str
    detail: str | None


class ResultBody(Response):
    """What became of one user; SKUs by part number, service plans by name."""

    tenant_id: str
    user_id: str
    user_principal_name: str
    status: OneStatus
    added: list[str]
    removed: list[str]
    disabled_plans: dict[str, list[str]]
    usage_location_set: str | None
    skipped_licenses: list[SkippedLicenceBody]
    grace_until: datetime | None = None
    not_reverted: list[str] = []
    error: ResultError | None
    message: str | None
    attempts: Count
    completed_at: datetime | None


class CodeCount(Response):
    """Users whom something concerns; ``sample`` has user principal names of some of them."""

    code: str
    count: Count
    sample: list[str]


class WarningBody(Response):
    """What a reviewer should know: ``message`` says what happens and what to do; ``sample`` names some concerned."""

    code: str
    count: Count
    message: str
    sample: list[str]


class LicenceImpact(Response):
    """What becomes of a SKU's seats: ``before`` and ``after`` are assigned ones, ``shortfall`` those that are missing.

    ``total`` is what can be given out: enabled + warning.
    """

    tenant_id: str
    sku: str
    sku_id: str
    name: str
    total: Count
    before: Count
    after: Count
    change: int
    available_after: Count
    shortfall: Count


class UnusedSeatsBody(Response):
    """Seats that are paid a month and assigned to nobody after the change."""

    sku: str
    seats: Count
    monthly: Money


class CostBody(Response):
    """A tenant's month: assigned seats times price; null where ``unpriced`` names SKUs without a price."""

    tenant_id: str
    currency: str
    monthly_before: Money | None
    monthly_after: Money | None
    change: Money | None
    unpriced: list[str]
    unused_paid_seats: list[UnusedSeatsBody]


class TotalCostBody(Response):
    """The month of all tenants."""

    currency: str
    monthly_before: Money
    monthly_after: Money
    change: Money


class ConflictBody(Response):
    """Service plans that a user cannot have together, and what is done about it."""

    tenant_id: str
    user_principal_name: str
    plans: list[str]
    resolution: str


class ImpactBody(Response):
    """What a plan does; usersSelected = usersAffected + usersUnchanged + the sum of ``usersSkipped``.

    ``totalCost`` is null where currencies differ or a price is missing. Of each tenant at most 100 ``conflicts`` are
    listed, ``conflictsTotal`` counts them all.
    """

    users_selected: Count
    users_affected: Count
    users_unchanged: Count
    users_skipped: list[CodeCount]
    excluded: list[CodeCount]
    licenses: list[LicenceImpact]
    cost: list[CostBody]
    total_cost: TotalCostBody | None
    conflicts: list[ConflictBody]
    conflicts_total: Count
    warnings: list[WarningBody]


class NotificationBody(Response):
    """What a webhook of a tenant, or of the schedule (``tenantId`` null), was told of the operation."""

    tenant_id: str | None
    url: Url
    """Without its query."""
    event: Event
    status: Literal["pending", "delivered", "failed"]
    attempts: Count
    error: str | None
    """Why the last attempt failed."""


class OperationBody(Response):
    """An operation with its tenants; in lists without ``impact``, ``notifications`` and ``results``."""

    id: str
    type: OperationKind
    status: Status
    status_reason: str | None
    phase: Phase
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    created_by: ActorBody
    reason: str | None
    preview_id: str | None
    schedule_id: str | None
    parent_id: str | None
    progress: Progress
    tenants: list[TenantPartBody]
    impact: ImpactBody | None = None
    errors: list[ErrorGroup]
    notifications: list[NotificationBody] | None = None
    results: Page[ResultBody] | None = None


class HeldLicence(Response):
    """A licence in a recorded state of a user."""

    sku: str
    sku_id: str
    disabled_plans: list[str]
    inherited: bool


class RecordedState(Response):
    """What a user held at a moment."""

    licenses: list[HeldLicence]
    usage_location: str | None


class AuditEntryBody(Response):
    """One entry of a tenant's audit chain."""

    sequence: int
    tenant_id: str
    at: datetime
    actor: ActorBody
    operation_id: str
    user_id: str
    user_principal_name: str
    action: str
    before: RecordedState
    after: RecordedState
    seat_change: dict[str, int]
    price: dict[str, float]
    currency: str | None
    request_id: str | None
    reason: str | None
    previous_hash: Sha256
    hash: Sha256


class ConsentLink(Response):
    """Where an administrator of a tenant gives the app its permissions, once, and until when."""

    url: Url
    expires_at: datetime


class NotifyResource(Response):
    """Where a POST goes when an operation comes to one of these states."""

    url: Url
    on: list[Event]


class TenantResource(Response):
    """A tenant the app may act on."""

    tenant_id: str
    domains: list[str]
    display_name: str
    enabled: bool
    tags: list[str]
    credential: str
    consent: Consent
    default_usage_location: str | None
    protected_users: list[str]
    drops: list[str]
    notify: NotifyResource | None
    """To callers who may not change it without the query of its URL, which may hold a key."""


class PriceBookBody(Response):
    """Monthly prices of a seat by part number; ``asOf`` is the day from which they hold, null where nobody said."""

    currency: str
    monthly: dict[str, Money]
    as_of: date | None


class PricesResource(Response):
    """The default price book, and the tenants' own, by tenant id, each of which replaces it for its tenant."""

    default: PriceBookBody
    tenants: dict[str, PriceBookBody]


class ServicePlanBody(Response):
    """A service plan of a subscribed SKU."""

    name: str
    id: str
    applies_to: str


class LicenceBody(Response):
    """A SKU a tenant subscribes to, with its seats; ``price`` is null where none is known."""

    sku: str
    sku_id: str
    name: str
    total: int
    warning: int
    suspended: int
    assigned: int
    available: int
    status: str
    price: float | None = None
    currency: str | None = None
    service_plans: list[ServicePlanBody]


class UserLicenceBody(Response):
    """A SKU that a user holds; ``inheritedFrom`` is the name of the group it comes from, null for a direct one."""

    sku: str
    inherited_from: str | None


class UserBody(Response):
    """A user of a tenant's directory."""

    id: str
    user_principal_name: str
    display_name: str
    department: str | None
    usage_location: str | None
    account_enabled: bool
    licenses: list[UserLicenceBody]


class GroupBody(Response):
    """A group of a tenant's directory; its users are counted where that was asked for and could be told."""

    id: str
    display_name: str
    dynamic: bool
    member_count: int | None = None


class SelectionError(Response):
    """Why the selection of a tenant could not be resolved."""

    code: str
    message: str


class ResolvedSelection(Response):
    """Who is selected in a tenant; with an ``error`` nothing is known, and ``count`` is 0."""

    tenant_id: str
    count: Count = 0
    sample: list[UserBody] = []
    """The first 20 users, in selection order."""
    excluded: list[ExcludedCount] = []
    error: SelectionError | None = None


class ResolvedSelections(Response):
    """Who is selected in each tenant, in the order in which the body names them."""

    targets: list[ResolvedSelection]


class DependencyState(Response):
    """Whether a dependency answers; ``detail`` says what went wrong."""

    name: str
    ok: bool
    detail: str | None = None


class Health(Response):
    """Liveness, and with ``?ready=1`` the state of each dependency."""

    status: str
    dependencies: list[DependencyState] = []
