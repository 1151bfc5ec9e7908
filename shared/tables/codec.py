"""Dataclasses to columns and back: JSON primitives stand alone, everything nested is JSON text in a column of its own.

Times are ISO 8601 in UTC with a fixed width, so that they sort and compare as text. Each row carries the number of its
schema.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Protocol

from pydantic import TypeAdapter

from shared.errors import LicenceError
from shared.tables.table import Row, Value

SCHEMA = 1
COLUMN_CHARACTERS = 32_768
"""A string column: 64 KiB of UTF-16.
https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model"""


class RowTooLarge(LicenceError):
    """A value does not fit into a column."""


class UnknownSchema(LicenceError):
    """A row was written by a release that this one cannot read."""


class DataclassInstance(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@cache
def adapter[T](kind: type[T]) -> TypeAdapter[T]:
    """The (expensive, so shared) adapter of a type."""
    return TypeAdapter(kind)


def iso(at: datetime) -> str:
    """A time as columns hold it, such as ``2026-11-23T02:00:00.000000Z``."""
    if at.tzinfo is None:
        raise ValueError(f"a stored time needs a zone: {at!r}")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_json[T](kind: type[T], value: T) -> str:
    """A value as JSON text."""
    return adapter(kind).dump_json(value).decode()


def check_columns(where: str, values: Mapping[str, Value]) -> None:
    """Refuse what the service would refuse with a bare 400.

    Raises ``RowTooLarge`` that names the column.
    """
    for name, value in values.items():
        if isinstance(value, str) and len(value) * 2 > COLUMN_CHARACTERS:
            units = len(value.encode("utf-16-le")) // 2
            if units > COLUMN_CHARACTERS:
                raise RowTooLarge(f"{where}: {name} takes {units} characters, a column holds {COLUMN_CHARACTERS}")


class RowCodec[T: DataclassInstance]:
    """Columns of one dataclass; ``nested`` names the fields that are no JSON primitives.

    The text of a ``long`` one of these goes on in further columns (``{name}_2`` …) where one does not hold it.
    A field ``etag`` is taken from the row and never written; fields to ``leave_out`` are neither written nor read.
    """

    def __init__(
        self,
        kind: type[T],
        *,
        nested: tuple[str, ...] = (),
        long: tuple[str, ...] = (),
        leave_out: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self.nested = frozenset((*nested, *long))
        self.long = frozenset(long)
        self.names = tuple(f.name for f in fields(kind) if f.name not in {"etag", *leave_out})
        self.required = tuple(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)
        self.has_etag = any(f.name == "etag" for f in fields(kind))
        self.leave_out = frozenset({"etag", *leave_out})

    def values(self, item: T) -> dict[str, Value]:
        """The columns of an item; None takes none.

        Raises ``RowTooLarge`` when one does not fit.
        """
        dumped: dict[str, Any] = adapter(self.kind).dump_python(item, mode="json", exclude=set(self.leave_out))
        values: dict[str, Value] = {"schema": SCHEMA}
        for name in self.names:
            value = dumped[name]
            if value is None:
                continue
            if name in self.nested:
                value = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
            elif isinstance(actual := getattr(item, name), datetime):
                value = iso(actual)
            elif not isinstance(value, str | int | float):
                raise TypeError(f"{self.kind.__name__}.{name} is not a JSON primitive: it belongs to the nested fields")
            values[name] = value
            if name in self.long and isinstance(value, str):
                parts = range(0, len(value), COLUMN_CHARACTERS)
                values |= {_column(name, n): value[at : at + COLUMN_CHARACTERS] for n, at in enumerate(parts, 1)}
        check_columns(self.kind.__name__, values)
        return values

    def item(self, row: Row) -> T:
        """The item of a row.

        Raises ``UnknownSchema`` for a row of another schema, ``ValueError`` for one that does not hold such an item.
        """
        check_schema(row)
        data: dict[str, Any] = dict.fromkeys(self.required)  # None takes no column
        for name in self.names:
            value = row.values.get(name)
            if value is not None:
                data[name] = json.loads(self._text(row, name)) if name in self.nested else value
        if self.has_etag:
            data["etag"] = row.etag
        return adapter(self.kind).validate_python(data)

    def _text(self, row: Row, name: str) -> str:
        text, n = str(row.values[name]), 2
        while name in self.long and (column := _column(name, n)) in row.values:
            text, n = text + str(row.values[column]), n + 1
        return text


def _column(name: str, n: int) -> str:
    """The column of the ``n``-th part of a long text, from 1."""
    return name if n == 1 else f"{name}_{n}"


class JsonCodec[T]:
    """A whole value as JSON text in one column."""

    def __init__(self, kind: type[T], column: str) -> None:
        self.kind = kind
        self.column = column

    def values(self, item: T, **beside: Value | None) -> dict[str, Value]:
        """The column, and others for human eyes.

        Raises ``RowTooLarge`` when the text does not fit.
        """
        values: dict[str, Value] = {"schema": SCHEMA, self.column: to_json(self.kind, item)}
        values |= {name: value for name, value in beside.items() if value is not None}
        check_columns(self.kind.__name__, values)
        return values

    def item(self, row: Row) -> T:
        """The value of a row.

        Raises ``UnknownSchema`` for a row of another schema, ``ValueError`` for one that does not hold such a value.
        """
        check_schema(row)
        return adapter(self.kind).validate_json(str(row.values[self.column]))


def check_schema(row: Row) -> None:
    """Refuse a row that another release wrote.

    Raises ``UnknownSchema``.
    """
    if row.values.get("schema") != SCHEMA:
        found = row.values.get("schema")
        raise UnknownSchema(f"row {row.partition} {row.key} has schema {found}, this release reads {SCHEMA}")
