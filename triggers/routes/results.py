"""What became of each user: outcomes from the rows, users without one from the plan, or else from the selection."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from shared.contracts import present
from shared.contracts.present import Words
from shared.contracts.responses import ResultBody
from shared.csv.writing import RESULT_COLUMNS, csv_pieces, result_row
from shared.domain.codes import ResultCode
from shared.domain.operation import Operation, Outcome, TenantPart
from shared.domain.plan import CHUNK_USERS, Manifest
from shared.domain.states import ENDED
from shared.errors import NotFound
from shared.glances import Glance
from shared.services import Services
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from triggers.web.query import DEFAULT_TOP, cursor_number

type ResultStatus = Literal["pending", "succeeded", "skipped", "failed"]
STATUSES: tuple[ResultStatus, ...] = ("pending", "succeeded", "skipped", "failed")

BLOCK = 500
SCAN_BLOCKS = 20
"""Blocks that one page looks through at most: a rare status gives short pages, never a slow answer."""


def words(app: Services, manifest: Manifest | None) -> Words:
    """Part numbers and plan names for what is shown; with a plan also the names its tenant knew."""
    known = app.products.known
    return Words(known.with_skus(manifest.skus) if manifest and manifest.skus else known)


def csv_of(results: "Results") -> AsyncIterator[bytes]:
    """All results as a CSV, in pieces."""
    return csv_pieces(RESULT_COLUMNS, (result_row(each) async for each in results.all()))


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
    status: ResultStatus | None = None
    block: int = BLOCK
    """Users that are read at a time."""

    async def page(self, top: int, cursor: str | None) -> tuple[list[ResultBody], str | None]:
        """At most ``top`` results in selection order, tenant by tenant, and the cursor of the next page.

        Raises ``RequestRejected`` (400) for a cursor that is not ours.
        """
        first, after = self._place(cursor)
        found: list[ResultBody] = []
        scanned = 0
        # With no status every user read is a line of the page, and one more tells that there is another page.
        reading = self if self.status else replace(self, block=min(BLOCK, top + 1))
        for part in self.operation.tenants[first:]:
            last, after = after, -1
            async for block in reading._blocks(part, last):
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
        if tenant not in tenants:
            raise bad_cursor()
        return tenants.index(tenant), cursor_number(index)

    async def _blocks(self, part: TenantPart, after: int) -> AsyncIterator[Block]:
        """The users of one tenant after an index; nobody until the selection is resolved."""
        if not part.totals.total or (self.status == "pending" and not part.totals.pending):
            return
        manifest = await self.app.plans.manifest(self._plan, part.tenant_id)
        named = words(self.app, manifest)
        blocks = (
            self._merged(part, after, manifest, named)
            if self._takes_those_without_outcome(part)
            else self._recorded(part, after, named)
        )
        async for block in blocks:
            yield block

    @property
    def _plan(self) -> str:
        return self.operation.plan_id or self.operation.id

    def _takes_those_without_outcome(self, part: TenantPart) -> bool:
        if part.status in ENDED and not part.totals.by_code.get(ResultCode.CANCELLED):
            return False  # everybody has an outcome
        return self.status in (None, "skipped" if part.status in ENDED else "pending")

    async def _recorded(self, part: TenantPart, after: int, named: Words) -> AsyncIterator[Block]:
        """Outcomes alone."""
        while True:
            some = await self.app.results.page(
                self.operation.id, part.tenant_id, status=self.status, after_index=after, top=self.block
            )
            if not some:
                return
            after = some[-1].index
            yield Block([(each.index, self._result(part, each, named)) for each in some], after)
            if len(some) < self.block:
                return

    async def _merged(
        self, part: TenantPart, after: int, manifest: Manifest | None, named: Words
    ) -> AsyncIterator[Block]:
        """Outcomes, and the users without one: pending, or ``Cancelled`` once the tenant's part has ended."""
        for n, begin, first, last in _pieces(_spans(part, manifest), after + 1, self.block):
            outcomes = await self.app.results.outcomes(self.operation.id, part.tenant_id, first, last)
            rows = {each.index: self._result(part, each, named) for each in outcomes}
            if len(rows) < last - first + 1:
                for index, user_id, name in await self._selected(part, n, begin, frozen=manifest is not None):
                    if first <= index <= last and index not in rows:
                        ended = part.status in ENDED
                        rows[index] = present.without_outcome(part.tenant_id, user_id, name, ended=ended)
            wanted = [(i, rows[i]) for i in sorted(rows) if self.status is None or rows[i].status == self.status]
            yield Block(wanted, last)

    def _result(self, part: TenantPart, outcome: Outcome, named: Words) -> ResultBody:
        return present.result(part.tenant_id, outcome, named, grace_until=self.operation.grace_until)

    async def _selected(self, part: TenantPart, n: int, begin: int, *, frozen: bool) -> list[tuple[int, str, str]]:
        """Index, id and user principal name of each user of a chunk, whether it is planned or not.

        Nobody once plan and selection have expired, long after the end: then only outcomes are left.
        """
        plans, tenant = self.app.plans, part.tenant_id
        try:
            decisions = (
                await plans.read_chunk(self._plan, tenant, n)
                if frozen
                else await plans.find_chunk(self._plan, tenant, n)
            )
            if decisions is not None:
                return [(each.index, each.user_id, each.user_principal_name) for each in decisions]
            users = await plans.read_users(self._plan, tenant, part.selection, n)
        except NotFound:
            if part.status not in ENDED:
                raise
            return []
        return [(begin + at, each.user.id, each.user.user_principal_name) for at, each in enumerate(users)]


def _spans(part: TenantPart, manifest: Manifest | None) -> list[tuple[int, int]]:
    """First and last index of each chunk: as frozen, or as the users were resolved."""
    if manifest is not None:
        return [(chunk.first_index, chunk.first_index + chunk.users - 1) for chunk in manifest.chunks]
    users = part.totals.total
    return [(begin, min(begin + CHUNK_USERS, users) - 1) for begin in range(0, users, CHUNK_USERS)]


def _pieces(spans: list[tuple[int, int]], first: int, size: int) -> Iterator[tuple[int, int, int, int]]:
    """The chunks from an index on, none larger than so many users: number and begin of the chunk, first and last."""
    for n, (begin, last) in enumerate(spans):
        for at in range(max(begin, first), last + 1, size):
            yield n, begin, at, min(at + size - 1, last)


SAMPLES = 5
SAMPLED = 200


async def glance(app: Services, operation: Operation) -> Glance:
    """The first page of the results and samples of who failed.

    Kept as long as the operation's counts stay as they are: very many may watch one operation.
    """
    counts = [
        (each.tenant_id, each.status, each.totals.total, *each.totals.by_code.items()) for each in operation.tenants
    ]
    key = (operation.id, operation.grace_until, *map(tuple, counts))

    async def load() -> tuple[Glance, bool]:
        results, cursor = await Results(app, operation).page(DEFAULT_TOP, None)
        return Glance(results, cursor, await samples(app, operation)), True

    return await app.glances.get(key, load)


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
