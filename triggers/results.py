"""What became of each user: outcomes from the rows, users without one from the frozen plan."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from shared.contracts import present
from shared.contracts.present import Words
from shared.contracts.responses import ResultBody
from shared.domain.operation import Operation, TenantPart
from shared.domain.states import ENDED
from shared.services import Services
from shared.tables.paging import bad_cursor, make_cursor, read_cursor

type ResultStatus = Literal["pending", "succeeded", "skipped", "failed"]
STATUSES: tuple[ResultStatus, ...] = ("pending", "succeeded", "skipped", "failed")

BLOCK = 500
SCAN_BLOCKS = 20
"""Blocks that one page looks through at most: a rare status gives short pages, never a slow answer."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive users of a tenant: those that were asked for, and the last index that was looked at."""

    rows: list[tuple[int, ResultBody]]
    last: int


@dataclass(frozen=True, slots=True)
class Results:
    """The results of an operation, with a status or with all of them."""

    app: Services
    operation: Operation
    words: Words
    status: ResultStatus | None = None

    async def page(self, top: int, cursor: str | None) -> tuple[list[ResultBody], str | None]:
        """At most ``top`` results in selection order, tenant by tenant, and the cursor of the next page.

        Raises ``RequestRejected`` (400) for a cursor that is not ours.
        """
        first, after = self._place(cursor)
        found: list[ResultBody] = []
        scanned = 0
        for part in self.operation.tenants[first:]:
            last, after = after, -1
            async for block in self._blocks(part, last):
                for index, row in block.rows:
                    if len(found) == top:
                        return found, make_cursor(part.tenant_id, str(last))
                    found.append(row)
                    last = index
                last = block.last
                scanned += 1
                if scanned == SCAN_BLOCKS:
                    return found, make_cursor(part.tenant_id, str(last))
        return found, None

    async def all(self) -> AsyncIterator[ResultBody]:
        """Every result."""
        for part in self.operation.tenants:
            async for block in self._blocks(part, -1):
                for _, row in block.rows:
                    yield row

    def _place(self, cursor: str | None) -> tuple[int, int]:
        """Where a page begins: number of the tenant, and the index after which."""
        place = read_cursor(cursor, 2)
        if place is None:
            return 0, -1
        tenants = [part.tenant_id for part in self.operation.tenants]
        tenant, index = place
        if tenant not in tenants or not index.removeprefix("-").isdecimal():
            raise bad_cursor()
        return tenants.index(tenant), int(index)

    def _blocks(self, part: TenantPart, after: int) -> AsyncIterator[Block]:
        if self.status is None or self.status == "pending" or (self.status == "skipped" and part.status in ENDED):
            return self._merged(part, after)
        return self._recorded(part, after, self.status)

    async def _recorded(self, part: TenantPart, after: int, status: str | None) -> AsyncIterator[Block]:
        """Outcomes alone."""
        while True:
            some = await self.app.results.page(
                self.operation.id, part.tenant_id, status=status, after_index=after, top=BLOCK
            )
            if not some:
                return
            after = some[-1].index
            yield Block([(each.index, present.result(part.tenant_id, each, self.words)) for each in some], after)
            if len(some) < BLOCK:
                return

    async def _merged(self, part: TenantPart, after: int) -> AsyncIterator[Block]:
        """Outcomes, and from the plan the users without one; before there is a plan, the outcomes alone."""
        plan_id = self.operation.plan_id or self.operation.id
        ended = part.status in ENDED
        if self.status == "pending" and (ended or not part.totals.pending):
            return
        manifest = await self.app.plans.manifest(plan_id, part.tenant_id)
        if manifest is None:
            async for block in self._recorded(part, after, self.status):
                yield block
            return
        for n, chunk in enumerate(manifest.chunks):
            first, last = max(chunk.first_index, after + 1), chunk.first_index + chunk.users - 1
            if first > last:
                continue
            outcomes = await self.app.results.outcomes(self.operation.id, part.tenant_id, first, last)
            rows = {each.index: present.result(part.tenant_id, each, self.words) for each in outcomes}
            if len(rows) < last - first + 1:
                for each in await self.app.plans.read_chunk(plan_id, part.tenant_id, n):
                    if each.index >= first and each.index not in rows:
                        rows[each.index] = present.planned_result(part.tenant_id, each, self.words, ended=ended)
            wanted = [(i, rows[i]) for i in sorted(rows) if self.status is None or rows[i].status == self.status]
            yield Block(wanted, last)


SAMPLES = 5
SAMPLED = 200


async def samples(app: Services, operation: Operation) -> dict[str, list[str]]:
    """User principal names of some failed users by code, out of the first ones of each tenant."""
    found: dict[str, list[str]] = {}
    for part in operation.tenants:
        if part.totals.failed:
            failed = app.results.page(operation.id, part.tenant_id, status="failed", after_index=-1, top=SAMPLED)
            for each in await failed:
                names = found.setdefault(each.code or "", [])
                if len(names) < SAMPLES:
                    names.append(each.user_principal_name)
    return found
