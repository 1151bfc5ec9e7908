"""Reserve the seats that a plan needs, trim the plan where only part of them is there, and freeze it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.begin_tenant import show_applying, standing_of_plan
from activities.guard import check_in, keep_watch
from activities.refusals import halt, open_directory
from activities.settled import record_settled
from shared.contracts.requests import parse_stored
from shared.contracts.work import Standing, Stop, TenantRun
from shared.domain.codes import ResultCode
from shared.domain.model import Sku
from shared.domain.operation import Phase, TenantPart
from shared.domain.plan import CHUNK_USERS, Manifest, chunk_info
from shared.domain.seats import Partial, Refused, SeatNeed, Shortfall, expired, need, reserve, trim
from shared.errors import GraphError
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()

TIDIED_AT_ONCE = 40
"""Rows of ended operations that go along; more than a hundred rows fit no transaction."""


async def reserve_and_freeze(app: Services, run: TenantRun) -> Standing:
    """Come to a frozen plan whose seats are reserved, or say which seats are missing."""
    stop = await check_in(app, run)
    if stop:
        return Standing(stop=stop)
    operation = await app.operations.read_op(run.operation)

    def reserving(part: TenantPart) -> TenantPart:
        return replace(part, phase=Phase.RESERVING) if part.phase is Phase.PLANNING else part

    part = await app.operations.change_part(run.operation, run.tenant, reserving)
    chunks = -(-part.totals.total // CHUNK_USERS)
    partial = parse_stored(await app.staging.get(operation.request_sha)).options.on_insufficient_licenses == "partial"
    counted_at = app.tables.now().timestamp()  # before Graph counts: a take confirmed later is still reserved then
    try:
        _, directory = await open_directory(app, run.tenant)
        skus = await directory.skus()
    except GraphError as error:
        return Standing(**dict(halt(error)))
    by_id = {sku.id: sku for sku in skus}
    wanted = await _need(app, run, chunks)
    granted = await _reserve(app, run, by_id, wanted, counted_at, partial=partial)
    if isinstance(granted, Stop):
        return Standing(stop=granted)
    if partial:
        await _trim(app, run, chunks, granted, by_id)
    manifest = await _freeze(app, run, chunks, skus)
    standing = await standing_of_plan(app, run, manifest)

    await show_applying(app, run, manifest, standing)
    return standing


async def _need(app: Services, run: TenantRun, chunks: int) -> dict[str, SeatNeed]:
    takes: Counter[str] = Counter()
    frees: Counter[str] = Counter()
    for chunk in range(chunks):
        for sku_id, wanted in need(await app.plans.read_chunk(run.operation, run.tenant, chunk)).items():
            takes[sku_id] += wanted.takes
            frees[sku_id] += wanted.frees
    return {sku_id: SeatNeed(takes[sku_id], frees[sku_id]) for sku_id in sorted(takes.keys() | frees.keys())}


async def _reserve(
    app: Services,
    run: TenantRun,
    skus: Mapping[str, Sku],
    wanted: dict[str, SeatNeed],
    counted_at: float,
    *,
    partial: bool,
) -> dict[str, int] | Stop | None:
    """Reserve; None when everything is there, the seats granted by SKU when only part of it is."""
    gone = [sku_id for sku_id, seats in wanted.items() if seats.takes and sku_id not in skus]
    if gone:
        message = f"The tenant's subscription to {', '.join(gone)} went while the operation was planned"
        return Stop(code=ResultCode.SKU_NOT_FOUND, message=message)

    async def try_once() -> dict[str, int] | Stop | None:
        reservations, guard = await app.seats.read(run.tenant)
        horizon = app.settings.replication_horizon
        answer = reserve(skus, reservations, run.operation, wanted, counted_at, horizon, partial)
        if isinstance(answer, Refused):
            return _refusal(skus, answer.shortfalls)
        gone = [r for r in reservations if r.operation_id != run.operation and expired(r, counted_at, horizon)]
        await app.seats.write(run.tenant, answer.reservations, gone[:TIDIED_AT_ONCE], guard)
        return dict(answer.granted) if isinstance(answer, Partial) else None

    return await until_settled(try_once)


def _refusal(skus: Mapping[str, Sku], shortfalls: Mapping[str, Shortfall]) -> Stop:
    details = {
        skus[sku_id].part_number: {"needed": s.needed, "available": s.available, "missing": s.missing}
        for sku_id, s in shortfalls.items()
    }
    texts = [f"{name}: {seats['needed']} needed, {seats['available']} available" for name, seats in details.items()]
    return Stop(
        code=ResultCode.INSUFFICIENT_LICENSES, message=f"Not enough seats ({'; '.join(texts)})", details=details
    )


async def _trim(
    app: Services, run: TenantRun, chunks: int, granted: dict[str, int] | None, skus: Mapping[str, Sku]
) -> None:
    """Give the seats out in selection order; who gets none is skipped by name, never dropped.

    Without a grant all that is planned by now has its seat; whom an earlier run left out is recorded all the same.
    """
    left = granted
    for chunk in range(chunks):
        await keep_watch(app, run)
        decisions = await app.plans.read_chunk(run.operation, run.tenant, chunk)
        if left is not None:
            trimmed, left = trim(decisions, left, skus)
            if trimmed != decisions:
                await app.plans.replace_chunk(run.operation, run.tenant, chunk, trimmed)
                decisions = trimmed
        seatless = [decision for decision in decisions if decision.code == ResultCode.INSUFFICIENT_LICENSES]
        await record_settled(app, run, chunks + chunk, seatless)


async def _freeze(app: Services, run: TenantRun, chunks: int, skus: list[Sku]) -> Manifest:
    infos = [chunk_info(await app.plans.read_chunk(run.operation, run.tenant, chunk)) for chunk in range(chunks)]
    return await app.plans.freeze(run.operation, run.tenant, Manifest.of(infos, skus))


@bp.activity_trigger(input_name="work")
async def reserve_seats(work: Any) -> Any:
    """See ``reserve_and_freeze``."""
    return (await reserve_and_freeze(await services(), TenantRun.model_validate(work))).wire()
