"""Searching table ``audit``: entries of many tenants by time, operation, user and actor."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from shared.domain.audit import AuditEntry, timestamp
from shared.domain.caller import Caller
from shared.errors import NotFound, StateConflict
from shared.tables.audit_rows import ENTRY_CODEC, LAST_SEQUENCE, entry_key, marker_key, month_key
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
                found.append(_entry(row))
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

    async def _range(self, tenant: str, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """A range of sequences outside which no entry is of that time."""
        first, last, late = 1, LAST_SEQUENCE, 0
        begin = month_key(timestamp(since)) if since else None
        end = month_key(timestamp(until)) if until else None
        async for row in self._table.prefixed(tenant, "month|"):
            opened = int(row.values.get("first", 0))
            if begin and opened and row.key <= begin:
                first = opened
            if end and row.key <= end:
                late = max(late, int(row.values.get("late", 0)))
            if end and opened and row.key > end:
                last = min(last, opened - 1)
        return first, max(last, late)


def _entry(row: Row) -> AuditEntry:
    try:
        return ENTRY_CODEC.item(row)
    except (ValueError, UnknownSchema) as error:
        where = f"entry {row.key.removeprefix('e|')} of tenant {row.partition}"
        raise StateConflict(f"{where} cannot be read: it is not what was recorded, verify the chain") from error


def _read_cursor(cursor: str | None) -> tuple[str, int]:
    tenant, sequence = read_cursor(cursor, 2) or ("", "0")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 12):
        raise bad_cursor()
    return tenant, int(sequence)
