"""From domain types to the resources of the HTTP contract: pure, the time is an argument."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from shared.catalogue import Catalogue
from shared.contracts import responses as body
from shared.domain.advice import advice, told
from shared.domain.audit import AuditEntry
from shared.domain.caller import Caller, Role
from shared.domain.codes import ResultCode, status_of
from shared.domain.follow_up import SCHEDULE, FollowUp, State
from shared.domain.model import AddLicence, LicenceState, Sku, User
from shared.domain.notify import Notify
from shared.domain.operation import (
    Actor,
    Operation,
    Outcome,
    Phase,
    Status,
    TenantPart,
    Totals,
)
from shared.domain.prices import PriceBook
from shared.domain.states import ENDED
from shared.domain.tenant import Tenant

_PHASES = list(Phase)
_DELIVERY: Mapping[State, Literal["pending", "delivered", "failed"]] = {
    "open": "pending",
    "done": "delivered",
    "failed": "failed",
}


class Words:
    """Words for ids: part numbers and plan names; what is unknown stays as it is."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def sku(self, sku_id: str) -> str:
        """Part number of a SKU."""
        found = self._catalogue.find(sku_id)
        return found.part_number if found else sku_id

    def plans(self, sku_id: str, plan_ids: Iterable[str]) -> list[str]:
        """Names of service plans of a SKU, sorted."""
        found = self._catalogue.find(sku_id)
        return found.plan_names(plan_ids) if found else sorted(plan_ids)

    def disabled(self, licences: Iterable[AddLicence]) -> dict[str, list[str]]:
        """Disabled plans by part number, where there are any."""
        return {
            self.sku(each.sku_id): self.plans(each.sku_id, each.disabled_plans)
            for each in licences
            if each.disabled_plans
        }


def progress(parts: Iterable[TenantPart], now: datetime) -> body.Progress:
    """Progress of one tenant's part, or of several that work side by side.

    The rate counts users changed or failed since the first of them began to write; the slowest part says
    when all are done.
    """
    parts = tuple(parts)
    totals = sum((part.totals for part in parts), Totals())
    done = totals.total - totals.pending
    read = [part.rows_read for part in parts if part.rows_read is not None]
    return body.Progress(
        rows_read=sum(read) if read else None,
        total=totals.total,
        pending=totals.pending,
        succeeded=totals.succeeded,
        skipped=totals.skipped,
        failed=totals.failed,
        percent=1000 * done // totals.total / 10 if totals.total else 0.0,
        users_per_second=_rate(parts, now),
        throttled_requests=totals.throttled,
        estimated_completion=_completion(parts, now),
    )


def _rate(parts: tuple[TenantPart, ...], now: datetime) -> float | None:
    """Users a second over all parts that have begun to write; None before that."""
    begun = [part for part in parts if part.applying_at]
    if not begun:
        return None
    since = min(part.applying_at for part in begun if part.applying_at)
    until = max(part.ended_at or part.rested_at or now for part in begun)
    written = sum(part.totals.succeeded + part.totals.failed for part in begun)
    seconds = (until - since).total_seconds()
    return round(written / seconds, 1) if seconds > 0 else None


def _completion(parts: tuple[TenantPart, ...], now: datetime) -> datetime | None:
    """When the last part is done at its pace so far; None where a part that is at work has no pace yet."""
    latest: datetime | None = None
    for part in parts:
        if part.status in ENDED:
            continue
        rate = _rate((part,), now)
        if part.status is not Status.RUNNING or not rate:
            return None
        done = now + timedelta(seconds=round(part.totals.pending / rate))
        latest = max(latest or done, done)
    return latest


def phase_of(parts: Iterable[TenantPart]) -> Phase:
    """The phase of the tenant that is furthest behind."""
    return min((part.phase for part in parts), key=_PHASES.index, default=Phase.RESOLVING)


