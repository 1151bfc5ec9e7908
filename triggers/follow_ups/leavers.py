"""What follows from the end of a schedule's run: who was given what is noted, and who has left loses it again."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from shared.aftermath import follow_up, schedule_of
from shared.contracts.requests import AssignBody, HeldSku
from shared.contracts.stored import StoredRemove, parse_stored
from shared.domain.affected import UNCONFIRMED
from shared.domain.caller import SYSTEM
from shared.domain.follow_up import FollowUp
from shared.domain.leavers import GONE, Given, given, leavers, told_who_is_selected
from shared.domain.operation import Operation, Status, TenantPart
from shared.domain.plan import CHUNK_USERS
from shared.domain.schedule import Schedule
from shared.domain.selection import NamedUser
from shared.domain.states import RESTING
from shared.domain.steering import cancel
from shared.errors import DependencyDown, NotFound
from shared.services import Services
from triggers.requests.claims import launch, store_request
from triggers.requests.epochs import start_epoch, watch_working
from triggers.requests.guarding import guards_of
from triggers.requests.repeating import outcomes_of, part_by_rows
from triggers.schedules.run_ids import actor_of, following_id
from triggers.web.http import Starter

SECONDS = 240.0
"""A run may have given licences to 100,000 users."""
RUNS_BACK = 20
"""Earlier runs whose removal may still rest: a rest is cancelled after days (``PAUSE_LIMIT_HOURS``)."""
SUPERSEDED = "Cancelled as a later run of the schedule finds anew who has left"


async def settle_run(app: Services, start: Starter, item: FollowUp) -> None:
    """Note what a run gave, and start the removal of leavers; or note what such a removal, or a revert, took.

    Harmless to repeat: what has been started is not started, nor noted, again.
    """
    operation = await app.operations.get(SYSTEM, item.operation_id)
    try:
        schedule = await app.schedules.get(SYSTEM, await schedule_of(app, operation) or "")
    except NotFound:  # deleted: nobody will leave any more
        return
    if schedule.recurrence is None or schedule.kind != "assign":
        return
    if operation.kind == "remove":
        await _note_taken(app, schedule, operation)
        return
    if operation.kind == "revert":
        await _note_reverted(app, schedule, operation)
        return
    removal_id = _removal_id(schedule, operation.id)
    if await app.operations.find(SYSTEM, removal_id):
        return
    for part in operation.tenants:
        await _note_given(app, schedule, operation, part)
    if operation.schedule_id is None:  # a retry: of the selection it has only those for whom the run failed
        return
    await _supersede(app, start, schedule, operation.id)
    if schedule.remove_leavers and operation.status is not Status.CANCELLED:
        removal = await _removal(app, schedule, operation, removal_id)
        if removal:
            await launch(app, start, removal)


def _removal_id(schedule: Schedule, run_id: str) -> str:
    return following_id(schedule, f"leavers\n{run_id}")


async def _supersede(app: Services, start: Starter, schedule: Schedule, run_id: str) -> None:
    """Cancel removals of earlier runs that still rest: whom they were to take from may have come back since.

    This run finds anew who has left. A removal that works is left alone.
    """
    runs, _ = await app.runs.list(schedule.id, top=RUNS_BACK)
    for run in runs:
        if run.operation_id is None or run.operation_id == run_id:
            continue
        older = await app.operations.find(SYSTEM, _removal_id(schedule, run.operation_id))
        if older is None or older.status not in RESTING:
            continue
        await follow_up(app, older)
        # As steering does: nobody looks for days at tenants that rest, and a crash may come after the change.
        await watch_working(app, older, {part.tenant_id for part in older.tenants if part.status in RESTING})
        changed = await app.operations.change(older.id, _cancelled)
        if changed.epoch != older.epoch:
            with suppress(DependencyDown):  # the sweeper starts it
                await start_epoch(start, changed)


def _cancelled(removal: Operation) -> Operation:
    return cancel(removal, SUPERSEDED) if removal.status in RESTING else removal


async def _note_given(app: Services, schedule: Schedule, operation: Operation, part: TenantPart) -> None:
    found = [(each.user_id, given(each)) async for each in outcomes_of(app, operation, part, "succeeded")]
    news = {user_id: has for user_id, has in found if has.sku_ids}
    if news:
        had = await app.given.of(schedule.id, part.tenant_id)
        merged = {
            user_id: replace(has, sku_ids=has.sku_ids | had.get(user_id, Given()).sku_ids)
            for user_id, has in news.items()
        }
        await app.given.write(schedule.id, part.tenant_id, merged)


async def _note_taken(app: Services, schedule: Schedule, operation: Operation) -> None:
    """Forget what is gone; what failed is tried again after the next run."""
    for part in operation.tenants:
        taken: dict[str, Given] = {}
        for status in ("succeeded", "skipped", "failed"):
            async for outcome in outcomes_of(app, operation, part, status):
                if outcome.code in GONE and outcome.user_id:
                    taken[outcome.user_id] = Given()
        await app.given.write(schedule.id, part.tenant_id, taken)


async def _note_reverted(app: Services, schedule: Schedule, operation: Operation) -> None:
    """Forget what was taken back: who has it again later has it from somebody else."""
    for part in operation.tenants:
        had = await app.given.of(schedule.id, part.tenant_id)
        left = {
            outcome.user_id: replace(has, sku_ids=has.sku_ids.difference(outcome.removed))
            async for outcome in outcomes_of(app, operation, part, "succeeded")
            if (has := had.get(outcome.user_id))
        }
        await app.given.write(schedule.id, part.tenant_id, left)


async def _removal(app: Services, schedule: Schedule, operation: Operation, removal_id: str) -> Operation | None:
    """The remove that takes from leavers what the schedule gave them; None where nobody has left.

    It is halted where it and the run together change more than the schedule allows; without a limit above the number
    of users that a remove may change unconfirmed.
    """
    request = parse_stored(operation.kind, await app.staging.get(operation.request_sha))
    if not isinstance(request, AssignBody):
        raise TypeError(f"the request of operation {operation.id} is no assign")
    left: dict[str, str] = {}
    sku_ids: set[str] = set()
    for part in operation.tenants:
        rows = [row async for row in _left(app, schedule, operation, part)]
        if rows:
            left[part.tenant_id] = await app.rows.write(rows)
            sku_ids |= {licence.sku_id for row in rows for licence in row.wish.licences}
    if not left:
        return None
    body = StoredRemove(
        targets=tuple(target for target in request.targets if target.tenant in left),
        licenses=tuple(HeldSku(sku=sku_id) for sku_id in sorted(sku_ids)),
        options=request.options,
        left=left,
    )
    changed = sum(part.affected or 0 for part in operation.tenants)
    limit = schedule.max_changes_per_run
    guards = replace(
        guards_of(request.options, None),
        canary=None,
        max_users=None,
        max_changes=UNCONFIRMED if limit is None else max(0, limit - changed),
        confirmed=True,
    )
    request_sha = await store_request(app, body.stored())
    await app.tables.refresh_clock()
    return Operation(
        id=removal_id,
        kind="remove",
        status=Status.QUEUED,
        created_at=app.tables.now(),
        created_by=actor_of(schedule),
        request_sha=request_sha,
        body_sha=request_sha,
        reason=operation.reason,
        guards=guards,
        schedule_id=schedule.id,
        notify=schedule.notify,
        parent_id=operation.id,
        tenants=tuple(part_by_rows(removal_id, part) for part in operation.tenants if part.tenant_id in left),
    )


async def _left(app: Services, schedule: Schedule, operation: Operation, part: TenantPart) -> AsyncIterator[NamedUser]:
    """Who seems to have left one tenant's selection; nobody where the run could not read it."""
    if not told_who_is_selected(part):
        return
    had = await app.given.of(schedule.id, part.tenant_id)
    if not had:
        return
    selected: set[str] = set()
    for chunk in range(-(-part.totals.total // CHUNK_USERS)):
        users = await app.plans.read_users(operation.id, part.tenant_id, part.selection, chunk)
        selected |= {each.user.id or each.user.user_principal_name.casefold() for each in users}
    for row in leavers(had, selected, await app.plans.disabled(operation.id, part.tenant_id)):
        yield row
