"""One table: rows in and out, in transactions and ranges, with our own errors."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError, ServiceRequestError, ServiceResponseError
from azure.data.tables import EntityProperty, UpdateMode

from shared.errors import DependencyDown, RowConflict
from shared.storage import storage_errors

type Value = str | int | float | bool

TRANSACTION_ROWS = 100
"""Rows of one transaction (all of one partition).
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions"""
PAUSES = (0.1, 0.3, 0.9)
"""Seconds before a transaction is sent again whose answer was lost."""
AFTER = "~"
"""Sorts after every character that our keys use."""
FORBIDDEN = frozenset("/\\#?") | frozenset(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))


def usable_key(text: str) -> bool:
    """Whether a text from outside can be a key at all; one that cannot names nothing.

    https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
    """
    return 0 < len(text) <= 256 and FORBIDDEN.isdisjoint(text)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its key, its columns, and its ETag where it was read."""

    partition: str
    key: str
    values: Mapping[str, Value]
    etag: str | None = None

    def entity(self) -> dict[str, Any]:
        """The row as the SDK takes it."""
        return {"PartitionKey": self.partition, "RowKey": self.key, **self.values}


@dataclass(frozen=True, slots=True)
class Write:
    """One step of a transaction; ``replace`` needs the row's ETag, ``delete`` heeds it where there is one."""

    kind: Literal["insert", "upsert", "replace", "merge", "delete"]
    row: Row


class EntityClient(Protocol):
    """What we use of the SDK's ``TableClient``, whose own hints leave out much."""

    def create_table(self) -> Awaitable[Any]:
        """Create the table."""
        ...

    def get_entity(self, partition_key: str, row_key: str) -> Awaitable[Any]:
        """One entity."""
        ...

    def delete_entity(self, partition_key: str, row_key: str) -> Awaitable[None]:
        """Delete one; a missing one is no error."""
        ...

    def create_entity(self, entity: Mapping[str, Any], **options: Any) -> Awaitable[Mapping[str, Any]]:
        """Insert one."""
        ...

    def upsert_entity(self, entity: Mapping[str, Any], **options: Any) -> Awaitable[Mapping[str, Any]]:
        """Insert or replace one, or merge it in."""
        ...

    def submit_transaction(self, operations: Sequence[Any]) -> Awaitable[list[Mapping[str, Any]]]:
        """All of the steps or none."""
        ...

    def query_entities(
        self,
        query_filter: str,
        *,
        results_per_page: int | None,
        select: list[str] | None,
    ) -> AsyncIterator[Any]:
        """Entities, page after page."""
        ...


def _plain(value: object) -> Value:
    if isinstance(value, EntityProperty):
        value = value.value
    if not isinstance(value, str | int | float):
        raise TypeError(f"a column holds JSON primitives only, not {type(value).__name__}")
    return value


def _row(entity: Any) -> Row:
    values = {name: _plain(value) for name, value in dict[str, object](entity).items()}
    partition, key = str(values.pop("PartitionKey")), str(values.pop("RowKey"))
    return Row(partition, key, values, entity.metadata.get("etag"))


def _step(write: Write) -> tuple[Any, ...]:
    entity = write.row.entity()
    condition = {"etag": write.row.etag, "match_condition": MatchConditions.IfNotModified} if write.row.etag else {}
    match write.kind:
        case "insert":
            return "create", entity
        case "upsert":
            return "upsert", entity, {"mode": UpdateMode.REPLACE}
        case "merge":
            return "upsert", entity, {"mode": UpdateMode.MERGE}
        case "replace":
            if not condition:
                raise ValueError(f"row {write.row.partition} {write.row.key} cannot be replaced without its ETag")
            return "update", entity, {"mode": UpdateMode.REPLACE, **condition}
        case "delete":
            return "delete", entity, condition


def _is_done(write: Write, row: Row | None) -> bool:
    """Whether a row is as a step leaves it."""
    if write.kind == "delete" or row is None:
        return write.kind == "delete" and row is None
    wanted = write.row.values
    return wanted.items() <= row.values.items() if write.kind == "merge" else wanted == row.values


async def _submit(client: EntityClient, writes: Sequence[Write]) -> list[Mapping[str, Any]]:
    """One row needs no transaction, whose envelope costs storage and us more than the row does.

    It is sent once, as a transaction is: who sends it again must know what a clash with itself means. Hence a row that
    is replaced goes in a transaction all the same: a PUT is sent again unseen when its connection breaks (aiohttp).
    """
    if len(writes) > 1 or writes[0].kind in {"delete", "replace"}:
        return await client.submit_transaction([_step(write) for write in writes])
    kind, entity, *options = _step(writes[0])
    if kind == "create":
        return [await client.create_entity(entity, response_preference="return-no-content", retry_total=0)]
    return [await client.upsert_entity(entity, retry_total=0, **options[0])]


