"""Facts about SKUs and their service plans as Microsoft publishes them, so that a request can use names.

The facts (part numbers, ids, product names) stand in ``catalogue.json``; a tenant's own ``subscribedSkus`` know more
and newer ones, hence ``Catalogue.with_skus``.
https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypedDict

from pydantic import TypeAdapter

from shared.domain import nearest
from shared.domain.model import ServicePlan, Sku
from shared.errors import LicenceError

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_guid(text: str) -> bool:
    """Whether the text has the form of a GUID."""
    return GUID.fullmatch(text) is not None


class AmbiguousSku(LicenceError):
    """The name stands for several SKUs; the text lists them."""


class Catalogue:
    """SKUs, found by part number, GUID or friendly name (all case-insensitive).

    Microsoft gives one name to several SKUs: then those that are ``held`` (by id) go before the others.
    """

    def __init__(self, skus: Iterable[Sku], held: Iterable[str] = ()) -> None:
        self._by_id = {sku.id: sku for sku in skus}
        self._held = frozenset(held)
        self._by_text: defaultdict[str, dict[str, Sku]] = defaultdict(dict)
        for sku in self._by_id.values():
            for text in filter(None, (sku.part_number, sku.name)):
                self._by_text[text.casefold()][sku.id] = sku

    def find(self, text: str) -> Sku | None:
        """The SKU that ``text`` stands for; None when it is unknown.

        A part number goes before a friendly name. Raises ``AmbiguousSku``.
        """
        wanted = text.strip().casefold()
        if wanted in self._by_id:
            return self._by_id[wanted]
        found = list(self._by_text.get(wanted, {}).values())
        exact = [sku for sku in found if sku.part_number.casefold() == wanted]
        found = exact or found
        found = [sku for sku in found if sku.id in self._held] or found
        if len(found) > 1:
            choices = ", ".join(f"{sku.part_number} ({sku.id})" for sku in found)
            raise AmbiguousSku(f"{text} stands for several SKUs: {choices}")
        return found[0] if found else None

    def named(self, text: str, *, hints: bool = True) -> Sku | str:
        """The SKU that ``text`` stands for, or the sentence why there is none, with the nearest ones (``hints``).

        A GUID that nobody knows stands for itself: planning tells whether the tenant has it.
        """
        try:
            found = self.find(text)
        except AmbiguousSku as ambiguous:
            return str(ambiguous)
        if found is None and is_guid(text):
            return Sku(text.lower(), "")
        near = self.nearest(text) if hints and found is None else []
        return found or f"{nearest.shortened(text)} is no known SKU{nearest.hint(map(described, near))}"

    def nearest(self, text: str) -> list[Sku]:
        """At most three SKUs whose name or part number comes close to ``text``, the nearest first."""
        return nearest.by_words(text, ((sku, (sku.name, sku.part_number)) for sku in self._by_id.values()))

    def with_skus(self, skus: Iterable[Sku]) -> "Catalogue":
        """A catalogue that knows ``skus`` of tenants as well; what the catalogue knows of a SKU is kept beside it.

        Of several SKUs of one name these are meant.
        """
        merged, held = dict(self._by_id), set[str]()
        for sku in skus:
            merged[sku.id] = _merge(merged[sku.id], sku) if sku.id in merged else sku
            held.add(sku.id)
        return Catalogue(merged.values(), held)

    def in_words(self, text: str) -> str:
        """The text with part numbers in place of the ids of SKUs that are known."""
        return GUID.sub(lambda found: self._by_id[found[0]].part_number if found[0] in self._by_id else found[0], text)

    def name_of(self, sku: Sku) -> str:
        """Friendly name of a tenant's SKU; its part number where no name is known."""
        known = self._by_id.get(sku.id)
        return (known.name if known else "") or sku.name or sku.part_number


def find_plan(sku: Sku, text: str) -> ServicePlan | None:
    """The service plan of ``sku`` with this name or id; None when the SKU does not contain it."""
    wanted = text.strip().casefold()
    return next((plan for plan in sku.service_plans if wanted in (plan.id, plan.name.casefold())), None)


def plan_of(sku: Sku, text: str) -> ServicePlan | None:
    """The service plan a text stands for; of a SKU that nobody knows any plan id is taken."""
    if not sku.service_plans and is_guid(text):
        return ServicePlan(text.lower(), text.lower())
    return find_plan(sku, text)


def nearest_plans(sku: Sku, text: str) -> list[str]:
    """Names of at most three service plans of ``sku`` that come close to ``text``, the nearest first."""
    return nearest.by_words(text, ((plan.name, (plan.name,)) for plan in sku.service_plans))


def unknown_plan(sku: Sku, text: str, *, hints: bool = True) -> str:
    """The sentence that a SKU has no such service plan, with the nearest ones unless there are to be no ``hints``."""
    said, near = nearest.shortened(text), nearest.hint(nearest_plans(sku, text)) if hints else ""
    return f"{said} is no service plan of {sku.part_number or sku.id}{near}"


def described(sku: Sku) -> str:
    """Part number with the product's name beside it: a part number alone may say the wrong thing (Trap 13)."""
    return f"{sku.part_number} ({sku.name})" if sku.name else sku.part_number


class _SkuFacts(TypedDict):
    partNumber: str
    id: str
    name: str
    plans: list[int]


class _Facts(TypedDict):
    servicePlans: list[tuple[str, str]]
    skus: list[_SkuFacts]


_FILE = TypeAdapter(_Facts)


@cache
def catalogue() -> Catalogue:
    """What is known without asking any tenant."""
    raw = _FILE.validate_json(Path(__file__).with_name("catalogue.json").read_bytes())
    plans = [ServicePlan(plan_id, name) for plan_id, name in raw["servicePlans"]]
    return Catalogue(
        Sku(sku["id"], sku["partNumber"], tuple(plans[n] for n in sku["plans"]), sku["name"]) for sku in raw["skus"]
    )


def _merge(known: Sku, live: Sku) -> Sku:
    """One SKU out of two sources: the plans of both, ids counted once."""
    plans = {plan.id: plan for plan in (*known.service_plans, *live.service_plans)}
    return Sku(known.id, known.part_number or live.part_number, tuple(plans.values()), known.name or live.name)
