"""Searching table ``audit``: entries of many tenants by time, operation, user and actor."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.audit import AuditEntry, timestamp
from shared.domain.caller import Caller
from shared.domain.reconciliation import SeatChange
from shared.errors import NotFound, StateConflict
from shared.tables.audit_rows import (
    ENTRY_CODEC,
    LAST_SEQUENCE,
    SEAT_COLUMNS,
    entry_key,
    marker_key,
    month_key,
    seat_change,
)
from shared.tables.codec import UnknownSchema
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from shared.tables.table import Row, Table, Value


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What entries are asked for; an operation is looked up by its markers."""

    since: datetime | None
    until: datetime | None
    operation: str | None
    user: str | None
    actor: str | None

    def condition(self) -> tuple[str, dict[str, Value]]:
        tests = {
            "since": ("at ge @since", self.since and timestamp(self.since)),
            "until": ("at lt @until", self.until and timestamp(self.until)),
            "operation": ("operation_id eq @operation", self.operation),
            "user": ("(user_id eq @user or user eq @user)", self.user and self.user.lower()),
            "actor": ("(actor_id eq @actor or actor_name eq @actor)", self.actor),
        }
        given = {name: value for name, (_, value) in tests.items() if value is not None}
        return " and ".join(tests[name][0] for name in given), dict(given)


class AuditQuery:
    """Pages of the audit."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def page(
        self, caller: Caller, tenant: str | None, wanted: AuditFilter, top: int, cursor: str | None
    ) -> tuple[list[AuditEntry], str | None]:
        """One page; see ``AuditStore.page``."""
        if tenant is not None and not caller.sees(tenant):
            raise NotFound(f"there is no tenant {tenant}")
        resume, after = _read_cursor(cursor)
        found: list[AuditEntry] = []
        async for partition in self.partitions(caller, tenant, resume):
            async for row in self._matching(partition, wanted, after if partition == resume else 0, top + 1):
                if len(found) == top:
                    return found, make_cursor(found[-1].tenant_id, str(found[-1].sequence))
                found.append(_read(row, ENTRY_CODEC.item))
        return found, None

    async def partitions(self, caller: Caller, tenant: str | None, resume: str) -> AsyncIterator[str]:
        """Tenants with an audit that the caller sees, from ``resume`` on; also those that left the registry."""
        if tenant is not None or caller.tenants is not None:
            for partition in sorted(caller.tenants or ()) if tenant is None else [tenant]:
                if partition >= resume:
                    yield partition
            return
        condition, last = "PartitionKey ge @last", resume
        while True:
            # One row of the next partition: a seek each, however long the chains are.
            async for row in self._table.query(condition, {"last": last}, columns=(), page=1):
                yield row.partition
                condition, last = "PartitionKey gt @last", row.partition
                break
            else:
                return

    async def _matching(self, tenant: str, wanted: AuditFilter, after: int, page: int) -> AsyncIterator[Row]:
        first, last = after + 1, LAST_SEQUENCE
        if wanted.operation is not None:
            markers = [row async for row in self._table.prefixed(tenant, marker_key(wanted.operation, ""))]
            first = max(first, min((int(row.values["first"]) for row in markers), default=LAST_SEQUENCE))
            last = max((int(row.values["last"]) for row in markers), default=0)
        if wanted.since is not None or wanted.until is not None:
            begin, end = await self._range(tenant, wanted.since, wanted.until)
            first, last = max(first, begin), min(last, end)
        if first > last:
            return
        condition, parameters = wanted.condition()
        rows = self._table.span(
            tenant,
            entry_key(first),
            entry_key(last),
            condition=condition,
            parameters=parameters,
            page=min(page, 1000),
        )
        async for row in rows:
            yield row

    async def seat_changes(
        self, tenant: str, since: datetime, until: datetime, between: tuple[int, int] | None
    ) -> AsyncIterator[SeatChange]:
        """See ``AuditStore.seat_changes``."""
        spans = [await self._range(tenant, since, until)]
        if between:
            spans.append((between[0] + 1, between[1]))
        for first, last in _joined(spans):
            rows = self._table.span(tenant, entry_key(first), entry_key(last), columns=SEAT_COLUMNS)
            async for row in rows:
                yield _read(row, seat_change)

    async def _range(self, tenant: str, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """A range of sequences outside which no entry is of that time; empty where the first is above the last.

        Whatever comes at a time is written after its month was opened, or after a later one was.
        """
        begin = month_key(timestamp(since)) if since else None
        end = month_key(timestamp(until - timedelta(microseconds=1))) if until else None
        months = [row async for row in self._table.prefixed(tenant, "month|")]
        opened = {row.key: int(row.values["first"]) for row in months if "first" in row.values}
        late = [int(row.values["late"]) for row in months if "late" in row.values and (end is None or row.key <= end)]
        first = min((n for key, n in opened.items() if key >= begin), default=LAST_SEQUENCE) if begin else 1
        last = min((n - 1 for key, n in opened.items() if key > end), default=LAST_SEQUENCE) if end else LAST_SEQUENCE
        return first, max(last, *late, 0)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of sequences (first, last) in their order, those that touch as one, without empty ones."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(span for span in spans if span[0] <= span[1]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _read[T](row: Row, parse: Callable[[Row], T]) -> T:
    """What an entry's row holds; ``StateConflict`` names one that cannot be read."""
    try:
        return parse(row)
    except (ValueError, KeyError, TypeError, UnknownSchema) as error:
        where = f"entry {row.key.removeprefix('e|')} of tenant {row.partition}"
        raise StateConflict(f"{where} cannot be read: it is not what was recorded, verify the chain") from error


def _read_cursor(cursor: str | None) -> tuple[str, int]:
    tenant, sequence = read_cursor(cursor, 2) or ("", "0")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 12):
        raise bad_cursor()
    return tenant, int(sequence)
