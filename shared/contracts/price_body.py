"""The body of ``PUT /prices``, the same that ``GET /prices`` answers."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from shared.contracts.selections import Request
from shared.contracts.spelling import Currency
from shared.domain.prices import CENT

MAX_SKUS = 500
"""Prices of one book: it is kept in one column of a table."""
MAX_BOOKS = 1_000
MAX_PRICE = 1_000_000
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _to_the_cent(price: float) -> float:
    amount = Decimal(repr(price))
    if amount % CENT:
        raise PydanticCustomError("cents", "A price has at most two decimals, not {price}", {"price": str(amount)})
    return abs(price)  # -0.0 is a number of JSON, too


def _day(text: object) -> object:
    """Pydantic would take digits for a time stamp, ``date`` other forms of ISO 8601: one form is enough."""
    if not isinstance(text, str):
        return text
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise PydanticCustomError("day", "A day is written as 2026-07-01") from None


Price = Annotated[
    float,
    Field(ge=0, le=MAX_PRICE, description="Of a seat for a month, with at most two decimals."),
    AfterValidator(_to_the_cent),
]


class BookBody(Request):
    """Monthly prices of a seat by part number, in one currency; what costs nothing stands as 0."""

    currency: Currency
    monthly: Annotated[dict[str, Price], Field(max_length=MAX_SKUS)]
    as_of: Annotated[date | None, BeforeValidator(_day)] = None
    """The day from which they hold."""


class PricesBody(Request):
    """The price books.

    What is absent stays as it is. ``tenants``, where it is given, has all books of the tenants that the caller sees: a
    book that is not among them goes, and the default one counts for its tenant.
    """

    default: BookBody | None = None
    tenants: Annotated[dict[str, BookBody], Field(max_length=MAX_BOOKS)] | None = None
    """By tenant: its GUID or a verified domain."""
