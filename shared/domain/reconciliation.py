"""A month of a tenant's licences: what the audit says was added and removed, beside what Microsoft Graph counts.

Two counts of Graph are compared by what the audit holds between them, not by the clock: a count carries the number of
entries that stood in the chain when it was taken, and is taken only while nothing is under way (``Count``). Seats are
counts, money is a ``Decimal`` of the entries' own prices for a month.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Self

from shared.domain.prices import money

_MONTH: Final = re.compile("(2[0-9]{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC: ``begin`` is part of it, ``end`` of the next one."""

    begin: datetime
    end: datetime

    @classmethod
    def of(cls, at: datetime) -> Self:
        """The month of a time."""
        at = at.astimezone(UTC)
        following = (at.year + 1, 1) if at.month == 12 else (at.year, at.month + 1)
        return cls(datetime(at.year, at.month, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The month of a text like ``2026-11``, from the year 2000; ``ValueError`` for anything else."""
        found = _MONTH.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no month like 2026-11")
        return cls.of(datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC))

    def __str__(self) -> str:
        return f"{self.begin:%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What Graph counted in a tenant while nobody of ours worked there and every write of ours must show.

    ``consumed`` units by SKU id; a SKU that is not there has none. ``sequence`` entries of the audit explain it. It was
    first seen at ``at``, and found unchanged until ``until``.
    """

    at: datetime
    until: datetime
    sequence: int
    consumed: Mapping[str, int]
    part_numbers: Mapping[str, str]

    def same(self, other: "Count") -> bool:
        """Whether the other says the same, whenever it was seen."""
        return replace(self, at=other.at, until=other.until) == other


@dataclass(frozen=True, slots=True)
class SeatChange:
    """What one audit entry says of seats: taken (+) and freed (-), with monthly prices, by part number.

    A SKU whose part number was not known goes by its id; ``part_numbers`` names the others by SKU id.
    """

    sequence: int
    at: datetime
    seats: Mapping[str, int]
    price: Mapping[str, float]
    currency: str | None
    part_numbers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One SKU of a tenant in a month; None where it is not known."""

    sku_id: str
    sku: str
    added: int
    removed: int
    consumed_now: int | None
    unexplained: int | None
    monthly_change: Decimal | None
    currency: str | None


@dataclass(slots=True)
class _Tally:
    added: int = 0
    removed: int = 0
    amount: Decimal = Decimal()
    priced: bool = True
    currencies: set[str] = field(default_factory=set[str])


class Reconciliation:
    """Adds up a tenant's month entry by entry, so that it needs room for its SKUs only.

    ``first`` and ``last`` are the counts that are compared, None where there is none.
    """

    def __init__(self, month: Month, first: Count | None, last: Count | None) -> None:
        self.month = month
        self._first = first
        self._last = last
        self._tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._explained: defaultdict[str, int] = defaultdict(int)
        self._names: dict[str, str] = {}

    def add(self, change: SeatChange) -> None:
        """Add what an entry says, whether it is of the month, between the two counts, or both."""
        ids = {name: sku_id for sku_id, name in change.part_numbers.items()}
        of_month = self.month.begin <= change.at < self.month.end
        between = (
            self._first is not None
            and self._last is not None
            and self._first.sequence < change.sequence <= self._last.sequence
        )
        for name, seats in change.seats.items():
            sku_id = ids.get(name, name)
            self._names[sku_id] = name
            if between:
                self._explained[sku_id] += seats
            if of_month:
                self._tally(self._tallies[sku_id], seats, change.price.get(name), change.currency)

    @staticmethod
    def _tally(tally: _Tally, seats: int, price: float | None, currency: str | None) -> None:
        tally.added += max(seats, 0)
        tally.removed += max(-seats, 0)
        if price is None or currency is None:
            tally.priced = False
        else:
            tally.amount += seats * Decimal(str(price))
            tally.currencies.add(currency)

    @property
    def compared(self) -> bool:
        """Whether there are two counts of which the second says something of the month."""
        first, last = self._first, self._last
        return first is not None and last is not None and last.until > max(first.at, self.month.begin)

    def rows(self, now: Mapping[str, int] | None, part_numbers: Mapping[str, str]) -> list[Row]:
        """A row for each SKU that was changed, is in use or is not explained, by part number.

        ``now`` has the units consumed at this moment by SKU id, None where they could not be read; ``part_numbers`` are
        the directory's own, as far as it was read.
        """
        first, last = self._first, self._last
        counts = [count for count in (first, last) if count]
        known = dict(self._names)
        for names in (*(count.part_numbers for count in counts), part_numbers):
            known |= names
        counted = {sku_id for count in counts for sku_id in count.consumed}
        rows: list[Row] = []
        for sku_id in {*self._tallies, *counted, *(now or {})}:
            tally = self._tallies.get(sku_id, _Tally())
            row = Row(
                sku_id=sku_id,
                sku=known.get(sku_id, sku_id),
                added=tally.added,
                removed=tally.removed,
                consumed_now=None if now is None else now.get(sku_id, 0),
                unexplained=self._unexplained(sku_id),
                monthly_change=money(tally.amount) if tally.priced and len(tally.currencies) < 2 else None,
                currency=next(iter(tally.currencies)) if tally.priced and len(tally.currencies) == 1 else None,
            )
            if sku_id in self._tallies or row.consumed_now or row.unexplained or (last and last.consumed.get(sku_id)):
                rows.append(row)
        return sorted(rows, key=lambda row: (row.sku, row.sku_id))

    def _unexplained(self, sku_id: str) -> int | None:
        if self._first is None or self._last is None or not self.compared:
            return None
        change = self._last.consumed.get(sku_id, 0) - self._first.consumed.get(sku_id, 0)
        return change - self._explained[sku_id]
