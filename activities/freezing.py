"""Freeze a plan: its batches are numbered, its impact is stored, and from then on nobody changes it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from activities.guard import keep_watch
from shared.contracts.selections import Target
from shared.contracts.stored import parse_stored
from shared.contracts.work import TenantRun
from shared.domain.caller import SYSTEM
from shared.domain.impact import Impacts
from shared.domain.model import Sku
from shared.domain.operation import Operation, TenantPart
from shared.domain.plan import ChunkInfo, Manifest, chunk_info
from shared.services import Services


async def freeze(app: Services, run: TenantRun, operation: Operation, chunks: int, skus: Mapping[str, Sku]) -> None:
    """Freeze the tenant's plan, and say in its row how many users it changes."""
    manifest = await app.plans.manifest(run.plan_id, run.tenant)
    if manifest is None:
        manifest = await _frozen(app, run, operation, chunks, skus)
    affected = sum(chunk.changes + chunk.graces for chunk in manifest.chunks)

    def told(part: TenantPart) -> TenantPart:
        return replace(part, affected=affected)

    await app.operations.change_part(run.operation, run.tenant, told)


async def _frozen(
    app: Services, run: TenantRun, operation: Operation, chunks: int, skus: Mapping[str, Sku]
) -> Manifest:
    impacts, infos = Impacts(run.tenant, skus), list[ChunkInfo]()
    horizon = timedelta(seconds=app.settings.replication_horizon)
    just_written = await app.recent.since(run.tenant, app.tables.now() - horizon)
    lagging = 0
    for chunk in range(chunks):
        await keep_watch(app, run)
        decisions = await app.plans.read_chunk(run.plan_id, run.tenant, chunk)
        infos.append(chunk_info(decisions))
        impacts.add(decisions)
        lagging += sum(decision.user_id in just_written for decision in decisions)
    part = await app.operations.get_part(run.operation, run.tenant)
    impact = impacts.result(
        excluded=part.excluded,
        excluded_samples=part.excluded_samples,
        prices=await app.prices.book(SYSTEM, run.tenant),
        recent=lagging,
        by_group=_one_group(await _targets(app, operation, run.tenant)),
    )
    await app.plans.write_impact(run.plan_id, run.tenant, impact)
    return await app.plans.freeze(run.plan_id, run.tenant, Manifest.of(infos, skus.values()))


async def _targets(app: Services, operation: Operation, tenant: str) -> tuple[Target, ...]:
    request = parse_stored(operation.work, await app.staging.get(operation.request_sha))
    return request.targets_of(tenant) if operation.work == "assign" else ()


def _one_group(targets: tuple[Target, ...]) -> bool:
    return len(targets) == 1 and targets[0].users.group is not None
