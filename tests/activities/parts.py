"""One tenant's part of an operation, brought on step by step through the activities' own bodies."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from activities.apply_batch import attempt as attempt_batch
from activities.begin_operation import begin as begin_operation
from activities.begin_tenant import stand
from activities.check_guards import check as check_guards
from activities.end_tenant import end as end_tenant
from activities.hand_on import finish_window
from activities.plan_users import plan as plan_users
from activities.record_audit import audit as record_audit
from activities.reserve_seats import reserve_and_freeze
from activities.resolve_users import resolve as resolve_users
from activities.take_turn import wait_in_line
from shared.contracts.requests import AssignBody, OperationBody
from shared.contracts.work import (
    AuditWork,
    BatchDone,
    BatchWork,
    Halt,
    OperationRun,
    PlanWork,
    Resolved,
    Standing,
    Stop,
    TenantEnd,
    TenantRun,
    TurnTaken,
    TurnWork,
    WindowDone,
)
from shared.domain.audit import AuditEntry
from shared.domain.caller import SYSTEM
from shared.domain.operation import Actor, Operation, OperationKind, Outcome, Status, TenantPart
from shared.domain.steering import cancel
from shared.domain.tenant import Tenant
from shared.services import Services
from shared.tables.contention import until_settled
from tests.support.simulator import SimulatedTenant, Simulator

E3, E5 = "05e9a617-0261-4cee-bb44-138d3ef5d965", "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
DOMAIN = "contoso.com"

type Users = int | Sequence[Mapping[str, Any]]


def upn(number: int) -> str:
    """The ``number``-th user of a tenant made by ``people``."""
    return f"user{number:03d}@{DOMAIN}"


def people(users: int, **fields: Any) -> list[dict[str, Any]]:
    """Users without licences who may have some."""
    return [{"userPrincipalName": upn(n), "usageLocation": "DE", **fields} for n in range(users)]


def world(users: Users, *, seats: int = 100, **more: Any) -> dict[str, Any]:
    """A directory with E3 and E5 and a group "Everyone"."""
    some = people(users) if isinstance(users, int) else list(users)
    return {
        "domains": [DOMAIN],
        "skus": [{"skuPartNumber": sku, "enabled": seats} for sku in ("SPE_E5", "SPE_E3")],
        "users": some,
        "groups": [{"displayName": "Everyone", "members": [user["userPrincipalName"] for user in some]}],
        **more,
    }


@dataclass(frozen=True)
class Part:
    """A claimed operation on one tenant, as one epoch sees it."""

    app: Services
    tenant: SimulatedTenant
    run: TenantRun
    windows: list[int] = field(default_factory=lambda: [1])
    """The windows that were asked for; attempts belong to the last one."""

    @property
    def fields(self) -> dict[str, Any]:
        """What every message of this run carries."""
        return dict(self.run)

    def later_epoch(self) -> "Part":
        """The same part as the next epoch sees it; ``raise_epoch`` makes it the one that counts."""
        return replace(self, run=self.run.model_copy(update={"epoch": self.run.epoch + 1}), windows=[1])

    async def raise_epoch(self) -> "Part":
        """Do what the sweeper does when the part was left alone, and what time does: the old lease runs out."""
        later = self.later_epoch()
        await self.app.operations.change(self.run.operation, lambda o: replace(o, epoch=later.run.epoch))
        await self.let_lease_run_out()
        return later

    async def let_lease_run_out(self) -> None:
        """Let the time pass until nobody holds the turn."""

        async def run_out() -> None:
            turn, etag = await self.app.turns.read(self.run.tenant)
            if etag:
                await self.app.turns.write(self.run.tenant, replace(turn, until=0.0), etag)

        await until_settled(run_out)  # who stands in line writes to the row as well

    async def cancel(self) -> None:
        """Ask the operation to stop."""
        await self.app.operations.change(self.run.operation, cancel)

    async def begin(self) -> Standing:
        """Begin the operation and see where the part stands."""
        await begin_operation(self.app, OperationRun(operation=self.run.operation, epoch=self.run.epoch))
        return await stand(self.app, self.run)

    async def resolve(self) -> Resolved:
        """Resolve the selection."""
        return await resolve_users(self.app, self.run)

    async def plan(self, chunk: int = 0) -> Halt:
        """Plan one blob of users."""
        return await plan_users(self.app, PlanWork(**self.fields, chunks=[chunk]))

    async def reserve(self) -> Halt:
        """Reserve the seats and freeze the plan."""
        return await reserve_and_freeze(self.app, self.run)

    async def guards(self) -> Standing:
        """See whether the plan may be applied."""
        return await check_guards(self.app, self.run)

    async def frozen(self) -> Standing:
        """Come to a frozen plan."""
        assert (await self.begin()).stop is None
        resolved = await self.resolve()
        assert resolved.stop is None
        for chunk in range(resolved.chunks):
            assert (await self.plan(chunk)).stop is None
        assert (await self.reserve()).stop is None
        standing = await self.guards()
        assert standing.stop is None
        return standing

    async def take(self, *batches: int, window: int = 1) -> TurnTaken:
        """Take the turn for these batches."""
        self.windows.append(window)
        work = TurnWork(**self.fields, window=window, users=20, batches=list(batches or (0,)))
        return await wait_in_line(self.app, work)

    async def ready(self) -> "Part":
        """Come to a frozen plan and the turn for its first batch."""
        await self.frozen()
        assert (await self.take()).batches == 1
        return self

    async def attempt(
        self, attempt: int = 1, *, batch: int = 0, settle_only: bool = False, **limits: timedelta
    ) -> BatchDone:
        """Make one attempt at one batch."""
        return await attempt_batch(
            self.app,
            BatchWork(**self.fields, batch=batch, attempt=attempt, window=self.windows[-1], settle_only=settle_only),
            **limits,
        )

    def window_done(self, *done: BatchDone, window: int = 1, unused: int = 0, more: bool = False) -> WindowDone:
        """What the orchestrator says of a window."""
        return WindowDone(
            **self.fields,
            window=window,
            unused=unused,
            more=more,
            keep_turn=any(each.keep_turn for each in done),
            blocked_for=max((each.blocked_for for each in done), default=0.0),
            app_blocked_for=max((each.app_blocked_for for each in done), default=0.0),
            limit_used=max((each.limit_used for each in done), default=0.0),
            by_code=dict(sum_up(each.by_code for each in done)),
            throttled=sum(each.throttled for each in done),
            seats=dict(sum_up(each.seats for each in done)),
        )

    async def hand_on(self, done: WindowDone) -> None:
        """Hand the turn on."""
        await finish_window(self.app, done)

    async def audit_marks(self, *marks: tuple[int, str]) -> None:
        """Audit these writes."""
        await record_audit(self.app, AuditWork(**self.fields, marks=list(marks)))

    async def end(self, stop: Stop | None = None) -> None:
        """End the part."""
        await end_tenant(self.app, TenantEnd(**self.fields, stop=stop))

    async def write_ahead(self, attempt: int = 1, *indices: int, batch: int = 0) -> None:
        """Leave behind what a host leaves that dies right after its write-ahead."""
        fresh = await self.app.results.begin_attempt(
            self.run.operation, self.run.tenant, batch, self.run.epoch, attempt, list(indices)
        )
        assert fresh

    # What the stores say.

    async def operation(self) -> Operation:
        """The operation with its part."""
        return await self.app.operations.get(SYSTEM, self.run.operation)

    async def row(self) -> TenantPart:
        """The part's row."""
        return await self.app.operations.get_part(self.run.operation, self.run.tenant)

    async def outcomes(self) -> list[Outcome]:
        """The outcomes so far, in selection order."""
        return await self.app.results.outcomes(self.run.operation, self.run.tenant, 0, 99_999)

    async def codes(self) -> list[str | None]:
        """The outcomes' codes, in selection order."""
        return [outcome.code for outcome in await self.outcomes()]

    async def audited(self) -> list[AuditEntry]:
        """The tenant's audit."""
        entries, _ = await self.app.audit.page(SYSTEM, tenant=self.run.tenant, operation=self.run.operation, top=1000)
        return entries

    # What the directory says.

    def writes(self, kind: str = "assignLicense") -> list[dict[str, Any]]:
        """The writes that reached Graph, items of batches one by one."""
        return [line for line in self.tenant.requests(kind) if line["method"] in ("POST", "PATCH")]

    def holders(self, sku: str = E5) -> list[str]:
        """Principal names of those who hold a SKU directly, in truth."""
        users = self.tenant.state()["users"]
        return sorted(u["userPrincipalName"] for u in users if any(held["skuId"] == sku for held in u["direct"]))

    async def assert_exact(self, sku: str = E5) -> None:
        """The end: directory, results and audit tell the same, and the counts add up."""
        outcomes, audit, operation = await self.outcomes(), await self.audited(), await self.operation()
        succeeded = sorted(o.user_principal_name for o in outcomes if o.code is None)
        assert succeeded == self.holders(sku)
        assert sorted(entry.user_principal_name for entry in audit) == succeeded
        totals = (await self.row()).totals
        assert operation.completed_at is not None
        assert totals.pending == 0
        assert totals.succeeded == len(succeeded)


