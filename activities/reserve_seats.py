"""Reserve the seats that a plan needs, order and trim the plan where seats are short, and freeze it.

A preview reserves nothing: it is ordered and trimmed by the seats that there are now, and a shortfall stands in its
impact. A plan that was frozen by a preview is not touched again: if it cannot begin any more it is refused.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import azure.durable_functions as df

from activities.arranging import Arranging, arrange
from activities.freezing import freeze
from activities.guard import check_in
from activities.refusals import halt, open_directory
from activities.traced import traced
from shared.catalogue import catalogue
from shared.contracts.stored import parse_stored
from shared.contracts.work import Halt, Stop, TenantRun
from shared.domain.codes import ResultCode
from shared.domain.model import Sku
from shared.domain.operation import Operation, Phase, TenantPart
from shared.domain.ordering import Order
from shared.domain.plan import CHUNK_USERS
from shared.domain.seats import (
    Partial,
    Refused,
    Reservation,
    Reserved,
    SeatNeed,
    Shortfall,
    expired,
    free_seats,
    need,
    reserve,
    to_begin_with,
)
from shared.errors import GraphError
from shared.services import Services, services
from shared.tables.contention import until_settled

bp = df.Blueprint()

TIDIED_AT_ONCE = 40
"""Rows of ended operations that go along; more than a hundred rows fit no transaction."""


async def reserve_and_freeze(app: Services, run: TenantRun) -> Halt:
    """Come to a frozen plan whose seats are reserved, or say which seats are missing."""
    stop = await check_in(app, run)
    if stop:
        return Halt(stop=stop)
    operation = await app.operations.read_op(run.operation)

    def reserving(part: TenantPart) -> TenantPart:
        return replace(part, phase=Phase.RESERVING) if part.phase is Phase.PLANNING else part

    part = await app.operations.change_part(run.operation, run.tenant, reserving)
    counted_at = app.tables.now().timestamp()  # before Graph counts: a take confirmed later is still reserved then
    try:
        _, directory = await open_directory(app, run.tenant)
        skus = {sku.id: sku for sku in await directory.skus()}
    except GraphError as error:
        return halt(error)
    chunks = -(-part.totals.total // CHUNK_USERS)
    wanted = await _need(app, run, chunks)
    partial = run.plan is None and await _partial(app, operation)
    if gone := _gone(skus, wanted):
        return Halt(stop=gone)
    seats = _Seats(app, run, skus, wanted, counted_at, chunks=chunks, partial=partial)
    found = await (seats.look() if operation.kind == "preview" else seats.reserve())
    if isinstance(found, Stop):
        return Halt(stop=found)
    if partial or found:
        await arrange(app, run, operation, chunks, found, skus)
    await freeze(app, run, operation, chunks, skus)
    return Halt()


async def _partial(app: Services, operation: Operation) -> bool:
    request = parse_stored(operation.work, await app.staging.get(operation.request_sha))
    return request.options.on_insufficient_licenses == "partial"


async def _need(app: Services, run: TenantRun, chunks: int) -> dict[str, SeatNeed]:
    takes: Counter[str] = Counter()
    frees: Counter[str] = Counter()
    for chunk in range(chunks):
        for sku_id, wanted in need(await app.plans.read_chunk(run.plan_id, run.tenant, chunk)).items():
            takes[sku_id] += wanted.takes
            frees[sku_id] += wanted.frees
    return {sku_id: SeatNeed(takes[sku_id], frees[sku_id]) for sku_id in sorted(takes.keys() | frees.keys())}


def _gone(skus: Mapping[str, Sku], wanted: Mapping[str, SeatNeed]) -> Stop | None:
    gone = [sku_id for sku_id, seats in wanted.items() if seats.takes and sku_id not in skus]
    if not gone:
        return None
    message = f"The tenant's subscription to {', '.join(gone)} went while the operation was planned"
    return Stop(code=ResultCode.SKU_NOT_FOUND, message=catalogue().in_words(message))


class _Seats:
    """What a plan needs of the tenant's seats; each answer is the order of its changes, None for all at once."""

    def __init__(
        self,
        app: Services,
        run: TenantRun,
        skus: Mapping[str, Sku],
        wanted: Mapping[str, SeatNeed],
        counted_at: float,
        *,
        chunks: int,
        partial: bool,
    ) -> None:
        self._app = app
        self._run = run
        self._skus = skus
        self._wanted = wanted
        self._counted_at = counted_at
        self._partial = partial
        self._arranging = Arranging(app, run, skus, wanted, chunks)

    async def look(self) -> Order | Stop | None:
        """What a preview comes to, without reserving anything; what is missing altogether stands in its impact."""
        reservations, _ = await self._app.seats.read(self._run.tenant)
        answer = self._ask(reservations)
        if isinstance(answer, Refused):
            return None
        begin = self._begin_with(reservations, answer.reservations)
        return await self._refused(begin) or await self._ordered(begin)

    async def reserve(self) -> Order | Stop | None:
        """Reserve the seats that the plan takes."""

        async def try_once() -> dict[str, int] | Stop:
            reservations, guard = await self._app.seats.read(self._run.tenant)
            answer = self._ask(reservations)
            if isinstance(answer, Refused):
                return _refusal(self._skus, answer.shortfalls)
            begin = self._begin_with(reservations, answer.reservations)
            if stop := await self._refused(begin):
                return stop
            await self._app.seats.write(self._run.tenant, answer.reservations, self._outdated(reservations), guard)
            return begin

        found = await until_settled(try_once)
        return found if isinstance(found, Stop) else await self._ordered(found)

    def _ask(self, reservations: Sequence[Reservation]) -> Reserved | Refused | Partial:
        return reserve(
            self._skus,
            reservations,
            self._run.operation,
            self._wanted,
            self._counted_at,
            self._app.settings.replication_horizon,
            self._partial,
        )

    def _begin_with(self, reservations: Sequence[Reservation], mine: Sequence[Reservation]) -> dict[str, int]:
        horizon = self._app.settings.replication_horizon
        free = free_seats(self._skus, reservations, self._run.operation, self._counted_at, horizon)
        return to_begin_with(free, mine, self._wanted)

    def _outdated(self, reservations: Sequence[Reservation]) -> list[Reservation]:
        others = (r for r in reservations if r.operation_id != self._run.operation)
        horizon = self._app.settings.replication_horizon
        return [r for r in others if expired(r, self._counted_at, horizon)][:TIDIED_AT_ONCE]

    async def _refused(self, begin: Mapping[str, int]) -> Stop | None:
        """Why the changes cannot be made in any order, or a previewed plan's not in its own."""
        if self._run.plan:
            return await self._arranging.outrun(begin)
        if self._partial or await self._frozen():
            return None
        found = await self._arranging.order(begin)
        return self._arranging.standstill(found, begin) if found else None

    async def _ordered(self, begin: Mapping[str, int]) -> Order | None:
        return None if await self._frozen() else await self._arranging.settled_order(begin)

    async def _frozen(self) -> bool:
        return await self._app.plans.manifest(self._run.plan_id, self._run.tenant) is not None


def _refusal(skus: Mapping[str, Sku], shortfalls: Mapping[str, Shortfall]) -> Stop:
    details = {
        skus[sku_id].part_number: {"needed": s.needed, "available": s.available, "missing": s.missing}
        for sku_id, s in shortfalls.items()
    }
    texts = [f"{name}: {seats['needed']} needed, {seats['available']} available" for name, seats in details.items()]
    return Stop(
        code=ResultCode.INSUFFICIENT_LICENSES, message=f"Not enough seats ({'; '.join(texts)})", details=details
    )


@bp.activity_trigger(input_name="work")
@traced
async def reserve_seats(work: Any) -> Any:
    """See ``reserve_and_freeze``."""
    return (await reserve_and_freeze(await services(), TenantRun.model_validate(work))).wire()
