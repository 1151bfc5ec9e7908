"""The price book that counts until somebody enters another one: ``prices.json``, a few list prices with their day.

They are Microsoft's of 2026-07-01, as announced on 2025-12-04, and the zeros of free SKUs; a SKU whose price is not in
that announcement is not in the book. What a customer pays differs, hence ``PUT /prices``.
https://www.microsoft.com/en-us/licensing/news/2026-m365-packaging-pricing-updates
"""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypedDict

from pydantic import TypeAdapter

from shared.domain.prices import PriceBook


class _File(TypedDict):
    source: str
    currency: str
    asOf: date
    monthly: dict[str, Decimal]


_FILE = TypeAdapter(_File)


@cache
def built_in() -> PriceBook:
    """The price book of the file."""
    raw = _FILE.validate_json(Path(__file__).with_name("prices.json").read_bytes())
    return PriceBook(raw["currency"], raw["monthly"], raw["asOf"])
