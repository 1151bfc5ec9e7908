"""Arrange a plan in waves where seats are short, so that nobody takes a seat before it was freed (trap 8)."""

from collections.abc import AsyncIterator, Mapping

from activities.guard import keep_watch
from activities.settled import record_settled
from shared.contracts.work import Stop, TenantRun
from shared.domain.codes import ResultCode
from shared.domain.model import Decision, Sku
from shared.domain.operation import Operation
from shared.domain.ordering import Moves, Opening, Order, order, order_lending, placed
from shared.domain.seats import SeatNeed
from shared.services import Services


class Arranging:
    """What is asked of one plan while its seats are reserved; the plan is read only where seats are short."""

    def __init__(
        self, app: Services, run: TenantRun, skus: Mapping[str, Sku], wanted: Mapping[str, SeatNeed], chunks: int
    ) -> None:
        self._app = app
        self._run = run
        self._skus = skus
        self._wanted = wanted
        self._chunks = chunks
        self._moves: Moves | None = None

    async def order(self, free: Mapping[str, int]) -> Order | None:
        """The order for these free seats; None where everybody may go at once."""
        if self._all_at_once(free):
            return None
        if self._moves is None:
            self._moves = Moves()
            async for decisions in self._read():
                self._moves.add(decisions)
        return order(self._moves, free)

    async def settled_order(self, free: Mapping[str, int]) -> Order | None:
        """As `order`, from the seats that the plan was ordered by before, where it was."""
        found = await self.order(free)
        if found is None:
            return None
        stored = await self._app.plans.give_out(self._run.plan_id, self._run.tenant, free)
        return found if stored == free else await self.order(stored)

    def standstill(self, order: Order, free: Mapping[str, int]) -> Stop | None:
        """Why nobody begins, where some would wait for each other for ever."""
        if not order.seatless or self._moves is None:
            return None
        spare = order_lending(self._moves, free).spare
        details = {
            self._skus[sku_id].part_number: {
                "needed": self._wanted[sku_id].takes,
                "available": max(0, free[sku_id]),
                "missing": missing,
            }
            for sku_id, missing in sorted(spare.items())
        }
        seats = " and ".join(f"{seats['missing']} of {name}" for name, seats in details.items())
        message = (
            f"Not enough seats: {order.seatless} users swap licences and each waits for a seat that another of them"
            f" holds; spare seats that would do: {seats}"
        )
        return Stop(code=ResultCode.INSUFFICIENT_LICENSES, message=message, details=details)

    async def outrun(self, free: Mapping[str, int]) -> Stop | None:
        """Why a plan that was frozen by a preview cannot be executed in its order any more."""
        if self._all_at_once(free):
            return None
        opening = Opening()
        async for decisions in self._read():
            opening.add(decisions)
        details = {
            self._skus[sku_id].part_number: {
                "needed": seats,
                "available": max(0, free[sku_id]),
                "missing": seats - free[sku_id],
            }
            for sku_id, seats in sorted(opening.seats().items())
            if seats > free[sku_id]
        }
        if not details:
            return None
        texts = [f"{name}: {seats['needed']} needed, {seats['available']} available" for name, seats in details.items()]
        message = f"Not enough seats to begin as previewed ({'; '.join(texts)}); preview again"
        return Stop(code=ResultCode.INSUFFICIENT_LICENSES, message=message, details=details)

    def _all_at_once(self, free: Mapping[str, int]) -> bool:
        return all(need.takes <= free[sku_id] for sku_id, need in self._wanted.items() if need.takes)

    async def _read(self) -> AsyncIterator[tuple[Decision, ...]]:
        for chunk in range(self._chunks):
            yield await self._app.plans.read_chunk(self._run.plan_id, self._run.tenant, chunk)


async def arrange(
    app: Services, run: TenantRun, operation: Operation, chunks: int, order: Order | None, skus: Mapping[str, Sku]
) -> None:
    """Give each change its wave; who can be in none is skipped by name, never dropped.

    Without an order all that is planned by now has its seat; whom an earlier run left out is recorded all the same.
    """
    for chunk in range(chunks):
        await keep_watch(app, run)
        decisions = await app.plans.read_chunk(run.plan_id, run.tenant, chunk)
        if order is not None:
            arranged = placed(decisions, order, skus)
            if arranged != decisions:
                await app.plans.replace_chunk(run.plan_id, run.tenant, chunk, arranged)
                decisions = arranged
        if operation.kind != "preview":
            seatless = [decision for decision in decisions if decision.code == ResultCode.INSUFFICIENT_LICENSES]
            await record_settled(app, run, chunks + chunk, seatless)
