"""Facts about SKUs and service plans: part numbers, ids and names as Microsoft publishes them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dev.simulator.model import ServicePlan


@dataclass(frozen=True, slots=True)
class Product:
    """A SKU as sold, apart from any tenant."""

    sku_id: str
    part_number: str
    display_name: str
    plans: tuple[ServicePlan, ...]


@cache
def products() -> dict[str, Product]:
    """All known products, by part number."""
    raw: dict[str, Any] = json.loads(Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
    pairs: list[tuple[str, str]] = raw["servicePlans"]
    plans = [ServicePlan(each, name) for each, name in pairs]
    skus: list[dict[str, Any]] = raw["skus"]
    return {sku["skuPartNumber"]: _product(sku, plans) for sku in skus}


def _product(sku: dict[str, Any], plans: list[ServicePlan]) -> Product:
    numbers: list[int] = sku["plans"]
    included = tuple(plans[number] for number in numbers)
    return Product(sku["skuId"], sku["skuPartNumber"], sku["displayName"], included)


def find_product(reference: str) -> Product | None:
    """A product by part number or by SKU id."""
    known = products()
    return known.get(reference) or next((each for each in known.values() if each.sku_id == reference.lower()), None)


@cache
def plan_id(name: str) -> str:
    """The id of a service plan by its name; KeyError when the catalogue has none."""
    return {plan.name: plan.id for product in products().values() for plan in product.plans}[name]
