"""Rows of table ``audit``: their keys and columns, and how many of them fit into one transaction.

Keys: ``e|{sequence}`` entries, ``head`` (the end of the chain), ``m|{operation}|{mark}`` markers (a mark was recorded,
and as which sequences), ``month|{yyyymm}`` (the first sequence of a month, so that a time leads to a range of keys).
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from shared.domain.audit import AuditEntry, Head, MarkedEntries, timestamp
from shared.domain.reconciliation import SeatChange
from shared.tables.codec import SCHEMA, RowCodec, UnknownSchema, adapter, check_schema
from shared.tables.table import TRANSACTION_ROWS, Row, Write

HEAD = "head"
HEAD_CODEC = RowCodec(Head)
ENTRY_CODEC = RowCodec(
    AuditEntry, nested=("actor", "before", "after", "seat_change", "price", "part_numbers", "plan_names")
)
TRANSACTION_BYTES = 3_500_000
"""Some way below the 4 MiB of a transaction, for its framing."""
LAST_SEQUENCE = 10**12 - 1
SEAT_COLUMNS = ("schema", "sequence", "at", "seat_change", "price", "currency", "part_numbers")


def entry_key(sequence: int) -> str:
    return f"e|{sequence:012d}"


def marker_key(operation_id: str, mark: str) -> str:
    return f"m|{operation_id}|{mark}"


def month_key(at: str) -> str:
    return f"month|{at[:4]}{at[5:7]}"


def entry_row(tenant: str, entry: AuditEntry) -> Row:
    """An entry's row; columns of its own for what is searched for, times as the chain writes them."""
    search = {"user": entry.user_principal_name.lower(), "actor_id": entry.actor.id, "actor_name": entry.actor.name}
    return Row(tenant, entry_key(entry.sequence), {**ENTRY_CODEC.values(entry), **search, "at": timestamp(entry.at)})


def bytes_of(entries: Iterable[AuditEntry]) -> int:
    """About how many bytes the entries take in a transaction, a little too many."""
    return sum(
        1_000 + sum(len(str(value).encode()) * 11 // 10 for value in ENTRY_CODEC.values(entry).values())
        for entry in entries
    )


def read_entry(tenant: str, row: Row) -> AuditEntry | None:
    """The entry of a row; None when it cannot be read as one, or the row holds anything that its entry would not."""
    try:
        entry = ENTRY_CODEC.item(row)
        wanted = entry_row(tenant, entry)
        same = wanted.key == row.key and _comparable(wanted) == _comparable(row)
    except (ValueError, UnknownSchema):
        return None
    return entry if same else None


def _comparable(row: Row) -> dict[str, object]:
    """The columns of an entry's row, where the order of the keys and of the disabled plans says nothing.

    A column or key that no entry has, or that is missing, would otherwise be read over.
    """
    return {
        name: _unordered(json.loads(str(value))) if name in ENTRY_CODEC.nested else value
        for name, value in row.values.items()
    }


def _unordered(value: Any) -> object:
    match value:
        case dict():
            return {key: _unordered(each) for key, each in cast(dict[str, Any], value).items()}
        case list():
            items = cast(list[Any], value)
            return (
                sorted(items) if all(isinstance(each, str) for each in items) else [_unordered(each) for each in items]
            )
        case _:
            return value


def seat_change(row: Row) -> SeatChange:
    """What an entry's row says of seats and prices, without the states that make up most of it.

    Raises ``UnknownSchema``, ``KeyError`` or ``ValueError`` for a row that cannot be read.
    """
    check_schema(row)
    currency = row.values.get("currency")
    return SeatChange(
        sequence=int(row.values["sequence"]),
        at=datetime.fromisoformat(str(row.values["at"])),
        seats=adapter(dict[str, int]).validate_json(str(row.values["seat_change"])),
        price=adapter(dict[str, float]).validate_json(str(row.values["price"])),
        currency=None if currency is None else str(currency),
        part_numbers=adapter(dict[str, str]).validate_json(str(row.values["part_numbers"])),
    )


def note_month(tenant: str, entry: AuditEntry, latest: str, months: dict[str, Write]) -> None:
    """Keep what leads from a month to its entries.

    The first entry of a month later than all before opens it; an entry that comes when a later month is open already is
    noted as the month's latest latecomer.
    """
    key = month_key(timestamp(entry.at))
    opened = max((k for k, step in months.items() if step.kind == "insert"), default=latest)
    if key > max(opened, latest):
        months[key] = Write("insert", Row(tenant, key, {"schema": SCHEMA, "first": entry.sequence}))
    elif key < max(opened, latest):
        known = months.get(key)
        columns = {**(known.row.values if known else {"schema": SCHEMA}), "late": entry.sequence}
        months[key] = Write(known.kind if known else "merge", Row(tenant, key, columns))


def groups(writes: Iterable[MarkedEntries]) -> list[list[MarkedEntries]]:
    """The writes in groups that fit into one transaction with the head, a marker each and their months."""
    groups: list[list[MarkedEntries]] = [[]]
    rows, weight = 1, 0
    for write in writes:
        months = len({month_key(timestamp(entry.at)) for entry in write.entries})
        size, heavy = 1 + len(write.entries) + months, bytes_of(write.entries)
        if 1 + size > TRANSACTION_ROWS or heavy > TRANSACTION_BYTES:
            raise ValueError(
                f"mark {write.mark} of operation {write.operation_id} has {len(write.entries)} entries "
                f"of {heavy} bytes: more than one transaction takes"
            )
        if rows + size > TRANSACTION_ROWS or weight + heavy > TRANSACTION_BYTES:
            groups.append([])
            rows, weight = 1, 0
        groups[-1].append(write)
        rows, weight = rows + size, weight + heavy
    return [group for group in groups if group]
