"""Table ``results``: what became of each user, each batch and each attempt of one tenant's part.

Keys: ``u|{index}`` outcomes, ``b|{batch}`` summaries (``b|s{n}`` for users whom the plan settled), and
``w|{batch}|{epoch}|{attempt}``, written before an attempt goes out.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from shared.domain.operation import Attempt, Outcome, Summary
from shared.errors import RowConflict
from shared.tables.client import Tables
from shared.tables.codec import SCHEMA, RowCodec, iso
from shared.tables.table import TRANSACTION_ROWS, Row, Value, Write

OUTCOME = RowCodec(
    Outcome, nested=("added", "removed", "skipped_licences", "before", "after", "not_reverted", "graced")
)
SUMMARY = RowCodec(
    Summary, nested=("by_code", "marks", "answered", "unknown", "located", "seats", "converting", "requested")
)
LAST_INDEX = 9_999_999


def _user_key(index: int) -> str:
    return f"u|{index:07d}"


def _batch_key(batch: str) -> str:
    return f"b|{int(batch):06d}" if batch.isdigit() else f"b|{batch}"


class ResultStore:
    """The results of one tenant's part of an operation; every ``op`` and ``tenant`` is an id."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._table = tables.table("results")

    async def begin_attempt(
        self, op: str, tenant: str, batch: int, epoch: int, attempt: int, indices: Sequence[int]
    ) -> bool:
        """Say, before anything is sent, that these users of a batch go out; False when that stands there already.

        False means that the same attempt may have been sent: its users' outcome is unknown.
        """
        await self._tables.refresh_clock()
        columns: dict[str, Value] = {
            "schema": SCHEMA,
            "batch": batch,
            "epoch": epoch,
            "attempt": attempt,
            "indices": json.dumps(list(indices), separators=(",", ":")),
            "at": iso(self._tables.now()),
        }
        key = f"w|{batch:06d}|{epoch}|{attempt}"
        try:
            await self._table.write(Write("insert", Row(_partition(op, tenant), key, columns)))
        except RowConflict:
            return False
        return True

    async def attempts(self, op: str, tenant: str) -> dict[int, list[tuple[int, int]]]:
        """The attempts begun, by batch, as (epoch, attempt) in order."""
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        async for row in self._table.prefixed(_partition(op, tenant), "w|"):
            epoch, attempt = int(row.values["epoch"]), int(row.values["attempt"])
            found[int(row.values["batch"])].append((epoch, attempt))
        return {batch: sorted(begun) for batch, begun in found.items()}

    async def attempts_of(self, op: str, tenant: str, batch: int) -> list[Attempt]:
        """The attempts begun at one batch, with whom and when."""
        rows = self._table.prefixed(_partition(op, tenant), f"w|{batch:06d}|")
        return [
            Attempt(
                mark=f"{batch}.{row.values['epoch']}.{row.values['attempt']}",
                indices=frozenset(json.loads(str(row.values["indices"]))),
                at=datetime.fromisoformat(str(row.values["at"])),
            )
            async for row in rows
        ]

    async def summary(self, op: str, tenant: str, batch: int) -> Summary | None:
        """The summary of one batch; None before its first outcome."""
        row = await self._table.get(_partition(op, tenant), _batch_key(str(batch)))
        return None if row is None else SUMMARY.item(row)

    async def record(self, op: str, tenant: str, outcomes: Sequence[Outcome], summary: Summary) -> None:
        """Store at most 99 outcomes of one write and their batch's summary, all or nothing.

        The summary is inserted, or replaces the one whose ETag it carries: a sum over older rows never wins. The same
        call again is harmless, as outcomes are born final and those of one mark came with its summary. Raises
        ``RowConflict`` when another run has recorded since the summary was read, ``RowTooLarge`` for what fits no
        column.
        """
        if len(outcomes) >= TRANSACTION_ROWS:
            raise ValueError(f"one call takes {TRANSACTION_ROWS - 1} outcomes, not {len(outcomes)}")
        partition = _partition(op, tenant)
        steps = [
            Write("insert", Row(partition, _user_key(o.index), {**OUTCOME.values(o), "status": o.status}))
            for o in outcomes
        ]
        row = Row(partition, _batch_key(summary.batch), SUMMARY.values(summary), summary.etag)
        steps.append(Write("replace" if summary.etag else "insert", row))
        try:
            await self._table.write(*steps)
        except RowConflict:
            if not await self._already(op, tenant, outcomes):
                raise

    async def _already(self, op: str, tenant: str, outcomes: Sequence[Outcome]) -> bool:
        """Whether exactly these outcomes, by index and mark, are stored."""
        if not outcomes:
            return False
        indices = [o.index for o in outcomes]
        stored = {o.index: o.mark for o in await self.outcomes(op, tenant, min(indices), max(indices))}
        return all(stored.get(o.index) == o.mark for o in outcomes)

    async def outcomes(self, op: str, tenant: str, first_index: int, last_index: int) -> list[Outcome]:
        """Outcomes of the users from ``first_index`` to ``last_index``, both included, in selection order."""
        return await _read(self._users(op, tenant, first_index, last_index))

    async def page(self, op: str, tenant: str, *, status: str | None, after_index: int, top: int) -> list[Outcome]:
        """The next ``top`` outcomes after an index (-1 for the first page), of one status where one is given."""
        found: list[Outcome] = []
        async for row in self._users(op, tenant, after_index + 1, LAST_INDEX, page=min(top, 1000), status=status):
            found.append(OUTCOME.item(row))
            if len(found) >= top:
                break
        return found

    async def summaries(self, op: str, tenant: str) -> list[Summary]:
        """The summaries of all batches that have one."""
        return [SUMMARY.item(row) async for row in self._table.prefixed(_partition(op, tenant), "b|")]

    def _users(
        self, op: str, tenant: str, first: int, last: int, *, page: int | None = None, **columns: str | None
    ) -> AsyncIterator[Row]:
        wanted: dict[str, Value] = {name: value for name, value in columns.items() if value is not None}
        return self._table.span(
            _partition(op, tenant),
            _user_key(first),
            _user_key(last),
            condition=" and ".join(f"{name} eq @{name}" for name in wanted),
            parameters=wanted,
            page=page,
        )


def _partition(op: str, tenant: str) -> str:
    return f"{op}|{tenant}"


async def _read(rows: AsyncIterator[Row]) -> list[Outcome]:
    return [OUTCOME.item(row) async for row in rows]
