"""What licences cost: price books, and a tenant's month before and after a plan.

Monthly cost = assigned seats x price, over all SKUs of the tenant that have assigned seats. It is known only where all
of them have a price, and then it is exact: a missing price is never zero (Trap 15, Invariant 13). What is paid and not
assigned is told beside it. Money is a ``Decimal`` in units of its currency, seats are counts, a price is that of one
seat for a month.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Monthly prices of a seat by SKU part number, in one currency (ISO 4217); a SKU that costs nothing stands as 0.

    ``as_of`` is the day from which the prices hold, where it is known. Raises ``ValueError`` for a price below zero or
    one that is no number.
    """

    currency: str
    monthly: Mapping[str, Decimal]
    as_of: date | None = None

    def __post_init__(self) -> None:
        for sku, price in self.monthly.items():
            if not (price.is_finite() and price >= 0):
                raise ValueError(f"the price of {sku} is {price}: a price is a number from 0")


@dataclass(frozen=True, slots=True)
class SeatCount:
    """Seats of one SKU: ``total`` that can be used (enabled + warning), and the assigned ones before and after."""

    sku: str
    """Part number."""
    total: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class UnusedSeats:
    """Seats of a SKU that are paid a month and assigned to nobody."""

    sku: str
    seats: int
    monthly: Decimal


@dataclass(frozen=True, slots=True)
class TotalCost:
    """A month before and after, to the cent."""

    currency: str
    monthly_before: Decimal
    monthly_after: Decimal

    @property
    def change(self) -> Decimal:
        """What the month costs more; negative for a saving."""
        return self.monthly_after - self.monthly_before


@dataclass(frozen=True, slots=True)
class Cost:
    """A tenant's month before and after, to the cent; both None where ``unpriced`` names SKUs without a price."""

    currency: str
    monthly_before: Decimal | None
    monthly_after: Decimal | None
    unpriced: tuple[str, ...] = ()
    unused_paid_seats: tuple[UnusedSeats, ...] = ()
    """After the change."""

    @property
    def change(self) -> Decimal | None:
        """What the month costs more, negative for a saving; None where it is not known."""
        if self.monthly_before is None or self.monthly_after is None:
            return None
        return self.monthly_after - self.monthly_before


def cost(book: PriceBook, seats: Iterable[SeatCount]) -> Cost:
    """What a tenant's seats cost by this book; ``seats`` are those of all its SKUs, also of those that do not change.

    SKUs with assigned seats, before or after, and without a price are ``unpriced``; then no sum is shown.
    """
    seats = sorted(seats, key=lambda each: each.sku)
    unpriced = tuple(each.sku for each in seats if (each.before or each.after) and each.sku not in book.monthly)
    priced = [(each, book.monthly[each.sku]) for each in seats if each.sku in book.monthly]
    unused = tuple(
        UnusedSeats(each.sku, each.total - each.after, money(price * (each.total - each.after)))
        for each, price in priced
        if price > 0 and each.total > each.after
    )
    if unpriced:
        return Cost(book.currency, None, None, unpriced, unused)
    before = money(sum((price * each.before for each, price in priced), Decimal()))
    after = money(sum((price * each.after for each, price in priced), Decimal()))
    return Cost(book.currency, before, after, (), unused)


def total_cost(costs: Iterable[Cost | None]) -> TotalCost | None:
    """What several tenants cost together; None where one's cost is not known, or currencies differ."""
    before = after = Decimal()
    currencies: set[str] = set()
    for each in costs:
        if each is None or each.monthly_before is None or each.monthly_after is None:
            return None
        before, after = before + each.monthly_before, after + each.monthly_after
        currencies.add(each.currency)
    return TotalCost(currencies.pop(), before, after) if len(currencies) == 1 else None


def money(amount: Decimal) -> Decimal:
    """An amount to the cent, half a cent away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)
