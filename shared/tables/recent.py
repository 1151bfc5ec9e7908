"""Table ``recent``: our own writes that Graph's reads may not show yet.

A row holds what one call recorded of one operation, a batch's users as a rule: who reads has to read all that is young,
so few rows matter. Keys begin with the time, cut to 10 s, so that what is young is one range, and end with a digest of
what the row holds, so that the same call again meets its own rows. Writes that were not answered stand in a range of
their own.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from shared.domain.recent import RecentWrite, Unanswered
from shared.errors import RowConflict
from shared.tables.client import Tables
from shared.tables.codec import RowCodec, to_json
from shared.tables.table import AFTER, Row, Write

STEP_SECONDS = 10
ROW_CHARACTERS = 200_000
"""A row is closed once its writes take so much text: an entity has 1 MiB, and one write may have 64 KiB."""


@dataclass(frozen=True, slots=True)
class _Together:
    """The writes of one row, all of one operation and one step of time."""

    operation_id: str
    writes: tuple[RecentWrite, ...]


CODEC = RowCodec(_Together, long=("writes",))
UNANSWERED_CODEC = RowCodec(Unanswered)
UNANSWERED = "unanswered|"
AFTER_TIMES = ":"
"""Sorts after every digit, and before any letter."""


def _step(at: datetime) -> str:
    at = at.astimezone(UTC)
    return at.replace(second=at.second - at.second % STEP_SECONDS).strftime("%Y%m%d%H%M%S")


def _rows(tenant: str, writes: Iterable[RecentWrite]) -> Iterator[Row]:
    def place(write: RecentWrite) -> tuple[str, str]:
        return _step(write.at), write.operation_id

    ordered = sorted(writes, key=lambda write: (place(write), write.at, write.user_id))
    for (step, operation_id), group in groupby(ordered, key=place):
        for some in _fitting(group):
            text = to_json(_Together, together := _Together(operation_id, tuple(some)))
            yield Row(tenant, f"{step}|{hashlib.sha256(text.encode()).hexdigest()[:32]}", CODEC.values(together))


def _fitting(writes: Iterable[RecentWrite]) -> Iterator[list[RecentWrite]]:
    some, length = list[RecentWrite](), 0
    for write in writes:
        some.append(write)
        length += len(to_json(RecentWrite, write))
        if length > ROW_CHARACTERS:
            yield some
            some, length = [], 0
    if some:
        yield some


class RecentStore:
    """After-states younger than the replication horizon, by tenant."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.table("recent")

    async def record(self, tenant: str, writes: Iterable[RecentWrite]) -> None:
        """Keep confirmed writes; harmless to repeat."""
        for row in _rows(tenant, writes):
            with suppress(RowConflict):  # these very writes stand there already
                await self._table.write(Write("insert", row))

    async def since(
        self,
        tenant: str,
        since: datetime,
        *,
        users: Collection[str] | None = None,
        except_operation: str | None = None,
    ) -> dict[str, list[RecentWrite]]:
        """Writes at ``since`` or later by user id, oldest first.

        Of these users only, where some are named; those of one operation may be left out.
        """
        found: defaultdict[str, list[RecentWrite]] = defaultdict(list)
        rows = self._table.span(
            tenant,
            _step(since),
            AFTER_TIMES,
            condition="operation_id ne @operation" if except_operation else "",
            parameters={"operation": except_operation} if except_operation else None,
        )
        async for row in rows:
            for write in CODEC.item(row).writes:
                if write.at >= since and (users is None or write.user_id in users):
                    found[write.user_id].append(write)
        return {user: sorted(writes, key=lambda write: write.at) for user, writes in found.items()}

    async def note_unanswered(self, tenant: str, writes: Sequence[Unanswered]) -> None:
        """Say that nobody knows what became of these writes; harmless to repeat."""
        rows = [
            Row(tenant, f"{UNANSWERED}{_step(w.at)}|{w.user_id}|{w.operation_id}", UNANSWERED_CODEC.values(w))
            for w in writes
        ]
        await self._table.write_all([Write("upsert", row) for row in rows])

    async def unanswered(
        self, tenant: str, since: datetime, *, users: Collection[str], except_operation: str
    ) -> dict[str, datetime]:
        """When each of these users was last sent, at ``since`` or later, by another operation that got no answer."""
        rows = self._table.span(
            tenant,
            f"{UNANSWERED}{_step(since)}",
            f"{UNANSWERED}{AFTER}",
            condition="operation_id ne @operation",
            parameters={"operation": except_operation},
        )
        writes = [UNANSWERED_CODEC.item(row) async for row in rows]
        young = sorted((w for w in writes if w.user_id in users and w.at >= since), key=lambda write: write.at)
        return {write.user_id: write.at for write in young}

    async def purge(self, tenant: str | None, before: datetime) -> int:
        """Delete what is older than ``before`` (to 10 s), of one tenant or (None) of all; returns how many rows."""
        condition = "(RowKey lt @before or (RowKey ge @first and RowKey lt @last))"
        parameters = {"before": _step(before), "first": UNANSWERED, "last": f"{UNANSWERED}{_step(before)}"}
        if tenant is not None:
            condition, parameters = condition + " and PartitionKey eq @tenant", {**parameters, "tenant": tenant}
        rows: Sequence[Row] = [row async for row in self._table.query(condition, parameters, columns=())]
        for _, group in groupby(rows, key=lambda row: row.partition):
            await self._table.write_all([Write("delete", row) for row in group])
        return len(rows)