def tenant_part(part: TenantPart, now: datetime) -> body.TenantPartBody:
    """One tenant's part of an operation."""
    error = part.error and body.TenantErrorBody(
        code=part.error.code, message=told(part.error.code, part.error.message), details=dict(part.error.details)
    )
    return body.TenantPartBody(
        tenant_id=part.tenant_id,
        domain=part.domain,
        status=part.status,
        phase=part.phase,
        progress=progress((part,), now),
        excluded=[body.ExcludedCount(code=code, count=n) for code, n in sorted(part.excluded.items())],
        error=error,
    )


def error_groups(parts: Iterable[TenantPart], samples: Mapping[str, list[str]]) -> list[body.ErrorGroup]:
    """The failed users by code, most frequent first; ``samples`` holds user principal names by code."""
    totals = sum((part.totals for part in parts), Totals())
    failed = {code: n for code, n in totals.by_code.items() if code and status_of(code) == "failed"}
    return [
        body.ErrorGroup(code=code, count=n, message=advice(code), sample=samples.get(code, []))
        for code, n in sorted(failed.items(), key=lambda item: (-item[1], item[0]))
    ]


def actor(who: Actor) -> body.ActorBody:
    """Who did it."""
    return body.ActorBody(id=who.id, name=who.name)


def operation(
    op: Operation,
    now: datetime,
    *,
    samples: Mapping[str, list[str]] | None = None,
    results: body.Page[body.ResultBody] | None = None,
) -> body.OperationBody:
    """An operation with the tenants that were read along."""
    return body.OperationBody(
        id=op.id,
        type=op.kind,
        status=op.status,
        status_reason=op.status_reason,
        phase=phase_of(op.tenants),
        created_at=op.created_at,
        started_at=op.started_at,
        completed_at=op.completed_at,
        created_by=actor(op.created_by),
        reason=op.reason,
        preview_id=op.preview_id,
        schedule_id=op.schedule_id,
        parent_id=op.parent_id,
        progress=progress(op.tenants, now),
        tenants=[tenant_part(part, now) for part in op.tenants],
        errors=error_groups(op.tenants, samples or {}),
        results=results,
    )


def result(tenant_id: str, outcome: Outcome, words: Words, *, grace_until: datetime | None = None) -> body.ResultBody:
    """The outcome of one user; a user that was not changed has an error, one that was may have a message.

    ``grace_until`` is when the operation's grace is over.
    """
    error = None
    if outcome.code is not None:
        error = body.ResultError(code=outcome.code, message=told(outcome.code, outcome.message), detail=outcome.detail)
    return body.ResultBody(
        tenant_id=tenant_id,
        user_id=outcome.user_id,
        user_principal_name=outcome.user_principal_name,
        status=outcome.status,
        added=[words.sku(each.sku_id) for each in outcome.added],
        removed=[words.sku(sku_id) for sku_id in outcome.removed],
        disabled_plans=words.disabled(outcome.added),
        usage_location_set=outcome.usage_location_set,
        skipped_licenses=[
            body.SkippedLicenceBody(sku=words.sku(each.sku_id), code=each.code) for each in outcome.skipped_licences
        ],
        not_reverted=list(outcome.not_reverted),
        grace_until=grace_until if outcome.graced and outcome.code is None else None,
        error=error,
        message=outcome.message if outcome.code is None else None,
        attempts=outcome.attempts,
        completed_at=outcome.completed_at,
    )


def without_outcome(tenant_id: str, user_id: str, user_principal_name: str, *, ended: bool) -> body.ResultBody:
    """A user without an outcome: ``pending``, or ``Cancelled`` where the tenant's part has ended."""
    error = None
    if ended:
        error = body.ResultError(code=ResultCode.CANCELLED, message=advice(ResultCode.CANCELLED), detail=None)
    return body.ResultBody(
        tenant_id=tenant_id,
        user_id=user_id,
        user_principal_name=user_principal_name,
        status="skipped" if ended else "pending",
        added=[],
        removed=[],
        disabled_plans={},
        usage_location_set=None,
        skipped_licenses=[],
        error=error,
        message=None,
        attempts=0,
        completed_at=None,
    )