def sum_up(counts: Any) -> dict[str, int]:
    """Counts added up."""
    total: dict[str, int] = {}
    for each in counts:
        for key, number in each.items():
            total[key] = total.get(key, 0) + number
    return total


def body_of(tenant: str, **changes: Any) -> AssignBody:
    """Assign E5 to everyone, by ids as the request is stored."""
    target = {"tenant": tenant, "users": changes.pop("users", {"group": {"displayName": "Everyone"}})}
    targets = changes.pop("targets", [target])
    return AssignBody.model_validate({"targets": targets, "licenses": [{"sku": E5}], **changes}, strict=False)


async def claim(
    app: Services, tenants: Sequence[SimulatedTenant], body: OperationBody, kind: OperationKind = "assign"
) -> list[Part]:
    """Claim an operation as ``POST /assign`` and the others do; gives its parts."""
    await app.tables.refresh_clock()
    stored, operation_id = body.stored(), str(uuid4())
    sha = hashlib.sha256(stored).hexdigest()
    await app.staging.put(sha, stored)
    operation = Operation(
        id=operation_id,
        kind=kind,
        status=Status.QUEUED,
        created_at=app.tables.now(),
        created_by=Actor("ana", "Ana"),
        request_sha=sha,
        body_sha=sha,
        reason="CHG-1",
        tenants=tuple(TenantPart(operation_id=operation_id, tenant_id=t.id, domain=DOMAIN) for t in tenants),
    )
    claimed, _ = await app.operations.claim(operation)
    assert claimed
    return [Part(app, t, TenantRun(operation=operation_id, epoch=1, tenant=t.id)) for t in tenants]


async def register(app: Services, tenant: SimulatedTenant, **fields: Any) -> None:
    """Let the app act on a tenant."""
    await app.tenants.put(Tenant(id=tenant.id, domains=(DOMAIN,), consent="granted", **fields))


async def another(app: Services, tenant: SimulatedTenant, **body: Any) -> Part:
    """One more operation on a tenant."""
    (part,) = await claim(app, [tenant], body_of(tenant.id, **body))
    return part


async def new_part(
    app: Services,
    simulator: Simulator,
    users: Users,
    *,
    body: Mapping[str, Any] | None = None,
    registry: Mapping[str, Any] | None = None,
    **directory: Any,
) -> Part:
    """An operation on a new tenant."""
    tenant = simulator.load(**world(users, **directory))
    await register(app, tenant, **(registry or {}))
    return await another(app, tenant, **(body or {}))
