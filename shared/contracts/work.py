"""What crosses between orchestrators and activities: ids, ranges and counts, never users.

Each message is sent as ``message.model_dump(mode="json")`` and read back with ``model_validate`` at the other end, so
that the history stays plain JSON and readable.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.domain.pacing import MAX_BATCHES

Json = dict[str, Any]


class Wire(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def wire(self) -> Json:
        """The message as plain JSON."""
        return self.model_dump(mode="json")


class OperationRun(Wire):
    """One orchestration of an operation; a later one of the same operation has a higher epoch."""

    operation: str
    epoch: int
    trace: str | None = None
    """W3C trace context of the operation's start; None where nothing is collected."""


class TenantRun(OperationRun):
    """One orchestration of a tenant's part."""

    tenant: str
    plan: str | None = None
    """The preview whose plan is executed; None where the operation makes its own."""
    since: datetime | None = None
    """When the orchestration began, whatever its generation."""

    @property
    def plan_id(self) -> str:
        """Under which name the plan is stored."""
        return self.plan or self.operation

    @property
    def run(self) -> "TenantRun":
        """What every message of this run carries."""
        return TenantRun.model_validate({name: getattr(self, name) for name in TenantRun.model_fields})


class Stop(Wire):
    """Why an orchestration stops.

    ``superseded`` by a later epoch, ``cancelling``, to rest (``shared.domain.states.STOPS_TO_REST``), or an error that
    ends the tenant.
    """

    code: str
    message: str = ""
    details: Json = {}


class Begun(Wire):
    """What ``begin_operation`` found: the tenants with work left."""

    tenants: list[str] = []
    plan: str | None = None
    stop: Stop | None = None


class Halt(Wire):
    """Why a step did not come about: the tenant stops, or the directory wants to be asked again later."""

    stop: Stop | None = None
    wait: float | None = None
    """Seconds before the same step is tried again."""
    message: str = ""


class Standing(Halt):
    """Where a tenant's part stands, from its rows and blobs; beside ``stop``, so that what went out can be settled."""

    phase: Literal["resolve", "plan", "apply", "preview"] = "resolve"
    users: int = 0
    chunks: int = 0
    """Plan blobs, where the users are resolved."""
    progress: Json = {}
    """``shared.domain.windows.Progress`` of the frozen plan."""
    by_code: dict[str, int] = {}
    throttled: int = 0
    seats: dict[str, int] = {}


class ResolveWork(TenantRun):
    """Resolve the tenant's users, from where an earlier step has put the search aside."""

    step: str | None = None


class Resolved(Halt):
    """In how many blobs the selected users stand, or the ``step`` from which to go on."""

    chunks: int = 0
    step: str | None = None


class PlanWork(TenantRun):
    """Plan one blob of users."""

    chunk: int


class CanaryNow(Wire):
    """How far a tenant may go before its canary is passed: the first ``batches``, of the last one ``limit`` users."""

    batches: int
    limit: int


class Windows(TenantRun):
    """A tenant's windows: what ``continue_as_new`` carries on."""

    stop: Stop | None = None
    """Nothing more is sent; only what is unknown is settled."""
    progress: Json
    window: int = 1
    users: int
    by_code: dict[str, int] = {}
    throttled: int = 0
    seats: dict[str, int] = {}
    """Seats taken so far, by SKU id."""
    canary: CanaryNow | None = None
    most: int = MAX_BATCHES
    """Batches of the next window, at most: fewer while hosts do not get done with more in time."""


class TurnWork(TenantRun):
    """Ask for the tenant's turn, for these batches in this order."""

    window: int
    users: int
    """Users that are left: who has more than 200 of them is large, and leaves some of the bucket to small ones."""
    batches: list[int]
    canary: Literal["unknown", "within", "done"] = "unknown"
    """Whether the batches are those of a canary, or come after one of which every user has an outcome."""


class TurnTaken(Wire):
    """What the turn allows: so many of the batches asked for; none means to ask again, within the canary if named."""

    stop: Stop | None = None
    batches: int = 0
    paid: int = 0
    canary: CanaryNow | None = None


class BatchWork(TenantRun):
    """One attempt at one batch; ``settle_only``: find out what became of earlier ones, but send nothing."""

    batch: int
    attempt: int
    window: int = 0
    """The window in which it may be sent; none sends in a later one."""
    settle_only: bool = False
    limit: int | None = None
    """Only the first so many users of the batch are meant: the canary ends within it."""


class BatchDone(Wire):
    """What an attempt brought; users without an outcome are ``left``, those beyond the limit included."""

    stop: Stop | None = None
    batch: int
    attempt: int
    left: int
    beyond: int = 0
    """Users without an outcome that the limit leaves out."""
    went_out: bool = False
    """The attempt was written ahead, so its number is used."""
    sent: int = 0
    """Graph writes that went out, thrown-back ones included."""
    ready_in: float = 0.0
    unknown: bool = False
    keep_turn: bool = False
    """Something may still be in flight: the turn must run out by itself."""
    by_code: dict[str, int] = {}
    throttled: int = 0
    blocked_for: float = 0.0
    """Seconds for which Graph wants no write of this tenant at all."""
    app_blocked_for: float = 0.0
    """Seconds for which Graph wants no write of the app at all, whatever the tenant."""
    late: bool = False
    """The turn was over before all could be sent: the window had more than could be done in time."""
    limit_used: float = 0.0
    """The greatest share of a limit in use that Graph told; 0 while it is far from all."""
    mark: str | None = None
    """The write whose outcomes are to be audited."""
    seats: dict[str, int] = {}
    """Seats taken, by SKU id."""


class WindowDone(TenantRun):
    """What ``hand_on`` writes down after a window; counts and seats are those of the whole part so far."""

    window: int
    unused: int
    more: bool
    keep_turn: bool = False
    blocked_for: float = 0.0
    app_blocked_for: float = 0.0
    limit_used: float = 0.0
    by_code: dict[str, int]
    throttled: int
    seats: dict[str, int]


class AuditWork(TenantRun):
    """Audit the outcomes of these writes: pairs of batch and mark."""

    marks: list[tuple[int, str]]


class RestWork(TenantRun):
    """Nobody has to look at this tenant for so many seconds."""

    seconds: float


class TenantRest(TenantRun):
    """Why a tenant's part comes to rest."""

    stop: Stop


class TenantEnd(TenantRun):
    """How a tenant's part ends: normally, by ``cancelling``, or with an error."""

    stop: Stop | None = None