def audit_entry(entry: AuditEntry) -> body.AuditEntryBody:
    """An entry of the audit; SKUs and service plans bear the names they had when it was written."""
    return body.AuditEntryBody(
        sequence=entry.sequence,
        tenant_id=entry.tenant_id,
        at=entry.at,
        actor=actor(entry.actor),
        operation_id=entry.operation_id,
        user_id=entry.user_id,
        user_principal_name=entry.user_principal_name,
        action=entry.action,
        before=_recorded(entry.before, entry),
        after=_recorded(entry.after, entry),
        seat_change=dict(entry.seat_change),
        price=dict(entry.price),
        currency=entry.currency,
        request_id=entry.request_id,
        reason=entry.reason,
        previous_hash=entry.previous_hash,
        hash=entry.hash,
    )


def _recorded(state: LicenceState, entry: AuditEntry) -> body.RecordedState:
    licences = [
        body.HeldLicence(
            sku=entry.part_numbers.get(held.sku_id, held.sku_id),
            sku_id=held.sku_id,
            disabled_plans=sorted(entry.plan_names.get(plan, plan) for plan in held.disabled_plans),
            inherited=held.group_id is not None,
        )
        for held in state.assignments
    ]
    return body.RecordedState(licenses=licences, usage_location=state.usage_location)


def notify(which: Notify | None, caller: Caller) -> body.NotifyResource | None:
    """A webhook: whole to who may change it, to others without the query of its URL."""
    if which is None:
        return None
    return body.NotifyResource(url=which.url if caller.role >= Role.ADMIN else which.shown, on=list(which.on))


def notifications(items: Iterable[FollowUp], seen: Container[str]) -> list[body.NotificationBody]:
    """What webhooks were told of an operation; of those of tenants the ones that are ``seen``."""
    return [
        body.NotificationBody(
            tenant_id=None if item.about == SCHEDULE else item.about,
            url=item.to,
            event=item.event,
            status=_DELIVERY[item.state],
            attempts=item.tries,
            error=item.error,
        )
        for item in sorted(items, key=lambda item: item.created_at)
        if item.kind == "notification" and (item.about == SCHEDULE or item.about in seen)
    ]


def tenant(which: Tenant, caller: Caller) -> body.TenantResource:
    """A tenant of the registry, as far as the caller may know it."""
    return body.TenantResource(
        tenant_id=which.id,
        domains=list(which.domains),
        display_name=which.display_name,
        enabled=which.enabled,
        tags=list(which.tags),
        credential=which.credential,
        consent=which.consent,
        default_usage_location=which.default_usage_location,
        protected_users=list(which.protected_users),
        drops=list(which.drops),
        notify=notify(which.notify, caller),
    )


def licence(sku: Sku, catalogue: Catalogue, prices: PriceBook) -> body.LicenceBody:
    """A SKU a tenant subscribes to, with its price where the tenant's book has one."""
    price = prices.monthly.get(sku.part_number)
    return body.LicenceBody(
        sku=sku.part_number,
        sku_id=sku.id,
        name=catalogue.name_of(sku),
        total=sku.enabled,
        warning=sku.warning,
        suspended=sku.suspended,
        assigned=sku.consumed,
        available=sku.available,
        status=sku.status,
        price=None if price is None else float(price),
        currency=None if price is None else prices.currency,
        service_plans=[
            body.ServicePlanBody(name=plan.name, id=plan.id, applies_to=plan.applies_to) for plan in sku.service_plans
        ],
    )


def user(who: User, words: Words, groups: Mapping[str, str]) -> body.UserBody:
    """A user with the licences in force; ``groups`` has names by id, a group without one is shown by its id."""
    return body.UserBody(
        id=who.id,
        user_principal_name=who.user_principal_name,
        display_name=who.display_name,
        department=who.department,
        usage_location=who.state.usage_location,
        account_enabled=who.account_enabled,
        licenses=[
            body.UserLicenceBody(
                sku=words.sku(held.sku_id),
                inherited_from=held.group_id and groups.get(held.group_id, held.group_id),
            )
            for held in who.state.assignments
            if not held.error
        ],
    )