def _filled(condition: str, parameters: Mapping[str, Value]) -> str:
    """The condition with its ``@names`` as OData literals.

    The SDK's own substitution takes 1 for true and wants a blank on either side of each name.
    """

    def literal(name: re.Match[str]) -> str:
        value = parameters[name[1]]
        if isinstance(value, str):
            return "'" + value.replace("'", "''") + "'"
        return str(value).lower() if isinstance(value, bool) else str(value)

    return re.sub(r"@(\w+)", literal, condition)


class Table:
    """Access to one table, created on its first use.

    Every method raises ``DependencyDown`` when storage does not answer; writes raise ``RowConflict`` when a row exists,
    moved or is gone, and then have changed nothing. A transaction whose answer is lost is sent again: where it then
    clashes and every row is as it was to be, it was done the first time.
    """

    def __init__(self, name: str, ready: Callable[[], Awaitable[EntityClient]]) -> None:
        self.name = name
        self._ready = ready

    async def get(self, partition: str, key: str) -> Row | None:
        """Read one row; None when there is none."""
        client = await self._ready()
        with storage_errors(f"table {self.name}"):
            try:
                return _row(await client.get_entity(partition, key))
            except ResourceNotFoundError:
                return None

    async def write(self, *writes: Write) -> list[str | None]:
        """Do these writes in one transaction of at most 100 rows of one partition; returns the rows' new ETags."""
        if not writes:
            return []
        if len(writes) > TRANSACTION_ROWS:
            raise ValueError(f"a transaction takes {TRANSACTION_ROWS} rows, not {len(writes)}")
        client = await self._ready()
        lost = False
        for pause in (*PAUSES, None):
            try:
                with storage_errors(f"table {self.name}"):
                    answers = await _submit(client, writes)
                return [answer.get("etag") for answer in answers]
            except RowConflict:
                there = await self._as_written(writes) if lost else None
                if there is None:
                    raise
                return there
            except DependencyDown as error:
                # No answer: it may have been done. The SDK does not send a transaction again.
                lost = lost or isinstance(error.__cause__, (ServiceRequestError, ServiceResponseError))
                if not lost or pause is None:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the last try has no pause after it")

    async def _as_written(self, writes: Sequence[Write]) -> list[str | None] | None:
        """The ETags of the rows, where each is as it was to be written: then it was us; None where one is not."""
        etags: list[str | None] = []
        for write in writes:
            row = await self.get(write.row.partition, write.row.key)
            if not _is_done(write, row):
                return None
            etags.append(row.etag if row else None)
        return etags

    async def write_all(self, writes: Sequence[Write]) -> None:
        """Do writes of one partition in as many transactions as they need, in order."""
        for start in range(0, len(writes), TRANSACTION_ROWS):
            await self.write(*writes[start : start + TRANSACTION_ROWS])

    async def delete(self, partition: str, key: str) -> None:
        """Delete a row, whether it is there or not."""
        client = await self._ready()
        with storage_errors(f"table {self.name}"):
            await client.delete_entity(partition, key)

    async def query(
        self,
        condition: str,
        parameters: Mapping[str, Value],
        *,
        columns: Sequence[str] | None = None,
        page: int | None = None,
    ) -> AsyncIterator[Row]:
        """Rows that meet an OData condition, by partition and key; ``@name`` in it stands for a parameter.

        ``page`` is how many rows one request brings (1000 unless told); stop early and no more are read.
        """
        client = await self._ready()
        with storage_errors(f"table {self.name}"):
            found = client.query_entities(
                _filled(condition, parameters),
                select=["PartitionKey", "RowKey", *columns] if columns is not None else None,
                results_per_page=page,
            )
            async for entity in found:
                yield _row(entity)

    def partition(self, partition: str, *, page: int | None = None) -> AsyncIterator[Row]:
        """All rows of a partition."""
        return self.query("PartitionKey eq @partition", {"partition": partition}, page=page)

    def span(
        self,
        partition: str,
        first: str,
        last: str,
        *,
        condition: str = "",
        parameters: Mapping[str, Value] | None = None,
        columns: Sequence[str] | None = None,
        page: int | None = None,
    ) -> AsyncIterator[Row]:
        """Rows of a partition from key ``first`` to key ``last``, both included, that meet a further condition."""
        text = "PartitionKey eq @partition and RowKey ge @first and RowKey le @last"
        if condition:
            text += f" and ( {condition} )"  # the SDK finds a parameter between blanks only
        given: dict[str, Value] = {"partition": partition, "first": first, "last": last, **(parameters or {})}
        return self.query(text, given, columns=columns, page=page)

    def prefixed(self, partition: str, prefix: str) -> AsyncIterator[Row]:
        """Rows of a partition whose key begins with ``prefix``."""
        return self.span(partition, prefix, prefix + AFTER)
